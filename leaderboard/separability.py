"""Which models a benchmark tells apart: a paired bootstrap, the same resamples for all of them.

What listeners, folds or sounds have in common cancels in the difference of two models, which is why
intervals of single models that overlap say little. Two models are separable if nought lies outside
the central 95 % of the differences that draws give. It is not transitive: a may be told from c and
neither from b.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from heschl.paired_draws import most_beyond

__all__ = ["LEAST_SAMPLES", "LEVEL", "N_DRAWS", "are_enough", "resampled", "separable"]

N_DRAWS = 2000
LEVEL = 0.95
LEAST_SAMPLES = 6
"""With five listeners who all agree, a sign-flip test has p = .06: nothing can be told apart. A
bootstrap over so few would say otherwise, since it takes them for all there are."""

_GRID_BITS = 32
_EXACT_BITS = 53
_CHUNK = 240
"""Draws that are counted at once; counts of a chunk fit into a byte."""
_BLOCK = 8
"""Rows that are compared with all others at once."""
_FEW = 8
"""Rows whose pairs are counted whole at once."""
_PART = 64
"""Rows that are rounded to steps at once."""
_HIGHEST_STEP = 65535.0


def are_enough(n: int, *, is_drawn: bool) -> bool:
    """Return whether so many samples, or draws of what they are, can tell two models apart."""
    return is_drawn or n >= LEAST_SAMPLES


def resampled(values: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Return means (row, draw) of samples that were drawn with replacement, as many as there are.

    Samples are rounded to a grid so fine that no digit of a score sees it, on which sums are exact:
    neither the order of summing nor the machine can make two equal rows differ.

    Parameters
    ----------
    values
        (row, sample), finite.
    counts
        (draw, sample), how often each was drawn.

    Examples
    --------
    >>> counts = np.array([[1, 1, 1], [3, 0, 0], [0, 1, 2]])
    >>> resampled(np.array([[1.0, 2.0, 6.0], [0.0, 1.0, 5.0]]), counts).round(6)
    array([[3.      , 1.      , 4.666667],
           [2.      , 0.      , 3.666667]])
    """
    n_rows, n_samples = values.shape
    largest = n_samples * float(np.abs(values).max(initial=1.0))
    bits = min(_GRID_BITS, _EXACT_BITS - 1 - int(np.ceil(np.log2(largest))))
    on_grid = np.ldexp(np.rint(np.ldexp(values, bits)), -bits)
    means = np.asarray(on_grid @ counts.T.astype(np.float64)).reshape(n_rows, len(counts))
    means /= n_samples
    return means


def separable(draws: np.ndarray) -> np.ndarray:
    """Return whether nought is outside the central 95 % of differences, symmetric (row, row).

    The ends of the central part are draws themselves: those that leave less than 2.5 % beyond them.
    Nothing is approximated. Of most pairs a part of the draws says that they cannot be separable,
    or their ranges that they must be; the others are counted whole.

    Parameters
    ----------
    draws
        (row, draw), finite; a draw is of the same samples in every row.

    Examples
    --------
    >>> draws = np.random.default_rng(0).normal(size=1000)
    >>> separable(np.stack([draws, draws + 0.1]))
    array([[False,  True],
           [ True, False]])
    """
    n_rows, n_draws = draws.shape
    most = most_beyond(n_draws, LEVEL)
    found = np.zeros((n_rows, n_rows), dtype=bool)
    if n_rows < 2 or most < 0:  # noqa: PLR2004
        return found
    # In order of means, so that the rows which a row must be compared with lie side by side.
    order = np.argsort(draws.mean(axis=1), kind="stable")
    steps = _steps(draws)[order]
    found = _apart(steps, most)
    is_open = np.triu(~found, 1)
    _rule_out(steps, is_open, most)
    for first in range(0, n_rows - 1, _FEW):
        rows = slice(first, first + _FEW)
        is_apart, is_unsure = _told_apart(steps, is_open, rows, most)
        for row, other in np.argwhere(is_unsure).tolist():  # on too many of the same steps
            one, two = draws[order[first + row]], draws[order[other]]
            # Draws that are equal count against either side.
            n_beyond = min(np.count_nonzero(two <= one), np.count_nonzero(two >= one))
            is_apart[row, other] = n_beyond <= most
        found[rows] |= is_apart
    place = np.argsort(order)
    return np.asarray((found | found.T)[place][:, place])


def _steps(draws: np.ndarray) -> np.ndarray:
    """Return draws (row, draw) as steps of two bytes, of which many are compared at once.

    What all rows share in a draw is taken away, which changes no difference. Rounding keeps order:
    who is a step above is above, and who is on the same step may be either.
    """
    shared = draws.mean(axis=0)
    # A few rows at once: boards have many, and draws of all of them once more would take much room.
    parts = [slice(first, first + _PART) for first in range(0, len(draws), _PART)]
    low = min(float((draws[part] - shared).min()) for part in parts)
    high = max(float((draws[part] - shared).max()) for part in parts)
    scale = _HIGHEST_STEP / (high - low) if high > low else 0.0
    steps = np.empty(draws.shape, dtype=np.uint16)
    for part in parts:
        steps[part] = (draws[part] - shared - low) * scale
    return steps


def _apart(steps: np.ndarray, most: int) -> np.ndarray:
    """Return which rows (row, row) are separable by what each is in most draws.

    If one is above some level in all but k draws and the other below it in all but l, they are the
    other way round in k + l draws at most.
    """
    ordered = np.sort(steps, axis=1, kind="stable")  # by digits, which two bytes have few of
    low, high = ordered[:, most // 2], ordered[:, -1 - (most - most // 2)]
    is_above = low[:, np.newaxis] > high[np.newaxis]
    return np.asarray(is_above | is_above.T)


def _rule_out(steps: np.ndarray, is_open: np.ndarray, most: int) -> None:
    """Close the pairs of which the first draws alone say that they are not separable."""
    part = np.ascontiguousarray(steps[:, :_CHUNK].T)  # (draw, row)
    for first in range(0, len(is_open), _BLOCK):
        rows = slice(first, first + _BLOCK)
        (columns,) = np.nonzero(is_open[rows].any(axis=0))
        if len(columns):
            there = slice(columns[0], columns[-1] + 1)
            theirs, ours = part[:, np.newaxis, there], part[:, rows, np.newaxis]
            is_mixed = np.ones(1, dtype=bool)
            for is_so in (theirs < ours, theirs > ours):
                counts = np.add.reduce(is_so.view(np.uint8), axis=0, dtype=np.uint8)
                is_mixed = is_mixed & (counts > most)
            is_open[rows, there] &= ~is_mixed


def _told_apart(
    steps: np.ndarray, is_open: np.ndarray, rows: slice, most: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return which pairs (row, row) of a few rows are separable, and which steps cannot tell."""
    n_at_most = _counted(np.less_equal, steps, rows, is_open[rows])
    is_apart = is_open[rows] & (n_at_most <= most)
    is_left = is_open[rows] & ~is_apart
    n_below = _counted(np.less, steps, rows, is_left)
    is_sure = (n_below > most) & (steps.shape[1] - n_at_most > most)
    return is_apart, is_left & ~is_sure


def _counted(
    is_so: Callable[..., np.ndarray], steps: np.ndarray, rows: slice, is_wanted: np.ndarray
) -> np.ndarray:
    """Return in how many draws others (row, row), who lie close together, are so beside a few."""
    counts = np.zeros(is_wanted.shape, dtype=np.int64)
    (columns,) = np.nonzero(is_wanted.any(axis=0))
    if len(columns):
        there = slice(columns[0], columns[-1] + 1)
        counts[:, there] = _counts(is_so(steps[there], steps[rows, np.newaxis]))
    return counts


def _counts(is_true: np.ndarray) -> np.ndarray:
    """Return how many are true along the last axis: eight at a time, as long as none overflows."""
    n_columns = is_true.shape[-1]
    whole = n_columns - n_columns % 8
    words = is_true[..., :whole].view(np.uint64)
    counts = is_true[..., whole:].sum(axis=-1)
    for start in range(0, words.shape[-1], 255):
        sums = words[..., start : start + 255].sum(axis=-1, keepdims=True)
        counts += sums.view(np.uint8).sum(axis=-1, dtype=np.int64)
    return np.asarray(counts)
