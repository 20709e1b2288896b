"""The error classes: each says what was got, what was allowed and what to do next.

Every class is also a builtin kind, so that code which knows nothing of Heschl
can still catch it sensibly.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = [
    "BrokenPlugin",
    "CellsFailed",
    "CorruptData",
    "DiskRefused",
    "DuplicateName",
    "EntryLost",
    "HeschlError",
    "InvalidInput",
    "MissingData",
    "MissingExtra",
    "UnknownName",
]


_LONGEST, _LONGEST_END = 4000, 1000
"""Characters of a message: of all of it, and of its end where it is cut."""


class HeschlError(Exception):
    """Base of every error that Heschl raises on purpose.

    Messages quote files that may hold anything: what could steer a terminal is spelled out, and
    what would fill it is cut in its middle.
    """

    def __init__(self, *arguments: object) -> None:
        super().__init__(*(_fit(each) if isinstance(each, str) else each for each in arguments))


class InvalidInput(HeschlError, ValueError):
    """A value outside of what is allowed."""


class UnknownName(HeschlError, KeyError):
    """A name that nothing is registered under."""

    # KeyError prints the repr of its argument; the message is a sentence.
    def __str__(self) -> str:
        return str(self.args[0])


class DuplicateName(HeschlError, ValueError):
    """Two things that claim the same name."""


class BrokenPlugin(HeschlError, RuntimeError):
    """A plugin that could not be imported or does not keep its contract."""


class MissingExtra(HeschlError, ImportError):
    """An optional dependency that is not installed."""


class MissingData(HeschlError, FileNotFoundError):
    """Data that are not where they were looked for."""


class EntryLost(MissingData):
    """An entry of the store that proved damaged or was removed after it had been made."""


class DiskRefused(HeschlError, OSError):
    """A disk that is full, may not be used or fails."""


class CorruptData(HeschlError, ValueError):
    """A file whose content is not what its format or its manifest promises."""


class CellsFailed(HeschlError, RuntimeError):
    """Some cells of a run failed; the finished ones are kept."""


def _fit(text: str) -> str:
    text = _cut(text)
    if text.isprintable():
        return text
    return _cut(
        "".join(sign if sign.isprintable() or sign in "\n\t" else repr(sign)[1:-1] for sign in text)
    )


def _cut(text: str) -> str:
    if len(text) <= _LONGEST:
        return text
    return f"{text[: _LONGEST - _LONGEST_END - 1]}…{text[-_LONGEST_END:]}"


_MOST_LISTED = 40
"""Names that are told one by one; more would bury what is wrong."""


def near_names(name: str, known: Iterable[str]) -> str:
    """Return the hint that follows an unknown name.

    >>> near_names("logmell", ["logmel", "mfcc"])
    "did you mean 'logmel'?"
    >>> near_names("zzz", ["logmel", "mfcc"])
    "known: 'logmel', 'mfcc'"
    >>> near_names("whisper", ["logmel", "whisper-base-random"])
    "did you mean 'whisper-base-random'?"
    >>> near_names("zzz", map(str, range(100)))
    'none of the 100 known names is near it'
    """
    names = sorted(known)
    folded = {known_name.casefold(): known_name for known_name in reversed(names)}
    matches = difflib.get_close_matches(name.casefold(), folded, n=3, cutoff=0.6)
    # What is called by the beginning of its name may be too long to look alike.
    longer = sorted(each for each in folded if each.startswith(f"{name.casefold()}-"))
    close = [folded[match] for match in matches or longer[:3]]
    if close:
        return "did you mean " + " or ".join(repr(match) for match in close) + "?"
    if not names:
        return "none is known"
    if len(names) > _MOST_LISTED:
        return f"none of the {len(names)} known names is near it"
    return "known: " + ", ".join(repr(known_name) for known_name in names)
