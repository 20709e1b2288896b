"""`nh2015_components-rsa`: the similarity of `nh2015-rsa`, of six components.

The six responses of a sound are its pattern. There are no listeners: nothing divides the score, and
sounds drawn anew give its error. No paper has it.
"""

from __future__ import annotations

from heschl.benchmarks.nh2015_components import RSA
from heschl.ceilings import NoCeiling
from heschl.clocks import Average
from heschl.metrics.rsa import metric
from heschl.similarity import SimilarityBenchmark
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
        ceiling=NoCeiling(),
        rois=("all",),
    )
