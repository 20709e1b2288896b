"""Penalties judged on held-out folds by one training set, as far as is needed to choose."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from heschl.metrics.ridge.agreement import Agreement
from heschl.metrics.ridge.lagged.folds import TrainingSet
from heschl.metrics.ridge.lagged.heldout import HeldOut, Projection
from heschl.metrics.ridge.lagged.krylov import BlockKrylov, PenaltyPath, Solved
from heschl.metrics.ridge.lagged.threads import run_each

__all__ = ["JudgedPenalties", "judge_penalties"]

CAUTION = 3.0
"""How many times its last change a value may still move before it is believed to be no rival."""

ENOUGH_UNITS = 32
"""With fewer units their changes tell too little of errors, and only bounds count."""

MARGIN = 2.0
"""How many times these limits a penalty must lag behind to be dropped for good. One whose value
fell, as those do that fit noise the better the larger the space, need not lag behind by more than
it fell."""

LOOKS = 3
"""Blocks after which all penalties are looked at, and most are settled or dropped."""


@dataclass(frozen=True)
class JudgedPenalties:
    """Values of all penalties on each held-out fold.

    Parameters
    ----------
    values, errors
        (held-out fold, alpha, unit): agreement, and how far it is thought to be off.
    smallest
        The smallest penalty that was a rival for the best of any unit.
    solved
        The space.
    """

    values: np.ndarray
    errors: np.ndarray
    smallest: float
    solved: Solved

    def improve(self, other: JudgedPenalties) -> JudgedPenalties:
        """Return these with the values that ``other`` knows better."""
        better = other.errors < self.errors
        tables = {
            name: np.where(better, getattr(other, name), getattr(self, name))
            for name in ("values", "errors")
        }
        return dataclasses.replace(other, **tables)


def judge_penalties(
    training: TrainingSet,
    held_out: Sequence[HeldOut],
    alphas: Sequence[float],
    *,
    criterion: Agreement,
    tolerance: float,
    dtype: np.dtype,
    least_blocks: int,
    known: Sequence[np.ndarray],
    wanted: np.ndarray | None,
) -> JudgedPenalties:
    """Judge every penalty for every unit on held-out folds.

    Blocks are added until the values of all penalties that may be the best are
    within ``tolerance`` for every unit. A value's error is estimated from its
    last changes, which shrink at least geometrically, or from its bound if that
    is less; at most it is its bound, or `CAUTION` times its last change. No
    unit's change counts for less than is usual among the units.

    Parameters
    ----------
    training, held_out
        Rows fitted on, and those predicted.
    alphas, criterion, tolerance, dtype
        As in `lagged_ridge`.
    least_blocks
        Blocks before which most penalties need no look.
    known
        Values (held-out fold, alpha, unit) of other training sets. A penalty is a rival if it
        may be the best on the mean over these and the present ones.
    wanted
        (held-out fold, alpha, unit) which values are wanted instead, where that is known.
    """
    space = training.space(dtype)
    sides = [training.project(fold) for fold in held_out]
    table = _Table((len(sides), len(alphas), len(training.still)))
    paths = {place: PenaltyPath(alpha, space.start) for place, alpha in enumerate(alphas)}
    has_hope = np.ones_like(table.values, dtype=bool)
    while True:
        space.grow()
        n_blocks = len(space.blocks)
        order = len(space.diagonal[-1])
        run_each(lambda side: side.follow(space), sides, order=order)
        run_each(lambda path: path.extend(space), paths.values(), order=order)
        is_early = n_blocks < least_blocks and n_blocks not in {LOOKS - 1, LOOKS}
        if is_early and not space.is_full:
            continue
        looks = [
            (place, np.flatnonzero(has_hope[:, place].any(axis=0)), path)
            for place, path in paths.items()
        ]
        run_each(lambda look: table.look(*look, space, sides, criterion), looks, order=order)
        is_rival = wanted if wanted is not None else table.rivals(known) & has_hope
        if space.is_full or np.where(is_rival, table.errors, 0.0).max() <= tolerance:
            break
        has_hope &= wanted if wanted is not None else table.hopes(known)
        open_limits = np.where(has_hope, table.limits, 0.0).max(axis=(0, 2))
        paths = {at: path for at, path in paths.items() if open_limits[at] > tolerance}
    rivals = np.flatnonzero(is_rival[:, :, ~training.still].any(axis=(0, 2)))
    if space.is_full:
        table.be_exact([*paths], has_hope)
    return JudgedPenalties(
        table.values,
        table.errors,
        alphas[rivals[0]] if len(rivals) else alphas[-1],
        space.solved,
    )


class _Table:
    """Values (held-out fold, alpha, unit) and how sure they are."""

    def __init__(self, shape: tuple[int, int, int]) -> None:
        self.has_enough_units = shape[2] >= ENOUGH_UNITS
        self.values = np.full(shape, np.nan)
        self.changes = np.full(shape, np.inf)
        self.errors = np.full(shape, np.inf)
        self.limits = np.full(shape, np.inf)
        self.rises = np.full(shape, np.inf)

    def look(
        self,
        place: int,
        units: np.ndarray,
        path: PenaltyPath,
        space: BlockKrylov,
        sides: Sequence[Projection],
        criterion: Agreement,
    ) -> None:
        """Take in the values of a penalty for some units after another block."""
        coefficients = path.coefficients(space, units)
        energy = path.error_energy[units]
        for at, side in enumerate(sides):
            judged = side.judge(coefficients, units)
            value = judged.agreement(criterion)
            bound = judged.bound(criterion, energy)
            rise = value - self.values[at, place, units]
            change = np.abs(rise)
            change[np.isnan(change)] = np.inf
            if self.has_enough_units:  # one unit's value may happen to stand still
                change = np.maximum(change, np.sqrt(np.mean(change**2)))
                shrinking = _shrinking(self.changes[at, place, units], change)
            else:
                shrinking, change = 1.0, np.full(len(units), np.inf)
            self.values[at, place, units] = value
            self.changes[at, place, units] = change
            self.errors[at, place, units] = np.minimum(shrinking * change, bound)
            limit = np.minimum(CAUTION * change, bound)
            self.limits[at, place, units] = limit
            self.rises[at, place, units] = np.where(
                rise < 0, np.minimum(change, bound), MARGIN * limit
            )

    def be_exact(self, places: Sequence[int], looked_at: np.ndarray) -> None:
        """Take the values of some penalties for exact, as they are in a full space."""
        for place in places:
            units = looked_at[:, place].any(axis=0)
            self.errors[:, place, units] = 0.0

    def rivals(self, known: Sequence[np.ndarray]) -> np.ndarray:
        """Return which penalties (held-out fold, alpha, unit) may be the best on the mean."""
        return self._may_win(known, self.limits, self.limits)

    def hopes(self, known: Sequence[np.ndarray]) -> np.ndarray:
        """Return which penalties, or their neighbours, may still become the best."""
        is_rival = self._may_win(known, self.rises, MARGIN * self.limits)
        is_near = is_rival.copy()
        is_near[:, 1:] |= is_rival[:, :-1]
        is_near[:, :-1] |= is_rival[:, 1:]
        return is_near

    def _may_win(
        self, known: Sequence[np.ndarray], rises: np.ndarray, falls: np.ndarray
    ) -> np.ndarray:
        mean = np.concatenate([*known, self.values]).mean(axis=0)
        best = (mean - falls.max(axis=0)).max(axis=0)
        return np.broadcast_to(mean + rises.max(axis=0) >= best, self.values.shape)


def _shrinking(before: np.ndarray, change: np.ndarray) -> float:
    """Return by how much changes (unit,) of a value shrink from block to block, at most 1."""
    if not np.isfinite(before).all() or not before.any():
        return 1.0
    return min(1.0, float(np.linalg.norm(change) / np.linalg.norm(before)))
