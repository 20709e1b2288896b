"""Folds of whole sentences: the statistics to train on, and the rows held out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from heschl.metrics.ridge.agreement import ROUNDING
from heschl.metrics.ridge.lagged.gram import LagGram
from heschl.metrics.ridge.lagged.heldout import HeldOut, Projection
from heschl.metrics.ridge.lagged.krylov import BlockKrylov
from heschl.metrics.ridge.lagged.sentences import Sentences, join
from heschl.metrics.ridge.lagged.statistics import LagStatistics, pool

__all__ = ["LaggedFolds", "TrainingSet"]


@dataclass(frozen=True)
class TrainingSet:
    """The sums over the folds trained on.

    Parameters
    ----------
    statistics
        Pooled.
    still
        (unit,) whether the responses do not vary, or with no feature but by rounding.
    """

    statistics: LagStatistics
    still: np.ndarray

    def space(self, dtype: np.dtype) -> BlockKrylov:
        """Return the Krylov space, empty but for its start."""
        products = self.statistics.response_products()
        products[:, self.still] = 0.0
        return BlockKrylov.of(LagGram.of(self.statistics, dtype), products)

    def project(self, held_out: HeldOut) -> Projection:
        """Return held-out rows to be followed in the space."""
        return Projection(held_out, self.statistics.design_means(), self.statistics.response_means)

    def intercept(self, weights: np.ndarray) -> np.ndarray:
        """Return what is added (unit,) to predictions by ``weights (lag · feature, unit)``."""
        return np.asarray(self.statistics.response_means - self.statistics.design_means() @ weights)


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
        labels: Sequence[int],
        lags: range,
    ) -> None:
        self.lags = lags
        # Near the mean of all frames; its exact value is of no consequence.
        self.offset = np.mean(
            [frames.mean(axis=0, dtype=np.float64) for frames in features], axis=0
        )
        members = [
            [s for s, label in enumerate(labels) if label == fold]
            for fold in range(max(labels) + 1)
        ]
        self._features = [[features[s] for s in of_fold] for of_fold in members]
        self._responses = [np.concatenate([responses[s] for s in of_fold]) for of_fold in members]
        self._statistics = [
            LagStatistics.of(self._joined(fold), values, self.offset)
            for fold, values in enumerate(self._responses)
        ]
        self._held_out: dict[tuple[int, np.dtype], HeldOut] = {}

    def __len__(self) -> int:
        """Return how many folds there are."""
        return len(self._features)

    def held_out(self, fold: int, dtype: np.dtype) -> HeldOut:
        """Return the rows of a fold, transformed on first use."""
        if (fold, dtype) not in self._held_out:
            self._held_out[fold, dtype] = HeldOut.of(
                self._joined(fold), self._responses[fold], self.offset, dtype
            )
        return self._held_out[fold, dtype]

    def train_without(self, *left_out: int) -> TrainingSet:
        """Return the sums over all folds but some."""
        kept = [fold for fold in range(len(self)) if fold not in left_out]
        low = np.min([self._responses[fold].min(axis=0) for fold in kept], axis=0)
        high = np.max([self._responses[fold].max(axis=0) for fold in kept], axis=0)
        statistics = pool([self._statistics[fold] for fold in kept])
        products = np.linalg.norm(statistics.response_products(), axis=0)
        still = high - low <= ROUNDING * np.maximum(np.abs(low), np.abs(high))
        still |= products <= ROUNDING * statistics.feature_norm() * (high - low)
        return TrainingSet(statistics, still)

    def _joined(self, fold: int) -> Sentences:
        return join(self._features[fold], self.lags, self.offset)
