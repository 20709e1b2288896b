"""Whether a model puts a word nearer to what means the same or to what sounds the same.

The names load on first use, so that reading the card costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from heschl.cards import MetricCard

if TYPE_CHECKING:
    from heschl.metrics.preference.benchmark import Lexicon, PreferenceBenchmark
    from heschl.metrics.preference.distances import mean_distances
    from heschl.metrics.preference.metric import SemanticPhonetic
    from heschl.metrics.preference.phones import near_pairs, phone_distances
    from heschl.metrics.preference.relations import Relations, related_words

_HOMES = {
    "Lexicon": "benchmark",
    "PreferenceBenchmark": "benchmark",
    "Relations": "relations",
    "SemanticPhonetic": "metric",
    "mean_distances": "distances",
    "near_pairs": "phones",
    "phone_distances": "phones",
    "related_words": "relations",
}

__all__ = [
    "SEMANTIC_PHONETIC",
    "Lexicon",
    "PreferenceBenchmark",
    "Relations",
    "SemanticPhonetic",
    "mean_distances",
    "near_pairs",
    "phone_distances",
    "related_words",
]

SEMANTIC_PHONETIC = MetricCard(
    id="semantic-phonetic",
    load="heschl.metrics.preference.metric:SemanticPhonetic",
    summary="How much farther a word is from its synonyms than from words that sound like it",
    licence="BSD-3-Clause",
    citation="""\
@inproceedings{moussa2025brain,
  title = {Improving Semantic Understanding in Speech Language Models via Brain-tuning},
  author = {Moussa, Omer and Klakow, Dietrich and Toneva, Mariya},
  booktitle = {International Conference on Learning Representations},
  year = {2025}
}

@inproceedings{choi2024self,
  title = {Self-Supervised Speech Representations are More Phonetic than Semantic},
  author = {Choi, Kwanghee and Pasad, Ankita and Nakamura, Tomohiko and Fukayama, Satoru and
            Livescu, Karen and Watanabe, Shinji},
  booktitle = {Proceedings of Interspeech},
  year = {2024}
}
""",
    verification="heschl.metrics.preference.verification:verification",
)


def __getattr__(name: str) -> Any:  # the type of a lazily loaded name is its module's business
    if name not in _HOMES:
        raise AttributeError(f"module 'heschl.metrics.preference' has no attribute {name!r}")
    return getattr(importlib.import_module(f"heschl.metrics.preference.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
