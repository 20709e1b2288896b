"""`lebel_moth-low_level_impact`: moussa2025.low_level_impact, line by line.

How much of the alignment of `lebel_moth-ridge` goes when power spectrum, diphones, triphones or
articulation are taken out of a model's features, row by row on the scanner's clock and before the
delays. Both alignments are fitted on the same stories: all of them, or the ten for which the
original's low-level features were released.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from heschl.benchmarks.lebel_moth import LOW_LEVEL_IMPACT, LOW_LEVEL_IMPACT_OOTA10
from heschl.benchmarks.lebel_moth.ridge import benchmark as alignment
from heschl.data_registry.lebel_moth.stories import RESIDUAL_STORIES, TEST_STORY
from heschl.metrics.low_level_impact.benchmark import LowLevelImpactBenchmark
from heschl.metrics.low_level_impact.residuals import Residualiser

LOW_LEVEL = ("powspec8k", "diphone", "triphone", "articulation-22")
"""Recordings of 16 kHz hold no more than the first 238 bands of the power spectrum."""


def benchmark(rows: Literal["all", "oota10"] = "all") -> LowLevelImpactBenchmark:
    """Return the declaration."""
    original = alignment()
    if rows == "oota10":
        original = replace(original, included=(*RESIDUAL_STORIES, TEST_STORY))
    return LowLevelImpactBenchmark(
        card=LOW_LEVEL_IMPACT if rows == "all" else LOW_LEVEL_IMPACT_OOTA10,
        alignment=original,
        low_level=LOW_LEVEL,
        residualiser=Residualiser(n_folds=10),
        minimum=0.05,
    )


def oota10() -> LowLevelImpactBenchmark:
    """Return the variant on ten stories."""
    return benchmark(rows="oota10")
