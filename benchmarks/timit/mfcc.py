"""`timit-mfcc`: MFCC and FBANK of moussa2025.downstream, line by line.

Every 20 ms the cepstrum (13 coefficients) and the filter bank (40 bands) of 25 ms are predicted by
ridge regression from the frame of a layer in the middle of them, and R² is averaged over
coefficients. The published code predicts a whole clip from one pooled vector.
"""

from __future__ import annotations

from heschl.benchmarks.timit import MFCC
from heschl.metrics.probing import (
    FramesOf,
    OfficialSplit,
    Probing,
    ProbingBenchmark,
)

_TEXTS = (("kind", ("si", "sx")),)
"""All but the two that every speaker reads."""


def benchmark() -> ProbingBenchmark:
    """Return the declaration."""
    return ProbingBenchmark(
        card=MFCC,
        parts=(
            FramesOf("MFCC", "sentence-type", "r2", "mfcc", "mfcc", _TEXTS, every=2),
            FramesOf("FBANK", "sentence-type", "r2", "fbank-40", "fbank", _TEXTS, every=2),
        ),
        splitter=OfficialSplit(),
        metric=Probing(),
    )
