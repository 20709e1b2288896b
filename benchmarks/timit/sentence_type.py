"""`timit-sentence_type`: the sentence types of moussa2025.downstream, line by line.

The mean of a layer over a sentence tells whether it is one of the two that all speakers read (SA),
one that seven read (SX) or one of a single speaker (SI). As all SA sentences are the same two
texts, it is partly text that is told.
"""

from __future__ import annotations

from heschl.benchmarks.timit import SENTENCE_TYPE
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
        card=SENTENCE_TYPE,
        parts=(LabelOf("all", "sentence-type", "macro_f1"),),
        splitter=OfficialSplit(),
        metric=Probing(of_labels=LogisticHead()),
    )
