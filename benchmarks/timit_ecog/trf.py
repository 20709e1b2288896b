"""`timit_ecog-trf`: chen2023.trf, line by line.

Patients hear sentences of TIMIT while high-gamma activity is recorded at electrodes on the cortex.
A model hears each sentence as a whole; its layers, at 50 Hz, and their past 380 ms predict every
electrode that responds to speech. What is predicted is one presentation; the presentations of the
sentences that were heard again bound the prediction.
"""

from __future__ import annotations

import numpy as np

from heschl.benchmarks.timit_ecog import TRF
from heschl.ceilings import ExplainableVariance
from heschl.encoding import EncodingBenchmark
from heschl.metrics.ridge.estimators import Nested
from heschl.metrics.ridge.lagged import LaggedRidge
from heschl.splits import GroupKFold
from heschl.temporal import Average
from heschl.windowing import WholeStimulus


def benchmark() -> EncodingBenchmark:
    """Return the declaration."""
    return EncodingBenchmark(
        card=TRF,
        windowing=WholeStimulus(),
        event_stamp="repeat",
        resampler=Average(width_s=0.02),
        delays=(),
        standardise=False,
        # By the text, so that no sentence is trained on in another speaker's voice.
        splitter=GroupKFold(5, by="sentence"),
        metric=LaggedRidge(
            lags=tuple(range(20)),
            estimator=Nested(tuple(float(alpha) for alpha in np.logspace(0, 8, 17))),
            score="r2",
        ),
        ceiling=ExplainableVariance(minimum=0.05),
        layer_rule="inner",
        units="responsive",
        rois=("responsive", "A1", "STG", "MTG", "SMC", "SMG"),
    )
