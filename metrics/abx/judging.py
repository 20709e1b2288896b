"""From distances to scores: whether X is nearer to A than to B."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import numba
import numpy as np

from heschl.errors import InvalidInput
from heschl.metrics.abx.cells import Cells
from heschl.metrics.abx.distances import Measure, item_distances

__all__ = ["TIE", "Judged", "judge"]

TIE = 1e-6
"""Distances whose difference is within this share of the larger one are equal: features are of
float32. A tie counts one half, as it would if the answer were guessed."""

_PAIRS_AT_ONCE = 2**21


class Judged(NamedTuple):
    """What was found of each cell."""

    accuracy: np.ndarray
    """(cell,): the share of triplets in which d(B, X) > d(A, X), ties one half."""
    delta: np.ndarray
    """(cell,): the mean of d(B, X) - d(A, X)."""
    n_triplets: np.ndarray
    """(cell,)."""


def judge(
    values: np.ndarray, first: np.ndarray, cells: Cells, measure: Measure | None = None
) -> Judged:
    """Return the ABX score of each cell.

    The accuracy of a cell is the mean over its triplets (A, B, X), A and X being different items,
    of ``[d(A, X) < d(B, X)] + ½ [d(A, X) = d(B, X)]`` (Schatz et al. 2013).

    Parameters
    ----------
    values, first
        Finite frames (frame, unit); those of item k are the rows ``first[k]:first[k + 1]``.
    cells
        Which items are compared, of `cells_of_items` or `cells_of_triplets`.
    measure
        Of distance; Euclidean, over the longer item's frames, by default.

    Examples
    --------
    >>> from heschl.metrics.abx.cells import cells_of_triplets
    >>> values = np.array([[0.0], [5.0], [1.0]])
    >>> cells = cells_of_triplets(np.array([0, 0]), np.array([1, 0]), np.array([2, 2]), {})
    >>> judge(values, np.arange(4), cells).accuracy
    array([1. , 0.5])
    """
    if not len(cells):
        raise InvalidInput("there is no cell to judge; give one triplet at least")
    accuracy, delta = np.empty(len(cells)), np.empty(len(cells))
    counts = np.empty(len(cells), dtype=np.int64)
    for begin, end in _blocks(cells):
        left, right, starts = _pairs(cells, begin, end)
        distances = item_distances(values, first, left, right, measure)
        here = slice(begin, end)
        _score(
            distances,
            starts,
            cells.a,
            cells.a_first[begin : end + 1],
            cells.b_first[begin : end + 1],
            cells.x,
            cells.x_first[begin : end + 1],
            TIE,
            accuracy[here],
            delta[here],
            counts[here],
        )
    if not counts.all():
        raise InvalidInput(
            f"{(counts == 0).sum()} of {len(cells)} cells hold no triplet, since their X is their "
            "only A; leave them out"
        )
    return Judged(accuracy, delta, counts)


def _sizes(cells: Cells) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return np.diff(cells.a_first), np.diff(cells.b_first), np.diff(cells.x_first)


def _blocks(cells: Cells) -> Iterator[tuple[int, int]]:
    """Yield from where to where cells are judged together; what they need is in memory."""
    n_a, n_b, n_x = _sizes(cells)
    ends = np.cumsum(n_x * (n_a + n_b))
    number = (ends - 1) // _PAIRS_AT_ONCE
    borders = [0, *(np.flatnonzero(np.diff(number)) + 1).tolist(), len(cells)]
    yield from pairwise(borders)


def _pairs(cells: Cells, begin: int, end: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return X and what it is compared with (pair,), and where the pairs of each cell start.

    Of a cell come first every X with every A, then every X with every B.
    """
    n_a, n_b, n_x = (size[begin:end] for size in _sizes(cells))
    n_pairs = n_x * (n_a + n_b)
    starts = np.concatenate([[0], np.cumsum(n_pairs)])
    cell = np.repeat(np.arange(end - begin), n_pairs)
    within = np.arange(starts[-1]) - starts[cell]
    of_a = within < (n_x * n_a)[cell]
    within = np.where(of_a, within, within - (n_x * n_a)[cell])
    width = np.where(of_a, n_a[cell], n_b[cell])
    probe = cells.x[cells.x_first[begin:end][cell] + within // width]
    column = within % width
    partner = np.empty_like(probe)
    partner[of_a] = cells.a[cells.a_first[begin:end][cell[of_a]] + column[of_a]]
    partner[~of_a] = cells.b[cells.b_first[begin:end][cell[~of_a]] + column[~of_a]]
    return probe, partner, starts


@numba.njit(nogil=True)
def _score(
    distances: np.ndarray,
    starts: np.ndarray,
    a: np.ndarray,
    a_first: np.ndarray,
    b_first: np.ndarray,
    x: np.ndarray,
    x_first: np.ndarray,
    tie: float,
    accuracy: np.ndarray,
    delta: np.ndarray,
    counts: np.ndarray,
) -> None:
    """Fill what is known of each cell, from distances in the order of `_pairs`."""
    for cell in range(len(accuracy)):
        n_a = a_first[cell + 1] - a_first[cell]
        n_b = b_first[cell + 1] - b_first[cell]
        n_x = x_first[cell + 1] - x_first[cell]
        right, difference, n = 0.0, 0.0, 0
        for i in range(n_x):
            to_a = starts[cell] + i * n_a
            to_b = starts[cell] + n_x * n_a + i * n_b
            for j in range(n_a):
                if a[a_first[cell] + j] == x[x_first[cell] + i]:
                    continue
                near = distances[to_a + j]
                for k in range(n_b):
                    far = distances[to_b + k]
                    difference += far - near
                    if abs(far - near) <= tie * max(far, near):
                        right += 0.5
                    elif far > near:
                        right += 1.0
                n += n_b
        counts[cell] = n
        accuracy[cell] = right / max(n, 1)
        delta[cell] = difference / max(n, 1)
