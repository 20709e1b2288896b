"""How far the fast engine is from the reference, and how far rounding alone moves the reference."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from sklearn import linear_model
from tests.metrics.ridge_problems import Problem

from heschl.errors import InvalidInput
from heschl.metrics.ridge import Bootstrap, Ridge
from heschl.metrics.ridge.agreement import pearson
from heschl.metrics.ridge.penalties import TIE, judge_penalties
from heschl.metrics.ridge.solver import rotate

BOUND = {"float32": 5e-6, "float64": 1e-10}
"""Of a score's error."""

EDGE = {"float32": 1e-6, "float64": 1e-10}
"""How far the values by which penalties are chosen may be from the edge of a tie that both engines
see on different sides."""

AMPLIFIED = 30.0
"""How many times the change by random rounding an error may be: a product of n numbers rounds n
times, and the worst direction is worse than one at random."""


@dataclass(frozen=True)
class Comparison:
    """How an engine's answer differs from the reference's, each (fold, unit).

    Parameters
    ----------
    is_same
        Whether both took the same penalty.
    is_flag_same
        Whether both or neither call the unit constant.
    score
        The engine's.
    error
        Of the score, relative to it if it is beyond 1. A signed_r is squared again: a root has no
        bound near 0.
    gap
        How far the reference's values are from an edge of the tie band that would explain the
        engine's penalty; 0 where it is the same.
    moved, moved_values
        How far score, and values, of the reference itself move if what it gets is rounded at
        random, as the engine's dtype rounds. 0 where the error or the gap is small anyway.
    """

    is_same: np.ndarray
    is_flag_same: np.ndarray
    score: np.ndarray
    error: np.ndarray
    gap: np.ndarray
    moved: np.ndarray
    moved_values: np.ndarray


@dataclass(frozen=True)
class Case:
    """A problem made: one design, one recording."""

    problem: Problem
    design: np.ndarray
    responses: np.ndarray

    def solved(self, **settings: str) -> xr.Dataset:
        """Return the answer of an engine."""
        metric = Ridge(self.problem.estimator, self.problem.score, dtype=self.problem.dtype)
        return replace(metric, **settings)(
            xr.DataArray(self.design, dims=("time", "feature")),
            xr.DataArray(self.responses, dims=("time", "unit")),
            self.problem.outer_folds(),
            seed=self.problem.seed,
        )

    def inner_values(self, fold: int) -> np.ndarray:
        """Return the reference's values (alpha, unit) by which it chooses in an outer fold."""
        estimator, folds = self.problem.estimator, self.problem.outer_folds()
        training = np.asarray(self.design[folds[fold].train], dtype=np.float64)
        rotation = rotate(
            training, smallest_alpha=estimator.alphas[0], has_intercept=estimator.has_intercept
        )
        judge = judge_penalties(
            estimator,
            training,
            rotation,
            rows=folds[fold].train,
            others=[each.test for number, each in enumerate(folds) if number != fold],
            seed=self.problem.seed,
        )
        values = judge(np.asarray(self.responses[folds[fold].train], dtype=np.float64))
        if isinstance(estimator, Bootstrap) and not estimator.alpha_per_unit:
            return np.broadcast_to(values.mean(axis=1, keepdims=True), values.shape)
        return values

    def nearby(self) -> Iterator[Case]:
        """Yield the case, rounded at random: as given in float64, less the mean in the dtype."""
        generator = np.random.default_rng(0)
        for _ in range(3):
            near = []
            for given in (self.design, self.responses):
                values = np.asarray(given, dtype=np.float64)
                mean = values.mean(axis=0) * self.problem.estimator.has_intercept
                spread = np.finfo(self.problem.dtype).eps * np.abs(values - mean)
                spread += np.finfo(np.float64).eps * np.abs(values)
                spread[:, (values == values[0]).all(axis=0)] = 0.0
                near.append(values + generator.uniform(-0.5, 0.5, values.shape) * spread)
            yield Case(self.problem, *near)


def compared(problem: Problem) -> list[Comparison]:
    """Return a comparison of both engines for each recording of a problem.

    None at all if the engine refuses it, for the same reason as the reference.
    """
    with tempfile.TemporaryDirectory() as name:
        design = problem.laid_out(problem.design(), Path(name))
        recordings = [problem.laid_out(each, Path(name)) for each in problem.recordings()]
        cases = [Case(problem, design, responses) for responses in recordings]
        try:
            found = _together(cases)
        except InvalidInput as refusal:
            with pytest.raises(InvalidInput, match=f"^{re.escape(str(refusal))}$"):
                cases[0].solved(engine="reference")
            return []
        return [_compare(case, of_case) for case, of_case in zip(cases, found, strict=True)]


def _together(cases: Sequence[Case]) -> list[xr.Dataset]:
    """Return the fast engine's answers, the recordings being solved in one go."""
    problem = cases[0].problem
    return [
        *Ridge(problem.estimator, problem.score, dtype=problem.dtype)
        .score_many(
            xr.DataArray(cases[0].design, dims=("time", "feature")),
            {
                f"{number}": xr.DataArray(case.responses, dims=("time", "unit"))
                for number, case in enumerate(cases)
            },
            problem.outer_folds(),
            seed=problem.seed,
        )
        .values()
    ]


def _compare(case: Case, found: xr.Dataset) -> Comparison:
    expected = case.solved(engine="reference")
    dtype, alphas = case.problem.dtype, case.problem.estimator.alphas
    right, score = _variance(expected), _variance(found)
    is_same = expected["alpha"].to_numpy() == found["alpha"].to_numpy()
    error = np.abs(score - right) / np.maximum(1.0, np.abs(right))
    gap, moved, moved_values = np.zeros((3, *is_same.shape))
    for fold in np.flatnonzero(~is_same.all(axis=1)):
        values = case.inner_values(fold)
        for unit in np.flatnonzero(~is_same[fold]):
            taken = alphas.index(float(found["alpha"][fold, unit]))
            gap[fold, unit] = distance_from_edge(values[:, unit], taken)
        if gap[fold].max() > EDGE[dtype]:
            scale = np.maximum(1.0, np.abs(values).max(axis=0))
            for near in case.nearby():
                change = np.abs(near.inner_values(fold) - values).max(axis=0) / scale
                moved_values[fold] = np.maximum(moved_values[fold], change)
    if error[is_same].max(initial=0.0) > BOUND[dtype]:
        for near in case.nearby():
            again = near.solved(engine="reference")
            change = np.abs(_variance(again) - right) / np.maximum(1.0, np.abs(right))
            change[again["alpha"].to_numpy() != expected["alpha"].to_numpy()] = 0.0
            moved = np.maximum(moved, change)
    flags = expected["flag_constant"].to_numpy() == found["flag_constant"].to_numpy()
    return Comparison(is_same, flags, score, error, gap, moved, moved_values)


def _variance(scored: xr.Dataset) -> np.ndarray:
    score = scored["score"].to_numpy()
    return score * np.abs(score) if scored.attrs["score"] == "signed_r" else score


def distance_from_edge(values: np.ndarray, taken: int) -> float:
    """Return by how much ``values (alpha,)`` contradict that ``taken`` is the largest in the tie.

    The tie band ends `TIE` below the best. The penalty taken must lie above that edge, and all
    larger ones below it. Relative to the best value, if that is beyond 1.
    """
    edge = values.max() - TIE
    above = values[taken + 1 :].max(initial=-np.inf) - edge
    return float(max(edge - values[taken], above) / max(1.0, abs(values.max())))


def correlations_of_peer(problem: Problem, found: xr.Dataset) -> np.ndarray:
    """Return what scikit-learn's ridge, by singular values, scores (fold, unit)."""
    scores = np.zeros(found["alpha"].shape)
    design, responses = problem.design(), problem.recordings()[0]
    for number, fold in enumerate(problem.outer_folds()):
        peer = linear_model.Ridge(
            alpha=found["alpha"][number].to_numpy(),
            fit_intercept=problem.estimator.has_intercept,
            solver="svd",
        ).fit(design[fold.train], responses[fold.train])
        # A correlation knows nothing of the intercept, beside which digits would be lost.
        weights = np.reshape(peer.coef_, (-1, problem.n_features))
        predicted = (design[fold.test] - design[fold.train].mean(axis=0)) @ weights.T
        scores[number] = pearson(predicted, responses[fold.test])
    return scores
