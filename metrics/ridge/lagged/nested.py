"""RIDGE-NESTED on lagged frames: folds of whole sentences, a penalty for each unit and fold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from heschl.metrics.ridge.engine.threads import ENGINE
from heschl.metrics.ridge.estimators import Nested
from heschl.metrics.ridge.lagged.choosing import choose_penalties, is_safe, precisions
from heschl.metrics.ridge.lagged.folds import LaggedFolds
from heschl.metrics.ridge.lagged.found import Found
from heschl.metrics.ridge.lagged.krylov import Solved
from heschl.metrics.ridge.lagged.scoring import Fitted, fit_penalties
from heschl.metrics.ridge.scoring import Precision

__all__ = ["LaggedScores", "lagged_ridge"]

TOLERANCES: Mapping[Precision, float] = {"float32": 5e-6, "float64": 1e-10}


@dataclass(frozen=True)
class LaggedScores:
    """Nested scores; every array is (fold, unit) unless it says otherwise.

    Parameters
    ----------
    pearson, r2
        Agreement of predictions and responses in the fold.
    alpha
        The penalty chosen on the other folds.
    inner
        The mean criterion there.
    inner_error
        How far that is thought to be off.
    is_undecided
        Whether another penalty, outside of the tie rule, is as good within these errors.
    bound
        How far ``pearson`` and ``r2`` may be off their values in exact arithmetic, from the
        residual; see `lagged_ridge`.
    is_constant
        Whether responses or predictions do not vary; ``pearson`` is 0 there.
    solved
        What each training set took, by the folds left out of it: two where penalties are judged,
        one where units are scored.
    weights
        (fold, lag, feature, unit), and ``intercept (fold, unit)``: if asked for.
    """

    pearson: np.ndarray
    r2: np.ndarray
    alpha: np.ndarray
    inner: np.ndarray
    inner_error: np.ndarray
    is_undecided: np.ndarray
    bound: np.ndarray
    is_constant: np.ndarray
    solved: Mapping[tuple[int, ...], Solved]
    weights: np.ndarray | None
    intercept: np.ndarray | None

    def found(self, score: Literal["pearson", "r2"]) -> Found:
        """Return what is common to all ways."""
        return Found(
            self.pearson if score == "pearson" else self.r2,
            self.alpha,
            self.inner,
            self.is_constant,
            self.weights,
            self.intercept,
        )


def lagged_ridge(
    features: Sequence[np.ndarray],
    responses: Sequence[np.ndarray],
    folds: Sequence[int],
    *,
    lags: range,
    estimator: Nested,
    dtype: Precision = "float32",
    tolerance: float | None = None,
    has_weights: bool = False,
    tested: Sequence[int] | None = None,
) -> LaggedScores:
    """Predict units from the features at many lags, by ridge with nested folds of sentences.

    The lagged design is never written out; see the package for how. Inputs are
    those of `LaggedRidge`, which has checked them.

    Parameters
    ----------
    features, responses
        For each sentence (frame, feature) and (frame, unit).
    folds
        For each sentence the number of its fold, 0 … F-1; F is at least 3.
    lags
        Consecutive frames, positive for the past: ``range(20)`` is the present and 19 before it.
    estimator
        The penalties and the criterion.
    dtype
        Of the large products. Statistics and all that follows the projection are float64. A
        training set of which float32 would lose a penalty is solved in float64.
    tolerance
        The Krylov spaces grow until ``bound`` is below it, and ``inner_error`` at every penalty
        that may be the best; 5e-6 for float32, 1e-10 for float64.
    has_weights
        Whether to return them.
    tested
        The folds that are scored, and returned; by default all. One alone takes a third of the
        training sets that five do.

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
    >>> nested = Nested((1.0, 10.0))
    >>> scores = lagged_ridge(sounds, late, [0, 1, 2] * 2, lags=range(2), estimator=nested)
    >>> float(scores.pearson.min().round(3))
    1.0
    """
    settled = _Settled(
        np.dtype(dtype), TOLERANCES[dtype] if tolerance is None else tolerance, has_weights
    )
    with ENGINE:
        lagged_folds = LaggedFolds(features, responses, folds, lags)
        scored = range(len(lagged_folds)) if tested is None else tested
        choice = choose_penalties(
            lagged_folds,
            estimator,
            tolerance=settled.tolerance,
            dtype=settled.dtype,
            tested=scored,
        )
        fitted = [
            _fit(lagged_folds, fold, chosen, choice.n_blocks, settled)
            for fold, chosen in zip(scored, choice.alpha, strict=True)
        ]
    solved: dict[tuple[int, ...], Solved] = {
        pair: judged.solved for pair, judged in choice.judged.items()
    }
    solved |= {(fold,): found.solved for fold, found in zip(scored, fitted, strict=True)}
    weights = [found.weights for found in fitted if found.weights is not None]
    intercepts = [found.intercept for found in fitted if found.intercept is not None]
    n_folds, n_units = choice.alpha.shape
    return LaggedScores(
        np.stack([found.pearson for found in fitted]),
        np.stack([found.r2 for found in fitted]),
        choice.alpha,
        choice.value,
        choice.error,
        choice.is_undecided,
        np.stack([found.bounds for found in fitted]),
        np.stack([found.is_constant for found in fitted]),
        solved,
        np.stack(weights).reshape(n_folds, len(lags), -1, n_units) if weights else None,
        np.stack(intercepts) if intercepts else None,
    )


def _fit(
    folds: LaggedFolds, fold: int, chosen: np.ndarray, n_blocks: int, settled: _Settled
) -> Fitted:
    """Score a fold's units by penalties ``chosen (unit,)``, in the first precision that is safe."""
    training = folds.train_without(fold)
    for dtype in precisions(settled.dtype):
        found = fit_penalties(
            training,
            folds.held_out(fold, dtype),
            chosen,
            tolerance=settled.tolerance,
            dtype=dtype,
            least_blocks=max(1, n_blocks - 1),
            has_weights=settled.has_weights,
        )
        if is_safe(chosen.min(), found.solved):
            break
    return found


class _Settled(NamedTuple):
    dtype: np.dtype
    tolerance: float
    has_weights: bool
