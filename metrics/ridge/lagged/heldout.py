"""Agreement of predictions with held-out responses, without the predictions.

With Z (row, direction) the held-out design in the Krylov space, less its
training mean, predictions are Zy. All that agreement asks of them are three
numbers a unit: their products with the responses ``y'(Z'Y)``, their energy
``y'(Z'Z)y``, both about the held-out means, and their mean.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from heschl.metrics.ridge.agreement import ROUNDING, Agreement, centred
from heschl.metrics.ridge.lagged.convolution import Convolver
from heschl.metrics.ridge.lagged.krylov import BlockKrylov

__all__ = ["HeldOut", "Judged", "Projection"]


@dataclass(frozen=True)
class HeldOut:
    """A fold's held-out rows.

    Parameters
    ----------
    convolver
        Its sentences.
    responses
        (row, unit) less their mean; columns that do not vary are zeros.
    means, total
        (unit,) the means, and the squared deviations from them.
    """

    convolver: Convolver
    responses: np.ndarray
    means: np.ndarray
    total: np.ndarray

    @classmethod
    def of(cls, convolver: Convolver, responses: np.ndarray, dtype: type[np.floating]) -> HeldOut:
        """Return those of a fold from its ``responses (row, unit)``."""
        exact = np.asarray(responses, dtype=np.float64)
        deviations = centred(exact)
        total = np.einsum("tv,tv->v", deviations, deviations)
        return cls(convolver, deviations.astype(dtype), exact.mean(axis=0), total)


@dataclass(frozen=True)
class Judged:
    """The numbers of predictions, each (unit,): see the module."""

    products: np.ndarray
    energy: np.ndarray
    offset: np.ndarray
    """Mean of the responses less that of the predictions."""
    total: np.ndarray
    n_rows: int
    rounding: float

    def agreement(self, kind: Agreement) -> np.ndarray:
        """Return the agreement (unit,), 0 where there is none to speak of."""
        if kind == "pearson":
            norms = np.sqrt(self.total * self.energy)
            varies = (self.total > 0) & self.predicts
            return np.clip(
                np.where(varies, self.products, 0.0) / np.where(varies, norms, 1.0), -1.0, 1.0
            )
        varies = self.total > 0
        explained = np.where(varies, 1.0 - self._errors() / np.where(varies, self.total, 1.0), 0.0)
        if kind == "signed_r":
            return np.asarray(np.sign(explained) * np.sqrt(np.abs(explained)))
        return np.asarray(explained)

    @property
    def predicts(self) -> np.ndarray:
        """Whether the predictions vary, (unit,)."""
        return np.asarray(self.energy > self.n_rows * (self.rounding * self.offset) ** 2)

    def bound(self, kind: Agreement, error_energy: np.ndarray) -> np.ndarray:
        """Return how far the agreement (unit,) is off at most for predictions that far off.

        ``error_energy (unit,)`` is the squared length of the predictions' error.
        """
        length = np.sqrt(error_energy)
        if kind == "pearson":
            # An error of relative length d turns the predictions by no more than arcsin d.
            varies = (self.total > 0) & self.predicts
            relative = length / np.sqrt(np.where(varies, self.energy, np.inf))
            return np.where(varies, np.where(relative < 1, np.arcsin(relative.clip(max=1)), 2), 0.0)
        varies = self.total > 0
        errors = np.sqrt(self._errors().clip(min=0.0))
        off = (2 * errors * length + error_energy) / np.where(varies, self.total, np.inf)
        if kind == "signed_r":
            # Roots of numbers d apart are √2d apart at most, and d / √a if both have one sign.
            explained = np.abs(self.agreement("r2"))
            steep = np.sqrt(2 * off)
            with np.errstate(divide="ignore", invalid="ignore"):
                gentle = np.where(off < explained, off / np.sqrt(explained), np.inf)
            return np.asarray(np.fmin(steep, gentle))
        return np.asarray(off)

    def _errors(self) -> np.ndarray:
        about_mean = self.total - 2 * self.products + self.energy
        return np.asarray(about_mean + self.n_rows * self.offset**2)


@dataclass
class Projection:
    """Held-out rows in a growing Krylov space.

    Parameters
    ----------
    held_out
        The rows.
    design_means, response_means
        (lag · feature,) and (unit,) of the training rows.
    """

    held_out: HeldOut
    design_means: np.ndarray
    response_means: np.ndarray
    parts: list[np.ndarray] = field(default_factory=list)
    """Z_j (row, direction) about their held-out means."""
    squares: np.ndarray = field(default_factory=lambda: np.zeros((0, 0)))
    """Z'Z (direction, direction)."""
    products: np.ndarray | None = None
    """Z'Y (direction, unit)."""
    means: np.ndarray = field(default_factory=lambda: np.zeros(0))
    """(direction,) of Z."""

    def follow(self, space: BlockKrylov) -> None:
        """Take in the next block of the space."""
        block = space.blocks[len(self.parts)]
        part = self.held_out.convolver(block)
        means = part.mean(axis=0, dtype=np.float64)
        part -= means.astype(part.dtype)
        self.means = np.concatenate([self.means, means - self.design_means @ block])
        self.parts.append(part)
        crossed = np.concatenate([other.T @ part for other in self.parts])  # (direction, new)
        size, new = crossed.shape
        squares = np.empty((size, size), dtype=part.dtype)
        squares[: size - new, : size - new] = self.squares
        squares[:, size - new :] = crossed
        squares[size - new :, :] = crossed.T
        self.squares = squares
        products = part.T @ self.held_out.responses  # (direction, row) @ (row, unit)
        self.products = (
            products if self.products is None else np.concatenate([self.products, products])
        )

    def energy(self, coefficients: np.ndarray) -> np.ndarray:
        """Return y'Z'Zy (unit,) of ``coefficients (direction, unit)`` of the first directions."""
        size = len(coefficients)
        rounded = coefficients.astype(self.squares.dtype)
        image = self.squares[:size, :size] @ rounded
        return np.asarray(np.einsum("dv,dv->v", rounded, image, dtype=np.float64))

    def judge(self, coefficients: np.ndarray, units: np.ndarray) -> Judged:
        """Return the numbers of the predictions of some units (unit,)."""
        assert self.products is not None  # noqa: S101 - tells the type checker
        size = len(coefficients)
        targets = self.held_out.means[units] - self.response_means[units]
        return Judged(
            np.einsum(
                "dv,dv->v",
                self.products[:size, units],
                coefficients,
                dtype=np.float64,
            ),
            self.energy(coefficients).clip(min=0.0),
            targets - self.means[:size] @ coefficients,
            self.held_out.total[units],
            len(self.held_out.responses),
            ROUNDING * float(np.finfo(self.squares.dtype).eps / np.finfo(np.float64).eps),
        )
