"""Ridge regression from several feature spaces, each with a penalty of its own.

The names load on first use, so that reading the card costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from heschl.cards import MetricCard

if TYPE_CHECKING:
    from heschl.metrics.ridge.banded.fitting import FittedBandedRidge, fit_banded_ridge
    from heschl.metrics.ridge.banded.metric import BandedRidge
    from heschl.metrics.ridge.banded.mixes import GivenMixes, RandomMixes
    from heschl.metrics.ridge.banded.partition import unique_contributions, variance_partition

_HOMES = {
    "BandedRidge": "metric",
    "FittedBandedRidge": "fitting",
    "GivenMixes": "mixes",
    "RandomMixes": "mixes",
    "fit_banded_ridge": "fitting",
    "unique_contributions": "partition",
    "variance_partition": "partition",
}

__all__ = [
    "BANDED_RIDGE",
    "BandedRidge",
    "FittedBandedRidge",
    "GivenMixes",
    "RandomMixes",
    "fit_banded_ridge",
    "unique_contributions",
    "variance_partition",
]

BANDED_RIDGE = MetricCard(
    id="banded-ridge",
    load="heschl.metrics.ridge.banded.metric:BandedRidge",
    summary="How well several feature spaces, each shrunk by its own penalty, predict each unit",
    licence="BSD-3-Clause",
    citation="""\
@article{duprelatour2022feature,
  title = {Feature-space selection with banded ridge regression},
  author = {Dupr{\\'e} la Tour, Tom and Eickenberg, Michael and Nunez-Elizalde, Anwar O.
    and Gallant, Jack L.},
  journal = {NeuroImage},
  volume = {264},
  pages = {119728},
  year = {2022}
}
""",
)


def __getattr__(name: str) -> Any:  # the type of a lazily loaded name is its module's business
    if name not in _HOMES:
        raise AttributeError(f"module 'heschl.metrics.ridge.banded' has no attribute {name!r}")
    return getattr(importlib.import_module(f"heschl.metrics.ridge.banded.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
