"""Differences between two models of a board, by the draws that both have in common."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from heschl.leaderboard.board import Board
from heschl.leaderboard.dot_chart import DotRow
from heschl.leaderboard.figures import Figure, dot_figure, interval
from heschl.leaderboard.numbers import number
from heschl.leaderboard.separability import LEVEL, resampled, seed_of

__all__ = ["Difference", "Draws", "difference", "draws_of", "twin_figure"]


@dataclass(frozen=True)
class Difference:
    """One model's number less another's, with the central 95 % of the draws' differences."""

    value: float
    error: float
    low: float
    high: float
    is_separable: bool


@dataclass(frozen=True)
class Draws:
    """What the numbers of a column would have been, had other samples been drawn.

    ``by_row`` is (row, draw), a draw being of the same samples in every row of a ``kind``; rows of
    different kinds have no draws in common.
    """

    by_row: dict[int, np.ndarray]
    kind: dict[int, str]


def draws_of(board: Board, j: int) -> Draws:
    """Return the draws of a column's ranked rows."""
    column = board.columns[j]
    kind: dict[int, str] = {}
    drawn: dict[int, np.ndarray] = {}
    alike: dict[str, list[int]] = {}
    for i, row in enumerate(board.rows):
        file = board.files.get((row.slug, column.slug))
        if file is None or file.status == "published" or not file.samples.normalised:
            continue
        if not np.isfinite(file.samples.normalised).all():
            continue
        kind[i] = "\n".join(file.samples.names)
        if file.samples.is_drawn:
            drawn[i] = np.array(file.samples.normalised)
        else:
            alike.setdefault(kind[i], []).append(i)
    for rows in alike.values():
        files = [board.files[board.rows[i].slug, column.slug] for i in rows]
        values = np.array([file.samples.normalised for file in files])
        drawn |= dict(zip(rows, resampled(values, seed=seed_of(column.id)), strict=True))
    return Draws(drawn, kind)


def difference(board: Board, j: int, draws: Draws, i: int, other: int) -> Difference | None:
    """Return what sets a row apart from another in a column; None where nothing pairs."""
    if i not in draws.kind or draws.kind[i] != draws.kind.get(other):
        return None
    apart = np.sort(draws.by_row[i] - draws.by_row[other])
    beyond = math.floor((1 - LEVEL) / 2 * (len(apart) - 1))
    value = board.value["normalised"][:, j]
    return Difference(
        float(value[i] - value[other]),
        float(apart.std(ddof=1)),
        float(apart[beyond]),
        float(apart[-1 - beyond]),
        bool(board.separable[board.columns[j].slug][i, other]),
    )


def twin_figure(board: Board, i: int) -> Figure | None:
    """Return what a model's training adds on each benchmark; None if its twin is not there."""
    twin = board.rows[i].untrained_twin
    other = next((k for k, row in enumerate(board.rows) if row.id == twin), None) if twin else None
    if other is None:
        return None
    rows = sorted(_rows(board, i, other), key=lambda row: -row.value)
    if not rows:
        return None
    n_better = sum(row.tone == "better" for row in rows)
    return dot_figure(
        f"{board.section}-twin",
        "Trained less untrained",
        f"Differences on {len(rows)} benchmarks, largest first; {n_better} are separably above 0.",
        rows,
        axis="Difference in normalised score",
        sides=("untrained better", "trained better"),
    )


def _rows(board: Board, i: int, other: int) -> Iterator[DotRow]:
    for j, column in enumerate(board.columns):
        found = difference(board, j, draws_of(board, j), i, other)
        if found is None:
            continue
        tone = ("better" if found.value > 0 else "worse") if found.is_separable else ""
        shown = ("+" if found.value > 0 else "") + number(found.value)
        yield DotRow(
            column.label,
            found.value,
            found.low,
            found.high,
            shown,
            interval(found.low, found.high),
            tone=tone,
        )
