"""Drawings as plain lists of marks, which the page's script can compute just the same.

A chart is drawn twice: by Python, so that a page shows it at once and without scripts, and by the
browser, once it knows how wide the page is. Both give the same marks, and tests compare them. The
functions here are what d3-scale and d3-shape are on the other side.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from markupsafe import Markup, escape

__all__ = [
    "Linear",
    "Mark",
    "Scene",
    "area_path",
    "cut",
    "domain_of",
    "line_path",
    "spread",
    "svg_of",
    "tick_text",
    "ticks",
]

_MINUS = "\N{MINUS SIGN}"


@dataclass(frozen=True)
class Mark:
    """An element of an SVG: its tag, its attributes and its text."""

    tag: str
    attributes: Mapping[str, float | str]
    text: str = ""


@dataclass(frozen=True)
class Scene:
    """A drawing in pixels."""

    width: float
    height: float
    marks: list[Mark] = field(default_factory=list)

    def add(self, tag: str, text: str = "", /, **attributes: float | str) -> None:
        """Append a mark; ``class_`` stands for ``class``, and ``_`` for a hyphen."""
        named = {name.rstrip("_").replace("_", "-"): each for name, each in attributes.items()}
        self.marks.append(Mark(tag, named, text))


@dataclass(frozen=True)
class Linear:
    """A scale from values to pixels.

    >>> Linear((0.0, 2.0), (10.0, 110.0))(0.5)
    35.0
    """

    domain: tuple[float, float]
    range: tuple[float, float]

    def __call__(self, value: float) -> float:
        """Return the pixel of a value."""
        (low, high), (start, end) = self.domain, self.range
        return start + (end - start) * (value - low) / (high - low)


def ticks(low: float, high: float, count: int) -> list[float]:
    """Return about ``count`` round numbers between two ends, a step of 1, 2 or 5 apart.

    >>> ticks(0.0, 0.43, 5)
    [0.0, 0.1, 0.2, 0.3, 0.4]
    """
    rough = (high - low) / count
    power = math.floor(math.log10(rough))
    # The bounds are the geometric means of neighbouring steps.
    ratio = rough / 10.0**power
    factor = 1 if ratio < 2**0.5 else 2 if ratio < 10**0.5 else 5 if ratio < 50**0.5 else 10
    # Division by a whole number is exact to the last digit where multiplication by .1 is not.
    step, is_inverse = (10.0**-power / factor, True) if power < 0 else (factor * 10.0**power, False)
    if is_inverse:
        first, last = math.ceil(low * step - 1e-9), math.floor(high * step + 1e-9)
        return [number / step for number in range(first, last + 1)]
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [number * step for number in range(first, last + 1)]


def tick_text(value: float, all_ticks: Sequence[float]) -> str:
    """Return a tick's number with as many decimals as tell it from its neighbours.

    >>> tick_text(-0.1, [-0.1, 0.0, 0.1])
    '\N{MINUS SIGN}0.1'
    """
    step = all_ticks[1] - all_ticks[0] if len(all_ticks) > 1 else abs(value) or 1.0
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    return f"{value + 0.0:.{decimals}f}".replace("-", _MINUS)


def domain_of(values: Sequence[float]) -> tuple[float, float]:
    """Return the ends of an axis: all finite values, and nought unless it is far away.

    >>> domain_of([0.2, 0.5])
    (0.0, 0.525)
    >>> low, high = domain_of([0.8, 0.9])
    >>> 0.79 < low < 0.8
    True
    """
    finite = [value for value in values if math.isfinite(value)] or [0.0, 1.0]
    low, high = min(finite), max(finite)
    if 0 <= low < 0.6 * high or low == high == 0:
        low = 0.0
    elif high <= 0 and high > 0.6 * low:
        high = 0.0
    spare = 0.05 * ((high - low) or abs(high) or 1.0)
    return (low if low == 0 else low - spare, high if high == 0 and low < 0 else high + spare)


def line_path(points: Sequence[tuple[float, float]]) -> str:
    """Return the path through points, broken where one is NaN; a point alone is kept as a dot."""
    return "".join(
        _polyline(run) + ("Z" if len(run) == 1 else "")
        for run in _runs([(x, y, y) for x, y in points])
    )


def area_path(points: Sequence[tuple[float, float, float]]) -> str:
    """Return the path around ``(x, low, high)``, broken where one is NaN."""
    return "".join(
        _polyline(
            [(x, high, high) for x, _, high in run] + [(x, low, low) for x, low, _ in run[::-1]]
        )
        + "Z"
        for run in _runs(points)
    )


def _runs(points: Sequence[tuple[float, float, float]]) -> list[list[tuple[float, float, float]]]:
    """Return what is finite in a row."""
    runs: list[list[tuple[float, float, float]]] = [[]]
    for point in points:
        if math.isfinite(point[1]) and math.isfinite(point[2]):
            runs[-1].append(point)
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if run]


def _polyline(run: Sequence[tuple[float, float, float]]) -> str:
    return "M" + "L".join(f"{_pixels(x)},{_pixels(y)}" for x, y, _ in run)


def spread(places: Sequence[float], gap: float, lowest: float) -> list[float]:
    """Return places moved apart to at least ``gap``, none beyond ``lowest``, in the given order.

    >>> spread([10.0, 12.0, 40.0], gap=13.0, lowest=100.0)
    [10.0, 23.0, 40.0]
    """
    order = sorted(range(len(places)), key=lambda index: places[index])
    moved = list(places)
    for above, below in pairwise(order):
        moved[below] = max(moved[below], moved[above] + gap)
    limit = lowest
    for index in reversed(order):
        moved[index] = min(moved[index], limit)
        limit = moved[index] - gap
    return moved


def cut(text: str, n_characters: int) -> str:
    """Return a text that is no longer than so many characters, on one line.

    >>> cut("superior temporal", 9)
    'superior…'
    """
    plain = " ".join(text.split())
    return plain if len(plain) <= n_characters else plain[: n_characters - 1].rstrip() + "…"


def _pixels(value: float) -> str:
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def svg_of(scene: Scene, identifier: str, title: str, description: str) -> Markup:
    """Return a drawing as an SVG element with an accessible name.

    Texts may hold anything, and are escaped.
    """
    width, height = _pixels(scene.width), _pixels(scene.height)
    parts = [
        f'<svg class="plot" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" aria-labelledby="{identifier}-t {identifier}-d">'
        f'<title id="{identifier}-t">{escape(title)}</title>'
        f'<desc id="{identifier}-d">{escape(description)}</desc>'
    ]
    for mark in scene.marks:
        attributes = "".join(
            f' {name}="{escape(value) if isinstance(value, str) else _pixels(value)}"'
            for name, value in mark.attributes.items()
        )
        parts.append(f"<{mark.tag}{attributes}>{escape(mark.text)}</{mark.tag}>")
    parts.append("</svg>")
    return Markup("".join(parts))  # noqa: S704 - everything in it was escaped above
