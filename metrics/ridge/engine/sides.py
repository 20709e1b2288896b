"""Rows that judge penalties, each set from its own side: held out, or left out one by one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from heschl.errors import InvalidInput
from heschl.metrics.ridge.engine.bands import Band
from heschl.metrics.ridge.engine.factors import Factor, Projection
from heschl.metrics.ridge.engine.path import Mixer, Panel, path_sums
from heschl.metrics.ridge.engine.settings import Settings
from heschl.metrics.ridge.engine.space import Space
from heschl.metrics.ridge.engine.statistics import Sums, agreement
from heschl.metrics.ridge.engine.units import Tile
from heschl.metrics.ridge.estimators import LeaveOneOut
from heschl.metrics.ridge.penalties import LEAST_LEFT_OUT

if TYPE_CHECKING:
    from heschl.metrics.ridge.engine.training import Loaded, Training

__all__ = ["HeldOutSide", "LeftOutSide", "held_out_sides", "left_out_side"]


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
        target = space.of("target", self.basis.shape[1], rows.values.shape[1])
        np.matmul(self.basis.T, rows.values, out=target)  # (root row, row) @ (row, unit)
        predicted, product = path_sums(made, self.mixer, loaded.values, target, space=space)
        strength, offset = training.strength[:, None], np.zeros(())
        if settings.estimator.criterion != "pearson":
            means = training.shares @ (self.mean[:, None] * loaded.values)
            offset = rows.mean - loaded.mean - means / strength
        sums = Sums(
            product / strength, predicted / strength**2, rows.total, offset, len(rows.values)
        )
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


def held_out_sides(
    projections: dict[int, Projection],
    settings: Settings,
    bands: list[Band],
    position: int,
    *,
    strength: np.ndarray,
) -> list[HeldOutSide]:
    """Return the sides of the training set at a position; ``strength`` as in `Training`."""
    folds: dict[int, list[int]] = {}
    for fold, outer in enumerate(settings.arrangement.outer):
        for trial in outer.judged:
            if trial.training == position:
                folds.setdefault(trial.held_out, []).append(fold)
    sides = []
    mixer = Mixer(bands, dtype=settings.dtype, strength=strength)
    for held_out, of_side in folds.items():
        projection = projections[held_out]
        basis, root = np.linalg.qr(projection.centred)
        sides.append(HeldOutSide(held_out, tuple(of_side), basis, root, projection.mean, mixer))
    return sides


def left_out_side(
    factor: Factor, settings: Settings, bands: list[Band], position: int
) -> LeftOutSide:
    """Return the side of the training set at a position, its axes in the order of the bands."""
    assert factor.loadings is not None  # noqa: S101 - tells the type checker
    shares = 1.0 / (factor.eigenvalues[:, None] + settings.alphas)  # (axis, alpha)
    left_out = factor.loadings**2 @ shares  # (row, alpha)
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
        strength=np.ones(len(settings.alphas)),
        row_scale=1.0 / left_out,
        has_target=not factor.spans_rows,
    )
    folds = tuple(
        fold
        for fold, outer in enumerate(settings.arrangement.outer)
        if outer.scored.training == position
    )
    return LeftOutSide(folds, np.ascontiguousarray(factor.loadings, settings.dtype), mixer)
