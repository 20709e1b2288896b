"""Dots with intervals, a row each: regions, models, or differences, as in a forest plot."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from heschl.leaderboard.scene import Linear, Scene, cut, domain_of, tick_text, ticks

__all__ = ["MOST_ROWS", "DotRow", "dot_scene"]

MOST_ROWS = 60
"""With more rows there is no room for names: they become a dense plot, sorted as they are given."""

_ROW, _DENSE_HEIGHT = 24.0, 480.0
_CHARACTER, _DIGIT = 6.7, 7.0
_WIDE = 520.0
"""From this width on intervals are written beside the numbers."""


@dataclass(frozen=True)
class DotRow:
    """One row.

    ``shown`` and ``interval`` are the texts of the number and its interval; a ceiling of its own
    is a tick in the row. ``tone`` is its look: ``better``, ``worse``, ``published``, ``self``.
    """

    label: str
    value: float
    low: float
    high: float
    shown: str
    interval: str = ""
    ceiling: float = math.nan
    tone: str = ""


def dot_scene(
    rows: Sequence[DotRow],
    *,
    width: float,
    axis: str,
    ceiling: float = math.nan,
    ceiling_text: str = "",
    sides: tuple[str, str] = ("", ""),
) -> Scene:
    """Draw a row for each value, top down in the order given.

    Parameters
    ----------
    ceiling, ceiling_text
        Of all rows: a line, with its words; left out where it is far from all values.
    sides
        What it means to lie left and right of nought, for differences.
    """
    if len(rows) > MOST_ROWS:
        return _dense_scene(rows, width, axis, ceiling, ceiling_text)
    has_sides, has_line = bool(sides[0]), math.isfinite(ceiling)
    top = 24.0 if has_sides or has_line else 6.0
    bottom = top + _ROW * len(rows)
    left, right = _gutters(rows, width)
    x = Linear(_domain(rows, ceiling), (left, width - right))
    scene = Scene(width, bottom + 40)
    _add_axis(scene, x, top, bottom, axis)
    if has_line:
        _add_ceiling(scene, x, top, bottom, ceiling, ceiling_text)
    if has_sides:
        _add_sides(scene, x, sides)
    n_characters = max(3, int((left - 12) / _CHARACTER))
    for place, row in enumerate(rows):
        _add_row(scene, x, row, top + _ROW * (place + 0.5), n_characters)
    return scene


def _add_sides(scene: Scene, x: Linear, sides: tuple[str, str]) -> None:
    """Name the sides above their halves, or across the chart where those are too narrow."""
    for start, end in (x.range, (0.0, scene.width)):
        half = int((end - start) / 2 / _CHARACTER) - 2
        left, right = (cut(side, max(3, half)) for side in sides)
        if (left, right) == sides:
            break
    scene.add("text", f"← {left}", class_="note", x=start, y=14.0)
    scene.add("text", f"{right} →", class_="note", x=end, y=14.0, text_anchor="end")


def _gutters(rows: Sequence[DotRow], width: float) -> tuple[float, float]:
    """Return the room for names on the left and for numbers on the right."""
    longest = max((len(row.label) for row in rows), default=0)
    numbers = [f"{row.shown}  {row.interval}" if width >= _WIDE else row.shown for row in rows]
    written = max((len(text.rstrip()) for text in numbers), default=0)
    return min(0.38 * width, _CHARACTER * longest + 16), _DIGIT * written + 14


def _domain(rows: Sequence[DotRow], ceiling: float) -> tuple[float, float]:
    reach = [each for row in rows for each in (row.value, row.low, row.high)]
    highest = max((value for value in reach if math.isfinite(value)), default=0.0)
    ceilings = [row.ceiling for row in rows] + [ceiling]
    return domain_of(reach + [each for each in ceilings if highest >= 0.5 * each])


def _add_axis(scene: Scene, x: Linear, top: float, bottom: float, axis: str) -> None:
    left, right = x.range
    marks = ticks(*x.domain, max(3, int((right - left) / 80)))
    for value in marks:
        look = "zero" if value == 0 else "grid"
        scene.add("line", class_=look, x1=x(value), x2=x(value), y1=top, y2=bottom)
        text = tick_text(value, marks)
        scene.add("text", text, class_="tick", x=x(value), y=bottom + 16, text_anchor="middle")
    middle = (left + right) / 2
    scene.add("text", axis, class_="axis", x=middle, y=bottom + 34, text_anchor="middle")


def _add_ceiling(
    scene: Scene, x: Linear, top: float, bottom: float, ceiling: float, text: str
) -> None:
    if x.domain[0] <= ceiling <= x.domain[1]:
        at = x(ceiling)
        scene.add("line", class_="ceiling", x1=at, x2=at, y1=top, y2=bottom)
        scene.add("text", text, class_="note", x=at, y=14.0, text_anchor="end")
    else:
        scene.add("text", f"{text} →", class_="note", x=x.range[1], y=14.0, text_anchor="end")


def _add_row(scene: Scene, x: Linear, row: DotRow, y: float, n_characters: int) -> None:
    label = cut(row.label, n_characters)
    scene.add("text", label, class_="name", x=0.0, y=y + 4)
    tone = f" {row.tone}" if row.tone else ""
    if math.isfinite(row.ceiling) and x.domain[0] <= row.ceiling <= x.domain[1]:
        at = x(row.ceiling)
        scene.add("line", class_="ceilingtick", x1=at, x2=at, y1=y - 8, y2=y + 8)
    if math.isfinite(row.low) and math.isfinite(row.high):
        scene.add("line", class_=f"interval{tone}", x1=x(row.low), x2=x(row.high), y1=y, y2=y)
    if math.isfinite(row.value):
        scene.add("circle", class_=f"point{tone}", cx=x(row.value), cy=y, r=4.0)
    start = x.range[1] + 12
    scene.add(
        "text",
        row.shown,
        class_="value",
        x=start + _DIGIT * len(row.shown),
        y=y + 4,
        text_anchor="end",
    )
    if row.interval and scene.width >= _WIDE:
        scene.add("text", row.interval, class_="range", x=scene.width, y=y + 4, text_anchor="end")


def _dense_scene(
    rows: Sequence[DotRow], width: float, axis: str, ceiling: float, ceiling_text: str
) -> Scene:
    """Draw many rows as two paths, since thousands of marks would make a page slow."""
    top, bottom = 24.0, 24.0 + _DENSE_HEIGHT
    x = Linear(_domain(rows, ceiling), (12.0, width - 12))
    scene = Scene(width, bottom + 40)
    _add_axis(scene, x, top, bottom, axis)
    if math.isfinite(ceiling):
        _add_ceiling(scene, x, top, bottom, ceiling, ceiling_text)
    y = Linear((0.0, float(len(rows))), (top, bottom))
    intervals, points = [], []
    for place, row in enumerate(rows):
        height = y(place + 0.5)
        if math.isfinite(row.low) and math.isfinite(row.high):
            intervals.append(f"M{x(row.low):.2f},{height:.2f}H{x(row.high):.2f}")
        if math.isfinite(row.value):
            # A line of no length has round ends: a dot.
            points.append(f"M{x(row.value):.2f},{height:.2f}h0")
    scene.add("path", class_="interval dense", d="".join(intervals))
    scene.add("path", class_="point dense", d="".join(points))
    return scene
