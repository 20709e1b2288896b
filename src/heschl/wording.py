"""Numbers and counts as a person reads them."""

from __future__ import annotations

import math
from collections.abc import Sequence

__all__ = ["counted", "number", "plural", "some", "with_error"]


def number(value: float, digits: int = 3) -> str:
    """Return a number as text, a dash where there is none.

    >>> number(0.12345), number(float("nan"))
    ('0.123', '–')
    """
    return f"{value:.{digits}f}" if math.isfinite(value) else "–"


def with_error(value: float, error: float, digits: int = 3) -> str:
    """Return a number and its error, where it has one.

    >>> with_error(0.4349, 0.0057), with_error(0.4349, float("nan"))
    ('0.435 ± 0.006', '0.435')
    """
    text = number(value, digits)
    return f"{text} ± {number(error, digits)}" if math.isfinite(error) else text


def counted(n: int, noun: str) -> str:
    """Return how many there are of something.

    >>> counted(1, "subject"), counted(2, "entry")
    ('1 subject', '2 entries')
    """
    return f"1 {noun}" if n == 1 else f"{n} {plural(noun)}"


def plural(noun: str) -> str:
    """Return the plural of a noun that forms it as others do, or as stimulus does.

    >>> plural("subject"), plural("entry"), plural("day"), plural("stimulus")
    ('subjects', 'entries', 'days', 'stimuli')
    """
    if noun.endswith("us"):
        return f"{noun[:-2]}i"
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return f"{noun[:-1]}ies"
    return f"{noun}s"


def some(names: Sequence[str], at_most: int = 4) -> str:
    """Return the first few of many names, and how many more there are.

    >>> some(["UTS01", "UTS02"]), some([f"S{n}" for n in range(412)], at_most=2)
    ('UTS01, UTS02', 'S0, S1 and 410 more')
    """
    if len(names) <= at_most:
        return ", ".join(names)
    return f"{', '.join(names[:at_most])} and {len(names) - at_most} more"
