"""The text that a model reads: the words of an alignment, joined as they would be written."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import NamedTuple

from heschl.alignment import Alignment

__all__ = ["NON_WORDS", "Transcript", "Word", "transcript_of"]

NON_WORDS = frozenset(
    {"", "sp", "br", "lg", "ls", "ns", "sil", "spn", "<eps>", "sentence_start", "sentence_end"}
)
"""Labels of pauses, breaths, laughter and noise, after ``lower().strip("{}")``."""

_ELIDED = re.compile(r"(?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu|quoiqu)['’]", re.IGNORECASE)
"""French words that are written together with the next one."""
_UNSPACED = ("CJK UNIFIED", "CJK COMPATIBILITY", "HIRAGANA", "KATAKANA")
"""Scripts that are written without spaces, by the beginnings of their characters' names."""
_SPOKEN_SIGNS = "&@%#"
"""What Unicode counts as punctuation and people say as words."""


class Word(NamedTuple):
    """A label, the seconds at which it is heard and its place in the text, in characters."""

    onset_s: float
    offset_s: float
    label: str
    start: int
    stop: int

    @property
    def is_spoken(self) -> bool:
        """Whether there is anything to say in it, beyond punctuation."""
        return any(c in _SPOKEN_SIGNS or unicodedata.category(c)[0] in "LNS" for c in self.label)


@dataclass(frozen=True)
class Transcript:
    """A text and its words, in the order of their onsets."""

    text: str
    words: tuple[Word, ...]


def transcript_of(alignment: Alignment) -> Transcript:
    """Return the words of an alignment as one text, in the case in which they are given.

    `NON_WORDS` are left out, and runs of white space become one space. Words
    are joined by a space, but for neighbours in Chinese or Japanese characters
    and for what follows a French elision, which are written together.

    >>> transcript_of(Alignment(words=((0, 1, "l'"), (1, 2, "eau"), (2, 3, "sp")))).text
    "l'eau"
    """
    words: list[Word] = []
    text = ""
    for onset_s, offset_s, given in alignment.words:
        label = " ".join(given.split())
        if label.lower().strip("{}").strip() in NON_WORDS:
            continue
        if words and not _is_written_together(words[-1].label, label):
            text += " "
        words.append(Word(onset_s, offset_s, label, len(text), len(text) + len(label)))
        text += label
    return Transcript(text, tuple(words))


def _is_written_together(former: str, latter: str) -> bool:
    return _ELIDED.fullmatch(former) is not None or (
        _is_unspaced(former[-1]) and _is_unspaced(latter[0])
    )


def _is_unspaced(character: str) -> bool:
    return unicodedata.name(character, "").startswith(_UNSPACED)
