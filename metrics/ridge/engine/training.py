"""A training set ready for units: their responses on its axes, and scores of test rows."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from heschl.metrics.ridge.agreement import ROUNDING
from heschl.metrics.ridge.engine.bands import Band
from heschl.metrics.ridge.engine.design import Design
from heschl.metrics.ridge.engine.factors import Projection
from heschl.metrics.ridge.engine.path import Panel, operators
from heschl.metrics.ridge.engine.settings import Settings
from heschl.metrics.ridge.engine.sides import HeldOutSide, LeftOutSide
from heschl.metrics.ridge.engine.statistics import Sums, agreement
from heschl.metrics.ridge.engine.units import Tile
from heschl.metrics.ridge.estimators import LeaveOneOut

__all__ = ["Loaded", "Training"]


@dataclass(frozen=True)
class Loaded:
    """Training responses on the axes.

    Parameters
    ----------
    values
        (axis, unit).
    mean
        (unit,) over the training rows; 0 without intercept.
    total
        (unit,) the sum of squared deviations from the mean; only where rows are left out.
    target
        (row, unit) the training responses less their mean; only where rows are left out.
    """

    values: np.ndarray
    mean: np.ndarray
    target: np.ndarray | None = None
    total: np.ndarray | None = None


@dataclass(frozen=True)
class Training:
    """A training set, with the axes in the order of the bands.

    Parameters
    ----------
    settings
        What is asked for.
    position
        In the arrangement.
    eigenvalues
        (axis,) float64.
    strength
        (alpha,) alpha + the largest eigenvalue: predictions are multiplied by it while they are in
        float32, where their squares would vanish beside a strong penalty.
    shares
        (alpha, axis) strength / (eigenvalue + alpha).
    loadings
        As in `Factor`; None where there is a turn.
    turn
        As in `turn_onto_axes`; None where there are loadings.
    sides
        What judges penalties.
    scored
        Projections of the test rows, by their position.
    """

    settings: Settings
    position: int
    eigenvalues: np.ndarray
    strength: np.ndarray
    shares: np.ndarray
    loadings: np.ndarray | None
    turn: np.ndarray | None
    basis: np.ndarray | None
    bands: list[Band]
    sides: tuple[HeldOutSide | LeftOutSide, ...]
    scored: dict[int, Projection]
    kept: list[list[Panel]] = field(default_factory=list)

    def made(self) -> list[list[Panel]]:
        """Return the operators of each side: those kept, or new ones."""
        return self.kept or [operators(side.root, self.bands) for side in self.sides]

    def load(self, tile: Tile) -> Loaded:
        """Turn the training responses of a tile onto the axes."""
        if self.position in tile.loaded:
            known: Loaded = tile.loaded[self.position]
            return known
        arrangement = self.settings.arrangement
        rows = arrangement.trainings[self.position]
        has_intercept = self.settings.estimator.has_intercept
        target = total = None
        spread = tile.spread_fitted[self.position]
        if self.turn is not None:
            first, *others = arrangement.members[self.position]
            crossed = tile.space.of("summed", *tile.crossed.shape[1:])
            crossed[:] = tile.crossed[first]
            for block in others:
                crossed += tile.crossed[block]
            values = self._loaded(self.turn, crossed, tile)
            mean = crossed[-1] / len(rows)
        else:
            assert self.loadings is not None  # noqa: S101 - tells the type checker
            taken = tile.take(rows)
            mean = taken.mean(axis=0)
            is_left_out = isinstance(self.settings.estimator, LeaveOneOut)
            if has_intercept and (is_left_out or self.settings.is_raw):
                deviations = tile.space.of(self._named("deviations"), *taken.shape)
                taken = np.subtract(taken, mean, out=deviations)
            if is_left_out:
                target = taken
                target[:, spread <= ROUNDING * np.abs(mean)] = 0.0
                total = np.einsum("iv,iv->v", target, target)
            values = self._loaded(self.loadings, taken, tile)
        if has_intercept:
            values[:, spread <= ROUNDING * np.abs(mean)] = 0.0
        else:
            mean = np.zeros_like(mean)
        loaded = Loaded(values, mean, target, total)
        if self._is_needed_twice:
            tile.loaded[self.position] = loaded
        return loaded

    @property
    def _is_needed_twice(self) -> bool:
        return bool(self.sides and self.scored)

    def _named(self, purpose: str) -> str:
        return f"{purpose} {self.position}" if self._is_needed_twice else purpose

    def _loaded(self, loadings: np.ndarray, values: np.ndarray, tile: Tile) -> np.ndarray:
        found = tile.space.of(self._named("loaded"), loadings.shape[1], values.shape[1])
        return np.matmul(loadings.T, values, out=found)

    def score(
        self, tile: Tile, held_out: int, indices: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return score and whether prediction or response do not vary, each (unit,)."""
        projection = self.scored[held_out]
        rows = tile.held_out(held_out, self.settings.arrangement)
        loaded = self.load(tile)
        weights, strength = self.on_axes(tile, loaded, indices), self.strength[indices]
        predicted = tile.space.of("predicted", *rows.values.shape)
        np.matmul(projection.centred, weights, out=predicted)  # (row, axis) @ (axis, unit)
        mean = projection.mean @ weights
        largest = np.maximum(predicted.max(axis=0), -predicted.min(axis=0))
        rounding = 64 * np.finfo(predicted.dtype).eps
        is_still = largest <= rounding * np.abs(mean)
        predicted[:, is_still] = 0.0
        sums = Sums(
            np.einsum("iv,iv->v", predicted, rows.values) / strength,
            np.einsum("iv,iv->v", predicted, predicted) / strength**2,
            rows.total,
            rows.mean - loaded.mean - mean / strength,
            len(predicted),
        )
        is_constant = is_still | rows.is_still(loaded.mean) | (rows.total == 0)
        return agreement(self.settings.score, sums), is_constant

    def weights(self, design: Design, tile: Tile, indices: np.ndarray) -> np.ndarray:
        """Return weights (feature, unit) on design and responses as they were given."""
        assert self.basis is not None  # noqa: S101 - tells the type checker
        on_axes = self.on_axes(tile, self.load(tile), indices) / self.strength[indices]
        return np.asarray(self.basis @ on_axes * (tile.scale * design.scale))

    def on_axes(self, tile: Tile, loaded: Loaded, indices: np.ndarray) -> np.ndarray:
        """Return weights on the axes times the strength, (axis, unit)."""
        values, strength = loaded.values, self.strength[indices]
        eigenvalues, inverse = self.eigenvalues.astype(values.dtype), 1.0 / strength
        shrunk = tile.space.of("weights", *values.shape)
        np.multiply(eigenvalues[:, None], inverse.astype(values.dtype), out=shrunk)
        shrunk += (self.settings.alphas[indices] / strength).astype(values.dtype)
        return np.asarray(np.divide(values, shrunk, out=shrunk))
