"""Ridge regression on random splits, corrected for the noise of response and prediction.

The names load on first use, so that reading the card costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from heschl.cards import MetricCard

if TYPE_CHECKING:
    from heschl.metrics.ridge.tuckute.correction import reliability, spearman_brown
    from heschl.metrics.ridge.tuckute.metric import TuckuteRidge

_HOMES = {
    "TuckuteRidge": "metric",
    "reliability": "correction",
    "spearman_brown": "correction",
}

__all__ = [
    "TUCKUTE_RIDGE",
    "TuckuteRidge",
    "reliability",
    "spearman_brown",
]

TUCKUTE_RIDGE = MetricCard(
    id="tuckute-ridge",
    load="heschl.metrics.ridge.tuckute.metric:TuckuteRidge",
    summary="The r² of ridge on random splits, over the reliabilities of response and prediction",
    licence="BSD-3-Clause",
    citation="""\
@article{tuckute2023many,
  title = {Many but not all deep neural network audio models capture brain responses and exhibit
           correspondence between model stages and brain regions},
  author = {Tuckute, Greta and Feather, Jenelle and Boebinger, Dana and McDermott, Josh H.},
  journal = {PLOS Biology},
  volume = {21},
  number = {12},
  pages = {e3002366},
  year = {2023},
  doi = {10.1371/journal.pbio.3002366},
}
""",
)


def __getattr__(name: str) -> Any:  # the type of a lazily loaded name is its module's business
    if name not in _HOMES:
        raise AttributeError(f"module 'heschl.metrics.ridge.tuckute' has no attribute {name!r}")
    return getattr(importlib.import_module(f"heschl.metrics.ridge.tuckute.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
