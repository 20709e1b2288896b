"""A number of the board with all that stands beside it, as the pages show it."""

from __future__ import annotations

import math
from typing import NamedTuple

from heschl.leaderboard.board import Board
from heschl.leaderboard.columns import own_error_in_words
from heschl.leaderboard.figures import interval
from heschl.leaderboard.numbers import NONE, error, number, rank
from heschl.leaderboard.score_file import ScoreFile
from heschl.wording import counted, plural

__all__ = ["ShownCell", "shown_cell"]


class ShownCell(NamedTuple):
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
    """Of samples; a dash where they were drawn anew, of which there is no number."""
    n_words: str
    p: str
    layer: str
    status: str
    error_words: str


def shown_cell(board: Board, i: int, j: int, file: ScoreFile) -> ShownCell:
    """Return the texts of a cell."""
    row, column, region = board.rows[i], board.columns[j], file.primary
    score, normalised = region.score, region.normalised
    noun, is_drawn = file.samples.noun or "sample", file.samples.is_drawn
    return ShownCell(
        value=number(normalised.value),
        is_over=normalised.value > 1 and not column.is_descriptive,
        error=error(normalised.error),
        interval=interval(normalised.low, normalised.high) or NONE,
        rank=rank(int(board.rank_low[i, j]), int(board.rank_high[i, j])),
        why=board.why_unranked.get((row.slug, column.slug), ""),
        score=number(score.value),
        score_error=error(score.error),
        ceiling=number(region.ceiling),
        ceiling_error=error(region.ceiling_error),
        n=NONE if is_drawn else str(region.n),
        n_words=f"{plural(noun)} drawn anew" if is_drawn else counted(region.n, noun),
        p=_p(normalised.p),
        layer=region.layer or NONE,
        status="seen" if file.extra.get("trained_on_test_data") else file.status,
        error_words=own_error_in_words(column, file),
    )


def _p(p: float) -> str:
    if not math.isfinite(p):
        return NONE
    return "<.001" if p < 0.001 else f"{p:.3f}".removeprefix("0")  # noqa: PLR2004 - as printed
