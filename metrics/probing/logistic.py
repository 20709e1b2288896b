"""Logistic regression with an L2 penalty: all penalties of a path, all classes at once.

What is minimised is ``sum of losses + alpha / 2 |W|²`` over standardised features, the intercept
free: scikit-learn's objective with ``C = 1 / alpha``. The features are turned onto their principal
axes once, which changes neither loss nor penalty. There the curvature is nearly diagonal,
``h_c lambda_i + alpha``, so that L-BFGS in coordinates scaled by its root needs tens of steps where
it needs hundreds in the original ones. Each penalty begins where the next larger one ended.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import scipy.optimize
import scipy.special

__all__ = ["Axes", "LogisticFit", "Loss", "logistic_path", "losses"]

Loss = Literal["softmax", "sigmoid"]
"""One answer of several (multinomial), or yes or no for each of several."""

TOLERANCE = 3e-4
"""The largest gradient, of the mean loss over scaled coordinates, at which a fit is finished:
probabilities are then some thousandth from those of the minimum."""
_MOST_STEPS = 1000
_KEPT_STEPS = 20
_LEAST_SPREAD = 1e-10
"""The share of a feature's magnitude below which its deviation is rounding."""


@dataclass(frozen=True)
class Axes:
    """Training features (item, feature) on their principal axes, standardised beforehand.

    Parameters
    ----------
    mean, scale
        (feature,); the scale of a feature that does not vary is infinite.
    basis
        (feature, axis), orthonormal.
    eigenvalues
        (axis,) of the standardised features' squares.
    rows
        float32 (item, axis), the training items: products with them take half the time, and are far
        more exact than a fit is.
    """

    mean: np.ndarray
    scale: np.ndarray
    basis: np.ndarray
    eigenvalues: np.ndarray
    rows: np.ndarray

    @classmethod
    def of(cls, design: np.ndarray) -> Axes:
        """Return the axes of finite features (item, feature)."""
        mean = design.mean(axis=0, dtype=np.float64)
        deviations = design - mean
        spread = np.sqrt(np.mean(deviations**2, axis=0))
        size = np.abs(design).max(axis=0)
        scale = np.where(spread > _LEAST_SPREAD * size, spread, np.inf)
        deviations /= scale
        n_items, n_features = deviations.shape
        if n_items < n_features:
            _, singular, transposed = np.linalg.svd(deviations, full_matrices=False)
            basis, eigenvalues = transposed.T, singular**2
        else:
            eigenvalues, basis = np.linalg.eigh(deviations.T @ deviations)
        rows = (deviations @ basis).astype(np.float32)
        return cls(mean, scale, basis, eigenvalues.clip(min=0.0), rows)

    def project(self, design: np.ndarray) -> np.ndarray:
        """Return new items (item, feature) on the axes (item, axis)."""
        return np.asarray(((design - self.mean) / self.scale) @ self.basis)


@dataclass(frozen=True)
class LogisticFit:
    """A fitted head: weights (axis, class) of `Axes`, and intercept (class,)."""

    weights: np.ndarray
    intercept: np.ndarray
    alpha: float

    def decide(self, rows: np.ndarray) -> np.ndarray:
        """Return log odds (item, class) of rows (item, axis)."""
        return np.asarray(rows @ self.weights + self.intercept)


def logistic_path(
    axes: Axes, targets: np.ndarray, alphas: Sequence[float], loss: Loss
) -> Iterator[LogisticFit]:
    """Yield the fit of each penalty, the largest first.

    Parameters
    ----------
    axes
        The training items.
    targets
        (item, class) 1 where an item is of a class, else 0; for ``softmax`` one 1 an item.
    alphas
        Penalties above 0, in any order.
    """
    n_items, n_classes = targets.shape
    share = targets.mean(axis=0)
    weights = np.zeros((len(axes.eigenvalues), n_classes))
    intercept = _start(share, n_items, loss)
    for alpha in sorted(alphas, reverse=True):
        weights, intercept = _minimised(axes, targets, alpha, loss, weights, intercept)
        yield LogisticFit(weights, intercept, alpha)


def _start(share: np.ndarray, n_items: int, loss: Loss) -> np.ndarray:
    """Return the intercept (class,) that is best without features, finite for rare classes."""
    inside = share.clip(0.5 / n_items, 1 - 0.5 / n_items)
    if loss == "sigmoid":
        return np.asarray(scipy.special.logit(inside))
    return np.asarray(np.log(inside) - np.log(inside).mean())


def _minimised(
    axes: Axes,
    targets: np.ndarray,
    alpha: float,
    loss: Loss,
    weights: np.ndarray,
    intercept: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Return weights and intercept at the minimum, from a start."""
    rows, n_items = axes.rows, len(axes.rows)
    targets = targets.astype(np.float32)
    likely = _probabilities(rows @ weights.astype(np.float32) + intercept, loss)
    # How strongly the loss bends for each class, on average over items.
    bend = np.maximum(np.mean(likely * (1 - likely), axis=0), 1 / n_items)
    by_axis = np.sqrt((axes.eigenvalues[:, None] * bend + alpha) / n_items)
    by_intercept = np.sqrt(bend)
    n_weights = weights.size

    def objective(place: np.ndarray) -> tuple[float, np.ndarray]:
        w = place[:n_weights].reshape(weights.shape) / by_axis
        b = place[n_weights:] / by_intercept
        decided = rows @ w.astype(np.float32)
        decided += b.astype(np.float32)
        total, errors = losses(decided, targets, loss)
        slope = (rows.T @ errors) + alpha * w
        of_intercept = errors.sum(axis=0, dtype=np.float64)
        gradient = np.concatenate([(slope / by_axis).ravel(), of_intercept / by_intercept])
        return (total + 0.5 * alpha * np.vdot(w, w)) / n_items, gradient / n_items

    found = scipy.optimize.minimize(
        objective,
        np.concatenate([(weights * by_axis).ravel(), intercept * by_intercept]),
        jac=True,
        method="L-BFGS-B",
        options={
            "maxcor": _KEPT_STEPS,
            "maxiter": _MOST_STEPS,
            "maxfun": 2 * _MOST_STEPS,
            "gtol": TOLERANCE,
            "ftol": 0.0,
        },
    )
    return (
        found.x[:n_weights].reshape(weights.shape) / by_axis,
        found.x[n_weights:] / by_intercept,
    )


def _probabilities(decided: np.ndarray, loss: Loss) -> np.ndarray:
    if loss == "sigmoid":
        return np.asarray(scipy.special.expit(decided))
    return np.asarray(scipy.special.softmax(decided, axis=1))


def losses(decided: np.ndarray, targets: np.ndarray, loss: Loss) -> tuple[float, np.ndarray]:
    """Return the summed loss, and how far probabilities are off (item, class)."""
    wanted = float(np.einsum("nc,nc->n", decided, targets).sum(dtype=np.float64))
    if loss == "sigmoid":
        total = float(np.logaddexp(np.float32(0), decided).sum(dtype=np.float64)) - wanted
        return total, scipy.special.expit(decided) - targets
    highest = decided.max(axis=1, keepdims=True)
    likely = np.exp(decided - highest)
    sums = likely.sum(axis=1, keepdims=True)
    total = float((np.log(sums) + highest).sum(dtype=np.float64)) - wanted
    likely /= sums
    likely -= targets
    return total, likely
