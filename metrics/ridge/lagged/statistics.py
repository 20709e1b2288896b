"""What ridge needs of lagged sentences, in compact sums that add up over folds.

See the package, 1 and 7. P and a constant are treated as further responses: with
``Y = [responses, P, 1]`` all that is left to know is X₀'Y and [P, 1]'Y.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.linalg import norm

from heschl.metrics.ridge.lagged.sentences import Sentences
from heschl.metrics.ridge.lagged.spectra import Spectra

__all__ = ["LagStatistics", "pool"]

_EXACT = np.dtype(np.float64)


@dataclass(frozen=True)
class LagStatistics:
    """The sums, in float64, of frames less their offset.

    Parameters
    ----------
    correlations
        R (lag, feature, feature).
    ends, heads
        (frame, sentence, feature): the last and the first frames of each sentence, as many as past
        and future lags reach; zeros where a sentence is shorter.
    cross
        X₀'Y (lag · feature, unit + lag + 1).
    among
        [P, 1]'Y (lag + 1, unit + lag + 1).
    lags
        Consecutive.
    offset
        m (feature,).
    """

    correlations: np.ndarray
    ends: np.ndarray
    heads: np.ndarray
    cross: np.ndarray
    among: np.ndarray
    lags: range
    offset: np.ndarray

    @classmethod
    def of(cls, sentences: Sentences, responses: np.ndarray, offset: np.ndarray) -> LagStatistics:
        """Return those of sentences and their ``responses (row, unit)``."""
        edges = np.column_stack([sentences.presence(), np.ones(len(responses))])
        targets = np.column_stack([responses.astype(np.float64), edges])
        spectra = Spectra.of(sentences.stream, len(sentences.lags), _EXACT)
        cross = spectra.correlate(sentences.aligned(targets))
        return cls(
            spectra.correlate(sentences.stream),
            sentences.ends(),
            sentences.heads(),
            cross.reshape(-1, targets.shape[1]),
            edges.T @ targets,
            sentences.lags,
            offset,
        )

    @property
    def n_rows(self) -> float:
        """Frames."""
        return float(self.among[-1, -1])

    @property
    def response_means(self) -> np.ndarray:
        """The means of the responses (unit,)."""
        return np.asarray(self.among[-1, : -len(self.among)] / self.n_rows)

    @property
    def sums(self) -> np.ndarray:
        """The sums of X₀ (lag · feature,)."""
        return np.asarray(self.cross[:, -1])

    def design_means(self) -> np.ndarray:
        """Return the means (lag · feature,) of the design itself, offset and all."""
        return np.asarray((self.sums + np.kron(self.among[:-1, -1], self.offset)) / self.n_rows)

    def feature_norm(self) -> float:
        """Return a bound on the lengths of responses' products, for responses from 0 to 1."""
        n_rows, n_lags = self.n_rows, len(self.lags)
        length = np.sqrt(np.trace(self.correlations[0])) + np.sqrt(n_rows) * norm(self.offset)
        return float(np.sqrt(n_lags * n_rows) * length)

    def centred(self) -> tuple[np.ndarray, np.ndarray]:
        """Return X₀'Y and P'Y, less means, without the column of the constant."""
        means = self.among[-1, :-1] / self.n_rows
        return (
            self.cross[:, :-1] - np.multiply.outer(self.sums, means),
            self.among[:-1, :-1] - np.multiply.outer(self.among[:-1, -1], means),
        )

    def response_products(self) -> np.ndarray:
        """Return the products (lag · feature, unit) of the centred design and responses."""
        n_lags = len(self.lags)
        cross, among = (table[:, :-n_lags] for table in self.centred())
        products = cross.reshape(n_lags, len(self.offset), -1)
        products += self.offset[:, None] * among[:, None]  # (feature, 1) · (lag, 1, unit)
        return products.reshape(cross.shape)


def pool(folds: Sequence[LagStatistics]) -> LagStatistics:
    """Return the sums over all sentences of some folds."""

    def total(name: str) -> np.ndarray:
        return np.asarray(functools.reduce(np.add, [getattr(fold, name) for fold in folds]))

    def together(name: str) -> np.ndarray:
        return np.concatenate([getattr(fold, name) for fold in folds], axis=1)

    return LagStatistics(
        total("correlations"),
        together("ends"),
        together("heads"),
        total("cross"),
        total("among"),
        folds[0].lags,
        folds[0].offset,
    )
