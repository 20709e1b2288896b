"""Heschl: score speech models against human brains and human behaviour.

Names are loaded on first use, so that ``import heschl`` costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from heschl._version import __version__

if TYPE_CHECKING:
    from heschl.braintuning.tune import tune
    from heschl.cards import BenchmarkCard, DatasetCard, MetricCard, ModelCard, Training
    from heschl.contracts import Events, Layer, Traits
    from heschl.registry import (
        register_benchmark,
        register_dataset,
        register_metric,
        register_model,
    )
    from heschl.scores import Score, open_score
    from heschl.scoring import plan, score
    from heschl.verification import verify

_HOMES = {
    "BenchmarkCard": "cards",
    "DatasetCard": "cards",
    "Events": "contracts",
    "Layer": "contracts",
    "MetricCard": "cards",
    "ModelCard": "cards",
    "Score": "scores",
    "Training": "cards",
    "Traits": "contracts",
    "open_score": "scores",
    "plan": "scoring",
    "register_benchmark": "registry",
    "register_dataset": "registry",
    "register_metric": "registry",
    "register_model": "registry",
    "score": "scoring",
    "tune": "braintuning.tune",
    "verify": "verification",
}

__all__ = [
    "BenchmarkCard",
    "DatasetCard",
    "Events",
    "Layer",
    "MetricCard",
    "ModelCard",
    "Score",
    "Training",
    "Traits",
    "__version__",
    "open_score",
    "plan",
    "register_benchmark",
    "register_dataset",
    "register_metric",
    "register_model",
    "score",
    "tune",
    "verify",
]


def __getattr__(name: str) -> Any:  # the type of a lazily loaded name is its module's business
    if name not in _HOMES:
        raise AttributeError(f"module 'heschl' has no attribute {name!r}")
    return getattr(importlib.import_module(f"heschl.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
