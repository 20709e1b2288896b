"""`nh2015-rsa`: audio2025.rsa, line by line.

Each of 165 natural sounds of 2 s has one response of each voxel, the mean of three sessions, and
one mean over time of each layer. Dissimilarities are 1 - r over units that were z-scored over
sounds, of each listener and of each layer, and their rank correlation over all pairs of sounds is
the score. Layers are chosen by blocks of pairs; the best layer for all listeners, which the first
version of the paper took, stands beside it as optimistic. It is divided by the mean over listeners
of what a listener has in common with the mean of the others.

As for `nh2015-ridge`, the published folds are one fixed assignment that is given nowhere in text.
"""

from __future__ import annotations

from heschl.benchmarks.nh2015 import RSA
from heschl.clocks import Average
from heschl.metrics.rsa import metric
from heschl.similarity import SimilarityBenchmark, Topline
from heschl.splits import StratifiedKFold
from heschl.windowing import WholeStimulus


def benchmark() -> SimilarityBenchmark:
    """Return the declaration."""
    return SimilarityBenchmark(
        card=RSA,
        windowing=WholeStimulus(),
        resampler=Average(),
        splitter=StratifiedKFold(5, by="category", seed=0),
        metric=metric.RSA(),
        ceiling=Topline(),
        rois=("all", "Primary", "Lateral", "Posterior", "Anterior"),
    )
