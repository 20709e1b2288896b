"""Agreement of predictions with held-out responses, without the predictions; see the package, 5."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from heschl.metrics.ridge.agreement import ROUNDING, Agreement, centred
from heschl.metrics.ridge.engine.statistics import Sums, agreement
from heschl.metrics.ridge.lagged.krylov import BlockKrylov
from heschl.metrics.ridge.lagged.sentences import Sentences
from heschl.metrics.ridge.lagged.spectra import Spectra

__all__ = ["HeldOut", "Judged", "Projection"]


@dataclass(frozen=True)
class HeldOut:
    """A fold's held-out rows.

    Parameters
    ----------
    spectra, places
        Of its frames less their offset, and where its rows are among them.
    absence
        (row, lag): -1 where a lag is outside of the row's sentence, and 0 elsewhere.
    offset
        (feature,).
    responses
        (row, unit) less their mean; columns that do not vary are zeros.
    means, total
        (unit,) the means, and the squared deviations from them.
    """

    spectra: Spectra
    places: np.ndarray
    absence: np.ndarray
    offset: np.ndarray
    responses: np.ndarray
    means: np.ndarray
    total: np.ndarray

    @classmethod
    def of(
        cls, sentences: Sentences, responses: np.ndarray, offset: np.ndarray, dtype: np.dtype
    ) -> HeldOut:
        """Return those of a fold from its ``responses (row, unit)``."""
        exact = np.asarray(responses, dtype=np.float64)
        deviations = centred(exact)
        return cls(
            Spectra.of(sentences.stream, len(sentences.lags), dtype),
            sentences.places,
            (sentences.presence() - 1.0).astype(dtype),
            offset,
            deviations.astype(dtype),
            exact.mean(axis=0),
            np.einsum("tv,tv->v", deviations, deviations),
        )

    def design_times(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the design times ``weights (lag · feature, column)``, and its means.

        The product (row, column) is less its means (column,), which are float64.
        """
        by_lag = weights.reshape(self.spectra.n_lags, len(self.offset), weights.shape[1])
        of_offset = self.offset @ by_lag  # (lag, column)
        product = self.spectra.convolve(by_lag, self.places)
        product += self.absence @ of_offset.astype(product.dtype)
        means = product.mean(axis=0, dtype=np.float64)
        product -= means.astype(product.dtype)
        return product, means + of_offset.sum(axis=0)


@dataclass(frozen=True)
class Judged:
    """How well predictions agree with the responses of held-out rows.

    Parameters
    ----------
    sums
        Each (unit,); predictions and responses are less the training mean of the responses.
    predicts
        (unit,) whether the predictions vary by more than rounding.
    """

    sums: Sums
    predicts: np.ndarray

    def agreement(self, kind: Agreement) -> np.ndarray:
        """Return the agreement (unit,), 0 where there is none to speak of."""
        if kind == "pearson":
            predicted = np.where(self.predicts, self.sums.predicted, 0.0)
            return agreement(kind, replace(self.sums, predicted=predicted))
        return agreement(kind, self.sums)

    def bound(self, kind: Agreement, error_energy: np.ndarray) -> np.ndarray:
        """Return how far the agreement (unit,) is off at most for predictions that far off.

        ``error_energy (unit,)`` is the squared length of the predictions' error.
        """
        length = np.sqrt(error_energy)
        total = self.sums.total
        varies = total > 0
        if kind == "pearson":
            # An error of relative length d turns the predictions by no more than arcsin d.
            varies = varies & self.predicts
            relative = length / np.sqrt(np.where(varies, self.sums.predicted, np.inf))
            return np.where(varies, np.where(relative < 1, np.arcsin(relative.clip(max=1)), 2), 0.0)
        explained = self.agreement("r2")
        squared_errors = ((1.0 - explained) * total).clip(min=0.0)
        off = 2 * np.sqrt(squared_errors) * length + error_energy
        off /= np.where(varies, total, np.inf)
        if kind == "signed_r":
            # Roots of numbers d apart are √2d apart at most, and d / √a if both have one sign.
            steep = np.sqrt(2 * off)
            with np.errstate(divide="ignore", invalid="ignore"):
                gentle = np.where(off < abs(explained), off / np.sqrt(abs(explained)), np.inf)
            return np.asarray(np.fmin(steep, gentle))
        return np.asarray(off)


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
    triangle: list[np.ndarray] = field(default_factory=list)
    """[Z_1 … Z_j]'Z_j (direction, direction of the last block), Z_j'Z_j itself by half: twice the
    sum over all of them is Z'Z."""
    products: np.ndarray = field(default_factory=lambda: np.zeros((0, 0)))
    """Z'Y (direction, unit)."""
    means: np.ndarray = field(default_factory=lambda: np.zeros(0))
    """(direction,) of Z."""

    def follow(self, space: BlockKrylov) -> None:
        """Take in the next block of the space, if there is one."""
        if len(self.parts) == len(space.blocks):
            return
        block = space.blocks[len(self.parts)]
        part, means = self.held_out.design_times(block)
        self.means = np.concatenate([self.means, means - self.design_means @ block])
        self.parts.append(part)
        crossed = np.concatenate([other.T @ part for other in self.parts])  # (direction, new)
        crossed[-part.shape[1] :] /= 2
        self.triangle.append(crossed)
        products = part.T @ self.held_out.responses  # (direction, row) @ (row, unit)
        self.products = (
            np.concatenate([self.products, products]) if len(self.products) else products
        )

    def energy(self, coefficients: np.ndarray) -> np.ndarray:
        """Return y'Z'Zy (unit,) of ``coefficients (direction, unit)`` of the first directions."""
        rounded = coefficients.astype(self.products.dtype)
        energy = np.zeros(rounded.shape[1])
        start = 0
        for crossed in self.triangle:
            stop = len(crossed)
            if stop > len(rounded):
                break
            image = crossed @ rounded[start:stop]
            energy += np.einsum("dv,dv->v", rounded[:stop], image, dtype=np.float64)
            start = stop
        return 2 * energy

    def judge(self, coefficients: np.ndarray, units: np.ndarray) -> Judged:
        """Return the numbers of the predictions of some units (unit,)."""
        size = len(coefficients)
        products = np.einsum(
            "dv,dv->v", self.products[:size, units], coefficients, dtype=np.float64
        )
        predicted = self.energy(coefficients).clip(min=0.0)
        means = self.means[:size] @ coefficients
        n_rows = len(self.held_out.responses)
        rounding = ROUNDING * float(np.finfo(self.products.dtype).eps / np.finfo(np.float64).eps)
        offset = self.held_out.means[units] - self.response_means[units] - means
        return Judged(
            Sums(products, predicted, self.held_out.total[units], offset, n_rows),
            predicted > n_rows * (rounding * means) ** 2,
        )
