"""The 61 phone labels of TIMIT, and what they are folded to.

Three foldings are in use. Lee and Hon (1989) made the 39 classes that phone recognition reports.
The brain-tuning code of Moussa et al. (2025) keeps the glottal stop, as silence. Models of phones
know neither: they read the 39 phones of ARPABET, in which a closure and its burst are one stop.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, get_args

from heschl.alignment import Interval
from heschl.errors import CorruptData, InvalidInput, near_names

__all__ = ["FOLDED", "PHONES_39", "PHONES_61", "Folding", "arpabet_phones", "fold", "folded"]

Folding = Literal["lee-hon", "brain-tuning"]

SILENCE = "sil"

_SILENT = "pcl tcl kcl bcl dcl gcl h# pau epi"
_CHANGED: Mapping[str, str | None] = {
    "ao": "aa",
    **dict.fromkeys(("ax", "ax-h"), "ah"),
    "axr": "er",
    "hv": "hh",
    "ix": "ih",
    "el": "l",
    "em": "m",
    **dict.fromkeys(("en", "nx"), "n"),
    "eng": "ng",
    "zh": "sh",
    "ux": "uw",
    **dict.fromkeys(_SILENT.split(), SILENCE),
    "q": None,
}
_KEPT = (
    "aa ae ah aw ay b ch d dh dx eh er ey f g hh ih iy jh k l m n ng ow oy p r s sh t th uh uw v w "
    "y z"
)

FOLDED: Mapping[str, str | None] = {**{phone: phone for phone in _KEPT.split()}, **_CHANGED}
"""For each of the 61 labels the class of Lee and Hon; None where it is deleted."""

PHONES_61 = tuple(sorted(FOLDED))
PHONES_39 = tuple(sorted({phone for phone in FOLDED.values() if phone is not None}))
"""The classes of Lee and Hon, silence among them."""

_BRAIN_TUNING_SILENCE = "h#"
_BRAIN_TUNING: Mapping[str, str] = {
    **{
        label: _BRAIN_TUNING_SILENCE if phone in (SILENCE, None) else str(phone)
        for label, phone in FOLDED.items()
    },
    # Spellings that the published table tolerates beside TIMIT's own.
    **dict.fromkeys(("qcl", "#h"), _BRAIN_TUNING_SILENCE),
}

_STOP_OF = {f"{stop}cl": stop for stop in "bdgptk"}
_RELEASES = {f"{stop}cl": {stop} for stop in "bgpk"} | {"dcl": {"d", "jh"}, "tcl": {"t", "ch"}}
_NO_PHONE = frozenset({"h#", "pau", "epi", "q"})
_ARPABET = {
    **FOLDED,
    # These two are phones of ARPABET, and a flap is a short d.
    "ao": "ao",
    "zh": "zh",
    "dx": "d",
}


def folded(label: str, folding: Folding = "lee-hon") -> str | None:
    """Return the class of a label, None where the folding deletes it.

    Parameters
    ----------
    label
        One of `PHONES_61`.
    folding
        ``lee-hon``: `PHONES_39`, silence is ``sil`` and ``q`` is deleted. ``brain-tuning``:
        silence is ``h#``, and so is ``q``.

    >>> folded("ax-h"), folded("pcl"), folded("q"), folded("q", "brain-tuning")
    ('ah', 'sil', None, 'h#')
    """
    if folding not in get_args(Folding):
        raise InvalidInput(
            f"folding={folding!r}; expected one of {', '.join(map(repr, get_args(Folding)))}"
        )
    table: Mapping[str, str | None] = FOLDED if folding == "lee-hon" else _BRAIN_TUNING
    if label not in table:
        raise CorruptData(
            f"{label!r} is none of the 61 phone labels of TIMIT; {near_names(label, table)}"
        )
    return table[label]


def fold(phones: Iterable[Interval], folding: Folding = "lee-hon") -> tuple[Interval, ...]:
    """Return phones with folded labels, without those that are deleted; times stay.

    Neighbours of one class, such as a pause and the closure after it, stay apart.
    """
    classes = ((phone, folded(phone.label, folding)) for phone in phones)
    return tuple(phone._replace(label=label) for phone, label in classes if label is not None)


def arpabet_phones(phones: Iterable[Interval]) -> tuple[Interval, ...]:
    """Return the phones of ARPABET, in capitals, that the labels stand for.

    A closure and the burst right after it are one stop or affricate, a closure without a burst is
    the stop. Pauses and glottal stops are left out, a flap (``dx``) is ``D``.

    >>> arpabet_phones([Interval(0.0, 0.1, "tcl"), Interval(0.1, 0.2, "ch")])
    (Interval(onset_s=0.0, offset_s=0.2, label='CH'),)
    """
    found: list[Interval] = []
    closure: Interval | None = None
    for phone in phones:
        folded(phone.label)  # refuses what is no label of TIMIT
        if closure is not None:
            is_release = phone.label in _RELEASES[closure.label]
            if is_release and phone.onset_s == closure.offset_s:
                found.append(Interval(closure.onset_s, phone.offset_s, phone.label.upper()))
                closure = None
                continue
            found.append(closure._replace(label=_STOP_OF[closure.label].upper()))
            closure = None
        if phone.label in _STOP_OF:
            closure = phone
        elif phone.label not in _NO_PHONE:
            found.append(phone._replace(label=str(_ARPABET[phone.label]).upper()))
    if closure is not None:
        found.append(closure._replace(label=_STOP_OF[closure.label].upper()))
    return tuple(found)
