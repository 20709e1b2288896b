"""Ridge regression that is judged by all of its out-of-fold predictions together.

The names load on first use, so that reading the card costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from heschl.cards import MetricCard

if TYPE_CHECKING:
    from heschl.metrics.ridge.pooled.folds import PooledFit, clipped_r2, pooled_ridge
    from heschl.metrics.ridge.pooled.metric import PooledRidge

_HOMES = {
    "PooledFit": "folds",
    "PooledRidge": "metric",
    "clipped_r2": "folds",
    "pooled_ridge": "folds",
}

__all__ = ["POOLED_RIDGE", "PooledFit", "PooledRidge", "clipped_r2", "pooled_ridge"]

POOLED_RIDGE = MetricCard(
    id="pooled-ridge",
    load="heschl.metrics.ridge.pooled.metric:PooledRidge",
    summary="How well ridge predicts each unit, by the r² of its predictions in all folds together",
    licence="BSD-3-Clause",
    citation="""\
@misc{pepino2025better,
  title = {Better audio representations are more brain-like: linking model-brain alignment with
           performance in downstream auditory tasks},
  author = {Pepino, Leonardo and Riera, Pablo and Kamienkowski, Juan and Ferrer, Luciana},
  year = {2025},
  eprint = {2511.16849},
  archiveprefix = {arXiv},
}
""",
)


def __getattr__(name: str) -> Any:  # the type of a lazily loaded name is its module's business
    if name not in _HOMES:
        raise AttributeError(f"module 'heschl.metrics.ridge.pooled' has no attribute {name!r}")
    return getattr(importlib.import_module(f"heschl.metrics.ridge.pooled.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
