"""Layer curves: how a score runs through a model, a line for each region."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from heschl.leaderboard.scene import (
    Linear,
    Scene,
    area_path,
    cut,
    domain_of,
    line_path,
    spread,
    tick_text,
    ticks,
)

__all__ = ["MOST_LINES", "Line", "layer_domain", "layer_scene"]

MOST_LINES = 6
"""How many lines are shown at once; there are as many looks."""

_LEFT, _TOP, _BOTTOM = 44.0, 30.0, 40.0
_TITLE = 12.0
_CHARACTER = 6.4
_LABEL_GAP = 14.0
_TICK_WIDTH = 26.0
_MOST_DOTS = 30


@dataclass(frozen=True)
class Line:
    """Scores by layer of a region, or of a model, and which of the six looks they have."""

    label: str
    slot: int
    values: Sequence[float]
    errors: Sequence[float]
    chosen: int | None = None
    """The number of the layer that the board's number is of, if there is one."""


def layer_scene(
    lines: Sequence[Line],
    layers: Sequence[str],
    *,
    width: float,
    height: float = 280.0,
    axis: str,
    ceiling: float = math.nan,
    ceiling_text: str = "",
    committed: int | None = None,
    depth: Literal["index", "relative"] = "index",
    domain: tuple[float, float] | None = None,
) -> Scene:
    """Draw layer curves with their errors.

    Parameters
    ----------
    axis
        What the values are.
    ceiling, ceiling_text
        Drawn where it is within reach of the curves, else told of, in the text's words.
    committed
        The number of the layer to name above the curves.
    depth
        Whether layers are counted, or lie between 0 and 1, as lines of different length do.
    domain
        The ends of the vertical axis, where several charts share one.
    """
    scene = Scene(width, height)
    longest = max((len(line.label) for line in lines), default=0)
    gutter = min(0.3 * width, _CHARACTER * longest + 20) if longest else 12.0
    ends = domain or layer_domain(lines, ceiling)
    last = max(1.0, len(layers) - 1.0) if depth == "index" else 1.0
    x = Linear((0.0, last), (_LEFT, width - gutter))
    y = Linear(ends, (height - _BOTTOM, _TOP))
    _add_axes(scene, x, y, layers, axis, depth)
    if math.isfinite(ceiling):
        _add_ceiling(scene, x, y, ceiling, ceiling_text, is_clear=_highest(lines) < ceiling)
    if committed is not None:
        _add_committed(scene, x, y, layers, committed)
    for line in lines:
        band = [
            (place, y(value - error), y(value + error))
            for place, value, error in zip(
                _places(x, line, depth), line.values, line.errors, strict=True
            )
        ]
        scene.add("path", class_=f"band s{line.slot}", d=area_path(band))
    for line in lines:
        _add_line(scene, y, line, _places(x, line, depth))
    _add_labels(scene, x, y, lines, gutter)
    return scene


def _places(x: Linear, line: Line, depth: str) -> list[float]:
    last = max(1, len(line.values) - 1)
    return [x(each if depth == "index" else each / last) for each in range(len(line.values))]


def _add_line(scene: Scene, y: Linear, line: Line, places: Sequence[float]) -> None:
    points = [(place, y(value)) for place, value in zip(places, line.values, strict=True)]
    scene.add("path", class_=f"line s{line.slot}", d=line_path(points))
    if len(points) > _MOST_DOTS:
        points = [
            (place, at if n == line.chosen else math.nan) for n, (place, at) in enumerate(points)
        ]
    for number, (place, at) in enumerate(points):
        if math.isfinite(at):
            is_chosen = number == line.chosen
            look = f"dot s{line.slot}" + (" chosen" if is_chosen else "")
            radius = 4.5 if is_chosen else 2.2
            scene.add("circle", class_=look, cx=place, cy=at, r=radius)


def layer_domain(lines: Sequence[Line], ceiling: float = math.nan) -> tuple[float, float]:
    """Return the vertical ends: all values with errors, and the ceiling if they come half way."""
    reach = _reach(lines)
    if math.isfinite(ceiling) and _highest(lines) >= 0.5 * ceiling:
        reach.append(ceiling)
    return domain_of(reach)


def _reach(lines: Sequence[Line]) -> list[float]:
    """Return all values, less and plus their errors."""
    reach: list[float] = []
    for line in lines:
        for value, error in zip(line.values, line.errors, strict=True):
            spare = error if math.isfinite(error) else 0.0
            reach += [value - spare, value + spare]
    return reach


def _highest(lines: Sequence[Line]) -> float:
    return max((value for value in _reach(lines) if math.isfinite(value)), default=0.0)


def _add_axes(
    scene: Scene, x: Linear, y: Linear, layers: Sequence[str], axis: str, depth: str
) -> None:
    left, right = x.range
    bottom = y.range[0]
    marks = ticks(*y.domain, 4)
    for value in marks:
        look = "zero" if value == 0 else "grid"
        scene.add("line", class_=look, x1=left, x2=right, y1=y(value), y2=y(value))
        scene.add(
            "text",
            tick_text(value, marks),
            class_="tick",
            x=left - 8,
            y=y(value) + 4,
            text_anchor="end",
        )
    scene.add("text", axis, class_="axis", x=0.0, y=_TITLE)
    for place, text in _layer_ticks(layers, depth, right - left):
        scene.add("line", class_="tickmark", x1=x(place), x2=x(place), y1=bottom, y2=bottom + 4)
        scene.add("text", text, class_="tick", x=x(place), y=bottom + 17, text_anchor="middle")
    title = "Layer" if depth == "index" else "Relative depth"
    scene.add(
        "text", title, class_="axis", x=(left + right) / 2, y=bottom + 34, text_anchor="middle"
    )


def _layer_ticks(layers: Sequence[str], depth: str, width: float) -> list[tuple[float, str]]:
    if depth == "relative":
        return [(share, f"{share:g}") for share in (0.0, 0.25, 0.5, 0.75, 1.0)]
    last = len(layers) - 1
    if last < 1:
        return [(0.0, "0")]
    # The step is the smallest round one that leaves room for two digits.
    step = next((s for s in (1, 2, 5, 10, 20, 50, 100) if width * s / last >= _TICK_WIDTH), last)
    return [(float(place), f"{place}") for place in range(0, last + 1, step)]


def _add_ceiling(
    scene: Scene, x: Linear, y: Linear, ceiling: float, text: str, *, is_clear: bool
) -> None:
    """Draw the ceiling and its name, above the plot where curves would be in the way."""
    left, right = x.range
    if y.domain[0] <= ceiling <= y.domain[1]:
        scene.add("line", class_="ceiling", x1=left, x2=right, y1=y(ceiling), y2=y(ceiling))
        at = y(ceiling) - 5 if is_clear else _TITLE
        scene.add("text", text, class_="note", x=right, y=at, text_anchor="end")
    else:
        scene.add("text", f"{text} ↑", class_="note", x=right, y=_TITLE, text_anchor="end")


def _add_committed(
    scene: Scene, x: Linear, y: Linear, layers: Sequence[str], committed: int
) -> None:
    bottom, top = y.range
    place = x(committed)
    scene.add("line", class_="committed", x1=place, x2=place, y1=bottom, y2=top)
    name = cut(layers[committed], 22)
    half = _CHARACTER * len(name) / 2
    left, right = x.range
    anchor, at = "middle", place
    if place - half < left:
        anchor, at = "start", left
    elif place + half > right:
        anchor, at = "end", right
    scene.add("text", name, class_="note", x=at, y=top - 6, text_anchor=anchor)


def _add_labels(scene: Scene, x: Linear, y: Linear, lines: Sequence[Line], gutter: float) -> None:
    """Write each line's name at its end, so that no legend is needed."""
    ended = []
    for line in lines:
        finite = [value for value in line.values if math.isfinite(value)]
        if finite:
            ended.append((line, y(finite[-1])))
    places = spread([place for _, place in ended], _LABEL_GAP, y.range[0])
    n_characters = max(3, int((gutter - 14) / _CHARACTER))
    for (line, _), place in zip(ended, places, strict=True):
        text = cut(line.label, n_characters)
        scene.add("text", text, class_=f"label s{line.slot}", x=x.range[1] + 10, y=place + 4)
