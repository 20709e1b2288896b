"""`slurp-intent`: intents of moussa2025.downstream, line by line.

The mean of a layer over the first 7 s of a request tells which action it asks for, by multinomial
logistic regression: the first recording of each prompt, the official split, one vocabulary for all
of it. A model hears the request to its end, as far as its windows reach.
"""

from __future__ import annotations

from heschl.benchmarks.slurp import INTENT
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
        card=INTENT,
        parts=(LabelOf("all", "action", "macro_f1", (("take", "1"),), longest_s=7.0),),
        splitter=OfficialSplit(),
        metric=Probing(of_labels=LogisticHead()),
    )
