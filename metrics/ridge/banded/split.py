"""How much of a score each feature space accounts for: the product measure.

The prediction is the sum of the spaces' own, p = Σ p_s. With y₀ and p₀ less
their means over the test rows,

    r    = Σ p_s₀'y₀ / (|p₀| |y₀|)

and, with z the responses less their *training* mean,

    R²_s = (2 p_s'z - p_s'p) / |y₀|²,

which add up to R² but for what a wrong intercept costs, n (mean z)² / |y₀|².
These are `correlation_score_split` and `r2_score_split` of himalaya, where
responses are taken to have mean 0. A part may be negative: it then makes up for
another.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from heschl.metrics.ridge.banded.statistics import Mixed
from heschl.metrics.ridge.engine.training import Training
from heschl.metrics.ridge.engine.units import Tile

__all__ = ["Parts", "parts_of", "split_score"]


@dataclass(frozen=True)
class Parts:
    """The test rows of each space on the axes of a training set.

    Parameters
    ----------
    centred
        (space, row, axis) less the mean over these rows.
    mean
        (space, axis) that mean, relative to the training mean.
    """

    centred: np.ndarray
    mean: np.ndarray


def parts_of(design: Mixed, training: Training, train: np.ndarray, test: np.ndarray) -> Parts:
    """Project test rows (row number,) on the axes of a training set, space by space."""
    dtype = training.shares.dtype
    n_axes = len(training.eigenvalues)
    n_spaces = len(design.edges) - 1
    centred = np.zeros((n_spaces, len(test), n_axes), dtype)
    mean = np.zeros((n_spaces, n_axes), dtype)
    assert training.basis is not None  # noqa: S101 - tells the type checker
    seen, means = design.rows(test), np.zeros(design.n_features)
    if design.has_intercept:
        means = design.rows(train).mean(axis=0)
    of_rows = seen.mean(axis=0)
    seen -= of_rows
    for space, edges in enumerate(itertools.pairwise(design.edges)):
        columns = slice(*edges)
        centred[space] = seen[:, columns] @ training.basis[columns]
        mean[space] = (of_rows - means)[columns] @ training.basis[columns]
    return Parts(centred, mean)


def split_score(
    parts: Parts, training: Training, tile: Tile, *, held_out: int, indices: np.ndarray
) -> np.ndarray:
    """Return each space's part of the score (space, unit); 0 where there is no variance.

    Parameters
    ----------
    parts, training, tile
        Test rows, training set and units.
    held_out
        Position of the test rows in the arrangement.
    indices
        (unit,) positions of the penalties.
    """
    settings = training.settings
    rows = tile.held_out(held_out, settings.arrangement)
    loaded = training.load(tile)
    strength = training.strength[indices]
    # (axis, unit), times the strength, as all that follows until it is divided by that.
    weights = training.on_axes(tile, loaded, indices)
    predicted = parts.centred @ weights  # (space, row, unit)
    whole = predicted.sum(axis=0)
    with_target = np.einsum("siv,iv->sv", predicted, rows.values)
    total = np.asarray(rows.total, dtype=np.float64)
    if settings.score == "pearson":
        norms = np.sqrt(np.einsum("iv,iv->v", whole, whole).astype(np.float64) * total)
        return _divided(with_target, norms)
    means = parts.mean @ weights / strength  # (space, unit)
    off = rows.mean - loaded.mean
    products = 2.0 * with_target / strength
    products -= np.einsum("siv,iv->sv", predicted, whole) / strength**2
    products += len(rows.values) * (2.0 * off - means.sum(axis=0)) * means
    return _divided(products, total)


def _divided(values: np.ndarray, by: np.ndarray) -> np.ndarray:
    varies = by > 0
    return np.where(varies, values, 0.0) / np.where(varies, by, 1.0)
