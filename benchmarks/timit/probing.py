"""`timit-probing`: millet2022.probing, line by line.

The sentences of TIMIT's 168 test speakers. The mean of a model's frames over each mel frame, phone,
word or sentence predicts what it is: the mel spectrum, the phone, the word's vector and class, the
sentence's vector. The penalty is chosen on the other folds; no speaker is on both sides of any
choice. Classes are told by ridge regression on their indicators.

Word classes and vectors are not TIMIT's: see `heschl.data_registry.timit.annotations` for the files
that bring them. Parts without one are left out, and a warning says so.
"""

from __future__ import annotations

from heschl.benchmarks.timit import PROBING
from heschl.metrics.probing import (
    FramesOf,
    LabelOf,
    Probing,
    ProbingBenchmark,
    RidgeHead,
    VectorOf,
)
from heschl.splits import GroupKFold

_TEST = (("part", "test"),)


def benchmark() -> ProbingBenchmark:
    """Return the declaration."""
    return ProbingBenchmark(
        card=PROBING,
        parts=(
            LabelOf("phone", "phone-all", "balanced_accuracy", _TEST),
            FramesOf("MEL", "sentence", "r", model="mel-128", layer="mel", select=_TEST),
            VectorOf("word_vector", "word", "r", _TEST),
            LabelOf(
                "part_of_speech", "part_of_speech", "balanced_accuracy", _TEST, is_optional=True
            ),
            VectorOf("sentence_vector", "sentence", "r", _TEST),
        ),
        splitter=GroupKFold(10, by="speaker"),
        metric=Probing(of_labels=RidgeHead(), of_numbers=RidgeHead()),
    )
