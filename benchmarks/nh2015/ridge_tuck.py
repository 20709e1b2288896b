"""`nh2015-ridge_tuck`: audio2025.regression_tuck, line by line.

Ten random splits of the 165 sounds, 83 to train and 82 to test. Each voxel's r² is divided by the
reliabilities of its response and of its prediction over three sessions (NC-TUCK); then the median
over splits, over voxels of a region, and the mean over listeners. The layer of a voxel is chosen on
five of the splits and scored on the other five, ten times over. The uncorrected r² stands beside
it: where a voxel is hardly reliable, the corrected one is above 1 on average.
"""

from __future__ import annotations

from heschl.benchmarks.nh2015 import RIDGE_TUCK
from heschl.ceilings import NoCeiling
from heschl.clocks import Average
from heschl.data_registry.natural_sounds.splits import RandomSplits
from heschl.encoding import EncodingBenchmark
from heschl.metrics.ridge.tuckute import TuckuteRidge
from heschl.windowing import WholeStimulus


def benchmark() -> EncodingBenchmark:
    """Return the declaration."""
    return EncodingBenchmark(
        card=RIDGE_TUCK,
        windowing=WholeStimulus(),
        resampler=Average(),
        delays=(),
        standardise=False,
        splitter=RandomSplits(n=10, n_train=83, n_test=82, seed=0),
        metric=TuckuteRidge(),
        ceiling=NoCeiling(),
        layer_rule="splits",
        fold_average="median",
        unit_average="median",
        rois=("all", "Primary", "Lateral", "Posterior", "Anterior"),
    )
