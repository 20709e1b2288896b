"""Ridge regression from features to responses, with penalties chosen on training rows alone.

The names load on first use, so that reading the card costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from heschl.cards import MetricCard

if TYPE_CHECKING:
    from heschl.metrics.ridge.agreement import pearson, r2, signed_r
    from heschl.metrics.ridge.estimators import (
        Bootstrap,
        Estimator,
        KFold,
        LeaveOneOut,
        Nested,
        huth_penalties,
    )
    from heschl.metrics.ridge.fitting import FittedRidge, fit_ridge
    from heschl.metrics.ridge.metric import Ridge
    from heschl.metrics.ridge.nested import nested_ridge

_HOMES = {
    "Bootstrap": "estimators",
    "Estimator": "estimators",
    "FittedRidge": "fitting",
    "KFold": "estimators",
    "LeaveOneOut": "estimators",
    "Nested": "estimators",
    "Ridge": "metric",
    "fit_ridge": "fitting",
    "huth_penalties": "estimators",
    "nested_ridge": "nested",
    "pearson": "agreement",
    "r2": "agreement",
    "signed_r": "agreement",
}

__all__ = [
    "RIDGE",
    "Bootstrap",
    "Estimator",
    "FittedRidge",
    "KFold",
    "LeaveOneOut",
    "Nested",
    "Ridge",
    "fit_ridge",
    "huth_penalties",
    "nested_ridge",
    "pearson",
    "r2",
    "signed_r",
]

RIDGE = MetricCard(
    id="ridge",
    load="heschl.metrics.ridge.metric:Ridge",
    summary="How well a linear map from the features, shrunk by a penalty, predicts each unit",
    licence="BSD-3-Clause",
    citation="""\
@article{hoerl1970ridge,
  title = {Ridge regression: biased estimation for nonorthogonal problems},
  author = {Hoerl, Arthur E. and Kennard, Robert W.},
  journal = {Technometrics},
  volume = {12},
  number = {1},
  pages = {55--67},
  year = {1970}
}
""",
    verification="heschl.metrics.ridge.verification:verification",
)


def __getattr__(name: str) -> Any:  # the type of a lazily loaded name is its module's business
    if name not in _HOMES:
        raise AttributeError(f"module 'heschl.metrics.ridge' has no attribute {name!r}")
    return getattr(importlib.import_module(f"heschl.metrics.ridge.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
