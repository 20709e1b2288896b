"""`crema_d-emotion`: emotions of moussa2025.downstream, line by line.

The mean of a layer over a clip tells which of six emotions was played, by multinomial logistic
regression. The published split is not given: here five folds of whole actors.
"""

from __future__ import annotations

from heschl.benchmarks.crema_d import EMOTION
from heschl.metrics.probing import (
    LabelOf,
    LogisticHead,
    Probing,
    ProbingBenchmark,
)
from heschl.splits import GroupKFold


def benchmark() -> ProbingBenchmark:
    """Return the declaration."""
    return ProbingBenchmark(
        card=EMOTION,
        parts=(LabelOf("all", "emotion", "macro_f1"),),
        splitter=GroupKFold(5, by="actor"),
        metric=Probing(of_labels=LogisticHead()),
    )
