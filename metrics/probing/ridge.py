"""Ridge probes over folds: one pass over the items, then all penalties and columns in small sums.

Items are cut into blocks, of which a fold trains on some and tests on one. The sums of products of
each block are taken once; those of a training set are sums over its blocks, so that one symmetric
eigenproblem of the width of the features serves all penalties and all columns of targets. A penalty
is judged by the squared error of each training block when it is left out; leaving out blocks ``i``
and ``j`` serves both the fold that tests ``i`` and the one that tests ``j``. Features are
standardised by the training items of each fit, targets centred.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from heschl.metrics.ridge.solver import rotate

__all__ = ["Blocks", "Choice", "RidgeFit", "chosen_penalties"]

_ROWS = 4096
"""Items that are converted to float64 at a time."""
_LEAST_SPREAD = 1e-10
"""The share of a feature's magnitude below which its deviation is rounding."""
TIE = 1e-9
"""Among penalties whose errors are this close to the least, as a share, the largest is taken."""


@dataclass(frozen=True)
class _Sums:
    """Sums over the items of a block, or of several: of features x and targets y."""

    n: int
    x: np.ndarray
    y: np.ndarray
    xx: np.ndarray
    xy: np.ndarray
    yy: np.ndarray

    def __add__(self, other: _Sums) -> _Sums:
        return _Sums(
            self.n + other.n,
            self.x + other.x,
            self.y + other.y,
            self.xx + other.xx,
            self.xy + other.xy,
            self.yy + other.yy,
        )


@dataclass(frozen=True)
class RidgeFit:
    """A training set on its principal axes; a penalty gives weights by a division.

    Parameters
    ----------
    mean, scale
        (feature,) of the training items; the scale of what does not vary is infinite.
    target_mean
        (column,).
    eigenvalues, basis, loaded
        (axis,), (feature, axis) and (axis, column).
    """

    mean: np.ndarray
    scale: np.ndarray
    target_mean: np.ndarray
    eigenvalues: np.ndarray
    basis: np.ndarray
    loaded: np.ndarray

    def of_first(self, n_columns: int) -> RidgeFit:
        """Return the fit to the first columns alone."""
        return replace(
            self, target_mean=self.target_mean[:n_columns], loaded=self.loaded[:, :n_columns]
        )

    def shrunk(self, alphas: float | np.ndarray) -> np.ndarray:
        """Return weights on the axes (axis, column), for one penalty or one a column."""
        return np.asarray(self.loaded / (self.eigenvalues[:, None] + alphas))

    def project(self, design: np.ndarray) -> np.ndarray:
        """Return items (item, feature) on the axes (item, axis)."""
        return np.asarray(((design - self.mean) / self.scale) @ self.basis)

    def predict(self, design: np.ndarray, alphas: float | np.ndarray) -> np.ndarray:
        """Return predictions (item, column) of ``design`` (item, feature)."""
        weights = self.basis @ self.shrunk(alphas)
        parts = [
            ((design[first : first + _ROWS] - self.mean) / self.scale) @ weights
            for first in range(0, len(design), _ROWS)
        ]
        return np.asarray(np.concatenate(parts) + self.target_mean)


class Blocks:
    """Features and targets, cut into blocks of items.

    Parameters
    ----------
    design
        (item, feature), finite.
    targets
        (item, column), float64.
    rows
        The items of each block, none in two.
    """

    def __init__(self, design: np.ndarray, targets: np.ndarray, rows: Sequence[np.ndarray]) -> None:
        self._design, self._targets, self.rows = design, targets, tuple(rows)
        # What all items have in common would cost the sums of squares their digits.
        self._origin = design[self.rows[0]].mean(axis=0, dtype=np.float64)
        self._target_origin = targets[self.rows[0]].mean(axis=0)

    def fit(self, trained: Sequence[int]) -> RidgeFit:
        """Return the fit to the items of some blocks."""
        n_items = sum(len(self.rows[block]) for block in trained)
        if n_items > self._design.shape[1]:
            return self._fit_to_sums(trained)
        return self._fit_to_items(np.concatenate([self.rows[block] for block in trained]))

    def errors(
        self, fit: RidgeFit, block: int, alphas: Sequence[float]
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the squared errors over a block's items, summed, of the fit's columns.

        Of each penalty (alpha, column), and of the training mean in place of predictions (column,).
        """
        rows = self.rows[block]
        if len(rows) > self._design.shape[1]:
            return self._errors_from_sums(fit, block, alphas)
        projected = fit.project(self._design[rows].astype(np.float64))
        wanted = self._targets[rows, : len(fit.target_mean)] - fit.target_mean
        errors = [((wanted - projected @ fit.shrunk(a)) ** 2).sum(axis=0) for a in alphas]
        return np.stack(errors), (wanted**2).sum(axis=0)

    @cached_property
    def _sums(self) -> tuple[_Sums, ...]:
        return tuple(self._sums_of(rows) for rows in self.rows)

    def _sums_of(self, rows: np.ndarray) -> _Sums:
        width, n_columns = self._design.shape[1], self._targets.shape[1]
        x, xx, xy = np.zeros(width), np.zeros((width, width)), np.zeros((width, n_columns))
        targets = self._targets[rows] - self._target_origin
        for first in range(0, len(rows), _ROWS):
            part = self._design[rows[first : first + _ROWS]] - self._origin
            x += part.sum(axis=0)
            xx += part.T @ part
            xy += part.T @ targets[first : first + _ROWS]
        return _Sums(len(rows), x, targets.sum(axis=0), xx, xy, (targets**2).sum(axis=0))

    def _fit_to_sums(self, trained: Sequence[int]) -> RidgeFit:
        first, *others = (self._sums[block] for block in trained)
        total = sum(others, start=first)
        mean, target_mean = total.x / total.n, total.y / total.n
        variance = np.diagonal(total.xx) / total.n - mean**2
        size = np.abs(self._origin) + np.sqrt(np.diagonal(total.xx) / total.n)
        scale = _scale(np.sqrt(variance.clip(min=0.0)), size)
        squares = (total.xx - total.n * np.outer(mean, mean)) / np.outer(scale, scale)
        products = (total.xy - np.outer(total.x, target_mean)) / scale[:, None]
        eigenvalues, basis = np.linalg.eigh(squares)
        return RidgeFit(
            self._origin + mean,
            scale,
            self._target_origin + target_mean,
            eigenvalues.clip(min=0.0),
            basis,
            basis.T @ products,
        )

    def _fit_to_items(self, rows: np.ndarray) -> RidgeFit:
        design = self._design[rows].astype(np.float64)
        mean = design.mean(axis=0)
        scale = _scale(design.std(axis=0), np.abs(design).max(axis=0))
        rotation = rotate((design - mean) / scale, smallest_alpha=np.inf, has_intercept=True)
        targets = self._targets[rows]
        return RidgeFit(
            mean,
            scale,
            targets.mean(axis=0),
            rotation.eigenvalues,
            rotation.basis,
            rotation.load(targets),
        )

    def _errors_from_sums(
        self, fit: RidgeFit, block: int, alphas: Sequence[float]
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return what the items would give: |y|² - 2 w'x'y + w'x'x w, about the training means."""
        sums, n = self._sums[block], len(fit.target_mean)
        mean, target_mean = fit.mean - self._origin, fit.target_mean - self._target_origin[:n]
        yy = sums.yy[:n] - 2 * target_mean * sums.y[:n] + sums.n * target_mean**2
        off = sums.x - sums.n * mean
        xx = sums.xx - np.outer(sums.x, mean) - np.outer(mean, off)
        xy = sums.xy[:, :n] - np.outer(mean, sums.y[:n]) - np.outer(off, target_mean)
        turned = fit.basis / fit.scale[:, None]
        squares, products = turned.T @ xx @ turned, turned.T @ xy
        errors = []
        for alpha in alphas:
            weights = fit.shrunk(alpha)
            explained = np.einsum("ac,ac->c", weights, squares @ weights - 2 * products)
            errors.append(yy + explained)
        return np.stack(errors), yy


@dataclass(frozen=True)
class Choice:
    """Of each column (column,) the penalty, and the share of variance that it explains left out."""

    alphas: np.ndarray
    inner: np.ndarray


def chosen_penalties(
    blocks: Blocks,
    folds: Mapping[int, Sequence[int]],
    alphas: Sequence[float],
    shared: np.ndarray,
) -> dict[int, Choice]:
    """Return for each fold the penalties, chosen on its training blocks.

    Parameters
    ----------
    blocks
        Features and targets.
    folds
        For the block that a fold tests, those that it trains on, two at least.
    alphas
        Penalties, ascending.
    shared
        The number (column,) of the penalty that a column shares with others, such as those of the
        classes of one answer; of the first columns alone, if the others are not to be judged.
    """
    grid = np.asarray(alphas, dtype=np.float64)
    shape = len(grid), len(shared)
    errors = {test: np.zeros(shape) for test in folds}
    totals = {test: np.zeros(shape[1]) for test in folds}
    fits: dict[frozenset[int], RidgeFit] = {}
    for test, trained in folds.items():
        for left_out in trained:
            within = frozenset(trained) - {left_out}
            fit = fits.pop(within, None) or blocks.fit(sorted(within)).of_first(len(shared))
            of_penalties, total = blocks.errors(fit, left_out, alphas)
            errors[test] += of_penalties
            totals[test] += total
            # The fold that tests what is left out here needs the same fit, if it is yet to come.
            if left_out in folds and left_out > test and set(folds[left_out]) - {test} == within:
                fits[within] = fit
    members = np.eye(int(shared.max()) + 1)[shared]
    found = {}
    for test, of_columns in errors.items():
        summed, total = of_columns @ members, totals[test] @ members
        is_least = summed <= summed.min(axis=0) * (1 + TIE)
        place = len(grid) - 1 - is_least[::-1].argmax(axis=0)
        least = np.take_along_axis(summed, place[np.newaxis], axis=0)[0]
        inner = np.where(total > 0, 1 - least / np.where(total > 0, total, 1.0), 0.0)
        found[test] = Choice(grid[place][shared], inner[shared])
    return found


def _scale(spread: np.ndarray, size: np.ndarray) -> np.ndarray:
    return np.where(spread > _LEAST_SPREAD * size, spread, np.inf)
