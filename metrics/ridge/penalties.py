"""How well each penalty does on training rows, and which one is taken."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from heschl.errors import InvalidInput
from heschl.metrics.ridge.agreement import AGREEMENTS, centred
from heschl.metrics.ridge.estimators import Bootstrap, Estimator, LeaveOneOut
from heschl.metrics.ridge.solver import Rotation, rotate

__all__ = ["Judge", "best_penalties", "judge_penalties"]

Judge = Callable[[np.ndarray], np.ndarray]
"""Training responses (row, unit) in, values (alpha, unit) out; larger is better."""

# Far from the best penalty the values are flat, and rounding would choose. Among penalties this
# close to the best the largest is taken.
TIE = 1e-6

# Below this share a row's leave-one-out error is a quotient of roundings.
LEAST_LEFT_OUT = 1e-10


def judge_penalties(
    estimator: Estimator,
    design: np.ndarray,
    rotation: Rotation,
    *,
    rows: np.ndarray,
    others: Sequence[np.ndarray],
    seed: int,
) -> Judge:
    """Return the function that judges every penalty for a block of units.

    All work on the design is done here, once, whatever the number of blocks.

    Parameters
    ----------
    estimator
        The settings.
    design
        (row, feature) the training rows, float64.
    rotation
        Of this design.
    rows, others, seed
        As in the estimators' ``splits``.
    """
    if isinstance(estimator, LeaveOneOut):
        return _judge_by_left_out_rows(design, rotation, estimator.alphas)
    return _judge_by_held_out_rows(estimator, design, rows=rows, others=others, seed=seed)


def best_penalties(values: np.ndarray, estimator: Estimator) -> np.ndarray:
    """Return the index (unit,) of the largest penalty within `TIE` of the best.

    >>> values = np.array([[0.1, 0.3], [0.2, 0.3], [0.1, 0.3]])
    >>> best_penalties(values, LeaveOneOut(alphas=(1.0, 2.0, 3.0)))
    array([1, 2])
    """
    if isinstance(estimator, Bootstrap) and not estimator.alpha_per_unit:
        values = np.broadcast_to(values.mean(axis=1, keepdims=True), values.shape)
    is_best = values >= values.max(axis=0) - TIE
    return np.asarray(len(values) - 1 - is_best[::-1].argmax(axis=0))


def _judge_by_held_out_rows(
    estimator: Estimator,
    design: np.ndarray,
    *,
    rows: np.ndarray,
    others: Sequence[np.ndarray],
    seed: int,
) -> Judge:
    assert not isinstance(estimator, LeaveOneOut)  # noqa: S101 - tells the type checker
    agreement = AGREEMENTS[estimator.criterion]
    parts = []
    for fitted, held_out in estimator.splits(rows, others, seed):
        rotation = rotate(
            design[fitted],
            smallest_alpha=estimator.alphas[0],
            has_intercept=estimator.has_intercept,
        )
        parts.append((rotation, rotation.project(design[held_out]), fitted, held_out))

    def judge(responses: np.ndarray) -> np.ndarray:
        values = np.zeros((len(estimator.alphas), responses.shape[1]))
        for rotation, projected, fitted, held_out in parts:
            loaded = rotation.load(responses[fitted])
            target = responses[held_out] - rotation.offsets(responses[fitted])
            for index, alpha in enumerate(estimator.alphas):
                # (held-out row, axis) @ (axis, unit)
                predicted = projected @ rotation.shrink(loaded, alpha)
                values[index] += agreement(predicted, target)
        return values / len(parts)

    return judge


def _judge_by_left_out_rows(
    design: np.ndarray, rotation: Rotation, alphas: tuple[float, ...]
) -> Judge:
    """Judge by 1 - (mean squared leave-one-out error) / variance.

    A row's error when left out is its residual over 1 - its leverage. Where the
    axes span all rows both are alpha times a sum over the axes; the alphas
    cancel, and nothing is lost as alpha goes to 0.
    """
    weights = 1.0 / (rotation.eigenvalues[:, None] + np.array(alphas))  # (axis, alpha)
    if rotation.spans_rows:
        projected = rotation.loadings
        left_out = rotation.loadings**2 @ weights
    else:
        projected = rotation.project(design)
        left_out = 1.0 - 1.0 / len(design) - (projected * rotation.loadings) @ weights
        if left_out.min() < LEAST_LEFT_OUT:
            raise InvalidInput(
                f"a training row is predicted by itself alone at the penalty {alphas[0]:g}, so "
                "that it cannot be left out; begin the penalties higher, or drop features that "
                "differ from their mean in a single row"
            )

    def judge(responses: np.ndarray) -> np.ndarray:
        loaded = rotation.load(responses)
        deviations = centred(responses)
        total = np.einsum("tv,tv->v", deviations, deviations)
        varies = total > 0
        values = np.zeros((len(alphas), responses.shape[1]))
        for index, alpha in enumerate(alphas):
            predicted = projected @ rotation.shrink(loaded, alpha)  # (row, axis) @ (axis, unit)
            residuals = predicted if rotation.spans_rows else deviations - predicted
            errors = residuals / left_out[:, index, None]
            squared = np.einsum("tv,tv->v", errors, errors)
            values[index] = np.where(varies, 1.0 - squared / np.where(varies, total, 1.0), 0.0)
        return values

    return judge
