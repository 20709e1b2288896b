"""Letters: what a transcript is written in, and how frames become a text again."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

import numpy as np

from heschl.errors import InvalidInput

__all__ = ["ALPHABET", "BLANK", "decoded", "encoded", "n_frames_needed", "transcript"]

BLANK = 0
"""The number of the label that stands for no letter."""

ALPHABET = " abcdefghijklmnopqrstuvwxyz'"
"""Numbered from 1 on, behind the blank."""

_NUMBER = {letter: number for number, letter in enumerate(ALPHABET, start=1)}
_BETWEEN_WORDS = re.compile(r"[^a-z']+")


def transcript(text: str) -> str:
    """Return a text in small letters and apostrophes, with one space between words.

    >>> transcript("She said: 'I can't; twenty-one!'")
    "she said i can't twenty one"
    """
    # An accent may stand behind its letter, where it would cut the word in two.
    small = text.lower().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    for character in small:
        is_other = unicodedata.category(character)[0] in "LMN" and character not in _NUMBER
        if is_other:
            raise InvalidInput(
                f"the text {text!r} has {character!r}, which is no letter from a to z; give texts "
                "in English, with numbers written out"
            )
    words = (word.strip("'") for word in _BETWEEN_WORDS.split(small))
    found = " ".join(word for word in words if word)
    if not found:
        raise InvalidInput(f"the text {text!r} has no word; leave the sentence out, or mend it")
    return found


def encoded(text: str) -> np.ndarray:
    """Return the number of each letter (letter,) of a transcript.

    >>> encoded("a b").tolist()
    [2, 1, 3]
    """
    return np.array([_NUMBER[letter] for letter in text], dtype=np.int64)


def n_frames_needed(numbers: Sequence[int] | np.ndarray) -> int:
    """Return the fewest frames that spell letters: a letter that repeats needs a blank between.

    >>> n_frames_needed(encoded("all"))
    4
    """
    return len(numbers) + int(np.count_nonzero(np.diff(numbers) == 0))


def decoded(labels: Sequence[int] | np.ndarray) -> str:
    """Return the transcript that the best label of each frame (frame,) spells.

    A label that goes on is one letter, then blanks are left out.

    >>> decoded([0, 2, 2, 13, 0, 13, 0, 1, 1])
    'all'
    """
    labels = np.asarray(labels)
    is_new = np.diff(labels, prepend=-1) != 0
    letters = labels[is_new & (labels != BLANK)]
    return " ".join("".join(ALPHABET[number - 1] for number in letters).split())
