"""Speech recognition: how many words a model gets right once it has learned to spell.

The names load on first use, so that reading the card costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from heschl.cards import MetricCard

if TYPE_CHECKING:
    from heschl.metrics.asr.benchmark import RecognitionBenchmark
    from heschl.metrics.asr.metric import SpeechRecognition
    from heschl.metrics.asr.schedule import Schedule

_HOMES = {
    "RecognitionBenchmark": "benchmark",
    "Schedule": "schedule",
    "SpeechRecognition": "metric",
}

__all__ = ["ASR", "RecognitionBenchmark", "Schedule", "SpeechRecognition"]

ASR = MetricCard(
    id="asr",
    load="heschl.metrics.asr.metric:SpeechRecognition",
    summary="How many words a model writes down rightly, once it has learned to spell (1 - WER)",
    licence="BSD-3-Clause",
    citation="""\
@inproceedings{graves2006connectionist,
  title = {Connectionist temporal classification: labelling unsegmented sequence data with
    recurrent neural networks},
  author = {Graves, Alex and Fern{\\'a}ndez, Santiago and Gomez, Faustino and Schmidhuber,
    J{\\"u}rgen},
  booktitle = {Proceedings of the 23rd International Conference on Machine Learning},
  pages = {369--376},
  year = {2006},
  doi = {10.1145/1143844.1143891}
}
""",
    requires=("torch",),
    extra="speech",
    verification="heschl.metrics.asr.verification:verification",
)


def __getattr__(name: str) -> Any:  # the type of a lazily loaded name is its module's business
    if name not in _HOMES:
        raise AttributeError(f"module 'heschl.metrics.asr' has no attribute {name!r}")
    return getattr(importlib.import_module(f"heschl.metrics.asr.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
