"""How ranks change from one state of the submissions to another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from heschl.leaderboard.assembly import assemble
from heschl.leaderboard.board import Board
from heschl.leaderboard.submissions import Submissions

__all__ = ["RankChange", "rank_changes"]

_Section = Literal["real", "phantom"]
_NONE = "–"


@dataclass(frozen=True)
class RankChange:
    """A rank interval that is another one, or new, or gone."""

    section: _Section
    model: str
    benchmark: str
    """Its id, or ``overall``."""
    before: str
    after: str


def rank_changes(before: Submissions, after: Submissions) -> list[RankChange]:
    """Return every rank interval that differs, by section, model and benchmark."""
    found = []
    for section in get_args(_Section):
        one, other = (_ranks(assemble(each, section)) for each in (before, after))
        found += [
            RankChange(section, model, benchmark, was, becomes)
            for model, benchmark in sorted(one.keys() | other.keys())
            for was in [one.get((model, benchmark), _NONE)]
            for becomes in [other.get((model, benchmark), _NONE)]
            if was != becomes
        ]
    return found


def _ranks(board: Board) -> Mapping[tuple[str, str], str]:
    """Return rank intervals by model and benchmark; those that have none are left out."""
    found = {}
    for r, row in enumerate(board.rows):
        found[row.id, "overall"] = _interval(
            int(board.overall["rank_low"][r]), int(board.overall["rank_high"][r])
        )
        for c, column in enumerate(board.columns):
            found[row.id, column.id] = _interval(
                int(board.rank_low[r, c]), int(board.rank_high[r, c])
            )
    return {key: interval for key, interval in found.items() if interval != _NONE}


def _interval(low: int, high: int) -> str:
    if not low:
        return _NONE
    return str(low) if low == high else f"{low}–{high}"
