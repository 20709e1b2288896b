"""From the columns of a section to its board: tables of numbers, ranks, means over benchmarks."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping, Sequence
from concurrent.futures import Future
from typing import Literal

import numpy as np

from heschl.leaderboard.board import Board, Row
from heschl.leaderboard.columns import NO_NORMALISATION, Measured
from heschl.leaderboard.overall import Overall, overall_of
from heschl.leaderboard.ranking import rank_intervals
from heschl.leaderboard.separability import LEAST_SAMPLES, N_DRAWS, separable
from heschl.leaderboard.tree import Tree, tree_of
from heschl.published import PublishedTable
from heschl.wording import counted, some

__all__ = ["tabulated", "told_apart_in"]

_QUANTITIES = ("score", "normalised")
_STATISTICS = ("value", "error", "low", "high")


def tabulated(
    section: Literal["real", "phantom"],
    rows: Mapping[str, Row],
    found: Sequence[Measured],
    told_apart: MutableMapping[str, Future[np.ndarray]],
    tables: Mapping[str, PublishedTable],
) -> Board:
    """Return the board of some columns.

    Parameters
    ----------
    section
        Which board.
    rows
        By slug, those of papers included.
    found
        The columns, in their order.
    told_apart
        What `told_apart_in` finds of each, by the id of its benchmark; taken out one by one, since
        all of it twice would need much room.
    tables
        What papers print, by the id of a benchmark.
    """
    tree = tree_of([each.column for each in found])
    counting = {each.column.slug: each for each in found if each.column.in_overall}
    slugs = _in_order(rows, tree, counting)
    numbers = _numbers(slugs, found)
    value = numbers["value"]["normalised"]
    by_column = {each.column.slug: value[:, place] for place, each in enumerate(found)}
    overall = overall_of(
        tree, slugs, by_column, {slug: each.paired for slug, each in counting.items()}
    )
    separable_in = {}
    ranks = np.zeros((2, *value.shape), dtype=np.int64)
    for place, each in enumerate(found):
        slug = each.column.slug
        separable_in[slug] = _spread(
            told_apart.pop(each.column.id).result(), each.paired.rows, slugs
        )
        is_ranked = _is_in(slugs, each.paired.rows if each.column.n_ranked else ())
        ranks[:, :, place] = rank_intervals(by_column[slug], separable_in[slug], is_ranked)
    return Board(
        section=section,
        rows=tuple(rows[slug] for slug in slugs),
        columns=tuple(each.column for each in found),
        groups=tree.groups,
        files={
            (slug, each.column.slug): file for each in found for slug, file in each.files.items()
        },
        value=numbers["value"],
        error=numbers["error"],
        low=numbers["low"],
        high=numbers["high"],
        rank_low=ranks[0],
        rank_high=ranks[1],
        why_unranked=_reasons(slugs, rows, found, overall, counting),
        overall={
            **{name: getattr(overall, name) for name in (*_STATISTICS, "rank_low", "rank_high")},
            "coverage": np.array([_coverage(slug, counting) for slug in slugs]),
        },
        separable=separable_in | {"overall": overall.separable},
        group_value=_group_values(tree, slugs, by_column, counting),
        overall_in_words=_overall_in_words(counting, overall),
        published={
            each.column.slug: tables[each.column.id] for each in found if each.column.id in tables
        },
    )


def _in_order(rows: Mapping[str, Row], tree: Tree, counting: Mapping[str, Measured]) -> list[str]:
    """Return slugs: models by their overall number, then by coverage; papers' rows at the end."""
    weights = tree.weights(counting.keys()) if counting else {}

    def place(slug: str) -> tuple[bool, float, float, str]:
        coverage = _coverage(slug, counting)
        mean = sum(
            weight * counting[column].files[slug].primary.normalised.value
            for column, weight in weights.items()
            if coverage == 1
        )
        return not rows[slug].is_ranked, -coverage, -mean, slug

    return sorted(rows, key=place)


def _coverage(slug: str, counting: Mapping[str, Measured]) -> float:
    """Return the share of the columns that count on which a row is ranked."""
    if not counting:
        return 0.0
    return sum(each.compares(slug) for each in counting.values()) / len(counting)


def _is_in(slugs: Sequence[str], chosen: Sequence[str]) -> np.ndarray:
    members = set(chosen)
    return np.array([slug in members for slug in slugs], dtype=bool)


def _numbers(slugs: Sequence[str], found: Sequence[Measured]) -> dict[str, dict[str, np.ndarray]]:
    """Return the numbers of the primary regions (row, column) by statistic and quantity."""
    place = {slug: number for number, slug in enumerate(slugs)}
    numbers = {
        name: {quantity: np.full((len(slugs), len(found)), np.nan) for quantity in _QUANTITIES}
        for name in _STATISTICS
    }
    for column, each in enumerate(found):
        for slug, file in each.files.items():
            region = file.primary
            for quantity in _QUANTITIES:
                estimate = getattr(region, quantity)
                for name in _STATISTICS:
                    numbers[name][quantity][place[slug], column] = getattr(estimate, name)
    return numbers


def told_apart_in(each: Measured) -> np.ndarray:
    """Return which of the rows that a column compares (row, row) are separable."""
    paired = each.paired
    if paired.rows and paired.is_testable and each.column.n_ranked:
        return separable(paired.draws)
    return np.zeros((len(paired.rows),) * 2, dtype=bool)


def _spread(pairs: np.ndarray, there: Sequence[str], rows: Sequence[str]) -> np.ndarray:
    """Return what is true of some rows (row, row) as that of all; of others nothing is."""
    place = {row: number for number, row in enumerate(rows)}
    places = np.array([place[row] for row in there], dtype=np.intp)
    found = np.zeros((len(rows), len(rows)), dtype=bool)
    found[np.ix_(places, places)] = pairs
    return found


def _group_values(
    tree: Tree,
    slugs: Sequence[str],
    by_column: Mapping[str, np.ndarray],
    counting: Mapping[str, Measured],
) -> dict[str, np.ndarray]:
    """Return the mean of each group (row,), of rows that are ranked on all that counts in it."""
    means = {}
    for group in tree.groups:
        below = [slug for slug in group.columns if slug in counting]
        mean = np.full(len(slugs), np.nan)
        if below:
            is_there = [_is_in(slugs, counting[slug].paired.rows) for slug in below]
            kept = np.logical_and.reduce(is_there)
            mean[kept] = tree.mean({slug: by_column[slug][kept] for slug in below}, group.path)
        means["/".join(group.path)] = mean
    return means


def _reasons(
    slugs: Sequence[str],
    rows: Mapping[str, Row],
    found: Sequence[Measured],
    overall: Overall,
    counting: Mapping[str, Measured],
) -> dict[tuple[str, str], str]:
    """Return why numbers have no rank, by the slugs of row and column."""
    why = {}
    for each in found:
        for slug in each.files:
            if slug in each.paired.reasons:
                why[slug, each.column.slug] = each.paired.reasons[slug]
            elif not each.column.n_ranked:
                why[slug, each.column.slug] = each.column.ranking_in_words
    for slug, is_ranked in zip(slugs, overall.is_ranked, strict=True):
        if not rows[slug].is_ranked:
            why[slug, "overall"] = "numbers that a paper printed are not ranked"
        elif not counting:
            why[slug, "overall"] = "no benchmark here counts overall"
        elif not is_ranked:
            lacking = [each.column.label for each in counting.values() if not each.compares(slug)]
            why[slug, "overall"] = (
                f"ranked on {len(counting) - len(lacking)} of "
                f"{counted(len(counting), 'benchmark')}, not on {some(lacking)}"
            )
    return why


def _overall_in_words(counting: Mapping[str, Measured], overall: Overall) -> str:
    if not counting:
        return "No benchmark here counts overall."
    words = (
        f"The mean over {counted(len(counting), 'benchmark')} by the tree, of models that are "
        "ranked on all of them."
    )
    bare = [
        each.column.label
        for each in counting.values()
        if each.column.normalisation.startswith(NO_NORMALISATION)
    ]
    if bare:
        words += f" Scores without a ceiling enter it as they are: of {some(bare)}."
    if overall.is_testable:
        return (
            f"{words} Its error and ranks are by {N_DRAWS:,} draws, the same for all models; "
            "samples that benchmarks of a dataset share are drawn once for all of them."
        )
    few = [each.column.label for each in counting.values() if not each.paired.is_testable]
    return (
        f"{words} It has no error and tells no models apart, since {some(few)} "
        f"{'has' if len(few) == 1 else 'have'} fewer than {LEAST_SAMPLES} samples."
    )
