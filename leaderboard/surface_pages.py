"""Maps on the site: a script with the values of each, a picture of it in either theme, its words.

Pages ask `views_of` or `reference_views` what there is, and show it by the macro ``surface`` of
``_surface.html.j2``; `write` puts the files where the views say. Until a reader opens a map nothing
of it is loaded but the picture.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from heschl.leaderboard.board import Board
from heschl.leaderboard.numbers import number
from heschl.leaderboard.score_file import ScoreFile, SurfaceMap
from heschl.leaderboard.site import Site
from heschl.leaderboard.surface_colours import THEMES, Kind, palette
from heschl.leaderboard.surface_maps import reference_maps, values_of
from heschl.leaderboard.surface_png import HEIGHT, WIDTH, draw

__all__ = ["MapFigure", "MapTable", "MapView", "figure_of", "reference_figure", "write"]

_WORDS = {
    "normalised": ("Normalised score", "mean over listeners, in the layer of the board’s number"),
    "score": ("Raw score", "mean over listeners, in the layer of the board’s number"),
    "ceiling": ("Ceiling", "mean over listeners"),
    "best_layer": ("Depth of the best layer", "0 the first, 1 the last; median over listeners"),
}
_WHOLE = ("normalised", "best_layer")
"""Shown from 0 to 1, in the colours that they have in tables."""
_SIGNIFICANT = 3.0
"""The -log10 p from which maps of significance are shown."""
_SHOWN_SHARE = 98
"""Per cent of the values that a scale without ends of its own spans."""
_HEMISPHERES = ("left", "right")


@dataclass(frozen=True)
class MapView:
    """How a map is shown; paths are from the root of the site."""

    label: str
    about: str
    payload: str
    pictures: tuple[str, str]
    """For the light theme and for the dark one."""
    low: float
    high: float
    """What the ends of the scale stand for."""
    kind: Kind
    threshold: float
    """Values nearer to nought are not shown at first."""
    alt: str
    """The picture in words."""
    values: SurfaceMap


@dataclass(frozen=True)
class MapTable:
    """What the maps say, for those who cannot see them."""

    caption: str
    of_rows: str
    """What a row is."""
    rows: tuple[tuple[str, tuple[tuple[float, float], ...]], ...]
    """A label, and for every map the numbers of the left and the right hemisphere."""


@dataclass(frozen=True)
class MapFigure:
    """The maps that a page shows in one place, and the table that says the same."""

    title: str
    views: tuple[MapView, ...]
    table: MapTable
    regions: str = ""
    """The payload with the region of each vertex; empty if none is known."""
    width: int = WIDTH
    height: int = HEIGHT

    @property
    def captions(self) -> list[tuple[str, list[MapView]]]:
        """What maps are, and which those are, in their order."""
        found: dict[str, list[MapView]] = {}
        for view in self.views:
            found.setdefault(view.about, []).append(view)
        return list(found.items())

    @property
    def specification(self) -> dict[str, Any]:
        """What the element ``heschl-surface`` is told; a script's JSON."""
        return {
            "title": self.title,
            "regions": self.regions,
            "maps": [
                {
                    "label": view.label,
                    "about": view.about,
                    "payload": view.payload,
                    "pictures": view.pictures,
                    "low": view.low,
                    "high": view.high,
                    "kind": view.kind,
                    "threshold": view.threshold,
                    "alt": view.alt,
                }
                for view in self.views
            ],
        }


def figure_of(row: str, column: str, file: ScoreFile, title: str = "") -> MapFigure | None:
    """Return the maps of a model on a benchmark, by the slugs of both; None if there are none."""
    maps = [each for each in file.maps if each.name in _WORDS]
    if not maps:
        return None
    place = f"maps/{row}/{column}{'.phantom' if file.data_kind == 'phantom' else ''}"
    region = next((each for each in file.maps if each.name == "region"), None)
    names = tuple(each.name for each in file.regions)
    member = None if region is None else np.nan_to_num(values_of(region), nan=-1).astype(int)
    views = tuple(_view(each, place, *_WORDS[each.name]) for each in maps)
    return MapFigure(
        title or f"{file.model} on {file.benchmark}",
        views,
        _table_of_regions(views, names, member),
        f"data/{place}/region.js" if region else "",
    )


def reference_figure(dataset: str) -> MapFigure | None:
    """Return the maps that a dataset's authors published; None if they are not on disk."""
    maps = reference_maps(dataset)
    if not maps:
        return None
    about = f"−log10 p of the weight over listeners, signed; shown from {_SIGNIFICANT:g} on"
    views = tuple(
        _view(each, f"reference-maps/{dataset}", f"Component {each.name}", about) for each in maps
    )
    rows = []
    for label, statistic in (
        ("Highest value", np.nanmax),
        ("Share of vertices shown", lambda half: np.mean(np.abs(half) >= _SIGNIFICANT)),
    ):
        numbers = tuple(
            (float(statistic(left)), float(statistic(right)))
            for left, right in (values_of(view.values) for view in views)
        )
        rows.append((label, numbers))
    table = MapTable("The maps in numbers", "Number", tuple(rows))
    return MapFigure(f"Published maps of {dataset}", views, table)


def write(site: Site, boards: Mapping[str, Board]) -> None:
    """Write scripts and pictures of all maps of the boards, and of their datasets."""
    for section in sorted(boards):
        for (row, column), file in sorted(boards[section].files.items()):
            figure = figure_of(row, column, file)
            if figure is None:
                continue
            _write_views(site, figure.views)
            for region in (each for each in file.maps if each.name == "region"):
                names = [each.name for each in file.regions]
                site.payload(figure.regions, {"names": names, **_halves(region)})
    datasets = {column.dataset for board in boards.values() for column in board.columns}
    for dataset in sorted(datasets):
        reference = reference_figure(dataset)
        if reference is not None:
            _write_views(site, reference.views)


def _write_views(site: Site, views: Sequence[MapView]) -> None:
    for view in views:
        values = view.values
        ends = {"low": values.low, "high": values.high}
        site.payload(view.payload, {**ends, **_halves(values)})
        palettes = [palette(view.kind, theme) for theme in THEMES]
        drawn = draw(values_of(values), view.low, view.high, palettes, view.threshold)
        for path, content in zip(view.pictures, drawn, strict=True):
            site.file(path, content)


def _halves(surface_map: SurfaceMap) -> dict[str, str]:
    """Return the steps of both hemispheres as text."""
    return {
        side: base64.b64encode(steps).decode("ascii")
        for side, steps in zip(_HEMISPHERES, (surface_map.left, surface_map.right), strict=True)
    }


def _view(surface_map: SurfaceMap, place: str, label: str, about: str) -> MapView:
    values = values_of(surface_map)
    is_signed = surface_map.name not in _WORDS
    if surface_map.name in _WHOLE:
        low, high = 0.0, 1.0
    else:
        high = _round_end(float(np.nanpercentile(np.abs(values), _SHOWN_SHARE)))
        low = -high if is_signed else 0.0
    name = surface_map.name
    return MapView(
        label,
        about,
        f"data/{place}/{name}.js",
        (f"{place}/{name}.png", f"{place}/{name}-dark.png"),
        low,
        high,
        "diverging" if is_signed else "sequential",
        _SIGNIFICANT if is_signed else 0.0,
        f"{label} on the inflated cortex, left and right hemisphere from outside and from inside. "
        + "; ".join(_in_words(side, half) for side, half in zip(_HEMISPHERES, values, strict=True))
        + ".",
        surface_map,
    )


def _in_words(side: str, half: np.ndarray) -> str:
    if not np.isfinite(half).any():
        return f"{side}: no value"
    low, middle, high = (number(float(each)) for each in np.nanpercentile(half, (0, 50, 100)))
    return f"{side}: {low} to {high}, median {middle}"


def _round_end(value: float) -> float:
    """Return the next number of two digits, for the end of a scale.

    >>> _round_end(0.1234), _round_end(0.0)
    (0.13, 1.0)
    """
    if value <= 0:
        return 1.0
    unit = 10.0 ** (math.floor(math.log10(value)) - 1)
    return float(f"{math.ceil(value / unit * (1 - 1e-12)) * unit:.12g}")


def _table_of_regions(
    views: Sequence[MapView], names: Sequence[str], member: np.ndarray | None
) -> MapTable:
    """Return the means over the vertices of each region that have a value."""
    maps = [values_of(view.values) for view in views]

    def means(inside: np.ndarray) -> tuple[tuple[float, float], ...]:
        found = []
        for values in maps:
            kept = [
                half[here & np.isfinite(half)] for half, here in zip(values, inside, strict=True)
            ]
            left, right = (float(half.mean()) if half.size else math.nan for half in kept)
            found.append((left, right))
        return tuple(found)

    rows = [("All vertices", means(np.ones_like(maps[0], dtype=bool)))]
    if member is not None:
        present = [index for index in range(len(names)) if (member == index).any()]
        rows += [(names[index], means(member == index)) for index in present]
    return MapTable(
        "Means over the vertices of each region that have a value", "Region", tuple(rows)
    )
