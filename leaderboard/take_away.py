"""What a model's page offers to take away: its numbers and what to cite."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from heschl.leaderboard.bibliography import bibliography
from heschl.leaderboard.board import Board
from heschl.leaderboard.board_tables import board_as_csv, board_as_latex
from heschl.leaderboard.site import Site

__all__ = ["only_row", "write_take_away"]


def write_take_away(
    site: Site, boards: Mapping[str, Board], slug: str, places: Mapping[str, int]
) -> list[tuple[str, str]]:
    """Write a model's numbers as CSV and LaTeX and its citations; return paths with words."""
    own = {name: only_row(boards[name], i) for name, i in places.items()}
    found = []
    for name, board in own.items():
        words = "" if name == "real" else ", simulated"
        for kind, text in (("csv", board_as_csv(board)), ("tex", board_as_latex(board))):
            path = f"data/{name}/{slug}.{kind}"
            site.file(path, text.encode())
            found.append((path, f"Numbers as {'CSV' if kind == 'csv' else 'LaTeX'}{words}"))
    if entries := bibliography(own.values()):
        path = f"data/models/{slug}.bib"
        site.file(path, entries.encode())
        found.append((path, "Citations of the model and its benchmarks as BibTeX"))
    return found


def only_row(board: Board, i: int) -> Board:
    """Return a board of one row and of the columns that it has a number in."""
    row = board.rows[i]
    chosen = [j for j, c in enumerate(board.columns) if (row.slug, c.slug) in board.files]

    def cut(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        return {name: array[i : i + 1, chosen] for name, array in arrays.items()}

    columns = tuple(board.columns[j] for j in chosen)
    return replace(
        board,
        rows=(row,),
        columns=columns,
        groups=(),
        files={(row.slug, c.slug): board.files[row.slug, c.slug] for c in columns},
        value=cut(board.value),
        error=cut(board.error),
        low=cut(board.low),
        high=cut(board.high),
        rank_low=board.rank_low[i : i + 1, chosen],
        rank_high=board.rank_high[i : i + 1, chosen],
        overall={name: array[i : i + 1] for name, array in board.overall.items()},
        separable={},
    )
