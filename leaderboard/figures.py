"""Figures of a page: a chart, what its script draws it from anew, and its numbers as a table."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from heschl.leaderboard.dot_chart import DotRow, dot_scene
from heschl.leaderboard.layer_chart import MOST_LINES, Line, layer_scene
from heschl.leaderboard.numbers import error, number
from heschl.leaderboard.region_order import in_anatomical_order
from heschl.leaderboard.scene import svg_of
from heschl.leaderboard.score_file import Estimate, LayerCurve, Region, ScoreFile

__all__ = [
    "FIRST_WIDTH",
    "Figure",
    "dot_figure",
    "interval",
    "layer_figure",
    "region_figure",
    "with_error",
]

FIRST_WIDTH = 640.0
"""Of the drawing before the script knows the page."""

_AXES = {"normalised": "Normalised score", "score": "Score"}


@dataclass(frozen=True)
class Figure:
    """What the macro ``figure`` of ``_figure.html.j2`` shows."""

    identifier: str
    title: str
    svg: Markup
    data: dict[str, Any]
    """What the script draws from."""
    head: tuple[str, ...] = ()
    table: tuple[tuple[str, ...], ...] = ()
    note: str = ""


def interval(low: float, high: float) -> str:
    """Return an interval as it is shown; nothing where there is none.

    >>> interval(0.1, 0.25), interval(float("nan"), float("nan"))
    ('[0.100, 0.250]', '')
    """
    known = math.isfinite(low) and math.isfinite(high)
    return f"[{number(low)}, {number(high)}]" if known else ""


def with_error(value: float, spread: float) -> str:
    """Return a number and its error as they are shown.

    >>> with_error(0.4, 0.01), with_error(0.4, float("nan"))
    ('0.400 ±.010', '0.400')
    """
    return f"{number(value)} {error(spread)}".rstrip()


def layer_figure(
    file: ScoreFile, identifier: str, title: str, *, number_name: str = ""
) -> Figure | None:
    """Return the layer curves of a score, by region; None where there are fewer than two layers."""
    if len(file.layers) == 1 or not file.curves:
        return None
    curves = _curves(file)
    primary_layer = file.primary.layer
    committed = file.layers.index(primary_layer) if primary_layer in file.layers else None
    quantities = {
        quantity: {
            "axis": _axis(quantity, number_name),
            **_ceiling(file, quantity, is_share=not number_name),
            "curves": [
                {
                    "label": curve.roi,
                    "values": _plain(getattr(curve, quantity)),
                    "errors": _plain(getattr(curve, f"{quantity}_error")),
                    "chosen": committed if curve.roi == file.primary_roi else None,
                }
                for curve in curves
            ],
        }
        for quantity in _quantities(file)
    }
    first = next(iter(quantities))
    shown = curves[:MOST_LINES]
    scene = layer_scene(
        [
            Line(
                each.roi,
                slot,
                getattr(each, first),
                getattr(each, f"{first}_error"),
                committed if each.roi == file.primary_roi else None,
            )
            for slot, each in enumerate(shown)
        ],
        file.layers,
        width=FIRST_WIDTH,
        axis=_axis(first, number_name),
        ceiling=_number(quantities[first]["ceiling"]),
        ceiling_text=str(quantities[first]["ceilingText"]),
        committed=committed,
    )
    return Figure(
        identifier,
        title,
        svg_of(scene, identifier, title, _layers_in_words(file, curves[0], first, number_name)),
        {
            "kind": "layers",
            "layers": list(file.layers),
            "committed": committed,
            "quantities": quantities,
        },
        ("Layer", *(curve.roi for curve in curves)),
        tuple(
            (
                layer,
                *(
                    with_error(
                        getattr(curve, first)[place], getattr(curve, f"{first}_error")[place]
                    )
                    for curve in curves
                ),
            )
            for place, layer in enumerate(file.layers)
        ),
    )


def region_figure(
    file: ScoreFile, identifier: str, title: str, *, number_name: str = ""
) -> Figure | None:
    """Return a score's regions in anatomical order; None where there is one alone."""
    if len(file.regions) == 1:
        return None
    by_name = {region.name: region for region in file.regions}
    regions = [by_name[name] for name in in_anatomical_order(list(by_name))]
    quantities: dict[str, dict[str, Any]] = {}
    for quantity in _quantities(file):
        ceiling = _ceiling(file, quantity, is_share=not number_name)
        quantities[quantity] = {
            "axis": _axis(quantity, number_name),
            "rows": [_region_row(region, quantity, file.primary_roi) for region in regions],
            # Raw numbers have a ceiling in each region, drawn there.
            **(ceiling if quantity == "normalised" else {"ceiling": None, "ceilingText": ""}),
        }
    best = max(regions, key=lambda region: _or_least(region.normalised.value))
    words = (
        f"{len(regions)} regions in anatomical order; highest in {best.name}, "
        f"{number(best.normalised.value)}."
    )
    table = tuple(
        (
            region.name,
            with_error(region.normalised.value, region.normalised.error),
            interval(region.normalised.low, region.normalised.high) or "–",
            with_error(region.score.value, region.score.error),
            with_error(region.ceiling, region.ceiling_error),
            region.layer or "–",
            "–" if file.samples.is_drawn else str(region.n),
            str(region.n_units),
        )
        for region in regions
    )
    sample = file.samples.noun or "sample"
    shown = number_name or "Normalised"
    head = ("Region", shown, "Interval", "Raw", "Ceiling", "Layer", f"n ({sample})", "Units")
    return _dots(identifier, title, words, quantities, head, table)


def dot_figure(
    identifier: str,
    title: str,
    words: str,
    rows: Sequence[DotRow],
    *,
    axis: str,
    ceiling: float = math.nan,
    sides: tuple[str, str] = ("", ""),
) -> Figure:
    """Return rows of dots with intervals, whose numbers stand in a table elsewhere on the page."""
    quantities = {
        "normalised": {
            "axis": axis,
            "rows": list(rows),
            "ceiling": _or_none(ceiling),
            "ceilingText": f"ceiling {number(ceiling)}" if math.isfinite(ceiling) else "",
        }
    }
    return _dots(identifier, title, words, quantities, (), (), sides)


def _dots(
    identifier: str,
    title: str,
    words: str,
    quantities: dict[str, dict[str, Any]],
    head: tuple[str, ...],
    table: tuple[tuple[str, ...], ...],
    sides: tuple[str, str] = ("", ""),
) -> Figure:
    first = next(iter(quantities.values()))
    scene = dot_scene(
        first["rows"],
        width=FIRST_WIDTH,
        axis=first["axis"],
        ceiling=_number(first["ceiling"]),
        ceiling_text=first["ceilingText"],
        sides=sides,
    )
    data = {
        "kind": "dots",
        "sides": list(sides),
        "quantities": {
            name: {**each, "rows": [_row_data(row) for row in each["rows"]]}
            for name, each in quantities.items()
        },
    }
    return Figure(identifier, title, svg_of(scene, identifier, title, words), data, head, table)


def _row_data(row: DotRow) -> dict[str, Any]:
    return {
        name: _or_none(value) if isinstance(value, float) else value
        for name, value in vars(row).items()
    }


def _region_row(region: Region, quantity: str, primary: str) -> DotRow:
    estimate: Estimate = getattr(region, quantity)
    return DotRow(
        region.name,
        estimate.value,
        estimate.low,
        estimate.high,
        number(estimate.value),
        interval(estimate.low, estimate.high),
        region.ceiling if quantity == "score" else math.nan,
        "self" if region.name == primary else "",
    )


def _curves(file: ScoreFile) -> list[LayerCurve]:
    """Return the primary region's curve, then the others in anatomical order."""
    by_name = {curve.roi: curve for curve in file.curves}
    names = in_anatomical_order(list(by_name))
    names.sort(key=lambda name: name != file.primary_roi)
    return [by_name[name] for name in names]


def _quantities(file: ScoreFile) -> list[str]:
    """Return what can be shown: one where normalising changes nothing, or is not possible."""
    if not math.isfinite(file.primary.normalised.value):
        return ["score"]
    is_same = file.primary.score == file.primary.normalised
    return ["normalised"] if is_same else ["normalised", "score"]


def _axis(quantity: str, number_name: str) -> str:
    """Return what an axis shows, by the name of a number that is not normalised if it has one."""
    return number_name if number_name and quantity == "normalised" else _AXES[quantity]


def _ceiling(file: ScoreFile, quantity: str, *, is_share: bool) -> dict[str, Any]:
    """Return what a chart says of the ceiling; numbers such as percents lost are no share of it."""
    ceiling, is_normalised = file.primary.ceiling, quantity == "normalised"
    if not math.isfinite(ceiling) or (is_normalised and not is_share):
        return {"ceiling": None, "ceilingText": ""}
    value = 1.0 if is_normalised else ceiling
    return {"ceiling": value, "ceilingText": f"ceiling {number(value)}"}


def _layers_in_words(file: ScoreFile, curve: LayerCurve, quantity: str, number_name: str) -> str:
    values = getattr(curve, quantity)
    known = [place for place, value in enumerate(values) if math.isfinite(value)]
    if not known:
        return "There is no number in any layer."
    best = max(known, key=lambda place: values[place])
    return (
        f"{_axis(quantity, number_name)} of {len(file.layers)} layers in {len(file.curves)} "
        f"regions; in {curve.roi} highest in layer {file.layers[best]}, {number(values[best])}."
    )


def _plain(values: Sequence[float]) -> list[float | None]:
    return [_or_none(value) for value in values]


def _or_none(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _number(value: Any) -> float:  # of JSON: a number or None
    return math.nan if value is None else float(value)


def _or_least(value: float) -> float:
    return value if math.isfinite(value) else -math.inf
