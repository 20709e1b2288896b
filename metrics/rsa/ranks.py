r"""Rank correlations of geometries, over all sounds, some of them, or some more than once.

Every geometry is sorted once. A choice of sounds is then a count of each: the pair of a and b comes
:math:`w = c_a c_b` times, and a sound is never paired with itself. A pair's rank is the mean of its
places among all that come, ties and repetitions alike, which is half the sum of the counts up to it
and before it; with R and S the ranks of two geometries less their means,

.. math:: \rho = \sum w R S / \sqrt{\sum w R^2 \sum w S^2}

is Spearman's correlation, for all geometries of two sets at once by one product of matrices.
"""

from __future__ import annotations

import numpy as np

from heschl.errors import InvalidInput
from heschl.metrics.rsa.geometry import n_sounds_of, pairs

__all__ = ["Ranked", "counts_of", "matched", "similarity"]


class Ranked:
    """Geometries (geometry, pair), sorted once.

    Parameters
    ----------
    geometries
        Dissimilarities (geometry, pair), finite.

    Examples
    --------
    >>> Ranked(np.array([[0.3, 0.1, 0.1, 0.9, 0.5, 0.7]])).ranks(np.ones(6)).tolist()
    [[-0.5, -2.0, -2.0, 2.5, 0.5, 1.5]]
    """

    def __init__(self, geometries: np.ndarray) -> None:
        values = np.asarray(geometries, dtype=np.float64)
        if values.ndim != 2 or not np.isfinite(values).all():  # noqa: PLR2004
            raise InvalidInput(
                f"geometries of shape {values.shape} hold {np.isfinite(values).sum()} finite "
                "numbers; expected finite ones (geometry, pair)"
            )
        self.values = values
        self.n_sounds = n_sounds_of(values.shape[1])
        self._order = np.argsort(values, axis=1)
        in_order = np.take_along_axis(values, self._order, axis=1)
        is_first, is_last = np.ones((2, *values.shape), dtype=bool)
        is_first[:, 1:] = in_order[:, 1:] > in_order[:, :-1]
        is_last[:, :-1] = is_first[:, 1:]
        places = np.arange(values.shape[1])
        first = np.maximum.accumulate(np.where(is_first, places, 0), axis=1)
        after = np.where(is_last, places + 1, values.shape[1])
        after = np.minimum.accumulate(after[:, ::-1], axis=1)[:, ::-1]
        # Where the sum of all before a pair and its equals stands, and of those and them.
        self._before, self._upto = np.empty((2, *values.shape), dtype=np.intp)
        np.put_along_axis(self._before, self._order, first, axis=1)
        np.put_along_axis(self._upto, self._order, after, axis=1)

    def __len__(self) -> int:
        return len(self.values)

    def ranks(self, weights: np.ndarray) -> np.ndarray:
        """Return ranks less their mean (geometry, pair), of pairs that come ``weights`` times."""
        ranks = np.empty_like(self.values)
        # A row at a time stays in the processor's cache, and is drawn a thousand times.
        counts, upto = np.empty((2, len(weights)))
        summed = np.zeros(len(weights) + 1)
        for row, order in enumerate(self._order):
            np.take(weights, order, mode="clip", out=counts)
            np.cumsum(counts, out=summed[1:])
            np.take(summed, self._before[row], mode="clip", out=ranks[row])
            np.take(summed, self._upto[row], mode="clip", out=upto)
            ranks[row] += upto
        ranks -= weights.sum()
        ranks /= 2
        return np.asarray(ranks)

    def directions(self, weights: np.ndarray | None = None) -> np.ndarray:
        """Return vectors of length 1 (geometry, pair) whose products are rank correlations.

        Of a geometry that does not vary over the pairs that come it is 0.
        """
        if weights is None:
            weights = np.ones(self.values.shape[1])
        vectors = self.ranks(weights)
        vectors *= np.sqrt(weights)
        lengths = np.sqrt(np.einsum("gp,gp->g", vectors, vectors))[:, None]
        return np.asarray(np.divide(vectors, lengths, out=vectors, where=lengths > 0))


def counts_of(sounds: np.ndarray, n_sounds: int) -> np.ndarray:
    """Return how often each pair comes (pair,) if the sounds of these numbers are taken.

    >>> counts_of(np.array([0, 0, 2]), 3).tolist()
    [0.0, 2.0, 0.0]
    """
    counts = np.bincount(sounds, minlength=n_sounds).astype(np.float64)
    first, second = pairs(n_sounds)
    return np.asarray(counts[first] * counts[second])


def similarity(one: Ranked, other: Ranked, weights: np.ndarray | None = None) -> np.ndarray:
    """Return Spearman's correlation of each geometry with each (geometry of one, of the other).

    Parameters
    ----------
    one, other
        Geometries of the same sounds.
    weights
        How often each pair comes (pair,); each once by default.

    Returns
    -------
    np.ndarray
        0 where one of the two does not vary over the pairs that come.

    Examples
    --------
    >>> ranked = Ranked(np.array([[1.0, 2, 3, 4, 5, 6], [6, 5, 4, 3, 2, 1], [1, 1, 1, 1, 1, 1]]))
    >>> similarity(ranked, ranked).round(3).tolist()
    [[1.0, -1.0, 0.0], [-1.0, 1.0, 0.0], [0.0, 0.0, 0.0]]
    """
    if one.n_sounds != other.n_sounds:
        raise InvalidInput(
            f"some geometries are of {one.n_sounds} sounds and others of {other.n_sounds}; compare "
            "those of the same sounds"
        )
    return np.asarray(one.directions(weights) @ other.directions(weights).T)


def matched(one: Ranked, other: Ranked, weights: np.ndarray | None = None) -> np.ndarray:
    """Return Spearman's correlation of each geometry with its counterpart (geometry,)."""
    if one.values.shape != other.values.shape:
        raise InvalidInput(
            f"geometries of shape {one.values.shape} have no counterparts in {other.values.shape}"
        )
    vectors, counterparts = one.directions(weights), other.directions(weights)
    return np.asarray(np.einsum("gp,gp->g", vectors, counterparts))
