"""What lagged ridge will cost, before it is run: operations, memory and the way it goes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from heschl.metrics.ridge.lagged.convolution import piece_cost
from heschl.metrics.ridge.lagged.folds import is_dense
from heschl.metrics.ridge.lagged.judging import LOOKS

__all__ = ["LaggedCost", "lagged_cost"]

USUAL_BLOCKS = 6
"""Blocks that autoregressive features with a falling spectrum took: 5, and 6 to 8 at last."""

LATE_PENALTIES = 12
"""Penalties still neither settled nor dropped at the last blocks, usually."""


@dataclass(frozen=True)
class LaggedCost:
    """The cost of nested folds.

    Parameters
    ----------
    covariances, growth, scoring
        Floating-point operations: the statistics in float64; products with the Gram matrix and
        orthogonalisation in all training sets; factorisations of the penalties, and held-out
        rows.
    worst
        All together if every space had to be full; otherwise they are for `USUAL_BLOCKS`.
    memory
        Bytes beside the inputs.
    words
        The same for people.
    """

    covariances: float
    growth: float
    scoring: float
    worst: float
    memory: float
    words: str

    @property
    def usual(self) -> float:
        """All operations, usually."""
        return self.covariances + self.growth + self.scoring


@dataclass(frozen=True)
class _Size:
    n_frames: int
    n_sentences: int
    n_lags: int
    n_features: int
    n_units: int
    n_folds: int
    n_alphas: int

    @property
    def columns(self) -> int:
        return self.n_lags * self.n_features

    @property
    def width(self) -> int:
        """Directions in a block."""
        return min(self.n_units, self.columns)

    @property
    def n_pairs(self) -> int:
        return self.n_folds * (self.n_folds - 1) // 2

    @property
    def frequencies(self) -> int:
        return self.n_lags + 1

    def dimension(self, n_blocks: int) -> int:
        return min(n_blocks * self.width, self.columns)

    def growth(self, n_blocks: int) -> float:
        """Return the operations of a training set's space."""
        dimension = self.dimension(n_blocks)
        if is_dense(self.columns):
            product = 2.0 * self.columns**2
        else:  # complex products of the kernel, and of the edges there and back
            edges = 2 * self.n_sentences * self.n_features
            product = 6.0 * self.frequencies * (self.n_features**2 + edges)
        return product * dimension + 2.0 * self.columns * dimension**2

    def scoring(self, n_blocks: int) -> float:
        """Return the operations of all penalties and held-out rows."""
        dimension = self.dimension(n_blocks)
        rows = self.n_frames / self.n_folds
        early = self.dimension(min(n_blocks, LOOKS))
        looks = 2 * min(LATE_PENALTIES, self.n_alphas) * dimension**2 + self.n_alphas * early**2
        side = rows * dimension * (piece_cost(self.n_lags) * self.n_features + dimension)
        side += 2.0 * looks * self.n_units
        paths = (self.n_alphas * LOOKS + LATE_PENALTIES * n_blocks) * 6.0 * self.width**3
        n_sides, n_sets = 2 * self.n_pairs + self.n_folds, self.n_pairs + self.n_folds
        return n_sides * side + n_sets * paths

    def memory(self, n_blocks: int, size: int) -> float:
        """Return the bytes that are held at once, with numbers of ``size`` bytes."""
        dimension = self.dimension(n_blocks)
        statistics = 8.0 * (self.n_folds + 2) * self.columns * (self.n_features + self.n_units)
        rows = self.n_frames * (piece_cost(self.n_lags) / 2 * self.n_features + self.n_units)
        kernel = self.columns**2 if is_dense(self.columns) else 2 * self.columns * self.n_features
        projected = 2 * (self.n_frames / self.n_folds + dimension) * dimension
        passing = 8 * self.columns * self.width
        paths = (self.n_alphas * LOOKS + LATE_PENALTIES * n_blocks) * self.width**2
        numbers = rows + kernel + self.columns * dimension + projected + passing
        return statistics + size * numbers + 16.0 * paths


def lagged_cost(
    *,
    n_frames: int,
    n_sentences: int,
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
    >>> cost = lagged_cost(
    ...     n_frames=58_943, n_sentences=499, n_lags=20, n_features=768, n_units=822
    ... )
    >>> cost.words.split(";")[0]
    '15360 columns in a Krylov space of 4932 directions for each of 15 training sets'
    """
    size = _Size(n_frames, n_sentences, n_lags, n_features, n_units, n_folds, n_alphas)
    n_sets = size.n_pairs + n_folds
    full = -(-size.columns // size.width)
    n_blocks = min(USUAL_BLOCKS, full)
    covariances = 2.0 * n_frames * size.columns * (n_features + n_units)
    growth, scoring = n_sets * size.growth(n_blocks), size.scoring(n_blocks)
    worst = covariances + n_sets * size.growth(full) + size.scoring(full)
    memory = size.memory(n_blocks, 4 if precision == "float32" else 8)
    route = "is formed" if is_dense(size.columns) else "is multiplied by without being formed"
    words = (
        f"{size.columns} columns in a Krylov space of {size.dimension(n_blocks)} directions for "
        f"each of {n_sets} training sets; the Gram matrix {route}; usually "
        f"{(covariances + growth + scoring) / 1e12:.0f} Tflop, {covariances / 1e12:.1f} of them "
        f"for covariances in float64, and at worst, with full spaces, {worst / 1e12:.0f}; "
        f"{memory / 2**30:.1f} GiB beside the inputs"
    )
    return LaggedCost(covariances, growth, scoring, worst, memory, words)
