"""`nh2015-rsa_tuck`: audio2025.rsa_tuck, line by line.

Ten random splits of the 165 sounds, 83 to train and 82 to test. Correlations over units that were
not z-scored, of each listener and of each layer, are compared in rank over all pairs of sounds; the
layer that is most alike on the training sounds is scored on the test sounds, and the median over
splits taken. It is divided by what listeners have in common on the same test sounds.
"""

from __future__ import annotations

from heschl.benchmarks.nh2015 import RSA_TUCK
from heschl.clocks import Average
from heschl.data_registry.natural_sounds.splits import RandomSplits
from heschl.metrics.rsa.metric import TuckuteRSA
from heschl.similarity import SimilarityBenchmark, Topline
from heschl.windowing import WholeStimulus


def benchmark() -> SimilarityBenchmark:
    """Return the declaration."""
    return SimilarityBenchmark(
        card=RSA_TUCK,
        windowing=WholeStimulus(),
        resampler=Average(),
        splitter=RandomSplits(n=10, n_train=83, n_test=82, seed=0),
        metric=TuckuteRSA(),
        ceiling=Topline(),
        rois=("all", "Primary", "Lateral", "Posterior", "Anterior"),
    )
