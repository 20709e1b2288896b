"""The main table of each section, the same as plain HTML, and what the table loads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from heschl.leaderboard import numbers
from heschl.leaderboard.bibliography import citations_payload
from heschl.leaderboard.board import Board
from heschl.leaderboard.cell_facts import cells_payload
from heschl.leaderboard.reading_order import in_reading_order, shared_path
from heschl.leaderboard.site import Site
from heschl.leaderboard.table_payloads import (
    coverage,
    groups_payload,
    n_counted,
    score_payload,
    separable_payload,
    table_payload,
)

__all__ = ["HeaderCell", "header_rows", "says_again", "write"]

ONE = 1000
"""In thousandths: a number above it is above its ceiling."""
WIDE = 1000 * ONE
"""In thousandths: a number from it on has more digits than its column has room for."""
FIRST_ROWS = 24
"""About a screen of them: each takes time to lay out. Scripts add more, the plain table has all."""
TRAINING = {
    "untrained": "untrained",
    "signal": "signal",
    "self-supervised": "self-sup.",
    "supervised": "supervised",
    "unknown": numbers.NONE,
}


@dataclass(frozen=True)
class Section:
    """How one of the two boards is presented."""

    page: str
    plain: str
    name: str
    title: str
    lead: str


SECTIONS = {
    "real": Section(
        "index.html",
        "table.html",
        "Board",
        "Speech models against human brains",
        "How well the features of each model predict recorded responses to sound, as a share of "
        "what the recordings allow where that is known.",
    ),
    "phantom": Section(
        "simulated.html",
        "simulated-table.html",
        "Simulated",
        "Speech models against simulated brains",
        "The same benchmarks on simulated recordings with a planted answer: they prove the "
        "machinery, and say nothing of brains.",
    ),
}


@dataclass(frozen=True)
class HeaderCell:
    """A cell above the columns: a group of them, or one."""

    label: str
    n_columns: int
    n_rows: int
    column: int | None
    """None for a group."""
    path: str = ""
    words: str = ""
    """What a group's mean is of, or why it has none."""


class Cell(NamedTuple):
    """A number of a row, and the classes that it has beside those of its column."""

    value: float
    error: float
    marks: str


def write(site: Site, boards: Mapping[str, Board]) -> None:
    """Write the pages and payloads of the main table, for each section."""
    for name, section in SECTIONS.items():
        board = in_reading_order(boards[name])
        header = header_rows(board)
        shared = {
            "section": section,
            "name": name,
            "board": board,
            "header": header,
            "n_counted": n_counted(board),
            "training": TRAINING,
        }
        site.page(section.page, "main.html.j2", rows=_rows(board, FIRST_ROWS), **shared)
        site.page(section.plain, "plain_table.html.j2", rows=_rows(board, None), **shared)
        site.payload(f"data/{name}-table.js", table_payload(board))
        site.payload(f"data/{name}-score.js", score_payload(board))
        site.payload(f"data/{name}-groups.js", groups_payload(board))
        site.payload(f"data/{name}-citations.js", citations_payload(board))
        for key in ("overall", *(column.slug for column in board.columns)):
            site.payload(f"data/{name}/separable-{key}.js", separable_payload(board, key))
        for i, row in enumerate(board.rows):
            site.payload(f"data/{name}/cells-{row.slug}.js", cells_payload(board, i))


def header_rows(board: Board) -> list[list[HeaderCell]]:
    """Return the header above the benchmarks, from the outermost groups down to the benchmarks.

    A group of a single benchmark that begins with the group's own name is not named apart.
    """
    top = shared_path(board.columns)
    groups = {group.path: group for group in board.groups}
    n_below = Counter(
        column.path[:end] for column in board.columns for end in range(1, len(column.path) + 1)
    )

    def label_of(path: tuple[str, ...]) -> str:
        return groups[path].label if path in groups else path[-1]

    paths = [column.path for column in board.columns]
    for j, column in enumerate(board.columns):
        while (
            len(paths[j]) > top
            and n_below[paths[j]] == 1
            and says_again(column.label, label_of(paths[j]))
        ):
            paths[j] = paths[j][:-1]
    depth = max((len(path) for path in paths), default=top) - top
    rows: list[list[HeaderCell]] = [[] for _ in range(depth + 1)]
    for j, column in enumerate(board.columns):
        n_groups = len(paths[j]) - top
        for level in range(n_groups):
            whole = paths[j][: top + level + 1]
            if j and board.columns[j - 1].path[: len(whole)] == whole:
                continue
            rows[level].append(
                HeaderCell(
                    label_of(whole),
                    n_below[whole],
                    1,
                    None,
                    "/".join(whole),
                    groups[whole].words if whole in groups else "",
                )
            )
        rows[n_groups].append(HeaderCell(column.label, 1, depth + 1 - n_groups, j))
    return rows


def says_again(label: str, group: str) -> bool:
    """Return whether a benchmark's label begins with its group's.

    >>> says_again("narratives-ridge", "narratives"), says_again("timit_ecog-trf", "ECoG")
    (True, False)
    """
    return label == group or label.startswith(f"{group}-")


def _cell(value: float, error: float, *, has_tint: bool = True, is_share: bool = True) -> Cell:
    """Return a cell; tints and flags are of the number as it is shown, as scripts see it."""
    shown = numbers.thousandths(value)
    if shown is None:
        return Cell(value, np.nan, " none")
    step = (255 * min(1000, max(0, shown)) + 500) // 1000
    tint = f" r{step}" if has_tint and is_share else ""
    over = " over" if is_share and shown > ONE else ""
    is_wide = any(abs(each) >= WIDE for each in (shown, numbers.thousandths(error) or 0))
    return Cell(value, error, tint + over + (" wide" if is_wide else ""))


def _rows(board: Board, at_most: int | None) -> list[dict[str, object]]:
    value, error = board.value["normalised"], board.error["normalised"]
    overall, has = board.overall, coverage(board)
    return [
        {
            "row": row,
            "rank": numbers.rank(int(overall["rank_low"][i]), int(overall["rank_high"][i])),
            "overall": _cell(
                float(overall["value"][i]), float(overall["error"][i]), has_tint=False
            ),
            "n": has[i],
            "cells": [
                _cell(float(value[i, j]), float(error[i, j]), is_share=not column.is_descriptive)
                for j, column in enumerate(board.columns)
            ],
            "is_published": not row.is_ranked,
        }
        for i, row in enumerate(board.rows[:at_most])
    ]
