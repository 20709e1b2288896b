"""One training set: penalties judged on held-out folds, or a penalty a unit fitted and scored."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from heschl.metrics.ridge.agreement import AGREEMENTS, Agreement
from heschl.metrics.ridge.lagged.covariances import LagCovariances
from heschl.metrics.ridge.lagged.heldout import HeldOut, Judged, Projection
from heschl.metrics.ridge.lagged.krylov import BlockKrylov, PenaltyPath

__all__ = ["Fitted", "JudgedPenalties", "TrainingSet", "fit_penalties", "judge_penalties"]

CAUTION = 10.0
"""How many times its last change a value may still move before it is believed to be no rival."""

MARGIN = 3.0
"""How many times these limits a penalty must lag behind to be dropped for good."""

LOOKS = 3
"""Blocks after each of which all penalties are looked at, and most are settled or dropped."""

SAFE_SHARE = 1e-4
"""In float32 a penalty below this share of the largest eigenvalue drowns in rounding."""


@dataclass(frozen=True)
class TrainingSet:
    """The sums over the folds trained on.

    Parameters
    ----------
    covariances
        Pooled.
    still
        (unit,) whether the responses do not vary.
    """

    covariances: LagCovariances
    still: np.ndarray

    def space(self, dtype: type[np.floating]) -> BlockKrylov:
        """Return the Krylov space, empty but for its start."""
        cross = self.covariances.centred_cross()
        cross[:, self.still] = 0.0
        return BlockKrylov.of(self.covariances.gram(dtype), cross)

    def project(self, held_out: HeldOut) -> Projection:
        """Return held-out rows to be followed in the space."""
        n_rows = self.covariances.n_rows
        return Projection(
            held_out, self.covariances.sums / n_rows, self.covariances.response_sums / n_rows
        )


@dataclass(frozen=True)
class JudgedPenalties:
    """Values of all penalties on each held-out fold.

    Parameters
    ----------
    values, errors, limits
        (held-out fold, alpha, unit): agreement, how far it is thought to be off, and how far it
        may be off at most.
    smallest
        The smallest penalty that was a rival for the best of any unit.
    n_blocks, dimension, is_full, largest
        Of the space.
    """

    values: np.ndarray
    errors: np.ndarray
    limits: np.ndarray
    smallest: float
    n_blocks: int
    dimension: int
    is_full: bool
    largest: float

    def improve(self, other: JudgedPenalties) -> JudgedPenalties:
        """Return these with the values that ``other`` knows better."""
        better = other.errors < self.errors
        tables = {
            name: np.where(better, getattr(other, name), getattr(self, name))
            for name in ("values", "errors", "limits")
        }
        return dataclasses.replace(other, **tables)


def judge_penalties(
    training: TrainingSet,
    held_out: Sequence[HeldOut],
    alphas: Sequence[float],
    *,
    criterion: Agreement,
    tolerance: float,
    dtype: type[np.floating],
    least_blocks: int,
    known: Sequence[np.ndarray],
    wanted: np.ndarray | None,
) -> JudgedPenalties:
    """Judge every penalty for every unit on held-out folds.

    Blocks are added until the values of all penalties that may be the best are
    within ``tolerance`` for every unit. A value's error is estimated from its
    last changes, which shrink at least geometrically, or from its bound if that
    is less; at most it is its bound, or `CAUTION` times its last change.

    Parameters
    ----------
    training, held_out
        Rows fitted on, and those predicted.
    alphas, criterion, tolerance, dtype
        As in `lagged_ridge`.
    least_blocks
        Blocks before which most penalties need no look.
    known
        Values (held-out fold, alpha, unit) of other training sets. A penalty is a rival if it,
        or a neighbour, may be the best on the mean over these and the present ones.
    wanted
        (held-out fold, alpha, unit) which values are wanted instead, where that is known.
    """
    space = training.space(dtype)
    sides = [training.project(fold) for fold in held_out]
    n_units = len(training.still)
    shape = len(sides), len(alphas), n_units
    values = np.full(shape, np.nan)
    changes = np.full(shape, np.inf)
    errors = np.full(shape, np.inf)
    limits = np.full(shape, np.inf)
    every = np.arange(n_units)
    paths = {place: PenaltyPath(alpha, space.start) for place, alpha in enumerate(alphas)}
    while True:
        space.grow()
        n_blocks = len(space.diagonal)
        for side in sides:
            side.add(space.blocks[n_blocks - 1])
        for path in paths.values():
            path.extend(space)
        if LOOKS < n_blocks < least_blocks and not space.is_full:
            continue
        for place, path in paths.items():
            coefficients = path.coefficients(space)
            energy = path.error_energy()
            for at, side in enumerate(sides):
                judged = side.judge(coefficients, every)
                value = judged.agreement(criterion)
                bound = judged.bound(criterion, energy)
                change = np.abs(value - values[at, place])
                change[np.isnan(change)] = np.inf
                shrinking = _shrinking(changes[at, place], change)
                values[at, place] = value
                changes[at, place] = change
                errors[at, place] = np.minimum(shrinking * change, bound)
                limits[at, place] = np.minimum(CAUTION * change, bound)
        is_rival = wanted if wanted is not None else _rivals(values, limits, known)
        if space.is_full or np.where(is_rival, errors, 0.0).max() <= tolerance:
            break
        has_hope = wanted if wanted is not None else _rivals(values, MARGIN * limits, known)
        for place in [*paths]:
            is_settled = limits[:, place].max() <= tolerance / CAUTION
            if is_settled or not has_hope[:, place].any():
                del paths[place]
    rivals = np.flatnonzero(is_rival[:, :, ~training.still].any(axis=(0, 2)))
    if space.is_full:
        for place in paths:
            errors[:, place] = limits[:, place] = 0.0
    return JudgedPenalties(
        values,
        errors,
        limits,
        alphas[rivals[0]] if len(rivals) else alphas[-1],
        len(space.diagonal),
        space.dimension,
        space.is_full,
        space.largest,
    )


def _shrinking(before: np.ndarray, change: np.ndarray) -> float:
    """Return by how much changes (unit,) of a value shrink from block to block, at most 1."""
    if not np.isfinite(before).all() or not before.any():
        return 1.0
    return min(1.0, float(np.linalg.norm(change) / np.linalg.norm(before)))


def _rivals(values: np.ndarray, limits: np.ndarray, known: Sequence[np.ndarray]) -> np.ndarray:
    """Return which penalties (held-out fold, alpha, unit) may be the best on the mean."""
    mean = np.concatenate([*known, values]).mean(axis=0)
    off = limits.max(axis=0)
    is_rival = mean + off >= (mean - off).max(axis=0)
    is_near = is_rival.copy()
    is_near[1:] |= is_rival[:-1]
    is_near[:-1] |= is_rival[1:]
    return np.broadcast_to(is_near, values.shape)


@dataclass(frozen=True)
class Fitted:
    """The scores of one training set on its held-out fold.

    Parameters
    ----------
    scores, bounds
        For each agreement (unit,), and how far it may be off.
    predicts
        (unit,) whether the predictions vary.
    transfer
        The largest held-out energy of an error for each of its training energy, as measured on
        the last steps; the bounds hold it to be no more than that or 1.
    weights
        (lag · feature, unit), if asked for.
    """

    scores: dict[Agreement, np.ndarray]
    bounds: dict[Agreement, np.ndarray]
    predicts: np.ndarray
    transfer: float
    weights: np.ndarray | None
    n_blocks: int
    dimension: int
    is_full: bool
    largest: float


def fit_penalties(
    training: TrainingSet,
    held_out: HeldOut,
    chosen: np.ndarray,
    *,
    tolerance: float,
    dtype: type[np.floating],
    least_blocks: int,
    has_weights: bool,
) -> Fitted:
    """Score one penalty for each unit, ``chosen (unit,)``, on a held-out fold.

    Blocks are added until every bound of correlation and R² is within ``tolerance``.
    """
    space = training.space(dtype)
    side = training.project(held_out)
    units_of = {float(alpha): np.flatnonzero(chosen == alpha) for alpha in np.unique(chosen)}
    paths = {alpha: PenaltyPath(alpha, space.start[:, units]) for alpha, units in units_of.items()}
    solved: dict[float, np.ndarray] = {}
    judged: dict[float, Judged] = {}
    transfer = 1.0
    n_units = len(chosen)
    bounds: dict[Agreement, np.ndarray] = {kind: np.full(n_units, np.inf) for kind in AGREEMENTS}
    open_alphas = [*paths]
    while open_alphas:
        space.grow()
        side.add(space.blocks[len(space.diagonal) - 1])
        for alpha in open_alphas:
            paths[alpha].extend(space)
        if len(space.diagonal) < least_blocks and not space.is_full:
            continue
        for alpha in open_alphas:
            path, units = paths[alpha], units_of[alpha]
            coefficients = path.coefficients(space)
            if alpha in solved:
                transfer = max(transfer, _transfer(side, solved[alpha], coefficients, path))
            solved[alpha] = coefficients
            judged[alpha] = side.judge(coefficients, units)
        for alpha in [*judged]:
            energy = transfer * paths[alpha].error_energy()
            for kind in AGREEMENTS:
                bounds[kind][units_of[alpha]] = judged[alpha].bound(kind, energy)
        open_alphas = [
            alpha
            for alpha in open_alphas
            if not space.is_full
            and max(bounds[kind][units_of[alpha]].max() for kind in ("pearson", "r2")) > tolerance
        ]
    scores: dict[Agreement, np.ndarray] = {kind: np.zeros(n_units) for kind in AGREEMENTS}
    predicts = np.zeros(n_units, dtype=bool)
    for alpha, units in units_of.items():
        predicts[units] = judged[alpha].predicts
        for kind in AGREEMENTS:
            scores[kind][units] = judged[alpha].agreement(kind)
    weights = None
    if has_weights:
        weights = np.zeros((len(space.gram), n_units))
        for alpha, units in units_of.items():
            weights[:, units] = _weights(space, solved[alpha])
    return Fitted(
        scores,
        bounds,
        predicts & ~training.still,
        transfer,
        weights,
        len(space.diagonal),
        space.dimension,
        space.is_full,
        space.largest,
    )


def _transfer(side: Projection, before: np.ndarray, after: np.ndarray, path: PenaltyPath) -> float:
    """Return the largest ratio of held-out to training energy of what the last block changed."""
    change = after.copy()
    change[: len(before)] -= before
    gains = path.last_gain()
    moved = gains > np.finfo(side.squares.dtype).eps ** 2 * side.energy(after)
    if not moved.any():
        return 0.0
    return float((side.energy(change)[moved] / gains[moved]).max())


def _weights(space: BlockKrylov, coefficients: np.ndarray) -> np.ndarray:
    weights = np.zeros((len(space.gram), coefficients.shape[1]))
    start = 0
    for block in space.blocks:
        part = coefficients[start : start + block.shape[1]]
        if not len(part):
            break
        weights += block @ part.astype(block.dtype)
        start += block.shape[1]
    return weights
