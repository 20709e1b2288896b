"""What is labelled within a sentence: its phones, its words, or the whole of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from heschl.alignment import Interval
from heschl.data_registry.timit.corpus import Utterance
from heschl.data_registry.timit.labels import Folding, fold
from heschl.errors import CorruptData
from heschl.timit_labels import read_timit_labels

__all__ = ["STRETCHES"]


def _phones(folding: Folding) -> Callable[[Utterance], list[Interval]]:
    def of(utterance: Utterance) -> list[Interval]:
        path = utterance.file("phn")
        try:
            return _lasting(fold(read_timit_labels(path), folding))
        except CorruptData as error:
            raise CorruptData(f"{path}: {error}") from error

    return of


def _words(utterance: Utterance) -> list[Interval]:
    return _lasting(read_timit_labels(utterance.file("wrd")))


def _text(utterance: Utterance) -> list[Interval]:
    return [_whole(read_timit_labels(utterance.file("txt"))[0].label)]


def _whole(label: str) -> Interval:
    return Interval(0.0, math.inf, label)


def _lasting(intervals: tuple[Interval, ...]) -> list[Interval]:
    return [each for each in intervals if each.offset_s > each.onset_s]


STRETCHES: Mapping[str, Callable[[Utterance], list[Interval]]] = {
    "phone": _phones("lee-hon"),
    "phone-brain-tuning": _phones("brain-tuning"),
    "phone-all": _phones("lee-hon"),
    "word": _words,
    # Numbered with those that do not last, as tags are.
    "part_of_speech": lambda utterance: list(read_timit_labels(utterance.file("wrd"))),
    "sentence": _text,
    "sentence-type": lambda utterance: [_whole(utterance.kind)],
    "dialect": lambda utterance: [_whole(utterance.dialect)],
    "sex": lambda utterance: [_whole(utterance.sex)],
}
"""For each task what is labelled in a sentence, and how."""
