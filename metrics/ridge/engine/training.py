"""A training set ready for units: its axes, the bands of its penalty path, its held-out rows."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from heschl.errors import InvalidInput
from heschl.metrics.ridge.agreement import ROUNDING, Agreement
from heschl.metrics.ridge.engine.arrangement import Arrangement
from heschl.metrics.ridge.engine.bands import Band, bands_of
from heschl.metrics.ridge.engine.crossing import turn_onto_axes
from heschl.metrics.ridge.engine.design import Design
from heschl.metrics.ridge.engine.factors import (
    Factor,
    Projection,
    Route,
    factor_training,
    project,
    squares_on_axes,
    unreachable_axes,
)
from heschl.metrics.ridge.engine.path import Mixer, Panel, operators, path_sums
from heschl.metrics.ridge.engine.space import Space
from heschl.metrics.ridge.engine.statistics import Sums, agreement
from heschl.metrics.ridge.engine.units import Tile
from heschl.metrics.ridge.estimators import Estimator, LeaveOneOut
from heschl.metrics.ridge.penalties import LEAST_LEFT_OUT

__all__ = ["PRECISION", "Loaded", "Settings", "Training", "prepare_training"]

PRECISION = {"float32": 1e-6, "float64": 1e-13}
"""The largest relative error of any share in a compressed path, by the type of the products."""

NEGLIGIBLE = {"float32": 1e-9, "float64": 1e-15}
"""Axes are dropped that reach predictions by less than this share of the others."""


@dataclass(frozen=True)
class Settings:
    """What is asked for; the penalties are on the scale of the design."""

    alphas: np.ndarray
    estimator: Estimator
    score: Agreement
    dtype: np.dtype
    arrangement: Arrangement
    is_raw: bool
    """Whether responses are as they were recorded, so that means are taken off set by set."""


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
class HeldOutSide:
    """Held-out rows that judge penalties.

    Parameters
    ----------
    held_out
        Position of the rows in the arrangement.
    folds
        The outer folds whose penalty they judge, as often as they do.
    basis, root
        (row, root row) orthonormal, and (root row, axis) triangular: the centred projection of the
        rows is their product.
    mean
        (axis,) the mean of the projection, relative to the training mean.
    mixer
        Of the bands of the axes.
    """

    held_out: int
    folds: tuple[int, ...]
    basis: np.ndarray
    root: np.ndarray
    mean: np.ndarray
    mixer: Mixer

    def judge(
        self,
        training: Training,
        tile: Tile,
        loaded: Loaded,
        made: list[Panel],
        space: Space,
    ) -> np.ndarray:
        """Return the agreement (alpha, unit)."""
        settings = training.settings
        assert not isinstance(settings.estimator, LeaveOneOut)  # noqa: S101 - for the type checker
        rows = tile.held_out(self.held_out, settings.arrangement)
        target = self.basis.T @ rows.values  # (root row, row) @ (row, unit)
        predicted, product = path_sums(made, self.mixer, loaded.values, target, space=space)
        offset = np.zeros(())
        if settings.estimator.criterion != "pearson":
            means = training.shares @ (self.mean[:, None] * loaded.values)
            offset = rows.mean - loaded.mean - means
        sums = Sums(product, predicted, rows.total, offset, len(rows.values))
        return agreement(settings.estimator.criterion, sums)


@dataclass(frozen=True)
class LeftOutSide:
    """Training rows that judge penalties, each when left out.

    The error of a row left out is its residual over 1 - its leverage. Where the
    axes span all rows both are alpha times a sum over the axes; the alphas
    cancel, and nothing is lost as alpha goes to 0.
    """

    folds: tuple[int, ...]
    root: np.ndarray
    mixer: Mixer

    def judge(
        self,
        training: Training,
        tile: Tile,
        loaded: Loaded,
        made: list[Panel],
        space: Space,
    ) -> np.ndarray:
        """Return 1 - (mean squared error) / variance, (alpha, unit)."""
        del tile, training
        assert loaded.target is not None and loaded.total is not None  # noqa: S101, PT018
        errors, _ = path_sums(made, self.mixer, loaded.values, loaded.target, space=space)
        total = loaded.total.astype(np.float64)
        varies = total > 0
        return np.where(varies, 1.0 - errors / np.where(varies, total, 1.0), 0.0)


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
    shares
        (alpha, axis) 1 / (eigenvalue + alpha).
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
            blocks = list(arrangement.members[self.position])
            crossed = tile.crossed[blocks[0]].copy()
            for block in blocks[1:]:
                crossed += tile.crossed[block]
            values = self.turn.T @ crossed
            mean = crossed[-1] / len(rows)
        else:
            assert self.loadings is not None  # noqa: S101 - tells the type checker
            taken = tile.take(rows)
            mean = taken.mean(axis=0)
            is_left_out = any(isinstance(side, LeftOutSide) for side in self.sides)
            if has_intercept and (is_left_out or self.settings.is_raw):
                taken = taken - mean
            if is_left_out:
                target = taken
                target[:, spread <= ROUNDING * np.abs(mean)] = 0.0
                total = np.einsum("iv,iv->v", target, target)
            values = self.loadings.T @ taken
        if has_intercept:
            values[:, spread <= ROUNDING * np.abs(mean)] = 0.0
        else:
            mean = np.zeros_like(mean)
        loaded = Loaded(values, mean, target, total)
        if self.sides and self.scored:
            tile.loaded[self.position] = loaded
        return loaded

    def score(
        self, tile: Tile, held_out: int, indices: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return score and whether prediction or response do not vary, each (unit,)."""
        projection = self.scored[held_out]
        rows = tile.held_out(held_out, self.settings.arrangement)
        loaded = self.load(tile)
        weights = self._weights(loaded, indices)
        predicted = projection.centred @ weights  # (row, axis) @ (axis, unit)
        mean = projection.mean @ weights
        largest = np.maximum(predicted.max(axis=0), -predicted.min(axis=0))
        rounding = 64 * np.finfo(predicted.dtype).eps
        is_still = largest <= rounding * np.abs(mean)
        predicted[:, is_still] = 0.0
        sums = Sums(
            np.einsum("iv,iv->v", predicted, rows.values),
            np.einsum("iv,iv->v", predicted, predicted),
            rows.total,
            rows.mean - loaded.mean - mean,
            len(predicted),
        )
        is_constant = is_still | rows.is_still(loaded.mean) | (rows.total == 0)
        return agreement(self.settings.score, sums), is_constant

    def weights(self, design: Design, tile: Tile, indices: np.ndarray) -> np.ndarray:
        """Return weights (feature, unit) on design and responses as they were given."""
        assert self.basis is not None  # noqa: S101 - tells the type checker
        on_axes = self._weights(self.load(tile), indices)
        return np.asarray(self.basis @ on_axes * (tile.scale * design.scale))

    def _weights(self, loaded: Loaded, indices: np.ndarray) -> np.ndarray:
        alphas = self.settings.alphas[indices]
        shrunk = self.eigenvalues[:, None].astype(loaded.values.dtype) + alphas.astype(
            loaded.values.dtype
        )
        return np.asarray(loaded.values / shrunk)


def prepare_training(
    design: Design,
    settings: Settings,
    position: int,
    route: Route,
    *,
    gram: np.ndarray | None,
    root: np.ndarray | None,
    keeps: bool,
    has_weights: bool = False,
) -> Training:
    """Do all the work on the design that one training set needs; units come later.

    Gram matrix and root are those of `factor_training` and `turn_onto_axes`, for the route
    "summed".
    """
    arrangement, alphas, dtype = settings.arrangement, settings.alphas, settings.dtype
    rows = arrangement.trainings[position]
    is_left_out = isinstance(settings.estimator, LeaveOneOut)
    factor = factor_training(
        design, rows, route, smallest_alpha=alphas[0], gram=gram, has_loadings=is_left_out
    )
    projections = {
        held_out: project(design, factor, rows, arrangement.held_out[held_out])
        for held_out in arrangement.predicted_from(position)
    }
    order, bands = _order_axes(factor, projections, settings, n_rows=len(rows))
    factor = factor.of_axes(order)
    projections = {
        held_out: projection.of_axes(order, dtype) for held_out, projection in projections.items()
    }
    turn = None
    if factor.loadings is None:
        assert root is not None  # noqa: S101 - tells the type checker
        turn = turn_onto_axes(
            design,
            factor,
            root,
            seen=squares_on_axes(projections.values()),
            smallest_alpha=alphas[0],
        )
        if turn is None:
            factor = factor.loaded_by_rows(design, rows)
    shares = 1.0 / (alphas[:, None] + factor.eigenvalues)
    sides: tuple[HeldOutSide | LeftOutSide, ...]
    if is_left_out:
        sides = (_left_out_side(factor, settings, shares, bands, position),)
    else:
        sides = tuple(_held_out_sides(projections, settings, bands, position))
    scored = {
        outer.scored.held_out: projections[outer.scored.held_out]
        for outer in arrangement.outer
        if outer.scored.training == position
    }

    def cast(matrix: np.ndarray | None) -> np.ndarray | None:
        return None if matrix is None else np.ascontiguousarray(matrix, dtype=dtype)

    training = Training(
        settings,
        position,
        factor.eigenvalues,
        shares.astype(dtype),
        cast(factor.loadings),
        cast(turn),
        factor.feature_basis(design, rows) if has_weights and scored else None,
        bands,
        sides,
        scored,
    )
    if not keeps:
        return training
    spent = tuple(replace(side, root=side.root[:0]) for side in sides)  # roots only make operators
    return replace(training, kept=training.made(), sides=spent)


def _order_axes(
    factor: Factor, projections: dict[int, Projection], settings: Settings, *, n_rows: int
) -> tuple[np.ndarray, list[Band]]:
    """Return the axes that matter in the order of the bands, and the bands."""
    name = settings.dtype.name
    seen = [*projections.values()]
    heights = [len(projection.centred) for projection in seen]
    is_left_out = isinstance(settings.estimator, LeaveOneOut)
    if is_left_out:
        assert factor.loadings is not None  # noqa: S101 - tells the type checker
        heights = [n_rows]
        seen.append(Projection(factor.loadings, np.zeros(factor.loadings.shape[1])))
    axes = np.argsort(factor.eigenvalues, kind="stable")
    if not (is_left_out and factor.spans_rows):  # there the residual lies on all axes
        unreachable = unreachable_axes(
            factor, squares_on_axes(seen), settings.alphas[0], NEGLIGIBLE[name]
        )
        axes = axes[~unreachable[axes]]
    bands = bands_of(
        factor.eigenvalues[axes],
        settings.alphas,
        precision=PRECISION[name],
        n_rows=max(heights),
    )
    order = [np.zeros(0, dtype=np.intp), *(axes[slice(*band.axes)] for band in bands)]
    return np.concatenate(order), bands


def _held_out_sides(
    projections: dict[int, Projection], settings: Settings, bands: list[Band], position: int
) -> list[HeldOutSide]:
    folds: dict[int, list[int]] = {}
    for fold, outer in enumerate(settings.arrangement.outer):
        for trial in outer.judged:
            if trial.training == position:
                folds.setdefault(trial.held_out, []).append(fold)
    sides = []
    mixer = Mixer(bands, dtype=settings.dtype, n_alphas=len(settings.alphas))
    for held_out, of_side in folds.items():
        projection = projections[held_out]
        basis, root = np.linalg.qr(projection.centred)
        sides.append(HeldOutSide(held_out, tuple(of_side), basis, root, projection.mean, mixer))
    return sides


def _left_out_side(
    factor: Factor, settings: Settings, shares: np.ndarray, bands: list[Band], position: int
) -> LeftOutSide:
    assert factor.loadings is not None  # noqa: S101 - tells the type checker
    left_out = factor.loadings**2 @ shares.T  # (row, alpha)
    if not factor.spans_rows:
        left_out = 1.0 - 1.0 / len(left_out) - left_out
        if left_out.min() < LEAST_LEFT_OUT:
            raise InvalidInput(
                "a training row is predicted by itself alone at the penalty "
                f"{settings.estimator.alphas[0]:g}, so that it cannot be left out; begin the "
                "penalties higher, or drop features that differ from their mean in a single row"
            )
    mixer = Mixer(
        bands,
        dtype=settings.dtype,
        n_alphas=len(settings.alphas),
        row_scale=1.0 / left_out,
        has_target=not factor.spans_rows,
    )
    folds = tuple(
        fold
        for fold, outer in enumerate(settings.arrangement.outer)
        if outer.scored.training == position
    )
    return LeftOutSide(folds, np.ascontiguousarray(factor.loadings, settings.dtype), mixer)
