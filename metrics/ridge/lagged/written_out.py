"""Lagged ridge with the lags written out: where that is cheaper, and as the reference."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from heschl.metrics.ridge.estimators import Nested
from heschl.metrics.ridge.lagged.found import Found
from heschl.metrics.ridge.metric import BLOCK
from heschl.metrics.ridge.scoring import Engine, Precision, score_folds
from heschl.metrics.ridge.solver import rotate
from heschl.temporal import delayed

if TYPE_CHECKING:
    from heschl.metrics.ridge.agreement import Agreement
    from heschl.splits import Fold

__all__ = ["score_written_out"]


def score_written_out(
    design: np.ndarray,
    responses: np.ndarray,
    folds: Sequence[Fold],
    sentences: Sequence[slice],
    *,
    lags: Sequence[int],
    estimator: Nested,
    score: Agreement,
    engine: Engine,
    dtype: Precision,
    has_weights: bool,
    tested: Sequence[int],
) -> Found:
    """Score ``responses (row, unit)`` by ridge on the lags of ``design (row, feature)``.

    ``sentences`` are the rows of each, ``tested`` the positions of the folds to score.
    """
    written = np.zeros((len(design), len(lags) * design.shape[1]))
    for rows in sentences:
        written[rows] = delayed(design[rows], lags)
    (results,) = score_folds(
        written,
        [responses],
        folds,
        estimator,
        engine=engine,
        dtype=dtype,
        score=score,
        seed=0,
        block=BLOCK,
        tested=tested,
    )
    weights = intercept = None
    if has_weights:
        fitted = [
            _fitted(written[fold.train], responses[fold.train], result.alpha, estimator)
            for fold, result in zip([folds[each] for each in tested], results, strict=True)
        ]
        weights = np.stack([each for each, _ in fitted])
        weights = weights.reshape(len(tested), len(lags), design.shape[1], -1)
        intercept = np.stack([each for _, each in fitted])
    return Found(
        np.stack([result.score for result in results]),
        np.stack([result.alpha for result in results]),
        np.stack([result.inner for result in results]),
        np.stack([result.is_constant for result in results]),
        weights,
        intercept,
    )


def _fitted(
    design: np.ndarray, responses: np.ndarray, alphas: np.ndarray, estimator: Nested
) -> tuple[np.ndarray, np.ndarray]:
    """Return weights (column, unit) and intercept (unit,) for the penalties chosen (unit,)."""
    exact = np.asarray(responses, dtype=np.float64)
    rotation = rotate(design, smallest_alpha=estimator.alphas[0], has_intercept=True)
    weights = rotation.basis @ rotation.shrink(rotation.load(exact), alphas)
    return weights, rotation.offsets(exact) - rotation.design_mean @ weights
