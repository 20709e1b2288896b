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
from heschl.leaderboard.paired import pair
from heschl.leaderboard.separability import LEVEL

__all__ = ["Difference", "Differences", "twin_figure"]


@dataclass(frozen=True)
class Difference:
    """One model's number less another's, with the central 95 % of the draws' differences."""

    value: float
    error: float
    low: float
    high: float
    """Both NaN where there are too few samples to tell anybody apart."""
    is_separable: bool | None
    """None where that is no question: of too few samples, or where more is not better."""


class Differences:
    """Differences of the rows of a board in one of its columns.

    Parameters
    ----------
    board
        The board.
    j
        The number of the column.
    """

    def __init__(self, board: Board, j: int) -> None:
        column = board.columns[j]
        files = {
            row.slug: board.files[row.slug, column.slug]
            for row in board.rows
            if (row.slug, column.slug) in board.files
        }
        paired = pair(column.id, files, column.version, column.primary_roi)
        places = {row.slug: i for i, row in enumerate(board.rows)}
        self._place = {places[slug]: k for k, slug in enumerate(paired.rows)}
        self._draws = paired.draws if paired.rows else np.empty((0, 0))
        self._value = board.value["normalised"][:, j]
        self._separable = board.separable[column.slug]
        self._is_testable = paired.is_testable
        self._has_ranks = column.n_ranked > 0

    def between(self, i: int, other: int) -> Difference | None:
        """Return what sets a row apart from another; None where their samples do not pair."""
        if i not in self._place or other not in self._place:
            return None
        value = float(self._value[i] - self._value[other])
        if not self._is_testable:
            return Difference(value, math.nan, math.nan, math.nan, None)
        apart = np.sort(self._draws[self._place[i]] - self._draws[self._place[other]])
        # The ends are draws, as separability has them: it is told iff nought is not between them.
        beyond = math.floor((1 - LEVEL) / 2 * (len(apart) - 1))
        return Difference(
            value,
            float(apart.std(ddof=1)),
            float(apart[beyond]),
            float(apart[-1 - beyond]),
            bool(self._separable[i, other]) if self._has_ranks else None,
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
        found = Differences(board, j).between(i, other)
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
