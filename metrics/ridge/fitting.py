"""Fit on training rows, choose the penalties there, and score the test rows, block by block."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from heschl.metrics.ridge.agreement import AGREEMENTS, Agreement, is_constant
from heschl.metrics.ridge.estimators import Estimator
from heschl.metrics.ridge.penalties import best_penalties, judge_penalties
from heschl.metrics.ridge.solver import Rotation, rotate

__all__ = ["FittedRidge", "FoldResult", "fit_ridge", "score_fold"]


@dataclass(frozen=True)
class FittedRidge:
    """A fitted ridge regression.

    Parameters
    ----------
    weights
        (feature, unit).
    intercept
        (unit,), zeros if the estimator has none.
    alphas
        (unit,) the penalties chosen.
    """

    weights: np.ndarray
    intercept: np.ndarray
    alphas: np.ndarray

    def predict(self, design: np.ndarray) -> np.ndarray:
        """Return predictions (row, unit) for ``design (row, feature)``."""
        return np.asarray(design @ self.weights + self.intercept)


def fit_ridge(
    design: np.ndarray, responses: np.ndarray, estimator: Estimator, *, seed: int = 0
) -> FittedRidge:
    """Fit all rows and return the weights, for protocols that need more than a score.

    Parameters
    ----------
    design
        (row, feature), finite.
    responses
        (row, unit), finite. All units are fitted at once: pass blocks of them to bound memory.
    estimator
        How the penalties are chosen.
    seed
        For the estimators that draw rows.

    >>> from heschl.metrics.ridge import KFold
    >>> design = np.array([[0.0], [1.0], [2.0], [3.0]])
    >>> fitted = fit_ridge(design, 2 * design + 1, KFold(alphas=(1e-9,), n_folds=2))
    >>> fitted.weights.round(6), fitted.intercept.round(6)
    (array([[2.]]), array([1.]))
    """
    design = np.asarray(design, dtype=np.float64)
    responses = np.asarray(responses, dtype=np.float64)
    rotation = _rotate(design, estimator)
    judge = judge_penalties(
        estimator, design, rotation, rows=np.arange(len(design)), others=(), seed=seed
    )
    alphas = np.array(estimator.alphas)[best_penalties(judge(responses), estimator)]
    weights = rotation.basis @ rotation.shrink(rotation.load(responses), alphas)
    intercept = rotation.offsets(responses) - rotation.design_mean @ weights
    return FittedRidge(weights, intercept, alphas)


@dataclass(frozen=True)
class FoldResult:
    """What one outer fold gives, each (unit,)."""

    score: np.ndarray
    alpha: np.ndarray
    is_constant: np.ndarray
    inner: np.ndarray
    """The value, on training rows alone, by which the penalty was chosen."""


def score_fold(
    design: np.ndarray,
    responses: np.ndarray,
    estimator: Estimator,
    *,
    train: np.ndarray,
    test: np.ndarray,
    others: Sequence[np.ndarray],
    score: Agreement,
    seed: int,
    block: int,
) -> FoldResult:
    """Choose, fit and score one outer fold.

    The design is decomposed once for the fold and once for each inner split;
    units pass in blocks, so that memory does not depend on their number but
    for a few numbers a unit.

    Parameters
    ----------
    design, responses
        (row, feature) and (row, unit) of all rows.
    train, test
        Row numbers.
    others
        The test rows of the other outer folds.
    block
        Units converted to float64 at a time.
    """
    training = np.asarray(design[train], dtype=np.float64)
    rotation = _rotate(training, estimator)
    judge = judge_penalties(estimator, training, rotation, rows=train, others=others, seed=seed)
    projected = rotation.project(np.asarray(design[test], dtype=np.float64))

    n_units = responses.shape[1]
    judged = np.concatenate(
        [judge(_take(responses, train, units)) for units in _blocks(n_units, block)], axis=1
    )
    chosen = best_penalties(judged, estimator)
    alpha = np.array(estimator.alphas)[chosen]
    scores = np.empty(n_units)
    constant = np.empty(n_units, dtype=bool)
    for units in _blocks(n_units, block):
        fitted = _take(responses, train, units)
        # Predictions and targets both without the training mean: the same scores, and no digits
        # lost where a strong penalty leaves little of the prediction.
        predicted = projected @ rotation.shrink(rotation.load(fitted), alpha[units])
        target = _take(responses, test, units) - rotation.offsets(fitted)
        scores[units] = AGREEMENTS[score](predicted, target)
        constant[units] = is_constant(predicted) | is_constant(target)
    inner = np.take_along_axis(judged, chosen[None], axis=0)[0]
    return FoldResult(scores, alpha, constant, inner)


def _rotate(design: np.ndarray, estimator: Estimator) -> Rotation:
    return rotate(design, smallest_alpha=estimator.alphas[0], has_intercept=estimator.has_intercept)


def _blocks(n_units: int, block: int) -> Iterator[slice]:
    for start in range(0, n_units, block):
        yield slice(start, start + block)


def _take(responses: np.ndarray, rows: np.ndarray, units: slice) -> np.ndarray:
    """Return a float64 copy (row, unit) of a block, reading nothing else of a memory map."""
    return np.array(responses[:, units][rows], dtype=np.float64)
