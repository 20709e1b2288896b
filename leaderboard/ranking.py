"""Ranks: an interval for each model, since places that nobody can tell apart are no places.

A model's rank lies between one more than the number of models that are separably better, and the
number of models less those that are separably worse.
"""

from __future__ import annotations

import numpy as np

__all__ = ["point_ranks", "rank_intervals"]


def rank_intervals(
    values: np.ndarray, separable: np.ndarray, is_ranked: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the lowest and the highest rank of each row; 0 for those that are not ranked.

    Parameters
    ----------
    values
        (row,), where more is better; those of rows that are not ranked may be NaN.
    separable
        (row, row), of `heschl.leaderboard.separability.separable`.
    is_ranked
        (row,); the others move nobody.

    Examples
    --------
    >>> told_apart = np.array([[0, 0, 1], [0, 0, 0], [1, 0, 0]], dtype=bool)
    >>> low, high = rank_intervals(np.array([0.3, 0.2, 0.1]), told_apart, np.ones(3, dtype=bool))
    >>> low.tolist(), high.tolist()
    ([1, 1, 2], [2, 3, 3])
    """
    low, high = (np.zeros(len(values), dtype=np.int64) for _ in range(2))
    places = np.flatnonzero(is_ranked)
    of_ranked = values[places]
    is_apart = separable[np.ix_(places, places)]
    # Draws may lean to the other side than the number itself; who is better is what it says.
    is_better = is_apart & (of_ranked[np.newaxis] > of_ranked[:, np.newaxis])
    is_worse = is_apart & (of_ranked[np.newaxis] < of_ranked[:, np.newaxis])
    low[places] = 1 + is_better.sum(axis=1)
    high[places] = len(places) - is_worse.sum(axis=1)
    return low, high


def point_ranks(values: np.ndarray, is_ranked: np.ndarray) -> np.ndarray:
    """Return 1 + the number of ranked rows with a greater value, 0 for those that are not ranked.

    >>> point_ranks(np.array([0.1, 0.3, 0.3, np.nan]), np.array([True, True, True, False])).tolist()
    [3, 1, 1, 0]
    """
    ranks = np.zeros(len(values), dtype=np.int64)
    places = np.flatnonzero(is_ranked)
    descending = -np.sort(-values[places])
    ranks[places] = 1 + np.searchsorted(-descending, -values[places], side="left")
    return ranks
