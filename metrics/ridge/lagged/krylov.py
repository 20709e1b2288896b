"""Ridge for all penalties at once in a growing Krylov space, with its error bound.

Let G (feature, feature) be a centred Gram matrix and B (feature, unit) the
products with the responses. Wanted is ``W(alpha) = (G + alpha)⁻¹ B`` for many
alphas. The blocks Q₁, Q₂, … are orthonormal bases of B, GB, G²B, … less what
came before. In them G is block tridiagonal, whatever the penalty:

    G [Q₁ … Q_k] = [Q₁ … Q_k] T + Q_{k+1} (0 … 0 B_{k+1}),      Q₁ R = B,

with A_j on the diagonal of T and B_{j+1} below it. The best weights in the
space are ``Q (T + alpha)⁻¹ E₁R``, from a Cholesky factorisation block by block:

    D₁ = A₁ + alpha,   z₁ = R,   D_j = L_j L_j',   C_{j+1} = L_j⁻¹ B_{j+1}',
    u_j = L_j⁻¹ z_j,   D_{j+1} = A_{j+1} + alpha - C_{j+1}' C_{j+1},
    z_{j+1} = -C_{j+1}' u_j.

Their residual ``B - (G + alpha) W`` is exactly ``Q_{k+1} z_{k+1}``. So their
error e obeys, for every unit,

    |e|²_{G + alpha}  =  e'(G + alpha) e  =  z'Q'(G + alpha)⁻¹Q z  <=  |z_{k+1}|² / alpha,

and a step takes ``|u_k|²`` off it. When no direction is left the space is
full and the weights are those of the dense solution.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.linalg import cholesky, solve_triangular

from heschl.metrics.ridge.lagged.products import LagProducts

__all__ = ["BlockKrylov", "PenaltyPath"]

SQUARABLE = 1e-6
"""Columns more dependent than this are not told apart by their products alone."""


@dataclass
class BlockKrylov:
    """The space, a block longer with each `grow`.

    Parameters
    ----------
    gram
        (feature, feature), or what multiplies by it; its type is that of the large products.
    blocks
        Q_j (feature, direction), in that type.
    start
        R (direction, unit), float64.
    diagonal, below
        A_j and B_{j+1}, float64; ``below`` reaches from Q_j to Q_{j+1}.
    """

    gram: np.ndarray | LagProducts
    blocks: list[np.ndarray]
    start: np.ndarray
    diagonal: list[np.ndarray] = field(default_factory=list)
    below: list[np.ndarray] = field(default_factory=list)
    largest: float = 0.0
    """Estimate, from below, of the largest eigenvalue."""

    @classmethod
    def of(cls, gram: np.ndarray | LagProducts, cross: np.ndarray) -> BlockKrylov:
        """Start a space from ``cross (feature, unit)``."""
        norms = np.linalg.norm(cross, axis=0)
        scaled = (cross / np.where(norms > 0, norms, 1.0)).astype(gram.dtype)
        first, factor = _orthonormal(scaled, float(np.finfo(gram.dtype).eps))
        if first.shape[1]:
            first, correction = _orthonormal(first, 0.5)
            factor = correction @ factor
        return cls(gram, [first], factor * norms)

    @property
    def is_full(self) -> bool:
        """Whether the last block took all that was left."""
        return len(self.blocks) == len(self.diagonal)

    @property
    def dimension(self) -> int:
        """The directions in the blocks that were multiplied by G."""
        return sum(len(diagonal) for diagonal in self.diagonal)

    def grow(self) -> None:
        """Multiply the last block by G and find the next."""
        last = self.blocks[-1]
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

        if self.dimension >= len(last) or not diagonal.size:
            return
        floor = float(np.finfo(image.dtype).eps) * self.largest
        block, factor = _orthonormal(image, floor)
        del image
        for earlier in self.blocks:  # a second time, for rounding's sake
            block -= earlier @ (earlier.T @ block)
        if block.shape[1]:
            block, correction = _orthonormal(block, 0.5)
        if block.shape[1]:
            self.blocks.append(block)
            self.below.append(correction @ factor)


@dataclass
class PenaltyPath:
    """One penalty's solution for some units, a block longer with each `extend`.

    Parameters
    ----------
    alpha
        The penalty.
    residual
        z_{k+1} (direction, unit).
    factors, loads
        L_j (direction, direction) and u_j (direction, unit).
    links
        C_{j+1} (direction, next direction).
    """

    alpha: float
    residual: np.ndarray
    factors: list[np.ndarray] = field(default_factory=list)
    loads: list[np.ndarray] = field(default_factory=list)
    link: np.ndarray | None = None

    def extend(self, space: BlockKrylov) -> None:
        """Take in the next block of the space."""
        step = len(self.factors)
        shifted = space.diagonal[step].copy()
        shifted[np.diag_indices_from(shifted)] += self.alpha
        if self.link is not None:
            shifted -= self.link.T @ self.link
        factor = cholesky(shifted, lower=True, overwrite_a=True, check_finite=False)
        load = solve_triangular(factor, self.residual, lower=True, check_finite=False)
        self.factors.append(factor)
        self.loads.append(load)
        if step < len(space.below):
            self.link = solve_triangular(
                factor, space.below[step].T, lower=True, check_finite=False
            )
            self.residual = -(self.link.T @ load)
        else:
            self.residual = np.zeros((0, load.shape[1]))

    def coefficients(self, space: BlockKrylov, units: np.ndarray | slice) -> np.ndarray:
        """Return some units' solution (direction, unit) in the blocks taken in so far."""
        parts: list[np.ndarray] = []
        for step in reversed(range(len(self.factors))):
            load = self.loads[step][:, units]
            factor = self.factors[step]
            if parts:
                reached = space.below[step].T @ parts[0]
                load = load - solve_triangular(factor, reached, lower=True, check_finite=False)
            parts.insert(
                0, solve_triangular(factor, load, lower=True, trans="T", check_finite=False)
            )
        return np.concatenate(parts)

    def error_energy(self) -> np.ndarray:
        """Return the bound (unit,) on the error's squared length in G + alpha."""
        return np.asarray(np.einsum("dv,dv->v", self.residual, self.residual) / self.alpha)

    def last_gain(self) -> np.ndarray:
        """Return what the last block took off that squared length, (unit,)."""
        return np.asarray(np.einsum("dv,dv->v", self.loads[-1], self.loads[-1]))


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
        factor = cholesky(products, lower=True, check_finite=False)
        diagonal = factor.diagonal()
        is_safe = diagonal.min() > max(floor, SQUARABLE * diagonal.max())
    except np.linalg.LinAlgError:
        is_safe = False
    if is_safe:
        basis = solve_triangular(
            factor.astype(block.dtype), block.T, lower=True, check_finite=False
        ).T
        return np.ascontiguousarray(basis), factor.T
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
