"""How numbers look on every page: three decimals, a true minus, a dash where there is none."""

from __future__ import annotations

import math
from urllib.parse import urlsplit

__all__ = ["amount", "error", "hours", "number", "ramp_step", "rank", "thousandths", "web_address"]

NONE = "–"


def thousandths(value: float) -> int | None:
    """Return the number as it is shown, in whole thousandths; None where there is none.

    >>> thousandths(0.4345), thousandths(float("nan"))
    (434, None)
    """
    if not math.isfinite(value):
        return None
    return int(f"{value:.3f}".replace(".", ""))


def number(value: float) -> str:
    """Return a number as it is shown.

    >>> number(0.4351), number(-0.0121), number(-0.0001), number(float("nan"))
    ('0.435', '−0.012', '0.000', '–')
    """
    if not math.isfinite(value):
        return NONE
    shown = f"{value:.3f}"
    if shown[0] != "-":
        return shown
    return f"−{shown[1:]}" if shown != "-0.000" else "0.000"


def error(value: float) -> str:
    """Return a standard error as it follows its number; nothing where there is none.

    >>> error(0.0062), error(1.25), error(float("nan"))
    ('±.006', '±1.250', '')
    """
    if not math.isfinite(value):
        return ""
    return "±" + number(value).removeprefix("0")


def rank(low: int, high: int) -> str:
    """Return an interval of ranks; a dash for what is not ranked.

    >>> rank(3, 7), rank(2, 2), rank(0, 0)
    ('3–7', '2', '–')
    """
    if low == 0:
        return NONE
    return str(low) if low == high else f"{low}–{high}"


def ramp_step(value: float) -> int | None:
    """Return which of the 256 steps of the ramp a number from 0 to 1 gets; it ends at both.

    >>> ramp_step(0.5), ramp_step(-0.2), ramp_step(1.3), ramp_step(float("nan"))
    (128, 0, 255, None)
    """
    if not math.isfinite(value):
        return None
    return round(255 * min(1.0, max(0.0, value)))


def amount(value: float | None) -> str:
    """Return a large count with its unit, to three digits.

    >>> amount(94_400_000), amount(1_240), amount(800), amount(None)
    ('94.4 M', '1.24 k', '800', '–')
    """
    if value is None or not math.isfinite(value):
        return NONE
    for size, unit in ((1e12, " T"), (1e9, " G"), (1e6, " M"), (1e3, " k")):
        if abs(value) >= size:
            return f"{value / size:.3g}{unit}"
    return f"{value:.3g}"


def hours(value: float) -> str:
    """Return a time in hours: to the hour, or to three digits where there are few.

    >>> hours(680_000), hours(0.5), hours(12.25)
    ('680,000', '0.5', '12.2')
    """
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"  # noqa: PLR2004 - three digits


def web_address(text: str) -> str:
    """Return an address that may be linked to, which a submission's need not be; else nothing.

    >>> web_address("https://example.org/a"), web_address("javascript:alert(1)")
    ('https://example.org/a', '')
    """
    try:
        parts = urlsplit(text.strip())
    except ValueError:
        return ""
    return text.strip() if parts.scheme in {"http", "https"} and parts.netloc else ""
