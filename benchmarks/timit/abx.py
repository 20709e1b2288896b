"""`timit-abx`: which of two phones a third one is of, in the manner of the ZeroSpeech tasks.

The phones of the 168 speakers of TIMIT's test set, folded to 39 without silence, as they occur in
sentences: features of a whole sentence, of which a phone has the frames within it. A and B are of
one speaker. X is of another one (``across``) or of the same one (``within``); all three stand
between the same two phones, or anywhere (``-any``). The angle between frames, the cost of the best
alignment over its steps; then the mean over contexts, speakers, both orders of the two phones, and
pairs of phones, over which the error is taken. No paper reports it on TIMIT.
"""

from __future__ import annotations

from heschl.benchmarks.timit.abx_card import ABX
from heschl.metrics.abx import Abx, Condition, DiscriminationBenchmark, ItemContrasts
from heschl.windowing import WholeStimulus

_CONTEXT = ("previous", "next")


def benchmark() -> DiscriminationBenchmark:
    """Return the declaration."""
    return DiscriminationBenchmark(
        card=ABX,
        source=ItemContrasts(
            task="phone-all",
            select={"part": "test"},
            left_out={"phone": ("sil",)},
            in_context=True,
            conditions={
                "across": Condition("phone", by=_CONTEXT, across="speaker"),
                "within": Condition("phone", by=(*_CONTEXT, "speaker")),
                "across-any": Condition("phone", across="speaker", most_items=5, most_across=1),
                "within-any": Condition("phone", by=("speaker",), most_items=5),
            },
            averages=(_CONTEXT, ("speaker",)),
            seed=0,
        ),
        metric=Abx(distance="angular", pooling="frames", normalisation="path"),
        windowing=WholeStimulus(),
    )
