"""RIDGE-NESTED on lagged frames: folds of whole sentences, a penalty for each unit and fold."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from heschl.metrics.ridge.agreement import ROUNDING, Agreement
from heschl.metrics.ridge.estimators import Nested
from heschl.metrics.ridge.lagged.checks import check_lagged
from heschl.metrics.ridge.lagged.convolution import Convolver
from heschl.metrics.ridge.lagged.covariances import LagCovariances, pool
from heschl.metrics.ridge.lagged.heldout import HeldOut
from heschl.metrics.ridge.lagged.sentences import join
from heschl.metrics.ridge.lagged.solving import (
    SAFE_SHARE,
    Fitted,
    JudgedPenalties,
    TrainingSet,
    fit_penalties,
    judge_penalties,
)
from heschl.metrics.ridge.penalties import TIE, best_penalties

__all__ = ["LaggedScores", "Solution", "lagged_ridge"]

Precision = Literal["float32", "float64"]

TOLERANCES: dict[Precision, float] = {"float32": 5e-6, "float64": 1e-10}

_TABLES = ("values", "errors", "limits")


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
    alphas: Sequence[float] = tuple(float(alpha) for alpha in np.logspace(0, 8, 17)),
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
    >>> scores.pearson.round(3).min()
    1.0
    """
    estimator = Nested(tuple(alphas), criterion)
    check_lagged(features, responses, folds, lags, precision, tolerance)
    dtype = np.float32 if precision == "float32" else np.float64
    limit = TOLERANCES[precision] if tolerance is None else float(tolerance)
    names = tuple(dict.fromkeys(folds))
    members = [[s for s, label in enumerate(folds) if label == name] for name in names]
    folds_of_frames, covariances, extremes = [], [], []
    offset = np.mean([frames.mean(axis=0, dtype=np.float64) for frames in features], axis=0)
    for sentences in members:
        joined = join([features[s] for s in sentences], lags, _kept(features))
        values = np.concatenate([responses[s] for s in sentences])
        covariances.append(LagCovariances.of(joined, values))
        folds_of_frames.append((joined, values))
        extremes.append((values.min(axis=0), values.max(axis=0)))

    @functools.cache
    def held_out(fold: int, kind: type[np.floating]) -> HeldOut:
        joined, values = folds_of_frames[fold]
        return HeldOut.of(Convolver.of(joined, offset, kind), values, kind)

    def train_without(left_out: Sequence[int]) -> TrainingSet:
        kept = [fold for fold in range(len(names)) if fold not in left_out]
        low = np.min([extremes[fold][0] for fold in kept], axis=0)
        high = np.max([extremes[fold][1] for fold in kept], axis=0)
        still = high - low <= ROUNDING * np.maximum(np.abs(low), np.abs(high))
        return TrainingSet(pool([covariances[fold] for fold in kept]), still)

    pairs = [*itertools.combinations(range(len(names)), 2)]
    judged: dict[tuple[int, int], JudgedPenalties] = {}
    kinds: dict[tuple[int, int], type[np.floating]] = {}
    least_blocks = 1
    wanted: dict[tuple[int, int], np.ndarray | None] = dict.fromkeys(pairs)
    while wanted:
        for pair, those in wanted.items():
            for kind in dict.fromkeys((dtype, np.float64)):
                found = judge_penalties(
                    train_without(pair),
                    # A fold's penalty is judged on the other fold of the pair.
                    [held_out(fold, kind) for fold in reversed(pair)],
                    estimator.alphas,
                    criterion=criterion,
                    tolerance=limit,
                    dtype=kind,
                    least_blocks=least_blocks,
                    known=[earlier.values for other, earlier in judged.items() if other != pair],
                    wanted=those,
                )
                if found.smallest >= SAFE_SHARE * found.largest:
                    break
            kinds[pair] = kind
            judged[pair] = found if those is None else judged[pair].improve(found)
            least_blocks = max(1, judged[pair].n_blocks - 1)
        values, errors, limits = (_means(judged, name, len(names)) for name in _TABLES)
        chosen = np.stack([best_penalties(value, estimator) for value in values])
        inner = np.take_along_axis(values, chosen[:, None], axis=1)
        # All that may be the best on the mean: what it was judged by must be good enough.
        off = np.take_along_axis(limits, chosen[:, None], axis=1)
        is_rival = values + limits >= inner - off
        np.put_along_axis(is_rival, chosen[:, None], values=True, axis=1)
        wanted = {}
        for pair, found in judged.items():
            those = is_rival[list(pair)]
            if np.where(those, found.errors, 0.0).max() > limit:
                wanted[pair] = those
    solutions = [
        _solution([names[fold] for fold in pair], found, kinds[pair])
        for pair, found in judged.items()
    ]

    shape = len(names), len(alphas), responses[0].shape[1]
    best_alphas = np.array(estimator.alphas)[chosen]
    inner = inner[:, 0]
    inner_error = np.take_along_axis(errors, chosen[:, None], axis=1)[:, 0]
    rivals = values + errors >= (inner - inner_error)[:, None] + TIE
    np.put_along_axis(rivals, chosen[:, None], values=False, axis=1)

    fitted, constant = [], np.zeros((shape[0], shape[2]), dtype=bool)
    for fold in range(len(names)):
        training = train_without([fold])
        for kind in dict.fromkeys((dtype, np.float64)):
            result = fit_penalties(
                training,
                held_out(fold, kind),
                best_alphas[fold],
                tolerance=limit,
                dtype=kind,
                least_blocks=least_blocks,
                has_weights=has_weights,
            )
            if best_alphas[fold].min() >= SAFE_SHARE * result.largest:
                break
        fitted.append(result)
        constant[fold] = ~result.predicts | (held_out(fold, kind).total == 0)
        solutions.append(_solution([names[fold]], result, kind))

    weights = intercept = None
    if has_weights:
        weights = np.stack([_expect(result.weights) for result in fitted])
        means = [train_without([fold]).covariances for fold in range(len(names))]
        intercept = np.stack(
            [
                (kept.response_sums - kept.sums @ weight) / kept.n_rows
                for kept, weight in zip(means, weights, strict=True)
            ]
        )
        weights = weights.reshape(shape[0], len(lags), -1, shape[2])
    return LaggedScores(
        names,
        np.stack([result.scores["pearson"] for result in fitted]),
        np.stack([result.scores["r2"] for result in fitted]),
        best_alphas,
        inner,
        inner_error,
        rivals.any(axis=1),
        np.stack([np.maximum(result.bounds["pearson"], result.bounds["r2"]) for result in fitted]),
        constant,
        tuple(solutions),
        weights,
        intercept,
    )


def _means(
    judged: Mapping[tuple[int, int], JudgedPenalties], name: str, n_folds: int
) -> np.ndarray:
    """Return the means (fold, alpha, unit) of a table over the folds held out with each."""
    total: list[np.ndarray] = [np.zeros(())] * n_folds
    for pair, found in judged.items():
        for fold, table in zip(pair, getattr(found, name), strict=True):
            total[fold] = total[fold] + table / (n_folds - 1)
    return np.stack(total)


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


def _kept(features: Sequence[np.ndarray]) -> type[np.floating]:
    """Return float32 where that is what all features are, else float64."""
    return np.float32 if all(frames.dtype == np.float32 for frames in features) else np.float64


def _expect(weights: np.ndarray | None) -> np.ndarray:
    assert weights is not None  # noqa: S101 - tells the type checker
    return weights
