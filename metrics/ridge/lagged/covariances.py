"""The Gram matrix of a lagged design from a row of lag covariances and the sentences' edges.

Let ``h(t)`` be the frames of a sentence of n frames, zero outside of it. The
block of lags a and b of the Gram matrix is ``G(a, b) = sum_t h(t-a) h(t-b)'``
over the rows t = 0 … n-1. Shifting the sum by a frame,

    G(a+1, b+1) = G(a, b) - h(n-1-a) h(n-1-b)' + h(-1-a) h(-1-b)',

so that the blocks of the first lag and the frames at the edges give all others
exactly. The last term is zero unless there are negative lags.

All this is done on frames less an offset m near their mean, lest the mean
drown the rest. The design is then ``X = X₀ + P M'``, with P (row, lag) telling
where a lag lies within its sentence and M' (lag, lag · feature) repeating m.
Once the mean of rows is taken off, P is nothing but the sentences' edges.

These compact forms of folds are added, never subtracted, and become a matrix,
or a product with one, once for each training set.
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
    """What ridge needs of some sentences, of frames less their offset, in float64.

    Parameters
    ----------
    first
        (lag, feature, feature): the blocks of the first lag with every lag.
    ends, heads
        (sentence, frame, feature): the last and the first frames of each sentence, as many as
        past and future lags reach; zeros where a sentence is shorter.
    cross
        (lag · feature, unit): the lagged design's products with the responses.
    sums
        (lag · feature,) of the lagged design.
    response_sums
        (unit,).
    presence, presence_cross, presence_squares
        P's products with the lagged design, (lag · feature, lag), with the responses (lag, unit)
        and with itself (lag, lag).
    n_rows
        Frames.
    lags, offset
        As in `Sentences`.
    """

    first: np.ndarray
    ends: np.ndarray
    heads: np.ndarray
    cross: np.ndarray
    sums: np.ndarray
    response_sums: np.ndarray
    presence: np.ndarray
    presence_cross: np.ndarray
    presence_squares: np.ndarray
    n_rows: int
    lags: range
    offset: np.ndarray

    @classmethod
    def of(cls, sentences: Sentences, responses: np.ndarray) -> LagCovariances:
        """Return those of sentences and their ``responses (row, unit)``, in a pass of GEMMs."""
        responses = np.asarray(responses, dtype=np.float64)
        n_lags, n_features = len(sentences.lags), sentences.n_features
        reference = sentences.shifted(sentences.lags[0])
        present = sentences.present().astype(np.float64)
        first = np.empty((n_lags, n_features, n_features))
        cross = np.empty((n_lags, n_features, responses.shape[1]))
        presence = np.empty((n_lags, n_features, n_lags))
        sums = np.empty((n_lags, n_features))
        for place, lag in enumerate(sentences.lags):
            shifted = sentences.shifted(lag)
            np.matmul(reference.T, shifted, out=first[place])  # (feature, row) @ (row, feature)
            np.matmul(shifted.T, responses, out=cross[place])  # (feature, row) @ (row, unit)
            np.matmul(shifted.T, present, out=presence[place])  # (feature, row) @ (row, lag)
            sums[place] = shifted.sum(axis=0)
        return cls(
            first,
            sentences.ends(),
            sentences.heads(),
            cross.reshape(n_lags * n_features, -1),
            sums.ravel(),
            responses.sum(axis=0),
            presence.reshape(n_lags * n_features, -1),
            present.T @ responses,
            present.T @ present,
            len(sentences.rows),
            sentences.lags,
            sentences.offset,
        )

    @property
    def presence_sums(self) -> np.ndarray:
        """P's sums (lag,): a lag is present where it is present."""
        return np.asarray(self.presence_squares.diagonal())

    def centred_presence(self) -> tuple[np.ndarray, np.ndarray]:
        """Return P's products (lag · feature, lag) and (lag, lag), once means are taken off."""
        means = self.presence_sums / self.n_rows
        return (
            self.presence - np.multiply.outer(self.sums, means),
            self.presence_squares - np.multiply.outer(self.presence_sums, means),
        )

    def gram(self, dtype: type[np.floating]) -> np.ndarray:
        """Return the centred Gram matrix (lag · feature, lag · feature), rounded at the end."""
        n_lags, n_features, _ = self.first.shape
        means = self.sums.reshape(n_lags, n_features) / self.n_rows
        presence, squares = self.centred_presence()
        presence = presence.reshape(n_lags, n_features, n_lags)
        matrix = np.empty((n_lags, n_features, n_lags, n_features), dtype=dtype)
        for apart in range(n_lags):
            block = self.first[apart].copy()
            for a in range(n_lags - apart):
                b = a + apart
                if a:
                    early, late = self.lags[a - 1], self.lags[b - 1]
                    if early >= 0:
                        block -= self.ends[:, -1 - early].T @ self.ends[:, -1 - late]
                    if late < 0:
                        block += self.heads[:, -1 - early].T @ self.heads[:, -1 - late]
                centred = block - np.multiply.outer(self.n_rows * means[a], means[b])
                centred += np.multiply.outer(presence[a, :, b], self.offset)
                centred += np.multiply.outer(
                    self.offset, presence[b, :, a] + squares[a, b] * self.offset
                )
                matrix[a, :, b] = centred
                matrix[b, :, a] = centred.T
        return matrix.reshape(n_lags * n_features, -1)

    def centred_cross(self) -> np.ndarray:
        """Return the products (lag · feature, unit) of centred design and centred responses."""
        response_means = self.response_sums / self.n_rows
        cross = self.cross - np.multiply.outer(self.sums, response_means)
        of_presence = self.presence_cross - np.multiply.outer(self.presence_sums, response_means)
        cross += np.einsum("f,lv->lfv", self.offset, of_presence).reshape(cross.shape)
        return np.asarray(cross)

    def design_means(self) -> np.ndarray:
        """Return the means (lag · feature,) of the design itself, offset and all."""
        return np.asarray((self.sums + np.kron(self.presence_sums, self.offset)) / self.n_rows)


def pool(folds: Sequence[LagCovariances]) -> LagCovariances:
    """Return the covariances of all sentences of some folds."""

    def total(name: str) -> np.ndarray:
        return np.asarray(functools.reduce(np.add, [getattr(fold, name) for fold in folds]))

    def together(name: str) -> np.ndarray:
        return np.concatenate([getattr(fold, name) for fold in folds])

    return LagCovariances(
        total("first"),
        together("ends"),
        together("heads"),
        total("cross"),
        total("sums"),
        total("response_sums"),
        total("presence"),
        total("presence_cross"),
        total("presence_squares"),
        sum(fold.n_rows for fold in folds),
        folds[0].lags,
        folds[0].offset,
    )
