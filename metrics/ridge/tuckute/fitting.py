"""Ridge with its penalty chosen by leaving out one row, over a hundred decades of penalties.

Between 1e-50 and 1e49 most penalties are one and the same in floating point: one that is lost when
it is added to the smallest eigenvalue that is not 0 leaves least squares (of least norm), and one
in which the largest eigenvalue is lost leaves a multiple of the covariances. The largest of each
kind stands for it: among equals the largest penalty is taken.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from heschl.metrics.ridge.agreement import centred
from heschl.metrics.ridge.solver import Rotation, rotate

__all__ = ["Prepared", "TrainedRidge", "distinct_penalties", "prepare"]

TIE = 1e-6
"""Of the training variance: errors this close to the least are equal."""

# Below this share a row's leave-one-out error is a quotient of roundings.
_LEAST_LEFT_OUT = 1e-10

_ROUNDING = np.finfo(np.float64).eps


def distinct_penalties(alphas: np.ndarray, eigenvalues: np.ndarray) -> np.ndarray:
    """Return the ascending penalties that are not one and the same beside these eigenvalues.

    >>> distinct_penalties(np.array([1e-40, 1e-30, 1.0, 1e30, 1e40]), np.array([0.0, 2.0]))
    array([1.e-30, 1.e+00, 1.e+40])
    """
    present = eigenvalues[eigenvalues > 0]
    if not len(present):
        return alphas[-1:]
    low = alphas[alphas < _ROUNDING * present.min()]
    high = alphas[alphas > present.max() / _ROUNDING]
    between = alphas[len(low) : len(alphas) - len(high)]
    return np.concatenate([low[-1:], between, high[-1:]])


@dataclass(frozen=True)
class TrainedRidge:
    """The penalty of each unit (unit,) and the predictions (row, unit) of the test rows."""

    alpha: np.ndarray
    prediction: np.ndarray


@dataclass(frozen=True)
class Prepared:
    """A training design, turned once for all responses to it."""

    rotation: Rotation
    projected_train: np.ndarray
    projected_test: np.ndarray
    alphas: np.ndarray
    left_out: np.ndarray
    """(row, alpha) one less the share of a row in its own prediction; where rows are spanned, that
    over alpha."""

    def fit(self, responses: np.ndarray) -> TrainedRidge:
        """Choose penalties by training ``responses (row, unit)``, and predict the test rows."""
        loaded = self.rotation.load(responses)
        deviations = centred(responses)
        total = np.einsum("tv,tv->v", deviations, deviations)
        errors = np.full((len(self.alphas), responses.shape[1]), np.inf)
        for index, alpha in enumerate(self.alphas):
            if not self.rotation.spans_rows and self.left_out[:, index].min() < _LEAST_LEFT_OUT:
                continue  # a row is predicted by itself alone: its error cannot be told
            predicted = self.projected_train @ self.rotation.shrink(loaded, alpha)
            residuals = predicted if self.rotation.spans_rows else deviations - predicted
            left = residuals / self.left_out[:, index, None]
            errors[index] = np.einsum("tv,tv->v", left, left)
        is_best = errors <= errors.min(axis=0) + TIE * total
        chosen = self.alphas[len(errors) - 1 - is_best[::-1].argmax(axis=0)]
        prediction = self.projected_test @ self.rotation.shrink(loaded, chosen)
        return TrainedRidge(chosen, prediction + self.rotation.offsets(responses))


def prepare(
    design: np.ndarray, train: np.ndarray, test: np.ndarray, alphas: tuple[float, ...]
) -> Prepared:
    """Turn the training rows of a design (row, feature) onto their principal axes."""
    design = np.asarray(design, dtype=np.float64)
    rotation = rotate(design[train], smallest_alpha=0.0, has_intercept=True)
    distinct = distinct_penalties(np.array(alphas), rotation.eigenvalues)
    weights = 1.0 / (rotation.eigenvalues[:, None] + distinct)  # (axis, alpha)
    if rotation.spans_rows:
        # Residual and what is left of the row are both alpha times a sum over the axes.
        projected, left_out = rotation.loadings, rotation.loadings**2 @ weights
    else:
        projected = rotation.project(design[train])
        left_out = 1.0 - 1.0 / len(train) - (projected * rotation.loadings) @ weights
    return Prepared(rotation, projected, rotation.project(design[test]), distinct, left_out)
