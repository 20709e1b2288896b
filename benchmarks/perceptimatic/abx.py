"""`perceptimatic-abx` and `perceptimatic_all-abx`: millet2022.abx_behaviour, line by line.

Which of two sounds of other phones a third one, of another speaker, is of the phone of. Frames of
the triphone, Euclidean distance, the cost of the best alignment over the longer item's frames; then
the mean over triplets, contexts, both orders of the two phones, and pairs of phones, over which the
error is taken. Ties count one half, where the original counts them as wrong.

The board's number is of both languages together; that on the language which a model, or a listener,
has learned is the part ``EN`` or ``FR``. The ceiling is perfect discrimination: listeners, whose
accuracy is in the file, are no upper bound. So are the Spearman correlation of Δ with their graded
answers, and the likelihood of their answers given Δ. The paper's layer is one of the curve.

The first reads triphones within files of a second, the second sounds that were cut out.
"""

from __future__ import annotations

from heschl.benchmarks.perceptimatic import ABX, ABX_ALL
from heschl.cards import BenchmarkCard
from heschl.metrics.abx import Abx, DiscriminationBenchmark, GivenTriplets
from heschl.windowing import WholeStimulus


def benchmark() -> DiscriminationBenchmark:
    """Return the declaration."""
    return _declared(ABX)


def benchmark_of_all() -> DiscriminationBenchmark:
    """Return the declaration on the second release."""
    return _declared(ABX_ALL)


def _declared(card: BenchmarkCard) -> DiscriminationBenchmark:
    return DiscriminationBenchmark(
        card=card,
        source=GivenTriplets(parts=("all", "EN", "FR"), by="language"),
        metric=Abx(distance="euclidean", pooling="frames", normalisation="longest"),
        windowing=WholeStimulus(),
    )
