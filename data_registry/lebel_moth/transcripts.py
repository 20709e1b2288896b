"""Transcripts: the words and phones of one story, from its TextGrid.

Tiers are found by name, else the first holds phones and the second words. unverified: the names in
the published files, which are ``phone`` and ``word`` or ``words`` in the code of their users.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from heschl.alignment import Alignment, Interval
from heschl.errors import CorruptData
from heschl.textgrid import read_textgrid
from heschl.untrusted import check_file

__all__ = ["NON_WORDS", "PHONES", "read_alignment"]

NON_WORDS = frozenset({"sentence_start", "sentence_end", "br", "lg", "ls", "ns", "sp", ""})
"""What the authors drop from the words, after ``lower().strip("{}")``."""

_VOWELS = ("AA", "AE", "AH", "AO", "AW", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "OY", "UH", "UW")
_STOPS_AND_AFFRICATES = ("B", "CH", "D", "G", "JH", "K", "P", "T")
_FRICATIVES = ("DH", "F", "HH", "S", "SH", "TH", "V", "Z", "ZH")
_SONORANTS = ("L", "M", "N", "NG", "R", "W", "Y")
PHONES = frozenset((*_VOWELS, *_STOPS_AND_AFFRICATES, *_FRICATIVES, *_SONORANTS))
"""The 39 phones of the ARPAbet, without stress."""

_PHONE_TIERS = ("phone", "phones")
_WORD_TIERS = ("word", "words")


def read_alignment(path: Path) -> Alignment:
    """Return the words as they are written, and the phones without stress.

    Breaths, laughter, pauses and whatever else is no speech are left out.
    """
    status = check_file(path)
    stamp = (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
    return _read(path.absolute(), stamp)


# A grid of a megabyte takes a tenth of a second, and every cell asks.
@lru_cache(maxsize=128)
def _read(path: Path, stamp: tuple[int, ...]) -> Alignment:
    del stamp
    tiers = read_textgrid(path)
    phones, words = _tier(path, tiers, _PHONE_TIERS, 0), _tier(path, tiers, _WORD_TIERS, 1)
    return Alignment(
        words=_in_order(
            interval._replace(label=interval.label.strip())
            for interval in words
            if interval.label.lower().strip().strip("{}").strip() not in NON_WORDS
        ),
        phones=_in_order(
            interval._replace(label=phone)
            for interval in phones
            if (phone := interval.label.strip().upper().rstrip("0123456789")) in PHONES
        ),
    )


def _tier(
    path: Path, tiers: Mapping[str, Sequence[Interval]], names: Sequence[str], position: int
) -> Sequence[Interval]:
    """Return the tier of one of the names, else the one at the position."""
    named = [tier for tier in tiers if tier.strip().lower() in names]
    if len(named) > 1:
        raise CorruptData(
            f"{path} has the tiers {' and '.join(map(repr, named))}; expected one of them"
        )
    if named:
        return tiers[named[0]]
    unnamed = list(tiers)[position : position + 1]
    # Of words, those that are spelled as phones are ("er", "uh") would become phones.
    if not unnamed or unnamed[0].strip().lower() in (*_PHONE_TIERS, *_WORD_TIERS):
        raise CorruptData(
            f"{path} has {len(tiers)} tiers ({', '.join(tiers) or 'unnamed'}); expected one named "
            f"{' or '.join(map(repr, names))}, or phones first and words second"
        )
    return tiers[unnamed[0]]


def _in_order(intervals: Iterable[Interval]) -> tuple[Interval, ...]:
    return tuple(sorted(intervals, key=lambda interval: interval.onset_s))
