"""Agreement from sums instead of from predictions.

For predictions p = p₀ + c (p₀ without, c their mean over the held-out rows) and
targets y = y₀ + d, both relative to the training mean of the responses:

    r    = p₀'y₀ / (|p₀| |y₀|)
    SSE  = |y₀|² - 2 p₀'y₀ + |p₀|² + n (d - c)²
    R²   = 1 - SSE / |y₀|²
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from heschl.metrics.ridge.agreement import Agreement

__all__ = ["Sums", "agreement"]


@dataclass(frozen=True)
class Sums:
    """What agreement needs of predictions and targets; (alpha, unit) or (unit,) each.

    Parameters
    ----------
    product
        p₀'y₀.
    predicted, total
        |p₀|² and |y₀|².
    offset
        d - c.
    n_rows
        n.
    """

    product: np.ndarray
    predicted: np.ndarray
    total: np.ndarray
    offset: np.ndarray
    n_rows: int


def agreement(kind: Agreement, sums: Sums) -> np.ndarray:
    """Return the agreement; 0 where there is no variance, as in `heschl.metrics.ridge.agreement`.

    >>> two = np.array([2.0])
    >>> agreement("r2", Sums(two, two, two, offset=np.array([1.0]), n_rows=1))
    array([0.5])
    """
    total = np.asarray(sums.total, dtype=np.float64)
    if kind == "pearson":
        norms = np.sqrt(np.asarray(sums.predicted, dtype=np.float64) * total)
        varies = norms > 0
        return np.clip(np.where(varies, sums.product, 0.0) / np.where(varies, norms, 1.0), -1, 1)
    offset = np.asarray(sums.offset, dtype=np.float64)
    left = np.asarray(sums.predicted, dtype=np.float64) - 2.0 * sums.product
    left += sums.n_rows * offset**2
    varies = total > 0
    explained = np.where(varies, -left / np.where(varies, total, 1.0), 0.0)
    if kind == "r2":
        return explained
    return np.asarray(np.sign(explained) * np.sqrt(np.abs(explained)))
