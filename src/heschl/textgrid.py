"""Praat TextGrids in their long, short and chronological formats.

The long format is the short one with words that explain it, which Praat
passes over: one grammar on tokens reads both. The chronological format
declares its tiers first and then lists their intervals by time.
"""

from __future__ import annotations

import codecs
import math
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal

from heschl._textgrid_tokens import CONTROL_CHARACTERS, Tokens, read_text
from heschl.alignment import Interval
from heschl.errors import CorruptData, InvalidInput

__all__ = ["read_textgrid", "write_textgrid"]

_CHRONOLOGICAL = "Praat chronological TextGrid text file"
_START = re.compile(rf'\s*(?:File type = )?"(ooTextFile|ooTextFile short|{_CHRONOLOGICAL})"(?=\s)')
_KINDS = ("IntervalTier", "TextTier")
_MARKS = {"utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}
# Praat ends the last interval exactly where its tier ends; other writers round.
_ROUNDING_S = 1e-3


def read_textgrid(path: str | os.PathLike[str]) -> dict[str, tuple[Interval, ...]]:
    """Return the intervals of each tier by its name, tiers and intervals in the file's order.

    The points of a point tier become intervals without length. Intervals may
    overlap. Two tiers of one name are refused, since a name could not tell
    them apart.

    Raises
    ------
    CorruptData
        The file is no TextGrid, is cut short or contradicts itself; the error
        names the line.
    """
    text = read_text(path)
    start = _START.match(text)
    if start is None:
        raise CorruptData(
            f"{path} is no TextGrid; expected it to start with 'File type = \"ooTextFile\"' or "
            f"'\"{_CHRONOLOGICAL}\"': export it from Praat as a text file"
        )
    tokens = Tokens(path, text, start.end())
    tiers = _chronological(tokens) if start[1] == _CHRONOLOGICAL else _tier_by_tier(tokens)
    tokens.take("end", "since every tier that was announced is complete")
    return {name: tuple(intervals) for name, intervals in tiers.items()}


def _tier_by_tier(tokens: Tokens) -> dict[str, list[Interval]]:
    position = tokens.ahead.position
    object_class = tokens.text("the object class")
    if object_class != "TextGrid":
        tokens.refuse(
            f"an object of the class {object_class[:40]!r} in place of a TextGrid", position
        )
    tokens.span("the grid")
    tiers: dict[str, list[Interval]] = {}
    if tokens.take("flag", "whether there are tiers") == "<absent>":
        return tiers
    for _ in range(tokens.count("the number of tiers")):
        has_points, name, *_ = _declaration(tokens, tiers)
        tiers[name] = [
            _interval(tokens, has_points=has_points)
            for _ in range(tokens.count("the number of intervals"))
        ]
    return tiers


def _chronological(tokens: Tokens) -> dict[str, list[Interval]]:
    tokens.span("the grid")
    tiers: dict[str, list[Interval]] = {}
    declared = []
    for _ in range(tokens.count("the number of tiers")):
        declared.append(_declaration(tokens, tiers))
        tiers[declared[-1][1]] = []
    while tokens.ahead.kind != "end":
        position = tokens.ahead.position
        number = tokens.number("the number of a tier")
        if not (number.is_integer() and 1 <= number <= len(declared)):
            tokens.refuse(f"tier number {number:.17g}, of {len(declared)} tiers", position)
        has_points, name, *_ = declared[int(number) - 1]
        tiers[name].append(_interval(tokens, has_points=has_points))
    # This format counts no intervals, so only their times can tell that some are missing: what
    # Praat writes reaches the end, in every tier of intervals.
    lacking_s = [
        end_s - max((interval.offset_s for interval in tiers[name]), default=start_s)
        for _, name, start_s, end_s in declared
    ]
    if not all(has_points for has_points, *_ in declared) and min(lacking_s) > _ROUNDING_S:
        tokens.refuse("the file ends before the end of every tier")
    return tiers


def _declaration(tokens: Tokens, tiers: Mapping[str, object]) -> tuple[bool, str, float, float]:
    """Return whether a tier has points, its name, and its start and end in seconds."""
    position = tokens.ahead.position
    kind = tokens.text("the class of a tier")
    if kind not in _KINDS:
        tokens.refuse(
            f"a tier of the class {kind[:40]!r}, not {_KINDS[0]} or {_KINDS[1]}", position
        )
    position = tokens.ahead.position
    name = tokens.text("the name of a tier")
    if name in tiers:
        tokens.refuse(f"a second tier named {name[:40]!r}, while names must differ", position)
    return kind == "TextTier", name, *tokens.span("a tier")


def _interval(tokens: Tokens, *, has_points: bool) -> Interval:
    if has_points:
        onset_s = offset_s = tokens.number("the time of a point")
    else:
        onset_s, offset_s = tokens.span("an interval")
    return Interval(onset_s, offset_s, tokens.text("the label"))


def write_textgrid(
    path: str | os.PathLike[str],
    tiers: Mapping[str, Iterable[Interval]],
    *,
    style: Literal["long", "short", "chronological"] = "long",
    encoding: Literal["utf-8", "utf-8-sig", "utf-16-le", "utf-16-be"] = "utf-8",
) -> None:
    """Write tiers so that `read_textgrid` returns them unchanged.

    A tier whose intervals all lack length is written as a point tier. The grid
    runs from 0 (or the first onset, if negative) to the last offset. Praat
    wants intervals that leave no gap; fill gaps with blank labels for it.
    """
    checked = {
        name: [
            Interval(float(onset_s), float(offset_s), label) for onset_s, offset_s, label in tier
        ]
        for name, tier in tiers.items()
    }
    _check_writable(checked)
    every = [interval for intervals in checked.values() for interval in intervals]
    span = (
        min([0.0, *(interval.onset_s for interval in every)]),
        max([0.0, *(interval.offset_s for interval in every)]),
    )
    lines = {"long": _long, "short": _short, "chronological": _in_time}[style](checked, span)
    content = ("\n".join(lines) + "\n").encode(encoding)
    Path(path).write_bytes(_MARKS.get(encoding, b"") + content)


def _check_writable(tiers: Mapping[str, list[Interval]]) -> None:
    for name, intervals in tiers.items():
        for onset_s, offset_s, label in [(0.0, 0.0, name), *intervals]:
            if "\r" in label or CONTROL_CHARACTERS.search(label):
                raise InvalidInput(
                    f"{label!r} in tier {name!r} has control characters; TextGrids take text, "
                    "tabs and line feeds"
                )
            if not -math.inf < onset_s <= offset_s < math.inf:
                raise InvalidInput(
                    f"{label!r} in tier {name!r} lasts from {onset_s} to {offset_s} s; expected "
                    "finite times in order"
                )


def _has_points(intervals: list[Interval]) -> bool:
    return bool(intervals) and all(onset == offset for onset, offset, _ in intervals)


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _short(tiers: Mapping[str, list[Interval]], span: tuple[float, float]) -> list[str]:
    lines = ['File type = "ooTextFile"', '"TextGrid"', "", *map(repr, span)]
    lines += ["<exists>", str(len(tiers))]
    for name, intervals in tiers.items():
        has_points = _has_points(intervals)
        lines += [_quoted(_KINDS[has_points]), _quoted(name), *map(repr, span), str(len(intervals))]
        for onset_s, offset_s, label in intervals:
            lines += [repr(onset_s)] if has_points else [repr(onset_s), repr(offset_s)]
            lines.append(_quoted(label))
    return lines


def _long(tiers: Mapping[str, list[Interval]], span: tuple[float, float]) -> list[str]:
    lines = ['File type = "ooTextFile"', 'Object class = "TextGrid"', ""]
    lines += [f"xmin = {span[0]!r} ", f"xmax = {span[1]!r} ", "tiers? <exists> "]
    lines += [f"size = {len(tiers)} ", "item []: "]
    for number, (name, intervals) in enumerate(tiers.items(), 1):
        has_points = _has_points(intervals)
        item = "points" if has_points else "intervals"
        lines += [f"    item [{number}]:", f'        class = "{_KINDS[has_points]}" ']
        lines += [f"        name = {_quoted(name)} "]
        lines += [f"        xmin = {span[0]!r} ", f"        xmax = {span[1]!r} "]
        lines += [f"        {item}: size = {len(intervals)} "]
        for place, (onset_s, offset_s, label) in enumerate(intervals, 1):
            lines.append(f"        {item} [{place}]:")
            if has_points:
                lines += [f"            number = {onset_s!r} "]
                lines += [f"            mark = {_quoted(label)} "]
            else:
                lines += [f"            xmin = {onset_s!r} ", f"            xmax = {offset_s!r} "]
                lines += [f"            text = {_quoted(label)} "]
    return lines


def _in_time(tiers: Mapping[str, list[Interval]], span: tuple[float, float]) -> list[str]:
    lines = [_quoted(_CHRONOLOGICAL), f"{span[0]!r} {span[1]!r}   ! Time domain."]
    lines += [f"{len(tiers)}   ! Number of tiers."]
    rows = []
    for number, (name, intervals) in enumerate(tiers.items(), 1):
        has_points = _has_points(intervals)
        lines += [f"{_quoted(_KINDS[has_points])} {_quoted(name)} {span[0]!r} {span[1]!r}"]
        for onset_s, offset_s, label in intervals:
            times = repr(onset_s) if has_points else f"{onset_s!r} {offset_s!r}"
            rows.append((onset_s, f"{number} {times}\n{_quoted(label)}"))
    return [*lines, *(row for _, row in sorted(rows, key=lambda timed: timed[0]))]
