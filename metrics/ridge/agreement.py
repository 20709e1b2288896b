"""How well predictions and responses agree, unit by unit.

A unit that does not vary has no correlation and no explained variance: its
value is 0, never NaN, and the metric raises a flag beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

import numpy as np

__all__ = ["AGREEMENTS", "Agreement", "centred", "is_constant", "pearson", "r2", "signed_r"]

Agreement = Literal["pearson", "r2", "signed_r"]

# The mean of n equal numbers may be off by a few units in the last place; a spread below this
# share of the largest magnitude is that rounding, not variance.
ROUNDING = 64 * np.finfo(np.float64).eps


def centred(values: np.ndarray) -> np.ndarray:
    """Return ``values (row, unit)`` less their mean; columns that do not vary become exactly 0."""
    deviations = values - values.mean(axis=0)
    still = np.abs(deviations).max(axis=0) <= ROUNDING * np.abs(values).max(axis=0)
    deviations[:, still] = 0.0
    return np.asarray(deviations)


def is_constant(values: np.ndarray) -> np.ndarray:
    """Return which columns of ``values (row, unit)`` do not vary, as booleans (unit,)."""
    return np.asarray(~centred(values).any(axis=0))


def pearson(predicted: np.ndarray, responses: np.ndarray) -> np.ndarray:
    """Return the Pearson correlation (unit,) of two arrays (row, unit), column by column.

    >>> pearson(np.array([[1.0, 1.0], [2.0, 1.0]]), np.array([[0.0, 3.0], [5.0, 4.0]]))
    array([1., 0.])
    """
    predicted, responses = centred(predicted), centred(responses)
    products = np.einsum("tv,tv->v", predicted, responses)
    norms = np.linalg.norm(predicted, axis=0) * np.linalg.norm(responses, axis=0)
    varies = norms > 0
    return np.clip(np.where(varies, products, 0.0) / np.where(varies, norms, 1.0), -1.0, 1.0)


def r2(predicted: np.ndarray, responses: np.ndarray) -> np.ndarray:
    """Return 1 - SSE/SST (unit,), where SST is taken about the mean of ``responses`` themselves.

    >>> r2(np.array([[1.0], [2.0], [3.0]]), np.array([[1.0], [2.0], [4.0]])).round(3)
    array([0.786])
    """
    errors = responses - predicted
    squared_errors = np.einsum("tv,tv->v", errors, errors)
    deviations = centred(responses)
    total = np.einsum("tv,tv->v", deviations, deviations)
    varies = total > 0
    return np.where(varies, 1.0 - squared_errors / np.where(varies, total, 1.0), 0.0)


def signed_r(predicted: np.ndarray, responses: np.ndarray) -> np.ndarray:
    """Return sign(R²)·√|R²| (unit,), the scale of a correlation that still knows of the offset.

    >>> signed_r(np.array([[1.0], [2.0], [3.0]]), np.array([[1.0], [2.0], [4.0]])).round(3)
    array([0.886])
    """
    explained = r2(predicted, responses)
    return np.asarray(np.sign(explained) * np.sqrt(np.abs(explained)))


AGREEMENTS: Mapping[Agreement, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "pearson": pearson,
    "r2": r2,
    "signed_r": signed_r,
}
