"""What ridge over folds will cost, from shapes alone: operations, seconds and memory."""

from __future__ import annotations

from dataclasses import dataclass

from heschl.metrics.ridge.engine.arrangement import Arrangement
from heschl.metrics.ridge.engine.rates import Rate
from heschl.metrics.ridge.engine.route import (
    BLOCK_BYTES,
    CHUNK_BYTES,
    KEPT_BYTES,
    MEAN_RANK,
    Routing,
)
from heschl.metrics.ridge.estimators import Estimator, LeaveOneOut

__all__ = ["Operations", "operations"]

_EIGH = 9
"""Operations of a symmetric eigenproblem for each cube of its size."""

_RANKS = 26
"""Products of all bands of a compressed path together: over so many, penalties are mixed."""

_OF_EIGH, _OF_PRODUCTS = 0.5, 0.75
"""What LAPACK's eigenproblems and tiles of products reach of the rate of one large product."""

_CALLS_S = 4e-3
"""Seconds for the calls of a training set, however small it is."""


@dataclass(frozen=True)
class Operations:
    """Additions and multiplications, and bytes beside the inputs.

    Parameters
    ----------
    factors
        In float64, of the design alone: once for all who share it.
    products
        In the engine's type, that grow with units.
    n_sets
        Training sets.
    dtype
        The engine's type.
    memory
        Bytes at the peak, beside the design and the responses.
    """

    factors: float
    products: float
    n_sets: int
    dtype: str
    memory: float

    def seconds(self, rate: Rate) -> float:
        """Return the time that they take at a rate, factors on the processor."""
        of_factors = self.factors / (_OF_EIGH * rate.float64)
        of_products = self.products / (_OF_PRODUCTS * rate.of(self.dtype))
        return of_factors + of_products + self.n_sets * _CALLS_S


def operations(
    n_features: int,
    n_units: int,
    arrangement: Arrangement,
    estimator: Estimator,
    routing: Routing,
) -> Operations:
    """Count what the engine does for ``n_units`` of one or several recordings.

    >>> import numpy as np
    >>> rows = np.arange(40)
    >>> blocks = (rows[:20], rows[20:])
    >>> arrangement = Arrangement(40, blocks, blocks[::-1], (), blocks, ((0,), (1,)))
    >>> routing = Routing(("summed", "summed"), np.dtype("float32"), True, 1024, 256)
    >>> operations(3, 10, arrangement, LeaveOneOut(), routing).n_sets
    2
    """
    n_rows, n_alphas = arrangement.n_rows, len(estimator.alphas)
    rank = min(n_alphas, MEAN_RANK[routing.dtype.name])
    # Per unit: the crossing of each block with the design, where sums of blocks are turned.
    factors = for_unit = 0.0
    axes = []
    if "summed" in routing.routes:
        factors += 2 * n_rows * n_features**2
        for_unit += 2 * n_rows * n_features
    if "kernel" in routing.routes:
        factors += 2 * n_rows**2 * n_features
    for rows, route in zip(arrangement.trainings, routing.routes, strict=True):
        n_fitted = len(rows)
        n_axes = min(n_fitted, n_features)
        axes.append(n_axes)
        factors += _EIGH * n_axes**3
        if route == "direct":
            factors += 2 * n_fitted * n_features**2
        if route == "decomposed":
            factors += 14 * n_fitted * n_features * n_axes
        for_unit += 2 * n_axes * (n_features if route == "summed" else n_fitted)
    judged = {(t.training, t.held_out) for outer in arrangement.outer for t in outer.judged}
    for training, held_out in judged:
        n_held, n_axes = len(arrangement.held_out[held_out]), axes[training]
        factors += 2 * n_held * n_axes * min(n_features, len(arrangement.trainings[training]))
        least = min(n_held, n_axes)
        for_unit += 2 * n_held * n_axes
        for_unit += 2 * least * (n_axes * rank + n_alphas * min(n_alphas, _RANKS))
    if isinstance(estimator, LeaveOneOut):
        for_unit += sum(
            2 * len(rows) * (n_axes * rank + n_alphas * min(n_alphas, _RANKS))
            for rows, n_axes in zip(arrangement.trainings, axes, strict=True)
        )
    for outer in arrangement.outer:
        for_unit += (
            2 * len(arrangement.held_out[outer.scored.held_out]) * axes[outer.scored.training]
        )
    squares = len(arrangement.blocks) * n_features**2 * 8 if "summed" in routing.routes else 0
    kernel = n_rows**2 * 8 if "kernel" in routing.routes else 0
    turned = sum(n_axes * min(n_features, n_rows) for n_axes in axes) * routing.dtype.itemsize
    kept = KEPT_BYTES if routing.keeps else 0
    sides = sum(
        rank * axes[training] * min(len(arrangement.held_out[held_out]), axes[training])
        for training, held_out in judged
    )
    memory = min(squares, BLOCK_BYTES) + kernel + turned + CHUNK_BYTES
    memory += min(kept, sides * routing.dtype.itemsize) + 3 * max(axes) ** 2 * 8
    return Operations(
        factors, for_unit * n_units, len(routing.routes), routing.dtype.name, float(memory)
    )
