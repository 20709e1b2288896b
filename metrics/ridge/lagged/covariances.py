"""The Gram matrix of a lagged design from a row of lag covariances and the sentences' edges.

Let ``h(t)`` be the frames of a sentence of n frames, zero outside of it. The
block of lags a and b of the Gram matrix is ``G(a, b) = sum_t h(t-a) h(t-b)'``
over the rows t = 0 … n-1. Shifting the sum by a frame,

    G(a+1, b+1) = G(a, b) - h(n-1-a) h(n-1-b)' + h(-1-a) h(-1-b)',

so that the blocks of the first lag and the rows at the edges give all others
exactly. The second edge is zero unless there are negative lags.

These compact forms of folds are added, never subtracted, and become a matrix
once for each training set. Column means come from sums with the same borders.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from heschl.metrics.ridge.lagged.sentences import Sentences

__all__ = ["LagCovariances", "pool"]


@dataclass(frozen=True)
class LagCovariances:
    """What ridge needs of some sentences, in float64.

    Parameters
    ----------
    first
        (lag, feature, feature): the blocks of the first lag with every lag.
    leaving, entering
        (sentence, lag, feature): the lagged rows at the end and just before each sentence;
        ``entering`` has no sentences where no lag is negative.
    cross
        (lag · feature, unit): the lagged design's products with the responses.
    sums
        (lag · feature,) of the lagged design.
    response_sums
        (unit,).
    n_rows
        Frames.
    """

    first: np.ndarray
    leaving: np.ndarray
    entering: np.ndarray
    cross: np.ndarray
    sums: np.ndarray
    response_sums: np.ndarray
    n_rows: int

    @classmethod
    def of(cls, sentences: Sentences, responses: np.ndarray) -> LagCovariances:
        """Return those of sentences and their ``responses (row, unit)``, in a pass of GEMMs."""
        responses = np.asarray(responses, dtype=np.float64)
        n_lags, n_features = len(sentences.lags), sentences.n_features
        reference = sentences.shifted(sentences.lags[0]).astype(np.float64)
        first = np.empty((n_lags, n_features, n_features))
        cross = np.empty((n_lags, n_features, responses.shape[1]))
        sums = np.empty((n_lags, n_features))
        for place, lag in enumerate(sentences.lags):
            shifted = sentences.shifted(lag).astype(np.float64)
            np.matmul(reference.T, shifted, out=first[place])  # (feature, row) @ (row, feature)
            np.matmul(shifted.T, responses, out=cross[place])  # (feature, row) @ (row, unit)
            sums[place] = shifted.sum(axis=0)
        entering = sentences.before()
        if sentences.lags[0] >= 0:
            entering = entering[:0]
        return cls(
            first,
            sentences.at(0),
            entering,
            cross.reshape(n_lags * n_features, -1),
            sums.ravel(),
            responses.sum(axis=0),
            len(sentences.rows),
        )

    def gram(self, dtype: type[np.floating]) -> np.ndarray:
        """Return the centred Gram matrix (lag · feature, lag · feature), rounded at the end."""
        n_lags, n_features, _ = self.first.shape
        means = self.sums.reshape(n_lags, n_features) / self.n_rows
        matrix = np.empty((n_lags, n_features, n_lags, n_features), dtype=dtype)
        leaving = np.asarray(self.leaving, dtype=np.float64)
        entering = np.asarray(self.entering, dtype=np.float64)
        for apart in range(n_lags):
            block = self.first[apart].copy()
            for a in range(n_lags - apart):
                b = a + apart
                if a:
                    block -= leaving[:, a - 1].T @ leaving[:, b - 1]
                    if len(entering):
                        block += entering[:, a - 1].T @ entering[:, b - 1]
                centred = block - np.multiply.outer(self.n_rows * means[a], means[b])
                matrix[a, :, b] = centred
                matrix[b, :, a] = centred.T
        return matrix.reshape(n_lags * n_features, -1)

    def centred_cross(self) -> np.ndarray:
        """Return the products (lag · feature, unit) of centred design and centred responses."""
        return np.asarray(
            self.cross - np.multiply.outer(self.sums, self.response_sums / self.n_rows)
        )


def pool(folds: Sequence[LagCovariances]) -> LagCovariances:
    """Return the covariances of all sentences of some folds."""

    def total(name: str) -> np.ndarray:
        return np.asarray(functools.reduce(np.add, [getattr(fold, name) for fold in folds]))

    def together(name: str) -> np.ndarray:
        return np.concatenate([getattr(fold, name) for fold in folds])

    return LagCovariances(
        total("first"),
        together("leaving"),
        together("entering"),
        total("cross"),
        total("sums"),
        total("response_sums"),
        sum(fold.n_rows for fold in folds),
    )
