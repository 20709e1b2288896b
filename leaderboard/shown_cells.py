"""A number of the board with all that stands beside it, as the pages show it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from heschl.leaderboard.board import Board
from heschl.leaderboard.figures import interval
from heschl.leaderboard.numbers import NONE, error, number, rank
from heschl.leaderboard.score_file import ScoreFile
from heschl.wording import counted

__all__ = ["ShownCell", "shown_cell"]


@dataclass(frozen=True)
class ShownCell:
    """The texts of a number."""

    value: str
    is_over: bool
    """Whether it lies above its ceiling."""
    error: str
    interval: str
    rank: str
    why: str
    score: str
    score_error: str
    ceiling: str
    ceiling_error: str
    n: str
    n_words: str
    p: str
    layer: str
    status: str
    error_words: str


def shown_cell(board: Board, i: int, j: int, file: ScoreFile) -> ShownCell:
    """Return the texts of a cell."""
    row, column, region = board.rows[i], board.columns[j], file.primary

    def of(array: Mapping[str, np.ndarray], quantity: str) -> float:
        return float(array[quantity][i, j])

    p = region.normalised.p
    return ShownCell(
        value=number(of(board.value, "normalised")),
        is_over=of(board.value, "normalised") > 1,
        error=error(of(board.error, "normalised")),
        interval=interval(of(board.low, "normalised"), of(board.high, "normalised")) or NONE,
        rank=rank(int(board.rank_low[i, j]), int(board.rank_high[i, j])),
        why=board.why_unranked.get((row.slug, column.slug), ""),
        score=number(of(board.value, "score")),
        score_error=error(of(board.error, "score")),
        ceiling=number(region.ceiling),
        ceiling_error=error(region.ceiling_error),
        n=str(region.n),
        n_words=counted(region.n, file.samples.noun),
        p=_p(p),
        layer=region.layer or NONE,
        status=file.status,
        error_words=column.error_in_words,
    )


def _p(p: float) -> str:
    if not np.isfinite(p):
        return NONE
    return "<.001" if p < 0.001 else f"{p:.3f}".removeprefix("0")  # noqa: PLR2004 - as printed
