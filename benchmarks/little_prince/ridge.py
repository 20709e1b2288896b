"""`little_prince-ridge` and its kin: millet2022.brain_score, line by line.

Listeners hear The Little Prince in their language, nine sections in the scanner. A model's layers,
from windows of 10 s of which the middle 5 s are kept, are brought to the range from 0 to 1,
convolved with a haemodynamic response and z-scored; a ridge regression predicts each vertex in five
folds. The mean of the other listeners of the language, in the place of the model, bounds it.

A listener's section is one stimulus, so that ``-en``, ``-fr`` and ``-zh`` are the same benchmark
for fewer listeners: native models are compared with others listener by listener.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from heschl.benchmarks.little_prince import RIDGE, RIDGE_COMPAT, RIDGE_EN, RIDGE_FR, RIDGE_ZH
from heschl.data_registry.little_prince.sections import SECTIONS, stimulus_id
from heschl.encoding import EncodingBenchmark
from heschl.metrics.ridge import LeaveOneOut, Ridge
from heschl.presets import preset
from heschl.shared_ceilings import SharedPrediction
from heschl.splits import ContiguousKFold
from heschl.temporal import HemodynamicResponse


def ridge() -> EncodingBenchmark:
    """Return the declaration for the listeners of all three languages."""
    return EncodingBenchmark(
        card=RIDGE,
        windowing=preset("chunked"),
        event_stamp="midpoint",
        frame_scaling="minmax",
        resampler=HemodynamicResponse("glover", oversampling=50, slice_time_ref=0.0),
        delays=(),
        splitter=ContiguousKFold(5),
        metric=Ridge(LeaveOneOut(alphas=tuple(np.logspace(1, 8, 20).tolist())), score="pearson"),
        ceiling=SharedPrediction(n_components=100, minimum=0.02),
        rois=("all", "Top10", "Heschl", "STG", "STS", "IFG", "Motor"),
    )


def ridge_en() -> EncodingBenchmark:
    """Return the declaration for English listeners."""
    return replace(ridge(), card=RIDGE_EN, included=_sections("EN"))


def ridge_fr() -> EncodingBenchmark:
    """Return the declaration for French listeners."""
    return replace(ridge(), card=RIDGE_FR, included=_sections("FR"))


def ridge_zh() -> EncodingBenchmark:
    """Return the declaration for Chinese listeners; the paper's 33 lack sub-CN018 and sub-CN019."""
    return replace(ridge(), card=RIDGE_ZH, included=_sections("CN"))


def ridge_compat() -> EncodingBenchmark:
    """Return the declaration with those settings of the authors' code that are settings here.

    Their code has ten folds, a grid of 16 points a volume and 33 Chinese listeners. What it has and
    this has not: voxels in the place of vertices, a ridge on 100 components of them, layers that
    enter one after the other, and responses scaled by a range of quantiles. See docs/protocols.md.
    """
    return replace(
        ridge(),
        card=RIDGE_COMPAT,
        resampler=HemodynamicResponse("glover", oversampling=16, slice_time_ref=0.0),
        left_out=("sub-CN018", "sub-CN019"),
        splitter=ContiguousKFold(10),
    )


def _sections(language: str) -> tuple[str, ...]:
    return tuple(stimulus_id(language, section) for section in SECTIONS)
