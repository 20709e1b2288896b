"""Ridge for all penalties at once in a growing Krylov space; see the package, 3 and 4."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from scipy.linalg import cholesky, solve_triangular

from heschl.metrics.ridge.lagged.gram import LagGram

__all__ = ["BlockKrylov", "PenaltyPath", "Solved"]

SQUARABLE = 1e-6
"""Columns more dependent than this are not told apart by their products alone."""


@dataclass(frozen=True)
class Solved:
    """What solving a training set took.

    Parameters
    ----------
    n_blocks, dimension
        Blocks of the Krylov space, and the directions in them.
    is_full
        Whether nothing was left to add, so that the solution is the dense one.
    largest_eigenvalue
        Of the training Gram matrix, estimated from below.
    dtype
        Of the large products.
    """

    n_blocks: int
    dimension: int
    is_full: bool
    largest_eigenvalue: float
    dtype: np.dtype


@dataclass
class BlockKrylov:
    """The space, a block longer with each `grow` until it is full.

    Parameters
    ----------
    gram
        (feature, feature), or what multiplies by it; its type is that of the large products.
    rest
        Q_{k+1} (feature, direction) in that type, not yet cleared of rounding's share of the
        blocks before it. That takes as long as finding it, and the last one is never needed.
    start
        R (direction, unit), float64.
    blocks, diagonal
        Q_j in the type of products, and A_j in float64.
    below
        B_{j+1}, float64, reaching from Q_j to Q_{j+1}; the last of them reaches to the rest.
    largest
        Estimate of the largest eigenvalue, from below.
    """

    gram: LagGram | np.ndarray
    rest: np.ndarray
    start: np.ndarray
    blocks: list[np.ndarray] = field(default_factory=list)
    diagonal: list[np.ndarray] = field(default_factory=list)
    below: list[np.ndarray] = field(default_factory=list)
    largest: float = 0.0

    @classmethod
    def of(cls, gram: LagGram | np.ndarray, cross: np.ndarray) -> BlockKrylov:
        """Start a space from ``cross (feature, unit)``."""
        norms = np.linalg.norm(cross, axis=0)
        scaled = (cross / np.where(norms > 0, norms, 1.0)).astype(gram.dtype)
        first, factor = _orthonormal(scaled, float(np.finfo(gram.dtype).eps))
        if first.shape[1]:
            first, correction = _orthonormal(first, 0.5)
            factor = correction @ factor
        return cls(gram, first, factor * norms)

    @property
    def is_full(self) -> bool:
        """Whether there is nothing left to add."""
        return not self.rest.size

    @property
    def solved(self) -> Solved:
        """What it took so far."""
        return Solved(
            len(self.blocks),
            sum(len(diagonal) for diagonal in self.diagonal),
            self.is_full,
            self.largest,
            np.dtype(self.gram.dtype),
        )

    def grow(self) -> None:
        """Take in the rest, unless it proves to be rounding, multiply it by G and find the next."""
        if self.blocks:
            self._clear_rest()
            if self.is_full:
                return
        last = self.rest
        self.blocks.append(last)
        image = self.gram @ last  # (feature, feature) @ (feature, direction)
        diagonal = (last.T @ image).astype(np.float64)
        diagonal = (diagonal + diagonal.T) / 2
        image -= last @ diagonal.astype(image.dtype)
        if self.below:
            image -= self.blocks[-2] @ self.below[-1].T.astype(image.dtype)
        self.diagonal.append(diagonal)
        if diagonal.size and len(self.diagonal) == 1:
            # The first block leans towards the largest eigenvalues: it has had a factor of G.
            self.largest = float(np.linalg.eigvalsh(diagonal)[-1])

        if self.solved.dimension >= len(last) or not diagonal.size:
            self.rest, factor = last[:, :0], np.zeros((0, len(diagonal)))
        else:
            floor = float(np.finfo(image.dtype).eps) * self.largest
            self.rest, factor = _orthonormal(image, floor)
        self.below.append(factor)

    def weights(self, coefficients: np.ndarray) -> np.ndarray:
        """Return the weights (feature, unit) of ``coefficients (direction, unit)``."""
        weights = np.zeros((len(self.rest), coefficients.shape[1]))
        start = 0
        for block in self.blocks:
            part = coefficients[start : start + block.shape[1]]
            weights[...] += block[:, : len(part)] @ part.astype(block.dtype)
            start += len(part)
        return weights

    def _clear_rest(self) -> None:
        """Orthogonalise the rest once more, for rounding's sake."""
        for earlier in self.blocks:
            self.rest -= earlier @ (earlier.T @ self.rest)
        if self.rest.shape[1]:
            self.rest, correction = _orthonormal(self.rest, 0.5)
            self.below[-1] = correction @ self.below[-1]


@dataclass
class PenaltyPath:
    """One penalty's solution for some units, a block longer with each `extend`.

    Parameters
    ----------
    alpha
        The penalty.
    target
        R (direction, unit) of these units.
    factors, loads
        L_j (direction, direction) and u_j (direction, unit).
    last
        (direction, unit) the solution in the last block.
    error_energy
        (unit,) the bound on the error's squared length in G + alpha.
    """

    alpha: float
    target: np.ndarray
    factors: list[np.ndarray] = field(default_factory=list)
    loads: list[np.ndarray] = field(default_factory=list)
    last: np.ndarray = field(default_factory=lambda: np.zeros((0, 0)))
    error_energy: np.ndarray = field(default_factory=lambda: np.zeros(0))

    def extend(self, space: BlockKrylov) -> None:
        """Take in the next block of the space, if there is one."""
        step = len(self.factors)
        if step < len(space.blocks):
            shifted = space.diagonal[step].copy()
            shifted[np.diag_indices_from(shifted)] += self.alpha
            target = self.target
            if step:
                link = _solved(self.factors[-1], space.below[step - 1].T)  # C_j
                shifted -= link.T @ link
                target = -(link.T @ self.loads[-1])
            self.factors.append(cholesky(shifted, lower=True, overwrite_a=True, check_finite=False))
            self.loads.append(_solved(self.factors[-1], target))
            self.last = _solved(self.factors[-1], self.loads[-1], trans="T")
        residual = space.below[-1] @ self.last
        self.error_energy = np.einsum("dv,dv->v", residual, residual) / self.alpha

    def coefficients(self, space: BlockKrylov, units: np.ndarray | slice) -> np.ndarray:
        """Return some units' solution (direction, unit) in the blocks taken in so far."""
        parts = [self.last[:, units]]
        for step in reversed(range(len(self.factors) - 1)):
            factor, reached = self.factors[step], space.below[step].T @ parts[0]
            load = self.loads[step][:, units] - _solved(factor, reached)
            parts.insert(0, _solved(factor, load, trans="T"))
        return np.concatenate(parts)

    def last_gain(self) -> np.ndarray:
        """Return what the last block took off that squared length, (unit,)."""
        return np.asarray(np.einsum("dv,dv->v", self.loads[-1], self.loads[-1]))


def _solved(factor: np.ndarray, targets: np.ndarray, trans: Literal["N", "T"] = "N") -> np.ndarray:
    """Return the solution for a lower triangular ``factor``, or for its transpose."""
    found = solve_triangular(factor, targets, lower=True, trans=trans, check_finite=False)
    return np.asarray(found)


def _orthonormal(block: np.ndarray, floor: float) -> tuple[np.ndarray, np.ndarray]:
    """Return Q (row, direction) and F (direction, column) with ``QF = block``.

    Directions not longer than ``floor`` are left out.
    """
    if block.dtype == np.float64:
        basis, factor = np.linalg.qr(block)
        left, singular, right = np.linalg.svd(factor, full_matrices=False)
        kept = singular > floor
        return basis @ left[:, kept], singular[kept, None] * right[kept]
    # Only columns that may depend on each other need their products in twice the digits.
    products = _products(block) if floor < 0.5 else (block.T @ block).astype(np.float64)  # noqa: PLR2004
    try:
        factor = np.linalg.cholesky(products)
        diagonal = factor.diagonal()
        is_safe = diagonal.min() > max(floor, SQUARABLE * diagonal.max())
    except np.linalg.LinAlgError:
        is_safe = False
    if is_safe:
        return block @ np.linalg.inv(factor).T.astype(block.dtype), factor.T
    squares, axes = np.linalg.eigh(products)
    singular = np.sqrt(squares.clip(min=0.0))
    kept = singular > max(floor, SQUARABLE * SQUARABLE)
    axes, singular = axes[:, kept], singular[kept]
    return block @ (axes / singular).astype(block.dtype), singular[:, None] * axes.T


def _products(block: np.ndarray) -> np.ndarray:
    """Return block'block in float64, a few rows at a time."""
    total = np.zeros((block.shape[1], block.shape[1]))
    for start in range(0, len(block), 2048):
        rows = block[start : start + 2048].astype(np.float64)
        total += rows.T @ rows
    return total
