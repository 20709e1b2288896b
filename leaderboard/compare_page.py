"""Comparing models: one page, and for each model a script with all that it needs."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np

from heschl.leaderboard.board import Board, Row
from heschl.leaderboard.differences import Differences
from heschl.leaderboard.numbers import amount, hours, rank, thousandths
from heschl.leaderboard.score_file import ScoreFile
from heschl.leaderboard.site import Site
from heschl.leaderboard.surface_pages import figure_of

__all__ = ["MOST_PAIRED", "write"]

MOST_PAIRED = 60
"""Pairs grow with the square of models: beyond this, only who is separable is told."""

Json = Any  # what JSON can hold


def write(site: Site, boards: Mapping[str, Board]) -> None:
    """Write the page, the benchmarks' names and every model's script."""
    names = {row.slug: row for board in boards.values() for row in board.rows}
    shared = Counter(" ".join(row.name.split()) for row in names.values())
    labels = {
        slug: row.name if shared[" ".join(row.name.split())] == 1 else f"{row.name} ({row.id})"
        for slug, row in names.items()
    }
    # Papers call their models as they like: "random" alone says little among everybody's.
    labels |= {
        slug: f"{labels[slug]}, published" for slug, row in names.items() if not row.is_ranked
    }
    site.page(
        "compare.html",
        "compare.html.j2",
        models=sorted(labels.items(), key=lambda each: (each[1].casefold(), each[0])),
        has_maps=any(file.maps for board in boards.values() for file in board.files.values()),
    )
    site.payload(
        "data/compare.js", {name: _benchmarks(board) for name, board in sorted(boards.items())}
    )
    differences = {
        name: [Differences(board, j, range(len(board.rows))) for j in range(len(board.columns))]
        for name, board in boards.items()
        if len(board.rows) <= MOST_PAIRED
    }
    places: dict[str, dict[str, int]] = {}
    for name, board in boards.items():
        for i, row in enumerate(board.rows):
            places.setdefault(row.slug, {})[name] = i
    for slug, found in places.items():
        content = {
            "name": names[slug].name,
            "facts": _facts(names[slug]),
            "sections": {
                name: _section(boards[name], i, differences.get(name)) for name, i in found.items()
            },
        }
        site.payload(f"data/compare/{slug}.js", content)


def _benchmarks(board: Board) -> dict[str, Json]:
    return {
        "columns": [
            {
                "slug": column.slug,
                "label": column.label,
                "region": column.primary_roi,
                "errors": column.error_in_words,
                "isDescriptive": column.is_descriptive,
                "numberName": column.number_name,
                "ceiling": None if np.isnan(column.ceiling) else thousandths(column.ceiling),
            }
            for column in board.columns
        ],
        "isPaired": len(board.rows) <= MOST_PAIRED,
    }


def _facts(row: Row) -> list[list[str]]:
    return [
        ["Family", row.family],
        ["Parameters", amount(row.parameters)],
        ["Training", row.training_kind],
        ["Hours", "–" if row.hours is None else hours(row.hours)],
        ["Languages", ", ".join(row.languages) or "–"],
    ]


def _section(board: Board, i: int, differences: list[Differences] | None) -> dict[str, Json]:
    """Return a row's numbers by column, and what sets it apart from other rows."""
    row, overall = board.rows[i], board.overall
    files = {
        column.slug: (j, board.files[row.slug, column.slug])
        for j, column in enumerate(board.columns)
        if (row.slug, column.slug) in board.files
    }
    content: dict[str, Json] = {
        "place": i,
        "overall": [
            thousandths(float(overall["value"][i])),
            thousandths(float(overall["error"][i])),
        ],
        "rank": rank(int(overall["rank_low"][i]), int(overall["rank_high"][i])),
        "cells": {slug: _cell(board, i, j) for slug, (j, _) in files.items()},
        "curves": {slug: curve for slug, (_, file) in files.items() if (curve := _curve(file))},
        "maps": {
            slug: maps for slug, (_, file) in files.items() if (maps := _maps(row.slug, slug, file))
        },
    }
    if differences is None:
        value = board.value["normalised"]
        content["better"] = {
            slug: _packed(board.separable[slug][i] & (value[i, j] > value[:, j]))
            for slug, (j, _) in files.items()
            if board.rank_low[i, j]
        }
    else:
        content["differences"] = {
            slug: _differences(differences[j], i, len(board.rows)) for slug, (j, _) in files.items()
        }
    return content


def _packed(is_so: np.ndarray) -> str:
    return base64.b64encode(np.packbits(is_so).tobytes()).decode()


def _cell(board: Board, i: int, j: int) -> list[int | None]:
    """Return the number and its error, then the raw ones."""
    return [
        thousandths(float(array[quantity][i, j]))
        for quantity in ("normalised", "score")
        for array in (board.value, board.error)
    ]


def _differences(differences: Differences, i: int, n_rows: int) -> dict[str, list[int | None]]:
    """Return, by the place of the other row, difference, error, interval and who is better.

    Who is better is 1 or -1, and 0 where the two cannot be told apart: of a difference that looks
    like 0 no reader could tell by its sign.
    """
    found = {}
    for other in range(n_rows):
        apart = differences.between(i, other) if other != i else None
        if apart is not None:
            shown = (apart.value, apart.error, apart.low, apart.high)
            better = None if apart.is_separable is None else 0
            if apart.is_separable:
                better = int(np.sign(apart.value))
            found[str(other)] = [*map(thousandths, shown), better]
    return found


def _curve(file: ScoreFile) -> dict[str, Json] | None:
    """Return the curve of the board's region, by relative depth."""
    if len(file.layers) == 1:
        return None
    curve = next((each for each in file.curves if each.roi == file.primary_roi), None)
    if curve is None:
        return None
    layer = file.primary.layer
    return {
        "values": [_or_none(value) for value in curve.normalised],
        "errors": [_or_none(value) for value in curve.normalised_error],
        "chosen": file.layers.index(layer) if layer in file.layers else None,
    }


def _maps(row: str, column: str, file: ScoreFile) -> dict[str, Json] | None:
    """Return which maps there are, of which the page shows differences."""
    figure = figure_of(row, column, file) if file.maps else None
    if figure is None:
        return None
    maps = [
        {"label": each.label, "about": each.about, "payload": each.payload} for each in figure.views
    ]
    return {"regions": figure.regions, "maps": maps}


def _or_none(value: float) -> float | None:
    return value if np.isfinite(value) else None
