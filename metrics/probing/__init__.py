"""Probing: what can be read off a model's features by a linear head.

The names load on first use, so that reading the card costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from heschl.cards import MetricCard

if TYPE_CHECKING:
    from heschl.metrics.probing.asked import FramesOf, LabelOf, LabelsOf, VectorOf
    from heschl.metrics.probing.benchmark import ProbingBenchmark
    from heschl.metrics.probing.heads import LogisticHead, RidgeHead
    from heschl.metrics.probing.metric import Probing
    from heschl.metrics.probing.parts import OfficialSplit
    from heschl.metrics.probing.probed import Probed, probe
    from heschl.metrics.probing.targets import Labels, LabelSets, Vectors

_HOMES = {
    "FramesOf": "asked",
    "LabelOf": "asked",
    "LabelSets": "targets",
    "Labels": "targets",
    "LabelsOf": "asked",
    "LogisticHead": "heads",
    "OfficialSplit": "parts",
    "Probed": "probed",
    "Probing": "metric",
    "ProbingBenchmark": "benchmark",
    "RidgeHead": "heads",
    "VectorOf": "asked",
    "Vectors": "targets",
    "probe": "probed",
}

__all__ = [
    "PROBING",
    "FramesOf",
    "LabelOf",
    "LabelSets",
    "Labels",
    "LabelsOf",
    "LogisticHead",
    "OfficialSplit",
    "Probed",
    "Probing",
    "ProbingBenchmark",
    "RidgeHead",
    "VectorOf",
    "Vectors",
    "probe",
]

PROBING = MetricCard(
    id="probing",
    load="heschl.metrics.probing.metric:Probing",
    summary="How well a linear head reads labels or numbers off a model's features",
    licence="BSD-3-Clause",
    citation="""\
@article{alain2016understanding,
  title = {Understanding intermediate layers using linear classifier probes},
  author = {Alain, Guillaume and Bengio, Yoshua},
  journal = {arXiv preprint arXiv:1610.01644},
  year = {2016}
}
""",
    verification="heschl.metrics.probing.verification:verification",
)


def __getattr__(name: str) -> Any:  # the type of a lazily loaded name is its module's business
    if name not in _HOMES:
        raise AttributeError(f"module 'heschl.metrics.probing' has no attribute {name!r}")
    return getattr(importlib.import_module(f"heschl.metrics.probing.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
