"""The pass over units by torch: the same sums as in `training` and `path`, on a GPU.

The design stays with NumPy in float64: eigenproblems are few, and slow on a GPU. What comes of it
moves to the device once. Units follow in tiles, and of each only sums come back, by which penalties
are judged and chosen as on the processor. So results differ by rounding alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch

from heschl.metrics.ridge.agreement import ROUNDING
from heschl.metrics.ridge.engine.arrangement import Trial
from heschl.metrics.ridge.engine.design import Design
from heschl.metrics.ridge.engine.passes import Work
from heschl.metrics.ridge.engine.sides import HeldOutSide, LeftOutSide
from heschl.metrics.ridge.engine.space import Space
from heschl.metrics.ridge.engine.statistics import Sums, agreement
from heschl.metrics.ridge.engine.training import Training
from heschl.metrics.ridge.engine.units import Tile
from heschl.metrics.ridge.estimators import LeaveOneOut

__all__ = ["TorchWork"]

PANEL = 512
"""Rows multiplied at a time."""

PANEL_BYTES = 256 * 2**20
"""Memory for what is multiplied before it is mixed and summed."""


@dataclass(frozen=True)
class TorchWork(Work):
    """One pass over units, by torch.

    Parameters
    ----------
    device
        ``cuda``, ``cuda:1``, ...; ``cpu`` in tests.
    """

    device: str = "cuda"
    _trainings: list[_OnDevice] = field(default_factory=list)
    _crossing: list[torch.Tensor] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Move what does not depend on units."""
        self._crossing.extend(self.sent(each) for each in self.crossing)
        self._trainings.extend(_OnDevice(training, self) for training in self.trainings)

    def sent(self, values: np.ndarray) -> torch.Tensor:
        """Return an array on the device, in the type of the products."""
        values = np.ascontiguousarray(values, dtype=self.routing.dtype)
        return torch.tensor(values, device=self.device)

    def _cross(self, tile: Tile) -> None:
        """Nothing: products with units are formed on the device."""

    def _judge(self, tiles: Sequence[Tile], space: Space) -> list[np.ndarray]:
        del space
        outer, n_alphas = self.settings.arrangement.outer, len(self.settings.alphas)
        found = []
        for tile in tiles:
            units = self._units(tile)
            values = np.zeros((len(outer), n_alphas, tile.stop - tile.start))
            for training in self._trainings:
                training.judge(units, values)
            counts = np.array([max(1, len(each.judged)) for each in outer])
            found.append(values / counts[:, None, None])
        return found

    def _score(
        self, trial: Trial, tile: Tile, indices: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        return self._trainings[trial.training].score(self._units(tile), trial.held_out, indices)

    def _weights(self, trial: Trial, tile: Tile, indices: np.ndarray) -> np.ndarray:
        return self._trainings[trial.training].weights(self.design, self._units(tile), indices)

    def _units(self, tile: Tile) -> _Units:
        """Return a tile on the device, where it stays as long as the tile does."""
        if not tile.loaded:
            tile.loaded[0] = _Units(tile, self, self._crossing)
        found: _Units = tile.loaded[0]
        return found


@dataclass(frozen=True)
class _HeldOut:
    """As `units.HeldOut`."""

    values: torch.Tensor
    total: np.ndarray
    mean: np.ndarray


@dataclass(frozen=True)
class _Loaded:
    """As `training.Loaded`; targets where rows are left out."""

    values: torch.Tensor
    mean: np.ndarray
    target: torch.Tensor


class _Units:
    """The numbers of a tile on the device, and what was made of them."""

    def __init__(self, tile: Tile, work: TorchWork, crossing: Sequence[torch.Tensor]) -> None:
        self.tile = tile
        self.arrangement = work.settings.arrangement
        self.values = torch.as_tensor(tile.values, device=work.device)
        blocks = self.arrangement.blocks if crossing else ()
        self.crossed = [
            design @ self.take(rows) for design, rows in zip(crossing, blocks, strict=True)
        ]
        self.loaded: dict[int, _Loaded] = {}
        self._held_out: dict[int, _HeldOut] = {}

    def take(self, rows: np.ndarray) -> torch.Tensor:
        """Return rows (row, unit), as a view where they are neighbours."""
        if rows[-1] - rows[0] == len(rows) - 1:
            return self.values[int(rows[0]) : int(rows[-1]) + 1]
        return self.values[torch.as_tensor(rows, device=self.values.device)]

    def held_out(self, position: int) -> _HeldOut:
        """Return a held-out set of rows, remembered."""
        if position not in self._held_out:
            values = self.take(self.arrangement.held_out[position])
            means = values.mean(dim=0)
            mean = _back(means)
            still = self.tile.spread_held_out[position] <= ROUNDING * np.abs(mean)
            values = _stilled(values - means, still)
            self._held_out[position] = _HeldOut(values, _back(values.square().sum(dim=0)), mean)
        return self._held_out[position]


class _OnDevice:
    """A training set on the device; see `Training`."""

    def __init__(self, training: Training, work: TorchWork) -> None:
        def moved(matrix: np.ndarray | None) -> torch.Tensor | None:
            return None if matrix is None else work.sent(matrix)

        self.training = training
        self.loadings, self.turn = moved(training.loadings), moved(training.turn)
        self.shares = work.sent(training.shares)
        self.paths = [_Path(training, side, work) for side in training.sides]
        self.scored = {
            held_out: (work.sent(each.centred), work.sent(each.mean))
            for held_out, each in training.scored.items()
        }

    def load(self, units: _Units) -> _Loaded:
        """Turn the training responses of a tile onto the axes."""
        position, settings = self.training.position, self.training.settings
        if position in units.loaded:
            return units.loaded[position]
        rows = units.arrangement.trainings[position]
        spread = units.tile.spread_fitted[position]
        target = units.values[:0]
        if self.turn is not None:
            members = units.arrangement.members[position]
            crossed = torch.stack([units.crossed[block] for block in members]).sum(dim=0)
            values, means = self.turn.T @ crossed, crossed[-1] / len(rows)
        else:
            assert self.loadings is not None  # noqa: S101 - tells the type checker
            taken = units.take(rows)
            means = taken.mean(dim=0)
            is_left_out = isinstance(settings.estimator, LeaveOneOut)
            if settings.estimator.has_intercept and (is_left_out or settings.is_raw):
                taken = taken - means
            if is_left_out:
                target = taken = _stilled(taken, spread <= ROUNDING * np.abs(_back(means)))
            values = self.loadings.T @ taken
        mean = _back(means)
        if settings.estimator.has_intercept:
            values = _stilled(values, spread <= ROUNDING * np.abs(mean))
        else:
            mean = np.zeros_like(mean)
        loaded = _Loaded(values, mean, target)
        if self.paths and self.scored:
            units.loaded[position] = loaded
        return loaded

    def judge(self, units: _Units, values: np.ndarray) -> None:
        """Add to ``values (fold, alpha, unit)`` what the sides of this training set say."""
        if not self.paths:
            return
        loaded = self.load(units)
        for path in self.paths:
            judged = path.judge(loaded, units)
            for fold in path.side.folds:
                values[fold] += judged

    def score(
        self, units: _Units, held_out: int, indices: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return score and whether prediction or response do not vary, each (unit,)."""
        projected, mean_projected = self.scored[held_out]
        rows, loaded = units.held_out(held_out), self.load(units)
        weights, strength = self._on_axes(loaded, indices), self.training.strength[indices]
        predicted, mean = projected @ weights, _back(mean_projected @ weights)
        rounding = 64 * torch.finfo(predicted.dtype).eps
        is_still = _back(predicted.abs().amax(dim=0)) <= rounding * np.abs(mean)
        predicted = _stilled(predicted, is_still)
        sums = Sums(
            _back((predicted * rows.values).sum(dim=0)) / strength,
            _back(predicted.square().sum(dim=0)) / strength**2,
            rows.total,
            rows.mean - loaded.mean - mean / strength,
            len(predicted),
        )
        spread = units.tile.spread_held_out[held_out]
        is_constant = is_still | (spread <= ROUNDING * np.abs(rows.mean - loaded.mean))
        return agreement(self.training.settings.score, sums), is_constant | (rows.total == 0)

    def weights(self, design: Design, units: _Units, indices: np.ndarray) -> np.ndarray:
        """Return weights (feature, unit) on design and responses as they were given."""
        assert self.training.basis is not None  # noqa: S101 - tells the type checker
        on_axes = _back(self._on_axes(self.load(units), indices)) / self.training.strength[indices]
        return np.asarray(self.training.basis @ on_axes * (units.tile.scale * design.scale))

    def _on_axes(self, loaded: _Loaded, indices: np.ndarray) -> torch.Tensor:
        shares = self.shares[torch.as_tensor(indices, device=self.shares.device)]
        return loaded.values * shares.T


class _Path:
    """The penalty path of one side, compressed as in `path`."""

    def __init__(
        self, training: Training, side: HeldOutSide | LeftOutSide, work: TorchWork
    ) -> None:
        self.side, self.settings = side, training.settings
        self.strength = training.strength[:, None]
        self.root, self.left = work.sent(side.root), work.sent(side.mixer.left)
        self.rights = [work.sent(band.right) for band in training.bands]
        self.is_triangular = not np.tril(side.root[:, : len(side.root)], -1).any()
        if isinstance(side, HeldOutSide):
            self.basis, self.mean = work.sent(side.basis), work.sent(side.mean)
            self.shares = work.sent(training.shares)

    def judge(self, loaded: _Loaded, units: _Units) -> np.ndarray:
        """Return the agreement of predictions and responses, (alpha, unit)."""
        estimator = self.settings.estimator
        if isinstance(estimator, LeaveOneOut):
            errors, _ = self._sums(loaded.values, loaded.target)
            total = _back(loaded.target.square().sum(dim=0)).astype(np.float64)
            varies = total > 0
            return np.where(varies, 1.0 - errors / np.where(varies, total, 1.0), 0.0)
        assert isinstance(self.side, HeldOutSide)  # noqa: S101 - for the type checker
        rows = units.held_out(self.side.held_out)
        squares, product = self._sums(loaded.values, self.basis.T @ rows.values)
        offset = np.zeros(())
        if estimator.criterion != "pearson":
            means = self.shares @ (self.mean[:, None] * loaded.values)
            offset = rows.mean - loaded.mean - _back(means) / self.strength
        product, squares = product / self.strength, squares / self.strength**2
        sums = Sums(product, squares, rows.total, offset, len(rows.values))
        return agreement(estimator.criterion, sums)

    def _sums(self, loaded: torch.Tensor, target: torch.Tensor) -> tuple[np.ndarray, np.ndarray]:
        """Return Σ over rows of squared predictions and of target times prediction, (alpha, unit).

        As `path_sums`; where the mixer subtracts the target, the squares are those of errors.
        """
        n_alphas, n_products = self.left.shape[-2:]
        n_rows, n_units = target.shape
        squares, crossed = torch.zeros(
            (2, n_alphas, n_units), dtype=torch.float64, device=target.device
        )
        of_row = (n_alphas + n_products) * n_units * target.element_size()
        height = min(PANEL, max(1, PANEL_BYTES // of_row))
        for first in range(0, n_rows if n_products else 0, height):
            rows = slice(first, min(first + height, n_rows))
            products = self._products(loaded, rows)
            if self.side.mixer.has_target:
                products.append(target[rows][None])
            mixed = self._mixed(torch.cat(products), rows)  # (alpha, row, unit)
            squares += mixed.square().sum(dim=1)
            crossed += (mixed * target[rows]).sum(dim=1)
        return _back(squares), _back(crossed)

    def _products(self, loaded: torch.Tensor, rows: slice) -> list[torch.Tensor]:
        """Return the products (rank, row, unit) of each band that reaches these rows."""
        found, start = [], 0
        for right in self.rights:
            axes = slice(start, start + right.shape[1])
            start = axes.stop
            if self.is_triangular and start <= rows.start:
                continue
            operator = self.root[rows, axes] * right[:, None]  # (rank, row, axis)
            product = operator.flatten(0, 1) @ loaded[axes]
            found.append(product.reshape(*operator.shape[:2], -1))
        return found

    def _mixed(self, products: torch.Tensor, rows: slice) -> torch.Tensor:
        """Return predictions, or errors, for all penalties, (alpha, row, unit)."""
        left = self.left[..., -len(products) :]  # the first bands reach the first rows only
        if left.ndim == 2:  # noqa: PLR2004 - one matrix for all rows
            return (left @ products.flatten(1)).reshape(len(left), *products.shape[1:])
        return (left[rows] @ products.transpose(0, 1)).transpose(0, 1)


def _back(values: torch.Tensor) -> np.ndarray:
    return values.cpu().numpy()


def _stilled(values: torch.Tensor, is_still: np.ndarray) -> torch.Tensor:
    """Return values (row, unit) with zeros for some units."""
    return values.masked_fill(torch.as_tensor(is_still, device=values.device), 0.0)
