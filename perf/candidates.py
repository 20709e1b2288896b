"""The encoding engine in the interface of a peers benchmark: arrays in, arrays out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from heschl.metrics.ridge.engine.arrangement import arrange
from heschl.metrics.ridge.engine.solve import solve
from heschl.metrics.ridge.estimators import Estimator, LeaveOneOut, Nested

__all__ = ["nested_ridge_scores"]


def nested_ridge_scores(
    X: np.ndarray,
    Ys: Sequence[np.ndarray],
    alphas: np.ndarray,
    n_folds: int = 5,
    rule: str = "block",
    dtype: str = "float32",
) -> list[dict[str, np.ndarray]]:
    """Score recordings ``Ys`` (row, unit) that share the design ``X`` (row, feature).

    Folds are contiguous. The penalty of each unit is chosen on the other folds
    by the mean correlation (``block``) or by leave-one-out errors (``loo``).
    """
    grid = tuple(float(alpha) for alpha in alphas)
    estimator: Estimator = LeaveOneOut(grid) if rule == "loo" else Nested(grid, "pearson")
    rows = np.arange(len(X))
    tests = np.array_split(rows, n_folds)
    folds = [(np.setdiff1d(rows, test), test) for test in tests]
    solutions = solve(
        X,
        Ys,
        arrange(folds, estimator, n_rows=len(X), seed=0),
        estimator,
        score="pearson",
        dtype=np.dtype(dtype),
    )
    return [{"r": found.score, "alpha_index": found.alpha_index} for found in solutions]
