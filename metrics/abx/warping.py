"""Dynamic time warping of many pairs of items, compiled at the first call.

A path leads from the first frames of both items to the last ones; each step goes on by a frame in
one of them, or in both. The least sum of frame distances along a path is the cost. Nothing compiled
is written to disk, so no folder need be writable.
"""

from __future__ import annotations

import numba
import numpy as np

__all__ = ["warp"]


@numba.njit(nogil=True)
def warp(
    left: np.ndarray,
    right: np.ndarray,
    norm: np.ndarray,
    first: np.ndarray,
    runs: np.ndarray,
    anchors: np.ndarray,
    partners: np.ndarray,
    distances: np.ndarray,
    ending: int,
    least: float,
    counts_path: bool,
) -> None:
    """Fill ``distances`` (pair,) for some runs of pairs.

    Parameters
    ----------
    left, right, norm
        Of `heschl.metrics.abx.frames.Prepared`.
    first
        The rows of item k are ``first[k]:first[k + 1]``.
    runs
        (run, 6): from which item to before which the anchors of some pairs are, the same of their
        partners, and the same of the pairs. One product of all frames serves a run.
    anchors, partners
        (pair,).
    ending, least
        From a spread to a distance, see `heschl.metrics.abx.frames`.
    counts_path
        Divide the cost by the number of steps of its path rather than by the longer item's frames.
    """
    for run in range(runs.shape[0]):
        origin, origin_right = first[runs[run, 0]], first[runs[run, 2]]
        product = np.dot(
            left[origin : first[runs[run, 1]]], right[origin_right : first[runs[run, 3]]].T
        )
        for pair in range(runs[run, 4], runs[run, 5]):
            top, bottom = first[anchors[pair]], first[anchors[pair] + 1]
            start, stop = first[partners[pair]], first[partners[pair] + 1]
            of_pair = product[
                top - origin : bottom - origin, start - origin_right : stop - origin_right
            ]
            cost, n_steps = _aligned(of_pair, norm[top:bottom], norm[start:stop], ending, least)
            distances[pair] = cost / (n_steps if counts_path else max(of_pair.shape))


@numba.njit(nogil=True)
def _aligned(
    product: np.ndarray, of_rows: np.ndarray, of_columns: np.ndarray, ending: int, least: float
) -> tuple[float, float]:
    """Return the cost of the best path through products (row, column), and its steps."""
    n_rows, width = product.shape
    row, cost, steps = np.empty(width), np.empty(width), np.empty(width)
    for i in range(n_rows):
        _fill_row(row, product[i], of_rows[i], of_columns, ending, least)
        if i == 0:
            cost[0], steps[0] = row[0], 1.0
            for j in range(1, width):
                cost[j], steps[j] = cost[j - 1] + row[j], j + 1.0
            continue
        before, steps_before = cost[0], steps[0]
        cost[0] += row[0]
        steps[0] += 1
        for j in range(1, width):
            # A tie goes to the step in both items, so that no path is longer than need be.
            cheapest, n_steps = before, steps_before
            before, steps_before = cost[j], steps[j]
            if before < cheapest:
                cheapest, n_steps = before, steps_before
            if cost[j - 1] < cheapest:
                cheapest, n_steps = cost[j - 1], steps[j - 1]
            cost[j], steps[j] = cheapest + row[j], n_steps + 1
    return cost[width - 1], steps[width - 1]


@numba.njit(nogil=True)
def _fill_row(
    row: np.ndarray,
    product: np.ndarray,
    of_row: float,
    of_columns: np.ndarray,
    ending: int,
    least: float,
) -> None:
    """Fill the distances of one frame from others (column,)."""
    for j in range(len(row)):
        spread = of_row + of_columns[j] - 2 * product[j]
        row[j] = spread if spread > least * (abs(of_row) + abs(of_columns[j])) else 0.0
    if ending == 0:
        for j in range(len(row)):
            row[j] = np.sqrt(row[j])
    elif ending == 1:
        for j in range(len(row)):
            row[j] = 2 * np.arcsin(min(np.sqrt(row[j]) / 2, 1.0)) / np.pi
    else:
        for j in range(len(row)):
            row[j] /= 2
