"""What of a model's alignment with a brain goes when its low-level features are taken out.

The names load on first use, so that reading the card costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from heschl.cards import MetricCard

if TYPE_CHECKING:
    from heschl.metrics.low_level_impact.benchmark import LowLevelImpactBenchmark
    from heschl.metrics.low_level_impact.metric import LowLevelImpact
    from heschl.metrics.low_level_impact.reduction import impact, mean_impact, require_same_rows
    from heschl.metrics.low_level_impact.residuals import Residualiser, residualise

_HOMES = {
    "LowLevelImpact": "metric",
    "LowLevelImpactBenchmark": "benchmark",
    "Residualiser": "residuals",
    "impact": "reduction",
    "mean_impact": "reduction",
    "require_same_rows": "reduction",
    "residualise": "residuals",
}

__all__ = [
    "LOW_LEVEL_IMPACT",
    "LowLevelImpact",
    "LowLevelImpactBenchmark",
    "Residualiser",
    "impact",
    "mean_impact",
    "require_same_rows",
    "residualise",
]

LOW_LEVEL_IMPACT = MetricCard(
    id="low-level-impact",
    load="heschl.metrics.low_level_impact.metric:LowLevelImpact",
    summary="How much of the alignment with a brain is lost with a model's low-level features",
    licence="BSD-3-Clause",
    citation="""\
@inproceedings{moussa2025brain,
  title = {Improving Semantic Understanding in Speech Language Models via Brain-tuning},
  author = {Moussa, Omer and Klakow, Dietrich and Toneva, Mariya},
  booktitle = {International Conference on Learning Representations},
  year = {2025}
}

@inproceedings{oota2024speech,
  title = {Speech language models lack important brain-relevant semantics},
  author = {Oota, Subba Reddy and {\\c{C}}elik, Emin and Deniz, Fatma and Toneva, Mariya},
  booktitle = {Proceedings of the 62nd Annual Meeting of the Association for Computational
               Linguistics},
  pages = {8503--8528},
  year = {2024}
}
""",
    verification="heschl.metrics.low_level_impact.verification:verification",
)


def __getattr__(name: str) -> Any:  # the type of a lazily loaded name is its module's business
    if name not in _HOMES:
        raise AttributeError(f"module 'heschl.metrics.low_level_impact' has no attribute {name!r}")
    return getattr(importlib.import_module(f"heschl.metrics.low_level_impact.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
