"""The order in which a board is read: models by rank, benchmarks by the tree."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from heschl.leaderboard.board import Board, Column

__all__ = ["in_reading_order", "shared_path"]


def in_reading_order(board: Board) -> Board:
    """Return the same board with its rows by the overall number and its columns by their groups.

    Rows without an overall number follow, as the board has them.
    """
    rows = _row_order(board)
    columns = _column_order(board.columns)

    def cells(arrays: np.ndarray) -> np.ndarray:
        return arrays[np.ix_(rows, columns)]

    return dataclasses.replace(
        board,
        rows=tuple(board.rows[i] for i in rows),
        columns=tuple(board.columns[j] for j in columns),
        value={name: cells(each) for name, each in board.value.items()},
        error={name: cells(each) for name, each in board.error.items()},
        low={name: cells(each) for name, each in board.low.items()},
        high={name: cells(each) for name, each in board.high.items()},
        rank_low=cells(board.rank_low),
        rank_high=cells(board.rank_high),
        overall={name: each[rows] for name, each in board.overall.items()},
        # The largest part of a board, and mostly in order already.
        separable=board.separable
        if rows == list(range(len(rows)))
        else {name: each[np.ix_(rows, rows)] for name, each in board.separable.items()},
        group_value={name: each[rows] for name, each in board.group_value.items()},
    )


def shared_path(columns: Sequence[Column]) -> int:
    """Return how many groups from the root on are above every column: naming them says nothing.

    A board of one group keeps that group's own name.
    """
    paths = [column.path for column in columns]
    shortest = min((len(path) for path in paths), default=0)
    shared = 0
    while shared < shortest - 1 and len({path[: shared + 1] for path in paths}) == 1:
        shared += 1
    return shared


def _row_order(board: Board) -> list[int]:
    value = board.overall["value"]
    return sorted(range(len(value)), key=lambda i: -value[i] if value[i] == value[i] else np.inf)


def _column_order(columns: Sequence[Column]) -> list[int]:
    """Return the columns so that those of a group stand together, groups as they first appear."""
    first: dict[tuple[str, ...], int] = {}
    for j, column in enumerate(columns):
        for depth in range(1, len(column.path) + 1):
            first.setdefault(column.path[:depth], j)

    def place(j: int) -> tuple[int, ...]:
        path = columns[j].path
        return (*(first[path[:depth]] for depth in range(1, len(path) + 1)), j)

    return sorted(range(len(columns)), key=place)
