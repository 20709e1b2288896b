"""`nh2015_components-ridge`: audio2025.components, line by line.

Each of 165 natural sounds of 2 s has one response of each of six components. The mean over time of
a model's layer predicts them out of fold, with layer and penalty chosen for each component within
the training folds, and the score is the squared correlation of all predictions together.

The published folds are one fixed assignment, stratified by category, that is given nowhere in text:
here they are drawn by seed 0 under the same rule, 33 sounds each.
"""

from __future__ import annotations

from heschl.benchmarks.nh2015_components import RIDGE
from heschl.ceilings import NoCeiling
from heschl.clocks import Average
from heschl.encoding import EncodingBenchmark
from heschl.metrics.ridge.pooled import PooledRidge
from heschl.splits import StratifiedKFold
from heschl.windowing import WholeStimulus


def benchmark() -> EncodingBenchmark:
    """Return the declaration."""
    return EncodingBenchmark(
        card=RIDGE,
        windowing=WholeStimulus(),
        resampler=Average(),
        delays=(),
        standardise=False,
        splitter=StratifiedKFold(5, by="category", seed=0),
        metric=PooledRidge(),
        ceiling=NoCeiling(),
        layer_rule="inner",
        unit_average="median",
        rois=("all", "lowfreq", "highfreq", "envsounds", "pitch", "speech", "music"),
    )
