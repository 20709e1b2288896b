"""The main table's data, by column, in whole thousandths and with the order of full precision.

What is on screen is a number of these payloads or none: a browser computes no score.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from heschl.leaderboard.board import Board
from heschl.leaderboard.columns import own_error_in_words
from heschl.leaderboard.numbers import thousandths

__all__ = [
    "coverage",
    "groups_payload",
    "n_counted",
    "score_payload",
    "separable_payload",
    "table_payload",
]

Json = Any  # what JSON can hold


def table_payload(board: Board) -> dict[str, Json]:
    """Return what the first paint needs: models, benchmarks and normalised numbers."""
    normalised = board.value["normalised"]
    return {
        "version": 1,
        "section": board.section,
        "models": _models(board),
        "benchmarks": [_benchmark(board, j) for j in range(len(board.columns))],
        "groups": _groups(board),
        "value": _columns(normalised),
        "error": _columns(board.error["normalised"]),
        "ties": [_ties(each) for each in normalised.T],
        "overall": {
            "value": _whole(board.overall["value"]),
            "error": _whole(board.overall["error"]),
            "ties": _ties(board.overall["value"]),
            "low": board.overall["rank_low"].tolist(),
            "high": board.overall["rank_high"].tolist(),
            "counted": n_counted(board),
            "words": board.overall_in_words,
            "untold": board.overall_untold,
        },
    }


def score_payload(board: Board) -> dict[str, Json]:
    """Return what the other two quantities need: raw numbers, and ceilings of single cells."""
    score = board.value["score"]
    return {
        "value": _columns(score),
        "error": _columns(board.error["score"]),
        "ties": [_ties(each) for each in score.T],
        "ceilings": _own_ceilings(board),
    }


def groups_payload(board: Board) -> dict[str, Json]:
    """Return the means of groups, as a collapsed group shows them."""
    return {
        path: {"value": _whole(value), "ties": _ties(value)}
        for path, value in sorted(board.group_value.items())
    }


def separable_payload(board: Board, name: str) -> dict[str, Json]:
    """Return which ranked rows of a column, or of ``overall``, can be told apart, and their ranks.

    Rows are those that have a number and a rank, by that number, then by their place on the board.
    The bits are the pairs above the diagonal, row by row, the first pair in the highest bit.
    """
    if name == "overall":
        value = board.overall["value"]
        low, high = board.overall["rank_low"], board.overall["rank_high"]
    else:
        j = next(j for j, column in enumerate(board.columns) if column.slug == name)
        value = board.value["normalised"][:, j]
        low, high = board.rank_low[:, j], board.rank_high[:, j]
    ranked = np.flatnonzero((low > 0) & np.isfinite(value))
    ranked = ranked[np.lexsort((ranked, -value[ranked]))]
    pairs = board.separable[name][np.ix_(ranked, ranked)][np.triu_indices(len(ranked), 1)]
    return {
        "rows": ranked.tolist(),
        "low": low[ranked].tolist(),
        "high": high[ranked].tolist(),
        "bits": base64.b64encode(np.packbits(pairs).tobytes()).decode(),
    }


def n_counted(board: Board) -> int:
    """Return how many benchmarks the overall mean has."""
    return sum(column.in_overall for column in board.columns)


def coverage(board: Board) -> list[int]:
    """Return on how many of the benchmarks that count each row is ranked."""
    shares = board.overall["coverage"] * n_counted(board)
    return [round(share) for share in shares.tolist()]


def _models(board: Board) -> dict[str, Json]:
    """Return what rows show and are found by; words that many share are given by number."""
    rows = board.rows
    badges = [_badges(board, row.slug) for row in rows]
    words: dict[str, list[str]] = {
        "family": _words(row.family for row in rows),
        "modality": _words(row.modality for row in rows),
        "training": _words(row.training_kind for row in rows),
        "language": _words(name for row in rows for name in row.languages),
        "badge": _words(name for names in badges for name in names),
    }
    at = {kind: {word: k for k, word in enumerate(known)} for kind, known in words.items()}
    return {
        "words": words,
        "slug": [row.slug for row in rows],
        # Most names are the model's id; those are not said twice.
        "id": [0 if row.id == row.name else row.id for row in rows],
        "name": [row.name for row in rows],
        "family": [at["family"][row.family] for row in rows],
        "modality": [at["modality"][row.modality] for row in rows],
        "training": [at["training"][row.training_kind] for row in rows],
        "languages": [[at["language"][name] for name in row.languages] for row in rows],
        "badges": [[at["badge"][name] for name in names] for names in badges],
        "parameters": [row.parameters for row in rows],
        "hours": [row.hours for row in rows],
        "ranked": [int(row.is_ranked) for row in rows],
        "coverage": coverage(board),
    }


def _badges(board: Board, row: str) -> list[str]:
    found = (board.files.get((row, column.slug)) for column in board.columns)
    files = [file for file in found if file is not None]
    seen = {_SEEN for file in files if file.extra.get("trained_on_test_data")}
    return sorted({file.status for file in files} | seen)


_SEEN = "trained on the test data"


def _benchmark(board: Board, j: int) -> dict[str, Json]:
    column = board.columns[j]
    return {
        "slug": column.slug,
        "id": column.id,
        "label": column.label,
        "summary": column.summary,
        "path": list(column.path),
        "version": column.version,
        "ceiling": thousandths(column.ceiling),
        "ceilingError": thousandths(column.ceiling_error),
        "ceilingKind": column.ceiling_in_words or column.ceiling_kind,
        "errorKind": column.error_in_words,
        "ownErrorKinds": _own_error_kinds(board, j),
        "unranked": _unranked(board, j),
        "ranks": column.ranking_in_words,
        "tellsApart": int(column.is_testable and not column.is_descriptive),
        "counts": int(column.in_overall),
        "isDescriptive": int(column.is_descriptive),
        "numberName": column.number_name,
        "metric": column.metric,
        "region": column.primary_roi,
    }


def _own_error_kinds(board: Board, j: int) -> dict[str, str]:
    """Return, by row, what errors are over that are not over what most of the column's are."""
    column = board.columns[j]
    found = {}
    for i, row in enumerate(board.rows):
        file = board.files.get((row.slug, column.slug))
        if (
            file is not None
            and (words := own_error_in_words(column, file)) != column.error_in_words
        ):
            found[str(i)] = words
    return found


def _unranked(board: Board, j: int) -> list[int]:
    """Return the rows whose numbers in a column that ranks are compared with none."""
    column = board.columns[j]
    if not column.n_ranked:
        return []
    return [
        i
        for i, row in enumerate(board.rows)
        if row.is_ranked and (row.slug, column.slug) in board.files and not board.rank_low[i, j]
    ]


def _groups(board: Board) -> dict[str, Json]:
    labels = {column.slug: column.label for column in board.columns}
    labels |= {"/".join(group.path): group.label for group in board.groups}
    return {
        "/".join(group.path): {
            "label": group.label,
            "words": f"{group.words} {', '.join(labels[c] for c in group.children)}".strip(),
        }
        for group in board.groups
    }


def _own_ceilings(board: Board) -> dict[str, dict[str, list[int | None]]]:
    """Return, by column and row, the ceilings of cells that are not their column's."""
    own: dict[str, dict[str, list[int | None]]] = {}
    for j, column in enumerate(board.columns):
        usual = [thousandths(column.ceiling), thousandths(column.ceiling_error)]
        for i, row in enumerate(board.rows):
            file = board.files.get((row.slug, column.slug))
            if file is None:
                continue
            region = file.primary
            found = [thousandths(region.ceiling), thousandths(region.ceiling_error)]
            if found != usual:
                own.setdefault(str(j), {})[str(i)] = found
    return own


def _words(found: Iterable[str]) -> list[str]:
    return sorted(set(found))


def _columns(table: np.ndarray) -> list[list[int | None]]:
    return [_whole(column) for column in table.T]


def _whole(values: np.ndarray) -> list[int | None]:
    return [thousandths(value) for value in values.tolist()]


def _ties(values: np.ndarray) -> str:
    """Return the place of each number among those that look the same, best first, as a character.

    Nought is ``0``; what comes after it in Unicode counts on. Equal numbers have equal places.
    """
    places = [0] * len(values)
    alike: dict[int, list[tuple[float, int]]] = {}
    for i, value in enumerate(values.tolist()):
        shown = thousandths(value)
        if shown is not None:
            alike.setdefault(shown, []).append((value, i))
    for found in alike.values():
        better = {value: k for k, value in enumerate(sorted({v for v, _ in found}, reverse=True))}
        for value, i in found:
            places[i] = better[value]
    return _characters(places)


def _characters(places: Sequence[int]) -> str:
    return "".join(chr(ord("0") + place) for place in places)
