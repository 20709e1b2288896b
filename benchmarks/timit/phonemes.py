"""`timit-phonemes`: the phonemes of moussa2025.downstream, line by line.

The mean of a layer over a sentence tells which of 38 phones occur in it, each by a logistic
regression; silence, which is in nearly all of them, is learned beside them and enters no score. The
official split without the SA sentences: the published one mixes its speakers and texts.
"""

from __future__ import annotations

from heschl.benchmarks.timit import PHONEMES
from heschl.metrics.probing import (
    LabelsOf,
    LogisticHead,
    OfficialSplit,
    Probing,
    ProbingBenchmark,
)


def benchmark() -> ProbingBenchmark:
    """Return the declaration."""
    return ProbingBenchmark(
        card=PHONEMES,
        parts=(LabelsOf("all", "phone-brain-tuning", "macro_f1", not_counted=("h#",)),),
        splitter=OfficialSplit(),
        metric=Probing(of_labels=LogisticHead()),
    )
