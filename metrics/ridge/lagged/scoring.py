"""A penalty for each unit, fitted on one training set and scored on the fold held out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from heschl.metrics.ridge.lagged.folds import TrainingSet
from heschl.metrics.ridge.lagged.heldout import HeldOut, Judged, Projection
from heschl.metrics.ridge.lagged.krylov import BlockKrylov, PenaltyPath, Solved
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
    is_constant
        (unit,) whether responses or predictions do not vary.
    weights, intercept
        (lag · feature, unit) and (unit,), if asked for.
    solved
        The space.
    """

    pearson: np.ndarray
    r2: np.ndarray
    bounds: np.ndarray
    is_constant: np.ndarray
    weights: np.ndarray | None
    intercept: np.ndarray | None
    solved: Solved


def fit_penalties(
    training: TrainingSet,
    held_out: HeldOut,
    chosen: np.ndarray,
    *,
    tolerance: float,
    dtype: np.dtype,
    least_blocks: int,
    has_weights: bool,
) -> Fitted:
    """Score one penalty for each unit, ``chosen (unit,)``, on a held-out fold.

    Blocks are added until every bound of correlation and R² is within ``tolerance``.
    """
    space = training.space(dtype)
    side = training.project(held_out)
    shares = [
        _Share(np.flatnonzero(chosen == alpha), PenaltyPath(alpha, space.start[:, chosen == alpha]))
        for alpha in np.unique(chosen)
    ]
    bounds = np.full(len(chosen), np.inf)
    still_open = shares
    while still_open:
        space.grow()
        side.follow(space)
        order = len(space.diagonal[-1])
        run_each(lambda share: share.path.extend(space), still_open, order=order)
        if len(space.blocks) < least_blocks and not space.is_full:
            continue
        run_each(lambda share: share.judge(space, side), still_open, order=order)
        transfer = max(1.0, *(share.transfer for share in shares))
        for share in shares:
            energy = transfer * share.path.error_energy
            bounds[share.units] = np.maximum(
                share.judged.bound("pearson", energy), share.judged.bound("r2", energy)
            )
        still_open = [
            share
            for share in still_open
            if not space.is_full and bounds[share.units].max() > tolerance
        ]
    pearson, r2 = np.zeros(len(chosen)), np.zeros(len(chosen))
    predicts = np.zeros(len(chosen), dtype=bool)
    weights = np.zeros((len(training.statistics.cross), len(chosen))) if has_weights else None
    for share in shares:
        predicts[share.units] = share.judged.predicts
        pearson[share.units] = share.judged.agreement("pearson")
        r2[share.units] = share.judged.agreement("r2")
        if weights is not None:
            weights[:, share.units] = space.weights(share.coefficients)
    return Fitted(
        pearson,
        r2,
        bounds,
        ~predicts | training.still | (held_out.total == 0),
        weights,
        None if weights is None else training.intercept(weights),
        space.solved,
    )


class _Share:
    """The units that share a penalty.

    Their ``transfer`` is the largest energy of an error on held-out rows, for
    each of its energy on training rows, as seen in what the last blocks changed.
    """

    judged: Judged

    def __init__(self, units: np.ndarray, path: PenaltyPath) -> None:
        self.units = units
        self.path = path
        self.coefficients = np.zeros((0, len(units)))
        self.transfer = 0.0

    def judge(self, space: BlockKrylov, side: Projection) -> None:
        """Predict the held-out rows."""
        before, after = self.coefficients, self.path.coefficients(space, slice(None))
        self.coefficients = after
        self.judged = side.judge(after, self.units)
        if len(before):
            change = after.copy()
            change[: len(before)] -= before
            gains = self.path.last_gain()
            moved = gains > np.finfo(side.products.dtype).eps ** 2 * self.judged.sums.predicted
            ratios = side.energy(change)[moved] / gains[moved]
            self.transfer = max(self.transfer, ratios.max(initial=0.0))
