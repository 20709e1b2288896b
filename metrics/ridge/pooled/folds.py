"""The maths of pooled ridge: every penalty judged by the predictions of all inner folds together.

With folds 1 ... K, fold k is predicted from all others, with the penalty whose predictions of those
others, each from the rest without k, correlate best with the responses when they are put together.
The fit that predicts j for the sake of k is the one that predicts k for the sake of j, so that
K + K(K - 1) / 2 decompositions serve all units and penalties.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from heschl.metrics.ridge.agreement import is_constant, pearson
from heschl.metrics.ridge.solver import Rotation, rotate

if TYPE_CHECKING:
    from heschl.splits import Fold

__all__ = ["LIMITS", "TIE", "PooledFit", "PreparedFolds", "clipped_r2", "pooled_ridge"]

TIE = 1e-6
"""Scores this close to the best are equal, and the largest of their penalties is taken: where
nothing can be predicted, or rounding alone would choose."""

LIMITS = 1e-49, 1e50
"""The grid is extended no further."""


def clipped_r2(predicted: np.ndarray, responses: np.ndarray) -> np.ndarray:
    """Return the squared correlation (unit,) of two arrays (row, unit), 0 where it is negative.

    >>> clipped_r2(np.array([[1.0, 3.0], [3.0, 1.0]]), np.array([[0.0, 0.0], [2.0, 2.0]]))
    array([1., 0.])
    """
    return np.asarray(np.maximum(pearson(predicted, responses), 0.0) ** 2)


@dataclass(frozen=True)
class PooledFit:
    """What was found of one recording."""

    prediction: np.ndarray
    """(row, unit), each row by the fit that did not see its fold."""
    score: np.ndarray
    """(unit,) `clipped_r2` of all predictions together."""
    alpha: np.ndarray
    """(fold, unit)."""
    inner_score: np.ndarray
    """(fold, unit) what the chosen penalty reached on the inner folds."""
    is_constant: np.ndarray
    """(fold, unit) whether response or prediction do not vary within the test rows."""


class PreparedFolds:
    """All decompositions of one design; they serve any number of recordings.

    Parameters
    ----------
    design
        (row, feature), finite.
    folds
        Their test rows hold every row once, and each trains on all the rest.
    """

    def __init__(self, design: np.ndarray, folds: Sequence[Fold]) -> None:
        self._tests = [fold.test for fold in folds]
        compact = _compact(np.asarray(design, dtype=np.float64))
        self._outer = [_Fit(compact, fold.train, [fold.test]) for fold in folds]
        self._inner = {
            (j, k): _Fit(
                compact,
                np.intersect1d(folds[j].train, folds[k].train),
                [folds[j].test, folds[k].test],
            )
            for j, k in itertools.combinations(range(len(folds)), 2)
        }

    def fit(self, responses: np.ndarray, alphas: Sequence[float]) -> PooledFit:
        """Choose penalties for every unit of ``responses (row, unit)``, and predict."""
        responses = np.asarray(responses, dtype=np.float64)
        shape = len(self._tests), responses.shape[1]
        prediction = np.zeros_like(responses)
        alpha, inner, flat = np.zeros(shape), np.zeros(shape), np.zeros(shape, dtype=bool)
        loaded = {pair: fit.load(responses) for pair, fit in self._inner.items()}
        for k, (fit, rows) in enumerate(zip(self._outer, self._tests, strict=True)):
            others = [j for j in range(len(self._tests)) if j != k]
            judge = _Judge(
                # The fit that saw neither j nor k predicts j first if j comes before k.
                [(loaded[min(j, k), max(j, k)], int(j > k)) for j in others],
                np.concatenate([responses[self._tests[j]] for j in others]),
            )
            alpha[k], inner[k] = judge.choose(alphas)
            prediction[rows] = fit.load(responses).predict(0, alpha[k])
            flat[k] = is_constant(prediction[rows]) | is_constant(responses[rows])
        return PooledFit(prediction, clipped_r2(prediction, responses), alpha, inner, flat)


def pooled_ridge(
    design: np.ndarray, responses: np.ndarray, folds: Sequence[Fold], alphas: Sequence[float]
) -> PooledFit:
    """Predict every unit out of fold, with penalties chosen within the training folds.

    Parameters
    ----------
    design
        (row, feature), finite; it is centred on training rows, never scaled.
    responses
        (row, unit), finite.
    folds
        Their test rows hold every row once, and each trains on all the rest.
    alphas
        Ascending. Where the best is the first or the last of them, halves or doubles follow while
        they do better still.

    Examples
    --------
    >>> from heschl.splits import GroupKFold
    >>> x = np.random.default_rng(0).standard_normal((30, 2))
    >>> folds = GroupKFold(3).folds({"stimulus": np.arange(30)})
    >>> pooled_ridge(x, x @ [[1.0], [2.0]], folds, (0.1, 1.0)).score.round(3)
    array([1.])
    """
    return PreparedFolds(design, folds).fit(responses, alphas)


def _compact(design: np.ndarray) -> np.ndarray:
    """Return a design with no more columns than rows and the same predictions.

    Ridge with an intercept sees neither the origin nor a rotation of the features.
    """
    n_rows, n_features = design.shape
    design = design - design.mean(axis=0)
    if n_features <= n_rows:
        return design
    axes, singular, _ = np.linalg.svd(design, full_matrices=False)
    return np.asarray(axes * singular)


class _Fit:
    """One training set, and the rows that it is to predict."""

    def __init__(self, design: np.ndarray, train: np.ndarray, tests: Sequence[np.ndarray]) -> None:
        self._train = train
        # As no penalty is too small to be tried, the design itself is decomposed.
        self._rotation = rotate(design[train], smallest_alpha=0.0, has_intercept=True)
        self._projected = [self._rotation.project(design[rows]) for rows in tests]

    def load(self, responses: np.ndarray) -> _Loaded:
        """Return the fit to responses (row, unit), up to the penalty."""
        seen = responses[self._train]
        loaded, means = self._rotation.load(seen), self._rotation.offsets(seen)
        return _Loaded(self._rotation, self._projected, loaded, means)


@dataclass(frozen=True)
class _Loaded:
    rotation: Rotation
    projected: Sequence[np.ndarray]
    loaded: np.ndarray
    means: np.ndarray

    def predict(
        self, test: int, alphas: np.ndarray, units: np.ndarray | slice = slice(None)
    ) -> np.ndarray:
        """Return (row, unit) of one of the test sets, with a penalty for each of the units."""
        shrunk = self.rotation.shrink(self.loaded[:, units], alphas)
        return np.asarray(self.projected[test] @ shrunk + self.means[units])


@dataclass(frozen=True)
class _Judge:
    """The inner folds of one outer fold: fits, which of their two tests is meant, and responses."""

    fits: Sequence[tuple[_Loaded, int]]
    responses: np.ndarray

    def score(self, alphas: np.ndarray, units: np.ndarray) -> np.ndarray:
        """Return the score (unit,) of the inner predictions, with a penalty for each unit."""
        predicted = [fit.predict(test, alphas, units) for fit, test in self.fits]
        return clipped_r2(np.concatenate(predicted), self.responses[:, units])

    def choose(self, alphas: Sequence[float]) -> tuple[np.ndarray, np.ndarray]:
        """Return the penalty (unit,) of each unit and its score."""
        grid = np.asarray(alphas, dtype=np.float64)
        units = np.arange(self.responses.shape[1])
        values = np.stack([self.score(np.full(len(units), alpha), units) for alpha in grid])
        is_best = values >= values.max(axis=0) - TIE
        last = len(grid) - 1
        chosen = last - is_best[::-1].argmax(axis=0)
        alpha, best = grid[chosen], values[chosen, units]
        if last:
            rest = np.delete(values, last, axis=0).max(axis=0)
            self._extend(alpha, best, units[(chosen == last) & (best > rest + TIE)], factor=2.0)
        self._extend(alpha, best, units[(chosen == 0) & (best > 0)], factor=0.5)
        return alpha, best

    def _extend(
        self, alpha: np.ndarray, best: np.ndarray, units: np.ndarray, *, factor: float
    ) -> None:
        """Go on beyond the grid, in place, for those units that still gain."""
        while len(units):
            further = alpha[units] * factor
            units, further = _within(units, further)
            values = self.score(further, units)
            gains = values > best[units] + TIE
            units, further = units[gains], further[gains]
            alpha[units], best[units] = further, values[gains]


def _within(units: np.ndarray, alphas: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    is_allowed = (alphas >= LIMITS[0]) & (alphas <= LIMITS[1])
    return units[is_allowed], alphas[is_allowed]
