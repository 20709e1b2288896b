r"""The geometry of a set of sounds: how unlike each is to each.

With x the pattern of a sound over features, each feature z-scored over sounds if asked, and r the
Pearson correlation over features,

.. math:: d_{ab} = 1 - r(x_a, x_b)

for every pair a < b, in the order of the upper triangle, row by row, as SciPy's ``pdist`` has it.
"""

from __future__ import annotations

import math

import numpy as np

from heschl.errors import InvalidInput

__all__ = ["MINIMUM_SOUNDS", "dissimilarities", "n_sounds_of", "pairs"]

MINIMUM_SOUNDS = 4
"""With three there are as many pairs as sounds, and a rank correlation says nothing."""

_EPSILON = 1e-10
"""Is added to a feature's deviation, so that one which never varies becomes 0."""

_DECIMALS = 10
"""Dissimilarities are rounded, so that the order of a sum decides no rank."""

_ROUNDING = 1e-12
"""A pattern whose features differ by less than this share of them does not vary."""


def dissimilarities(patterns: np.ndarray, *, standardise: bool = True) -> np.ndarray:
    """Return 1 - the correlation of each pair of patterns (pair,).

    Parameters
    ----------
    patterns
        (sound, feature), finite.
    standardise
        Whether each feature is z-scored over sounds first: then a feature's mean and scale do not
        count.

    Returns
    -------
    np.ndarray
        float64. A pattern that does not vary over features, as none of a single feature does, is
        as unlike to each as if they were independent: 1.

    Examples
    --------
    >>> patterns = np.array([[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [3.0, 2.0, 1.0], [0.0, 1.0, 0.0]])
    >>> dissimilarities(patterns, standardise=False).round(2).tolist()
    [0.0, 2.0, 1.0, 2.0, 1.0, 1.0]
    """
    values = _checked(patterns)
    if standardise:
        values = (values - values.mean(axis=0)) / (values.std(axis=0) + _EPSILON)
    size = np.abs(values).max(axis=1, keepdims=True)
    values = values - values.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(values, axis=1, keepdims=True)
    varies = lengths > _ROUNDING * np.sqrt(values.shape[1]) * size
    directions = np.divide(values, lengths, out=np.zeros_like(values), where=varies)
    first, second = pairs(len(values))
    unlike = 1 - (directions @ directions.T)[first, second]
    return np.asarray(np.round(unlike, _DECIMALS))


def pairs(n_sounds: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the first and the second sound of each pair (pair,)."""
    first, second = np.triu_indices(n_sounds, k=1)
    return first, second


def n_sounds_of(n_pairs: int) -> int:
    """Return of how many sounds there are so many pairs.

    >>> n_sounds_of(13530)
    165
    """
    n_sounds = (1 + math.isqrt(1 + 8 * n_pairs)) // 2
    if n_sounds * (n_sounds - 1) // 2 != n_pairs:
        raise InvalidInput(f"{n_pairs} dissimilarities are those of no whole number of sounds")
    return n_sounds


def _checked(patterns: np.ndarray) -> np.ndarray:
    values = np.asarray(patterns, dtype=np.float64)
    if values.ndim != 2 or len(values) < MINIMUM_SOUNDS or not values.shape[1]:  # noqa: PLR2004
        raise InvalidInput(
            f"patterns have the shape {values.shape}; expected (sound, feature), {MINIMUM_SOUNDS} "
            "sounds at least and one feature"
        )
    if not np.isfinite(values).all():
        bad = np.flatnonzero(~np.isfinite(values).all(axis=0))
        raise InvalidInput(
            f"{len(bad)} of {values.shape[1]} features hold NaN or infinity, the first is "
            f"{bad[0]}; drop them beforehand"
        )
    return values
