"""Transcripts: what the aligner gentle made of a story, ``stimuli/gentle/<sound>/align.json``.

It lists words in order; those that it found in the sound have a start, an end and phones with
durations, named as Kaldi names them (``ao_I``: its place in the word, no stress). What it did not
find, silence and noise are left out.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from heschl.alignment import Alignment, Interval
from heschl.data_registry.lebel_moth.transcripts import PHONES
from heschl.errors import CorruptData
from heschl.untrusted import read_json

__all__ = ["read_alignment"]

_LARGEST_BYTES = 64 * 2**20
_IS_FOUND = {"success": True, "not-found-in-audio": False, "not-found-in-transcript": False}


def read_alignment(path: Path) -> Alignment:
    """Return the words as they are written and the phones as ARPABET without stress."""
    words: list[Interval] = []
    phones: list[Interval] = []
    try:
        content = read_json(path, at_most=_LARGEST_BYTES)
        for word in content["words"]:
            if _IS_FOUND[word["case"]]:
                words.append(_interval(word["start"], word["end"], word["word"]))
                phones += _phones(word)
    except (ValueError, KeyError, TypeError) as error:
        if isinstance(error, CorruptData):
            raise
        raise CorruptData(
            f"{path} is not what gentle writes, words with case, start, end and phones "
            f"({type(error).__name__}: {error}); fetch it again, or take it away"
        ) from error
    return Alignment(words=_in_order(words), phones=_in_order(phones))


def _phones(word: dict[str, Any]) -> list[Interval]:
    """Return the phones of a word, one after the other from its start."""
    found = []
    onset_s = float(word["start"])
    for phone in word.get("phones", ()):
        offset_s = onset_s + float(phone["duration"])
        label = str(phone["phone"]).partition("_")[0].upper().rstrip("0123456789")
        if label in PHONES:
            found.append(_interval(onset_s, offset_s, label))
        onset_s = offset_s
    return found


def _interval(start: Any, end: Any, label: Any) -> Interval:
    interval = Interval(float(start), float(end), str(label))
    if not (math.isfinite(interval.offset_s) and 0 <= interval.onset_s <= interval.offset_s):
        raise ValueError(f"{label!r} from {start} to {end} s")
    return interval


def _in_order(intervals: list[Interval]) -> tuple[Interval, ...]:
    return tuple(sorted(intervals, key=lambda interval: interval.onset_s))
