"""Ridge in closed form: turn the design once, then every penalty is a division.

For a training design X (row, feature) and responses Y (row, unit) the weights
that minimise ``|Y - XW|² + alpha |W|²`` are ``(X'X + alpha)⁻¹ X'Y``. On the
principal axes of X the inverse is diagonal, so that

    W(alpha) = basis · diag(1 / (eigenvalues + alpha)) · loadings' Y

and one decomposition serves all penalties and all units. A tall design is
turned through X'X (basis Q, loadings XQ), a wide one through XX' (basis X'U,
loadings U). Nothing is divided by an eigenvalue alone, so small ones do no harm.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from heschl.metrics.ridge.agreement import centred

__all__ = ["EXACT_PENALTY", "SAFE_PENALTY", "Rotation", "rotate"]

# Squaring the design costs half of the digits: eigenvalues are off by about 1e-16 of the largest.
# Beside a penalty above the first share of it predictions keep ten digits; beside one above the
# second, the six that single precision has. Below, X itself is decomposed.
EXACT_PENALTY = 1e-6
SAFE_PENALTY = 1e-10


@dataclass(frozen=True)
class Rotation:
    """A training design on its principal axes.

    Parameters
    ----------
    eigenvalues
        (axis,) the non-zero part of the spectrum of X'X, and zeros.
    basis
        (feature, axis), see the module.
    loadings
        (row, axis), see the module.
    design_mean
        (feature,) what is subtracted from every design; zeros without intercept.
    has_intercept
        Whether responses are centred on their training mean.
    spans_rows
        Whether ``loadings`` are an orthonormal basis of all possible (centred) responses: wide.
    """

    eigenvalues: np.ndarray
    basis: np.ndarray
    loadings: np.ndarray
    design_mean: np.ndarray
    has_intercept: bool
    spans_rows: bool

    def project(self, design: np.ndarray) -> np.ndarray:
        """Return new rows ``design (row, feature)`` on the axes, (row, axis)."""
        return np.asarray((design - self.design_mean) @ self.basis)

    def offsets(self, responses: np.ndarray) -> np.ndarray:
        """Return what the intercept adds at the mean of the design, (unit,)."""
        if self.has_intercept:
            return np.asarray(responses.mean(axis=0))
        return np.zeros(responses.shape[1])

    def load(self, responses: np.ndarray) -> np.ndarray:
        """Return the training ``responses (row, unit)`` on the axes, (axis, unit)."""
        if self.has_intercept:
            responses = centred(responses)
        return np.asarray(self.loadings.T @ responses)

    def shrink(self, loaded: np.ndarray, alphas: float | np.ndarray) -> np.ndarray:
        """Return weights on the axes (axis, unit) for one penalty, or one for each unit (unit,)."""
        return np.asarray(loaded / (self.eigenvalues[:, None] + alphas))


def rotate(design: np.ndarray, *, smallest_alpha: float, has_intercept: bool) -> Rotation:
    """Turn a float64 training design (row, feature) onto its principal axes.

    The cost is one symmetric eigenproblem of size min(row, feature), or a
    singular value decomposition where ``smallest_alpha`` is so small that the
    squared design would lose it.

    >>> design = np.array([[1.0], [2.0], [4.0]])
    >>> rotation = rotate(design, smallest_alpha=14.0, has_intercept=False)
    >>> loaded = rotation.load(2 * design)
    >>> rotation.basis @ rotation.shrink(loaded, 21.0)  # 2 · 21 / (21 + 21)
    array([[1.]])
    """
    n_rows, n_features = design.shape
    design_mean = design.mean(axis=0) if has_intercept else np.zeros(n_features)
    if has_intercept:
        design = centred(design)
    is_wide = n_features >= n_rows - has_intercept

    turn = _turn_wide if is_wide else _turn_tall
    eigenvalues, basis, loadings = turn(design, is_centred=has_intercept)
    if smallest_alpha <= EXACT_PENALTY * eigenvalues.max():
        decompose = _decompose_wide if is_wide else _decompose_tall
        eigenvalues, basis, loadings = decompose(design, is_centred=has_intercept)
    return Rotation(eigenvalues, basis, loadings, design_mean, has_intercept, is_wide)


_Axes = tuple[np.ndarray, np.ndarray, np.ndarray]


def _turn_tall(design: np.ndarray, *, is_centred: bool) -> _Axes:
    del is_centred
    eigenvalues, basis = np.linalg.eigh(design.T @ design)
    return eigenvalues.clip(min=0.0), basis, design @ basis


def _turn_wide(design: np.ndarray, *, is_centred: bool) -> _Axes:
    kernel = design @ design.T
    if is_centred:
        # The constant response is an axis with eigenvalue 0, lost among any other zeros. Lifted
        # above the spectrum it comes out alone and last, and is left out.
        kernel += _lift(kernel) / len(kernel)
    eigenvalues, axes = np.linalg.eigh(kernel)
    if is_centred:
        eigenvalues, axes = eigenvalues[:-1], axes[:, :-1]
    return eigenvalues.clip(min=0.0), design.T @ axes, axes


def _decompose_tall(design: np.ndarray, *, is_centred: bool) -> _Axes:
    del is_centred
    axes, singular, basis = np.linalg.svd(design, full_matrices=False)
    kept = singular > _resolution(design, singular)
    return singular[kept] ** 2, basis[kept].T, axes[:, kept] * singular[kept]


def _decompose_wide(design: np.ndarray, *, is_centred: bool) -> _Axes:
    # Lifted as in `_turn_wide`, by a column; without intercept the column is empty.
    height = _lift(design) / np.sqrt(len(design)) if is_centred else 0.0
    lifted = np.hstack([np.full((len(design), 1), height), design])
    axes, singular, basis = np.linalg.svd(lifted, full_matrices=False)
    if is_centred:
        axes, singular, basis = axes[:, 1:], singular[1:], basis[1:]
    singular = np.where(singular > _resolution(design, singular), singular, 0.0)
    return singular**2, basis[:, 1:].T * singular, axes


def _lift(matrix: np.ndarray) -> float:
    """Return a number safely above the largest singular value, and above 0."""
    return 2.0 * float(np.linalg.norm(matrix)) or 1.0


def _resolution(design: np.ndarray, singular: np.ndarray) -> float:
    """Return the singular value below which there is only rounding."""
    return float(max(design.shape) * np.finfo(np.float64).eps * singular.max())
