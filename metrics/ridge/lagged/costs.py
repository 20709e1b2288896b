"""What lagged ridge will cost, before it is run: products, memory and the way it goes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from heschl.metrics.ridge.lagged.convolution import piece_cost

__all__ = ["LaggedCost", "lagged_cost"]

USUAL_BLOCKS = 7
"""Blocks that autoregressive features with a falling spectrum took: 5 to 8."""

LATE_PENALTIES = 6
"""Penalties still neither settled nor dropped at the last blocks, usually."""


@dataclass(frozen=True)
class LaggedCost:
    """The cost of nested folds.

    Parameters
    ----------
    covariances, growth, scoring
        Floating-point operations: the statistics in float64; Gram products and
        orthogonalisation of all training sets; projections of held-out rows, the penalties'
        factorisations and energies.
    usual, worst
        All together, for `USUAL_BLOCKS` and for a full space.
    memory
        Bytes beside the inputs.
    words
        The same for people.
    """

    covariances: float
    growth: float
    scoring: float
    usual: float
    worst: float
    memory: float
    words: str


def lagged_cost(
    *,
    n_frames: int,
    n_lags: int,
    n_features: int,
    n_units: int,
    n_folds: int = 5,
    n_alphas: int = 17,
    precision: Literal["float32", "float64"] = "float32",
) -> LaggedCost:
    """Return what `lagged_ridge` costs at a size.

    Examples
    --------
    >>> cost = lagged_cost(n_frames=58_943, n_lags=20, n_features=768, n_units=822)
    >>> cost.words.split(";")[0]
    '15360 columns in a Krylov space of 5754 directions for each of 15 training sets'
    """
    columns = n_lags * n_features
    n_pairs = n_folds * (n_folds - 1) // 2
    n_sets = n_pairs + n_folds
    size = 4 if precision == "float32" else 8
    full = -(-columns // n_units)

    def of_blocks(n_blocks: int) -> tuple[float, float, int]:
        width = min(n_units, columns)
        dimension = min(n_blocks * width, columns)
        growth = n_sets * (2.0 * columns**2 * dimension + 2.0 * columns * dimension**2)
        rows = n_frames / n_folds
        sides = 2 * n_pairs + n_folds
        projection = rows * piece_cost(n_lags) * n_features * dimension
        squares = 1.0 * rows * dimension**2
        late = 2 * min(LATE_PENALTIES, n_alphas) + 2 * n_alphas * (3 / max(n_blocks, 3)) ** 2
        energies = late * 2.0 * dimension**2 * n_units
        factors = n_sets * (3 * n_alphas + LATE_PENALTIES * n_blocks) * 6.0 * width**3
        return growth, sides * (projection + squares + energies) + factors, dimension

    covariances = 2.0 * n_frames * columns * (n_features + n_units)
    growth, scoring, dimension = of_blocks(min(USUAL_BLOCKS, full))
    worst = covariances + sum(of_blocks(full)[:2])
    rows = n_frames / n_folds
    memory = (
        size * columns**2
        + size * columns * dimension
        + 8.0 * (n_folds + 1) * columns * (n_features + n_units)
        + size * n_frames * (piece_cost(n_lags) / 2 * n_features + n_units)
        + 2 * size * (rows * dimension + dimension**2)
        + 16.0 * (3 * n_alphas + LATE_PENALTIES * USUAL_BLOCKS) * min(n_units, columns) ** 2
    )
    usual = covariances + growth + scoring
    words = (
        f"{columns} columns in a Krylov space of {dimension} directions for each of {n_sets} "
        f"training sets; usually {usual / 1e12:.0f} Tflop ({covariances / 1e12:.1f} of them for "
        f"covariances in float64), at worst, with a full space, {worst / 1e12:.0f}; "
        f"{memory / 2**30:.1f} GiB beside the inputs, of which the Gram matrix takes "
        f"{size * columns**2 / 2**30:.1f}"
    )
    return LaggedCost(covariances, growth, scoring, usual, worst, memory, words)
