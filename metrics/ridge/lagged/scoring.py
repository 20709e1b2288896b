"""A penalty for each unit, fitted on one training set and scored on the fold held out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from heschl.metrics.ridge.lagged.folds import TrainingSet
from heschl.metrics.ridge.lagged.heldout import HeldOut, Judged, Projection
from heschl.metrics.ridge.lagged.krylov import BlockKrylov, PenaltyPath
from heschl.metrics.ridge.lagged.threads import run_each

__all__ = ["Fitted", "fit_penalties"]


@dataclass(frozen=True)
class Fitted:
    """The scores of one training set on its held-out fold.

    Parameters
    ----------
    pearson, r2
        (unit,).
    bounds
        (unit,) how far either may be off.
    predicts
        (unit,) whether the predictions vary.
    transfer
        The largest held-out energy of an error for each of its training energy, as measured on
        the last steps; the bounds hold it to be no more than that or 1.
    weights
        (lag · feature, unit), without rows unless asked for.
    """

    pearson: np.ndarray
    r2: np.ndarray
    bounds: np.ndarray
    predicts: np.ndarray
    transfer: float
    weights: np.ndarray
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
    bounds = np.full(n_units, np.inf)
    open_alphas = [*paths]
    while open_alphas:
        space.grow()
        side.follow(space)
        run_each(
            lambda alpha: paths[alpha].extend(space), open_alphas, order=len(space.diagonal[-1])
        )
        if len(space.diagonal) < least_blocks and not space.is_full:
            continue
        for alpha in open_alphas:
            coefficients = paths[alpha].coefficients(space, slice(None))
            transfer = max(transfer, _transfer(side, solved.get(alpha), coefficients, paths[alpha]))
            solved[alpha] = coefficients
            judged[alpha] = side.judge(coefficients, units_of[alpha])
        for alpha, numbers in judged.items():
            energy = transfer * paths[alpha].error_energy()
            bounds[units_of[alpha]] = np.maximum(
                numbers.bound("pearson", energy), numbers.bound("r2", energy)
            )
        open_alphas = [
            alpha
            for alpha in open_alphas
            if not space.is_full and bounds[units_of[alpha]].max() > tolerance
        ]
    pearson, r2 = np.zeros(n_units), np.zeros(n_units)
    predicts = np.zeros(n_units, dtype=bool)
    weights = np.zeros((len(space.blocks[0]) if has_weights else 0, n_units))
    for alpha, units in units_of.items():
        predicts[units] = judged[alpha].predicts
        pearson[units] = judged[alpha].agreement("pearson")
        r2[units] = judged[alpha].agreement("r2")
        if has_weights:
            weights[:, units] = _weights(space, solved[alpha])
    return Fitted(
        pearson,
        r2,
        bounds,
        predicts & ~training.still,
        transfer,
        weights,
        len(space.diagonal),
        space.dimension,
        space.is_full,
        space.largest,
    )


def _transfer(
    side: Projection, before: np.ndarray | None, after: np.ndarray, path: PenaltyPath
) -> float:
    """Return the largest ratio of held-out to training energy of what the last block changed."""
    if before is None:
        return 0.0
    change = after.copy()
    change[: len(before)] -= before
    gains = path.last_gain()
    moved = gains > np.finfo(side.squares.dtype).eps ** 2 * side.energy(after)
    if not moved.any():
        return 0.0
    return float((side.energy(change)[moved] / gains[moved]).max())


def _weights(space: BlockKrylov, coefficients: np.ndarray) -> np.ndarray:
    weights = np.zeros((len(space.blocks[0]), coefficients.shape[1]))
    start = 0
    for block in space.blocks:
        part = coefficients[start : start + block.shape[1]]
        if not len(part):
            break
        weights += block @ part.astype(block.dtype)
        start += block.shape[1]
    return weights
