"""RIDGE-NESTED on lagged frames: folds of whole sentences, a penalty for each unit and fold."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from heschl.metrics.ridge.agreement import Agreement
from heschl.metrics.ridge.estimators import Nested
from heschl.metrics.ridge.lagged.checks import check_lagged
from heschl.metrics.ridge.lagged.choosing import SAFE_SHARE, choose_penalties, precisions
from heschl.metrics.ridge.lagged.folds import LaggedFolds
from heschl.metrics.ridge.lagged.judging import JudgedPenalties
from heschl.metrics.ridge.lagged.scoring import Fitted, fit_penalties

__all__ = ["LaggedScores", "Solution", "lagged_ridge"]

Precision = Literal["float32", "float64"]

ALPHAS = tuple(float(alpha) for alpha in np.logspace(0, 8, 17))

TOLERANCES: dict[Precision, float] = {"float32": 5e-6, "float64": 1e-10}


@dataclass(frozen=True)
class Solution:
    """What solving one training set took.

    Parameters
    ----------
    held_out
        The folds left out of it: two where penalties are judged, one where units are scored.
    n_blocks, dimension
        Blocks of the Krylov space, and the directions in them.
    is_full
        Whether nothing was left to add, so that the solution is the dense one.
    largest_eigenvalue
        Of the training Gram matrix, from below.
    precision
        Of the large products.
    """

    held_out: tuple[Hashable, ...]
    n_blocks: int
    dimension: int
    is_full: bool
    largest_eigenvalue: float
    precision: Precision


@dataclass(frozen=True)
class LaggedScores:
    """Nested scores; every array is (fold, unit) unless it says otherwise.

    Parameters
    ----------
    folds
        Their labels, in the order of their first sentences.
    pearson, r2
        Agreement of predictions and responses in the fold.
    alpha
        The penalty chosen on the other folds.
    inner
        The mean criterion there.
    inner_error
        How far it moved with the last block.
    is_undecided
        Whether another penalty, outside of the tie rule, is as good within these errors.
    bound
        How far ``pearson`` and ``r2`` may be off their values in exact arithmetic, from the
        residual; see `lagged_ridge`.
    is_constant
        Whether responses or predictions do not vary; ``pearson`` is 0 there.
    solutions
        One for each training set.
    weights
        (fold, lag, feature, unit), and ``intercept (fold, unit)``: if asked for.
    """

    folds: tuple[Hashable, ...]
    pearson: np.ndarray
    r2: np.ndarray
    alpha: np.ndarray
    inner: np.ndarray
    inner_error: np.ndarray
    is_undecided: np.ndarray
    bound: np.ndarray
    is_constant: np.ndarray
    solutions: tuple[Solution, ...]
    weights: np.ndarray | None
    intercept: np.ndarray | None


def lagged_ridge(
    features: Sequence[np.ndarray],
    responses: Sequence[np.ndarray],
    folds: Sequence[Hashable],
    *,
    lags: range = range(20),
    alphas: Sequence[float] = ALPHAS,
    criterion: Agreement = "r2",
    precision: Precision = "float32",
    tolerance: float | None = None,
    has_weights: bool = False,
) -> LaggedScores:
    """Predict units from the features at many lags, by ridge with nested folds of sentences.

    The lagged design, (frame, lag · feature), is never formed: its Gram matrix
    comes from lag covariances (`covariances`), its products with weights from
    convolutions (`convolution`), and all penalties from one Krylov space for
    each training set (`krylov`). Row t of a sentence holds the frames
    ``t - lag``, and zeros where there are none. Training means are subtracted.

    In each fold every unit gets the penalty with the best mean criterion over
    the other folds, each predicted without both; of those within 1e-6 of the
    best the largest. Two folds share one training set for this, so that F folds
    take F(F-1)/2 + F training sets.

    Parameters
    ----------
    features
        For each sentence (frame, feature).
    responses
        For each sentence (frame, unit), frame by frame.
    folds
        For each sentence the label of its fold; at least 3 differ.
    lags
        Consecutive frames, positive for the past: ``range(20)`` is the present and 19 before it.
    alphas
        Penalties, ascending, of the squared weights.
    criterion
        What is averaged over the inner folds.
    precision
        Of the large products. Covariances and all that follows the projection are float64. A
        training set of which float32 would lose a penalty is solved in float64.
    tolerance
        The Krylov spaces grow until ``bound`` is below it, and ``inner_error`` at every penalty
        that may be the best; 5e-6 for float32, 1e-10 for float64.
    has_weights
        Whether to return them.

    Notes
    -----
    ``bound`` is the length of the predictions' error over their own, turned
    into a change of the score. On training rows that length is bounded by the
    residual, with proof; that held-out rows see no more of it is measured on
    the last block (never taken below 1). Rounding is not in it: about 1e-6 in float32.

    Examples
    --------
    >>> generator = np.random.default_rng(0)
    >>> sounds = [generator.normal(size=(40, 2)) for _ in range(6)]
    >>> late = [np.vstack([np.zeros((1, 2)), sound[:-1]]) for sound in sounds]
    >>> scores = lagged_ridge(sounds, late, [0, 1, 2] * 2, lags=range(2))
    >>> float(scores.pearson.min().round(3))
    1.0
    """
    estimator = Nested(tuple(alphas), criterion)
    check_lagged(features, responses, folds, lags, precision, tolerance)
    dtype = np.float32 if precision == "float32" else np.float64
    limit = TOLERANCES[precision] if tolerance is None else float(tolerance)
    lagged_folds = LaggedFolds(features, responses, folds, lags)
    names = lagged_folds.names
    choice = choose_penalties(lagged_folds, estimator, tolerance=limit, dtype=dtype)
    solutions = [
        _solution([names[fold] for fold in pair], found, kind)
        for pair, (found, kind) in choice.judged.items()
    ]
    fitted, constant, intercepts = [], [], []
    for fold, name in enumerate(names):
        training = lagged_folds.train_without(fold)
        for kind in precisions(dtype):
            held_out = lagged_folds.held_out(fold, kind)
            result = fit_penalties(
                training,
                held_out,
                choice.alpha[fold],
                tolerance=limit,
                dtype=kind,
                least_blocks=max(1, choice.n_blocks - 1),
                has_weights=has_weights,
            )
            if choice.alpha[fold].min() >= SAFE_SHARE * result.largest:
                break
        fitted.append(result)
        constant.append(~result.predicts | (held_out.total == 0))
        solutions.append(_solution([name], result, kind))
        if has_weights:
            intercepts.append(training.intercept(result.weights))
    weights = np.stack([result.weights for result in fitted]) if has_weights else None
    return LaggedScores(
        names,
        np.stack([result.pearson for result in fitted]),
        np.stack([result.r2 for result in fitted]),
        choice.alpha,
        choice.value,
        choice.error,
        choice.is_undecided,
        np.stack([result.bounds for result in fitted]),
        np.stack(constant),
        tuple(solutions),
        None
        if weights is None
        else weights.reshape(len(names), len(lags), -1, lagged_folds.n_units),
        np.stack(intercepts) if has_weights else None,
    )


def _solution(
    held_out: Sequence[Hashable], solved: JudgedPenalties | Fitted, kind: type[np.floating]
) -> Solution:
    precision: Precision = "float32" if kind == np.float32 else "float64"
    return Solution(
        tuple(held_out),
        solved.n_blocks,
        solved.dimension,
        solved.is_full,
        solved.largest,
        precision,
    )
