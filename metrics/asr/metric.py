"""The metric of speech recognition: how a model learns to spell, and how its words are judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import xarray as xr

from heschl.cards import MetricCard
from heschl.configuration import describe
from heschl.dimensions import ITEM
from heschl.errors import InvalidInput
from heschl.metrics.asr import ASR
from heschl.metrics.asr.schedule import Schedule
from heschl.metrics.asr.word_errors import edit_distance

__all__ = ["SpeechRecognition"]

NUMERICS = 1
"""Raised whenever the same settings would give other numbers, by a change here or in `letters`,
`fine_tuning` or `word_errors`."""


@dataclass(frozen=True)
class SpeechRecognition:
    """How a model is made to write down what it hears, and how that is judged.

    The whole network but its convolutions learns, with a linear layer on top
    that gives 29 labels a frame (a to z, the apostrophe, the space, none), by
    connectionist temporal classification. The best label of each frame is read
    off, without a language model (`heschl.metrics.asr.fine_tuning`). The score
    is

        1 - WER,    WER = (S + D + I) / N

    over the words of all test sentences: S are substituted, D left out and I
    put in, N are those of the transcripts. Nothing written scores 0, and less
    than that is possible.

    Parameters
    ----------
    schedule
        Of learning.
    frozen
        The layer up to which weights stay as they are, in models that have one
        of that name; None trains all.

    Examples
    --------
    >>> found = SpeechRecognition()(["we saw the sea", "so we did"], ["we was the sea", ""])
    >>> found["errors"].values.tolist(), found["words"].values.tolist()
    ([1, 3], [4, 3])
    """

    schedule: Schedule = field(default_factory=Schedule)
    frozen: str | None = "cnn"

    card: ClassVar[MetricCard] = ASR
    meaning: ClassVar[str] = "1 - WER, the rate of word errors in all sentences together,"

    def configuration(self) -> Mapping[str, Any]:
        """Return every setting and the version of the numerics."""
        return {**describe(self), "numerics": NUMERICS}

    def __call__(self, transcripts: Sequence[str], hypotheses: Sequence[str]) -> xr.Dataset:
        """Return ``errors`` and ``words`` (item,) of what was said and what was written down."""
        if len(transcripts) != len(hypotheses) or not len(transcripts):
            raise InvalidInput(
                f"there are {len(transcripts)} transcripts and {len(hypotheses)} hypotheses; give "
                "one for each sentence, one at least"
            )
        said = [transcript.split() for transcript in transcripts]
        written = [hypothesis.split() for hypothesis in hypotheses]
        silent = [place for place, words in enumerate(said) if not words]
        if silent:
            raise InvalidInput(f"the transcript {silent[0]} has no word; leave that sentence out")
        errors = [edit_distance(*pair) for pair in zip(said, written, strict=True)]
        return xr.Dataset(
            {
                "errors": (ITEM, np.array(errors, dtype=np.int64)),
                "words": (ITEM, np.array([len(words) for words in said], dtype=np.int64)),
            }
        )
