"""Folds of whole sentences: the statistics to train on, and the rows held out."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from heschl.metrics.ridge.agreement import ROUNDING
from heschl.metrics.ridge.lagged.convolution import Convolver
from heschl.metrics.ridge.lagged.covariances import LagCovariances, pool
from heschl.metrics.ridge.lagged.heldout import HeldOut, Projection
from heschl.metrics.ridge.lagged.krylov import BlockKrylov
from heschl.metrics.ridge.lagged.products import LagProducts
from heschl.metrics.ridge.lagged.sentences import Sentences, join

__all__ = ["LaggedFolds", "TrainingSet", "is_dense"]

DENSE_COLUMNS = 2048
"""Up to this many columns the Gram matrix is small enough to be worth having."""


def is_dense(n_columns: int) -> bool:
    """Return whether the Gram matrix is formed, or only ever multiplied by."""
    return n_columns <= DENSE_COLUMNS


@dataclass(frozen=True)
class TrainingSet:
    """The sums over the folds trained on.

    Parameters
    ----------
    covariances
        Pooled.
    still
        (unit,) whether the responses do not vary.
    """

    covariances: LagCovariances
    still: np.ndarray

    def space(self, dtype: type[np.floating]) -> BlockKrylov:
        """Return the Krylov space, empty but for its start."""
        cross = self.covariances.centred_cross()
        cross[:, self.still] = 0.0
        if is_dense(len(cross)):
            return BlockKrylov.of(self.covariances.gram(dtype), cross)
        return BlockKrylov.of(LagProducts.of(self.covariances, dtype), cross)

    def project(self, held_out: HeldOut) -> Projection:
        """Return held-out rows to be followed in the space."""
        sums = self.covariances
        return Projection(held_out, sums.design_means(), sums.response_sums / sums.n_rows)

    def intercept(self, weights: np.ndarray) -> np.ndarray:
        """Return what is added (unit,) to predictions by ``weights (lag · feature, unit)``."""
        sums = self.covariances
        return np.asarray(sums.response_sums / sums.n_rows - sums.design_means() @ weights)


class LaggedFolds:
    """Sentences by fold.

    Parameters
    ----------
    features, responses, labels, lags
        As in `lagged_ridge`.
    """

    def __init__(
        self,
        features: Sequence[np.ndarray],
        responses: Sequence[np.ndarray],
        labels: Sequence[Hashable],
        lags: range,
    ) -> None:
        is_single = all(frames.dtype == np.float32 for frames in features)
        kept = np.float32 if is_single else np.float64
        # Near the mean of all frames; its exact value is of no consequence.
        offset = np.mean([frames.mean(axis=0, dtype=np.float64) for frames in features], axis=0)
        self.names = tuple(dict.fromkeys(labels))
        self._rows: list[tuple[Sentences, np.ndarray]] = []
        self._covariances: list[LagCovariances] = []
        self._held_out: dict[tuple[int, type[np.floating]], HeldOut] = {}
        for name in self.names:
            members = [s for s, label in enumerate(labels) if label == name]
            sentences = join([features[s] for s in members], lags, offset, kept)
            values = np.concatenate([responses[s] for s in members])
            self._rows.append((sentences, values))
            self._covariances.append(LagCovariances.of(sentences, values))
        self.n_units = responses[0].shape[1]

    def held_out(self, fold: int, dtype: type[np.floating]) -> HeldOut:
        """Return the rows of a fold, transformed on first use."""
        if (fold, dtype) not in self._held_out:
            sentences, values = self._rows[fold]
            convolver = Convolver.of(sentences, dtype)
            self._held_out[fold, dtype] = HeldOut.of(convolver, values, dtype)
        return self._held_out[fold, dtype]

    def train_without(self, *left_out: int) -> TrainingSet:
        """Return the sums over all folds but some."""
        kept = [fold for fold in range(len(self.names)) if fold not in left_out]
        low = np.min([self._rows[fold][1].min(axis=0) for fold in kept], axis=0)
        high = np.max([self._rows[fold][1].max(axis=0) for fold in kept], axis=0)
        still = high - low <= ROUNDING * np.maximum(np.abs(low), np.abs(high))
        return TrainingSet(pool([self._covariances[fold] for fold in kept]), still)
