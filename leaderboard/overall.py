"""The overall number: the mean over benchmarks by the tree, with its own paired bootstrap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from heschl.leaderboard.paired import Paired, drawn_together
from heschl.leaderboard.ranking import rank_intervals
from heschl.leaderboard.separability import LEVEL, N_DRAWS, separable
from heschl.leaderboard.tree import Tree

__all__ = ["Overall", "overall_of"]


@dataclass(frozen=True)
class Overall:
    """Of every row; NaN, and a rank of 0, for those that lack a benchmark."""

    value: np.ndarray
    error: np.ndarray
    low: np.ndarray
    high: np.ndarray
    rank_low: np.ndarray
    rank_high: np.ndarray
    separable: np.ndarray
    """(row, row)"""
    is_testable: bool
    """Whether every benchmark has the samples that it takes to tell models apart."""

    @property
    def is_ranked(self) -> np.ndarray:
        """Which rows have every benchmark."""
        return self.rank_low > 0


def overall_of(
    tree: Tree,
    rows: Sequence[str],
    values: Mapping[str, np.ndarray],
    pairs: Mapping[str, Paired],
) -> Overall:
    """Return the mean over some benchmarks, for the rows that are ranked on all of them.

    Samples that benchmarks of a dataset share are drawn for all of them at once, others by
    themselves, and the same for all rows; means of draws are by the tree, as those of the numbers.

    Parameters
    ----------
    tree
        What each benchmark weighs; those that are not among ``pairs`` weigh nothing.
    rows
        The slugs of all rows.
    values
        By the slug of a column, the normalised numbers (row,).
    pairs
        By the slug of a column, whose numbers can be compared. Give those of fewer columns to rank
        on a subset that more rows have in common.
    """
    place = {row: number for number, row in enumerate(rows)}
    is_ranked = np.full(len(rows), bool(pairs))
    for each in pairs.values():
        is_ranked &= np.isin(np.arange(len(rows)), [place[row] for row in each.rows])
    empty = np.full(len(rows), np.nan)
    found = {name: empty.copy() for name in ("value", "error", "low", "high")}
    told_apart = np.zeros((len(rows), len(rows)), dtype=bool)
    is_testable = bool(pairs) and all(each.is_testable for each in pairs.values())
    kept = np.flatnonzero(is_ranked)
    if len(kept):
        found["value"][kept] = tree.mean({slug: values[slug][kept] for slug in pairs})
    if len(kept) and is_testable:
        draws = np.zeros((len(kept), N_DRAWS))
        drawn = drawn_together(pairs)
        for slug, weight in tree.weights(pairs.keys()).items():
            number = {row: n for n, row in enumerate(pairs[slug].rows)}
            of_kept = np.array([number[rows[each]] for each in kept.tolist()])
            draws += weight * pairs[slug].draws_of(of_kept, drawn[slug])
        found["error"][kept] = draws.std(axis=1, ddof=1)
        ends = np.quantile(draws, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=1)
        found["low"][kept], found["high"][kept] = ends
        told_apart[np.ix_(kept, kept)] = separable(draws)
    low, high = rank_intervals(found["value"], told_apart, is_ranked)
    return Overall(
        **found, rank_low=low, rank_high=high, separable=told_apart, is_testable=is_testable
    )
