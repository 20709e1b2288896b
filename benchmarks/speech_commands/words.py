"""`speech_commands-words`: word identity of moussa2025.downstream, line by line.

The mean of a layer over a second of sound tells which of 35 words it is, by multinomial logistic
regression, on the official split.
"""

from __future__ import annotations

from heschl.benchmarks.speech_commands import WORDS
from heschl.metrics.probing import (
    LabelOf,
    LogisticHead,
    OfficialSplit,
    Probing,
    ProbingBenchmark,
)


def benchmark() -> ProbingBenchmark:
    """Return the declaration."""
    return ProbingBenchmark(
        card=WORDS,
        parts=(LabelOf("all", "word", "macro_f1"),),
        splitter=OfficialSplit(),
        metric=Probing(of_labels=LogisticHead()),
    )
