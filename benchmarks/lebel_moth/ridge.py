"""`lebel_moth-ridge`: moussa2025.alignment, line by line.

Listeners hear autobiographical stories in the scanner. A model's layers at the
end of every 16.1 s window, ten a second, are brought to the scanner's clock and
predict each voxel through delays of 2 to 8 s. One story, heard several times,
is held out: its mean response is predicted, its repeats bound the prediction.
"""

from __future__ import annotations

from heschl.benchmarks.lebel_moth import RIDGE
from heschl.ceilings import CorrelationCeiling
from heschl.data_registry.atlases.groups import GLASSER
from heschl.data_registry.lebel_moth.stories import TEST_STORY, TRAINING_STORIES
from heschl.encoding import EncodingBenchmark
from heschl.metrics.ridge import Bootstrap, Ridge, huth_penalties
from heschl.presets import preset
from heschl.splits import HeldOutStimuli
from heschl.temporal import Lanczos


def benchmark() -> EncodingBenchmark:
    """Return the declaration."""
    return EncodingBenchmark(
        card=RIDGE,
        windowing=preset("sliding"),
        event_stamp="midpoint",
        resampler=Lanczos(lobes=3),
        delays=(1, 2, 3, 4),
        included=(*TRAINING_STORIES, TEST_STORY),
        skipped_rows={TEST_STORY: 40},
        splitter=HeldOutStimuli(test=(TEST_STORY,)),
        metric=Ridge(
            Bootstrap(n_draws=3, chunk=20, fraction=0.25, alphas=huth_penalties(1, 4, 15)),
            score="pearson",
        ),
        ceiling=CorrelationCeiling(minimum=0.4),
        rois=("all", "Heschl", "STG", "STS", "IFG", "Motor"),
        # The paper's late language and early auditory areas, for those who bring their labels.
        further_rois=tuple(GLASSER),
    )
