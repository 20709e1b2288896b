"""Score all folds of one or several recordings, by the fast engine or the reference."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

from heschl.metrics.ridge.agreement import Agreement
from heschl.metrics.ridge.estimators import Estimator
from heschl.metrics.ridge.fitting import FoldResult, score_fold

if TYPE_CHECKING:
    from heschl.metrics.ridge.engine.arrangement import Arrangement
    from heschl.splits import Fold

__all__ = ["Engine", "Precision", "describe_fast", "expected_cost", "score_folds"]

Engine = Literal["fast", "reference"]

Precision = Literal["float32", "float64"]


def score_folds(
    design: np.ndarray,
    recordings: Sequence[np.ndarray],
    folds: Sequence[Fold],
    estimator: Estimator,
    *,
    engine: Engine,
    dtype: Precision,
    score: Agreement,
    seed: int,
    block: int,
    device: str = "cpu",
    tested: Sequence[int] | None = None,
) -> list[list[FoldResult]]:
    """Return the result of each tested fold for each recording.

    Parameters
    ----------
    design
        (row, feature).
    recordings
        Each (row, unit), row for row with the design.
    folds
        Training and test rows.
    estimator
        How the penalties are chosen.
    engine
        ``fast``, or ``reference``, which is slow, clear and in float64.
    dtype
        Of the fast engine's products with responses.
    score
        The agreement on test rows.
    seed
        For the estimators that draw rows.
    block
        Units held in memory at a time.
    device
        Where the fast engine multiplies, as `chosen_device` names it.
    tested
        Positions of the folds that are scored, by default all.
    """
    chosen = range(len(folds)) if tested is None else tested
    if engine == "fast":
        return _fast(
            design,
            recordings,
            folds,
            estimator,
            dtype=dtype,
            score=score,
            seed=seed,
            block=block,
            device=device,
            tested=chosen,
        )
    return [
        [
            score_fold(
                design,
                responses,
                estimator,
                train=folds[number].train,
                test=folds[number].test,
                others=[other.test for n, other in enumerate(folds) if n != number],
                score=score,
                seed=seed,
                block=block,
            )
            for number in chosen
        ]
        for responses in recordings
    ]


def describe_fast(
    n_rows: int,
    n_features: int,
    folds: Sequence[Fold],
    estimator: Estimator,
    *,
    dtype: Precision,
    seed: int,
    block: int,
) -> str:
    """Return in one sentence which way the fast engine would take, from shapes alone."""
    from heschl.metrics.ridge.engine.route import describe_route, expected_routes

    arrangement = _arranged(folds, estimator, n_rows=n_rows, seed=seed)
    routing = expected_routes(
        n_features,
        arrangement,
        estimator,
        dtype=np.dtype(dtype),
        largest_chunk=block,
    )
    return describe_route(
        routing, arrangement, n_features=n_features, n_alphas=len(estimator.alphas)
    )


def expected_cost(
    n_rows: int,
    n_features: int,
    n_units: int,
    folds: Sequence[Fold],
    estimator: Estimator,
    *,
    dtype: Precision,
    seed: int,
    block: int,
    device: str,
) -> tuple[float, float]:
    """Return the fast engine's seconds and bytes beside its inputs, from shapes alone."""
    from heschl.metrics.ridge.engine.costs import operations
    from heschl.metrics.ridge.engine.rates import measured_on_torch, measured_with_numpy
    from heschl.metrics.ridge.engine.route import expected_routes

    arrangement = _arranged(folds, estimator, n_rows=n_rows, seed=seed)
    routing = expected_routes(
        n_features, arrangement, estimator, dtype=np.dtype(dtype), largest_chunk=block
    )
    found = operations(n_features, n_units, arrangement, estimator, routing)
    rate = measured_with_numpy() if device == "cpu" else measured_on_torch(device)
    return found.seconds(rate), found.memory


def _arranged(
    folds: Sequence[Fold],
    estimator: Estimator,
    *,
    n_rows: int,
    seed: int,
    tested: Sequence[int] | None = None,
) -> Arrangement:
    from heschl.metrics.ridge.engine.arrangement import arrange

    rows = [(fold.train, fold.test) for fold in folds]
    return arrange(rows, estimator, n_rows=n_rows, seed=seed, tested=tested)


def _fast(
    design: np.ndarray,
    recordings: Sequence[np.ndarray],
    folds: Sequence[Fold],
    estimator: Estimator,
    *,
    dtype: Precision,
    score: Agreement,
    seed: int,
    block: int,
    device: str,
    tested: Sequence[int],
) -> list[list[FoldResult]]:
    from heschl.metrics.ridge.engine.solve import solve

    arrangement = _arranged(folds, estimator, n_rows=len(design), seed=seed, tested=tested)
    solutions = solve(
        design,
        recordings,
        arrangement,
        estimator,
        score=score,
        dtype=np.dtype(dtype),
        largest_chunk=block,
        device=device,
    )
    alphas = np.array(estimator.alphas)
    return [
        [
            FoldResult(
                found.score[fold],
                alphas[found.alpha_index[fold]],
                found.is_constant[fold],
                found.inner[fold],
            )
            for fold in range(len(tested))
        ]
        for found in solutions
    ]
