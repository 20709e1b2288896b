"""Alignments: which word and which phone is heard when."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from heschl.errors import InvalidInput, UnknownName, near_names

__all__ = ["Alignment", "Interval"]


class Interval(NamedTuple):
    """A label and the seconds of the sound at which it starts and ends."""

    onset_s: float
    offset_s: float
    label: str


@dataclass(frozen=True)
class Alignment:
    """The words and phones of one sound, each in the order of their onsets.

    Neighbours may overlap, as they do in real transcriptions, and may leave
    gaps. Nothing ties the times to the length of a sound.

    Examples
    --------
    >>> alignment = Alignment(words=((0.1, 0.4, "had"), (0.35, 0.6, "your")))
    >>> alignment.words[1]
    Interval(onset_s=0.35, offset_s=0.6, label='your')
    >>> alignment.phones
    ()
    """

    words: tuple[Interval, ...] = ()
    phones: tuple[Interval, ...] = ()

    def __post_init__(self) -> None:
        """Check every interval once, here, so that nothing downstream has to."""
        object.__setattr__(self, "words", _checked(self.words, "word"))
        object.__setattr__(self, "phones", _checked(self.phones, "phone"))

    @classmethod
    def from_tiers(
        cls,
        tiers: Mapping[str, Iterable[Interval]],
        *,
        words: Collection[str] | None = ("word", "words"),
        phones: Collection[str] | None = ("phone", "phones"),
    ) -> Alignment:
        """Take the words and the phones out of named tiers.

        Parameters
        ----------
        tiers
            Intervals by the name of their tier, as `heschl.textgrid.read_textgrid`
            returns them.
        words, phones
            Names of which exactly one must be a tier's, whatever its case;
            None where no such tier is wanted.

        Intervals are sorted by onset. Those with a blank label are gaps and are
        left out.
        """
        return cls(_named_tier(tiers, words), _named_tier(tiers, phones))

    @cached_property
    def digest(self) -> str:
        """The sha256 of every time and label."""
        return hashlib.sha256(json.dumps([self.words, self.phones]).encode()).hexdigest()


def _checked(intervals: Iterable[tuple[float, float, str]], kind: str) -> tuple[Interval, ...]:
    checked = []
    latest = -math.inf
    for number, (onset, offset, label) in enumerate(intervals):
        interval = Interval(float(onset), float(offset), label)
        if not (math.isfinite(interval.onset_s) and math.isfinite(interval.offset_s)):
            fault = "has a time that is not finite"
        elif interval.offset_s < interval.onset_s:
            fault = "ends before it starts"
        elif interval.onset_s < latest:
            fault = "starts before the one before it; sort them by onset"
        elif not isinstance(label, str):
            fault = "has a label that is no text"
        else:
            latest = interval.onset_s
            checked.append(interval)
            continue
        raise InvalidInput(f"{kind} {number}, {tuple(interval)}, {fault}")
    return tuple(checked)


def _named_tier(
    tiers: Mapping[str, Iterable[Interval]], names: Collection[str] | None
) -> tuple[Interval, ...]:
    if names is None:
        return ()
    found = [tier for tier in tiers if tier.strip().lower() in names]
    if len(found) != 1:
        wanted = " or ".join(repr(name) for name in names)
        got = "none" if not found else " and ".join(repr(name) for name in found)
        raise UnknownName(
            f"expected one tier named {wanted}, got {got}; {near_names('', tiers)}: pass its name"
        )
    labelled = (interval for interval in tiers[found[0]] if interval.label.strip())
    return tuple(sorted(labelled, key=lambda interval: interval.onset_s))
