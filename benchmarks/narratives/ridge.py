"""`narratives-ridge`: millet2022.brain_score, line by line.

Listeners hear stories of 7 to 56 minutes. A model hears them in windows of 10 s
that overlap by half, of which the middle is kept. Each unit of a layer is
brought to the range from 0 to 1 over a story, becomes what the blood makes of
it, and predicts every vertex of the cortex. What the other listeners of a story
tell of a vertex, through the same ridge, bounds what is there to be predicted.

The stories are those of `heschl.data_registry.narratives.tasks`, version 1.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from heschl.benchmarks.narratives import RIDGE, RIDGE_COMPAT
from heschl.encoding import EncodingBenchmark
from heschl.metrics.ridge import LeaveOneOut, Ridge
from heschl.shared_ceilings import SharedPrediction
from heschl.splits import ContiguousKFold
from heschl.temporal import HemodynamicResponse
from heschl.windowing import ChunkedWindows

__all__ = ["benchmark", "compatible"]

_GRID_BEGINS_S = -1000.0
"""Relative to a story's first volume. The second story of a sound begins 964.5 s into it, and what
was heard from the sound's beginning on must lie on the grid."""


def benchmark() -> EncodingBenchmark:
    """Return the declaration."""
    return EncodingBenchmark(
        card=RIDGE,
        windowing=ChunkedWindows(window_s=10.0, stride_s=5.0),
        event_stamp="midpoint",
        frame_scaling="minmax",
        resampler=HemodynamicResponse(
            "glover", oversampling=50, min_onset_s=_GRID_BEGINS_S, slice_time_ref=0.0
        ),
        delays=(),
        splitter=ContiguousKFold(5),
        metric=Ridge(
            LeaveOneOut(alphas=tuple(np.logspace(1, 8, 20).tolist())),
            score="pearson",
        ),
        ceiling=SharedPrediction(n_components=100, minimum=0.02),
        rois=("all", "Top10", "Heschl", "STG", "STS", "IFG", "Motor"),
    )


def compatible() -> EncodingBenchmark:
    """Return the declaration with what of the published code a declaration can say.

    10 folds instead of 5, and a grid of 16 points a volume instead of 50. It cannot say, and does
    not do, the rest: ridge on 100 principal components of the responses, a robust scaler of the
    0.01 to 0.99 per cent quantiles, layers one upon the other instead of one at a time, 15 layers
    of 19, 20 ms between the frames of a layer that has one every 10 ms, and volumes in place of
    surfaces. Where the code bounds scores it has components of both sides, fitted on all rows; the
    ceiling here is that of `benchmark`.
    """
    return replace(
        benchmark(),
        card=RIDGE_COMPAT,
        splitter=ContiguousKFold(10),
        resampler=HemodynamicResponse(
            "glover", oversampling=16, min_onset_s=_GRID_BEGINS_S, slice_time_ref=0.0
        ),
    )
