"""Differences between two models of a board, by the draws that both have in common."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass, replace

from heschl.leaderboard.board import Board
from heschl.leaderboard.dot_chart import DotRow
from heschl.leaderboard.figures import Figure, dot_figure, interval
from heschl.leaderboard.numbers import number
from heschl.leaderboard.paired import pair
from heschl.leaderboard.separability import LEVEL
from heschl.paired_draws import apart
from heschl.wording import counted

__all__ = ["Difference", "Differences", "twin_figures"]


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
    rows
        The numbers of the rows in question: draws of a thousand take much room.
    """

    def __init__(self, board: Board, j: int, rows: Collection[int]) -> None:
        column = board.columns[j]
        files = {
            row.slug: board.files[row.slug, column.slug]
            for row in board.rows
            if (row.slug, column.slug) in board.files
        }
        paired = pair(column.id, column.dataset, files, column.version, column.primary_roi)
        places = {row.slug: i for i, row in enumerate(board.rows)}
        kept = [k for k, slug in enumerate(paired.rows) if places[slug] in rows]
        self._place = {places[paired.rows[k]]: place for place, k in enumerate(kept)}
        chosen = replace(paired, values=paired.values[kept]) if kept else paired
        self._draws = chosen.draws if kept else paired.values
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
        # The ends are draws, as separability has them: it is told iff nought is not between them.
        ours, theirs = (self._draws[self._place[row]] for row in (i, other))
        return Difference(
            value,
            *apart(ours, theirs, level=LEVEL),
            bool(self._separable[i, other]) if self._has_ranks else None,
        )


def twin_figures(board: Board) -> dict[int, Figure]:
    """Return, by the number of a row, what its training adds, where its twin is on the board."""
    by_id = {row.id: i for i, row in enumerate(board.rows) if row.is_ranked}
    pairs = {
        i: by_id[row.untrained_twin]
        for i, row in enumerate(board.rows)
        if row.untrained_twin in by_id and by_id[row.untrained_twin] != i
    }
    found: dict[int, list[DotRow]] = {i: [] for i in pairs}
    for j, column in enumerate(board.columns if pairs else ()):
        if column.is_descriptive:  # percents, say, on one axis with shares, and no side is better
            continue
        differences = Differences(board, j, {*pairs, *pairs.values()})
        for i, other in pairs.items():
            difference = differences.between(i, other)
            if difference is not None:
                found[i].append(_row(column.label, difference))
    return {
        i: _figure(board.section, sorted(rows, key=lambda row: -row.value))
        for i, rows in found.items()
        if rows
    }


def _figure(section: str, rows: list[DotRow]) -> Figure:
    n_better = sum(row.tone == "better" for row in rows)
    return dot_figure(
        f"{section}-twin",
        "Trained less untrained",
        f"Differences on {counted(len(rows), 'benchmark')}, largest first; {n_better} are "
        "separably above 0.",
        rows,
        axis="Difference in normalised score",
        sides=("untrained better", "trained better"),
    )


def _row(label: str, found: Difference) -> DotRow:
    tone = ("better" if found.value > 0 else "worse") if found.is_separable else ""
    shown = number(found.value)
    return DotRow(
        label,
        found.value,
        found.low,
        found.high,
        shown if shown.startswith("−") or shown == "0.000" else f"+{shown}",
        interval(found.low, found.high),
        tone=tone,
    )
