"""X'Y of blocks of rows, summed over those of each training set, without loss of weak axes.

A product in float32 is right to 6e-8 of the norms of its factors. X'Y would be right to 6e-8 of the
strongest features, which is much beside the little that a response has on the weakest axes, and
those are what small penalties magnify. So a triangle R with R'R = X'X takes the strength out:

    X = Z R        H = Q'X_s'Y_s = (R Q)' Z_s'Y_s

The columns of Z are orthonormal, and that of R Q is √λ for an axis on which all rows together have
the square λ. Where the training rows have about their share of it, the error is no larger than if
their own X_s Q was multiplied with Y_s.
"""

from __future__ import annotations

import numpy as np

from heschl.metrics.ridge.engine.design import Design
from heschl.metrics.ridge.engine.factors import Factor
from heschl.metrics.ridge.solver import SAFE_PENALTY

__all__ = ["crossing_root", "transposed_block", "turn_onto_axes"]

PANEL = 128
"""Rows of the triangle that are multiplied at a time."""

LARGEST_LOSS = 4.0
"""How many times the error may be that of products with the training rows themselves."""


def crossing_root(gram: np.ndarray) -> np.ndarray:
    """Return R (feature, feature), upper triangular, of X'X of all rows.

    >>> crossing_root(np.array([[9.0]]))
    array([[3.]])
    """
    added = SAFE_PENALTY * (np.trace(gram) or 1.0)
    return np.asarray(np.linalg.cholesky(gram + added * np.eye(len(gram))).T)


def transposed_block(
    design: Design, inverse: np.ndarray, rows: np.ndarray, dtype: np.dtype
) -> np.ndarray:
    """Return Z' of some rows (feature [+ 1], row), by R⁻¹; with an intercept 1' is the last row."""
    found = np.ones((design.n_features + design.has_intercept, len(rows)), dtype=dtype)
    found[: design.n_features] = inverse.T @ design.rows(rows).T
    return found


def turn_onto_axes(
    design: Design,
    factor: Factor,
    root: np.ndarray,
    *,
    seen: np.ndarray,
    smallest_alpha: float,
    dtype: np.dtype,
) -> np.ndarray | None:
    """Return ``turn``, so that turn' [Z'Y; 1'Y] are the training responses on the axes.

    Parameters
    ----------
    design
        That was factored.
    factor
        Of the training set; with an intercept the last row takes off its mean.
    root
        R (feature, feature) of the whole design.
    seen
        (axis,) the square of the rows that will be predicted.
    smallest_alpha
        On the scale of the design.
    dtype
        Of the result.

    Returns
    -------
    np.ndarray or None
        (feature [+ 1], axis). None where other rows, or the mean, are so much stronger on the axes
        that digits would be lost.
    """
    assert factor.basis is not None  # noqa: S101 - tells the type checker
    by_feature = _triangular_product(root, design.on_whole(factor.basis))
    # In units of rounding, a response of norm 1 is off by |turn| on an axis, by √eigenvalue if it
    # was multiplied with the training rows; and a prediction by so much for each share of it.
    shares = seen / (factor.eigenvalues + smallest_alpha) ** 2
    error = shares @ np.einsum("fp,fp->p", by_feature, by_feature)
    if error > LARGEST_LOSS**2 * (shares @ factor.eigenvalues):
        return None
    turn = np.empty((len(root) + design.has_intercept, len(factor.eigenvalues)), dtype)
    turn[: len(root)] = by_feature
    if design.has_intercept:
        turn[-1] = -factor.mean @ factor.basis
    return turn


def _triangular_product(triangle: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return ``triangle @ values`` without most of the products with 0."""
    found = np.empty(values.shape)
    for start in range(0, len(triangle), PANEL):
        rows = slice(start, start + PANEL)
        np.matmul(triangle[rows, start:], values[start:], out=found[rows])
    return found
