"""Phones that follow each other: pairs, triples."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

from heschl.alignment import Alignment, Interval
from heschl.models.phonetic.labels import ARPABET, arpabet, heard_phones, is_phone

__all__ = ["attested", "every_sequence", "sequences"]

LONGEST_GAP_S = 0.005
"""Phones of which the second begins later than this after the first are parted by a pause, whether
or not the alignment labels it. Aligners place phones in steps of 10 ms, so no pause is shorter."""


def sequences(model: str, alignment: Alignment, order: int) -> list[tuple[float, tuple[str, ...]]]:
    """Return each run of ``order`` phones with its midpoint in seconds, in the order of midpoints.

    The midpoint lies between the onset of the first phone and the offset of the
    last. Runs cross words, but no pause. Phones that overlap follow each other
    by their onsets.

    >>> dog = Alignment(phones=((0.0, 0.1, "D"), (0.1, 0.3, "AO1"), (0.3, 0.4, "G")))
    >>> sequences("diphone", dog, order=2)
    [(0.15, ('D', 'AO')), (0.25, ('AO', 'G'))]
    """
    found = []
    for unbroken in _unbroken(model, alignment):
        for first in range(len(unbroken) - order + 1):
            run = unbroken[first : first + order]
            midpoint_s = (run[0].onset_s + run[-1].offset_s) / 2
            found.append((midpoint_s, tuple(phone.label for phone in run)))
    return sorted(found, key=lambda each: each[0])


def attested(alignments: Iterable[Alignment], order: int) -> tuple[tuple[str, ...], ...]:
    """Return the sequences that occur in any of the alignments, sorted."""
    return tuple(
        sorted({run for each in alignments for _, run in sequences("attested", each, order)})
    )


def every_sequence(order: int) -> tuple[tuple[str, ...], ...]:
    """Return all sequences of the 39 phones, sorted.

    >>> len(every_sequence(2))
    1521
    """
    return tuple(itertools.product(ARPABET, repeat=order))


def _unbroken(model: str, alignment: Alignment) -> Iterator[list[Interval]]:
    """Yield the stretches of phones, without stress, between pauses."""
    heard_phones(model, alignment)
    stretch: list[Interval] = []
    for phone in alignment.phones:
        is_parted = stretch and phone.onset_s - stretch[-1].offset_s > LONGEST_GAP_S
        if stretch and (is_parted or not is_phone(phone)):
            yield stretch
            stretch = []
        if is_phone(phone):
            stretch.append(phone._replace(label=arpabet(phone)))
    if stretch:
        yield stretch
