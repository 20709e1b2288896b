"""Representational similarity: whether two systems find the same sounds alike.

The names load on first use, so that reading the cards costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from heschl.cards import MetricCard
from heschl.metrics.ridge.tuckute import TUCKUTE_RIDGE

if TYPE_CHECKING:
    from heschl.metrics.rsa.geometry import dissimilarities
    from heschl.metrics.rsa.metric import RSA, TuckuteRSA
    from heschl.metrics.rsa.ranks import Ranked, similarity
    from heschl.metrics.rsa.toolbox import ToolboxRDMs, to_rsatoolbox

_HOMES = {
    "RSA": "metric",
    "Ranked": "ranks",
    "ToolboxRDMs": "toolbox",
    "TuckuteRSA": "metric",
    "dissimilarities": "geometry",
    "similarity": "ranks",
    "to_rsatoolbox": "toolbox",
}

__all__ = [
    "RSA",
    "RSA_CARD",
    "TUCKUTE_RSA_CARD",
    "Ranked",
    "ToolboxRDMs",
    "TuckuteRSA",
    "dissimilarities",
    "similarity",
    "to_rsatoolbox",
]

RSA_CARD = MetricCard(
    id="rsa",
    load="heschl.metrics.rsa.metric:RSA",
    summary="Whether a model finds the same sounds alike as a brain, by rank correlation",
    licence="BSD-3-Clause",
    citation="""\
@article{kriegeskorte2008representational,
  title = {Representational similarity analysis: connecting the branches of systems neuroscience},
  author = {Kriegeskorte, Nikolaus and Mur, Marieke and Bandettini, Peter},
  journal = {Frontiers in Systems Neuroscience},
  volume = {2},
  pages = {4},
  year = {2008},
  doi = {10.3389/neuro.06.004.2008},
}
""",
    verification="heschl.metrics.rsa.verification:verification",
)

TUCKUTE_RSA_CARD = MetricCard(
    id="tuckute-rsa",
    load="heschl.metrics.rsa.metric:TuckuteRSA",
    summary="The same on random splits, with the layer that is most alike on the training sounds",
    licence="BSD-3-Clause",
    citation=TUCKUTE_RIDGE.citation,
    verification="heschl.metrics.rsa.verification:verification_on_splits",
)


def __getattr__(name: str) -> Any:  # the type of a lazily loaded name is its module's business
    if name not in _HOMES:
        raise AttributeError(f"module 'heschl.metrics.rsa' has no attribute {name!r}")
    return getattr(importlib.import_module(f"heschl.metrics.rsa.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
