"""What lagged ridge will cost, before it is run: operations, memory, and the way it goes.

Both ways are counted in float32 operations, of which one in float64 is worth
two, and weighed by how long they took beside matrix products.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from heschl.errors import InvalidInput
from heschl.metrics.ridge.lagged.judging import LOOKS
from heschl.metrics.ridge.lagged.spectra import piece_cost

__all__ = ["LaggedCost", "Route", "Size", "cheapest", "lagged_cost"]

Route = Literal["krylov", "written out"]

LATE_PENALTIES = 4
"""Penalties of a unit still neither settled nor dropped at the last blocks, usually."""

CALLS = 1.5e9
"""Operations that would take as long as the calls for a block do, however small it is."""


@dataclass(frozen=True)
class LaggedCost:
    """The cost of nested folds by one way.

    Parameters
    ----------
    route
        The way: by Krylov spaces, or with the lags written out.
    operations
        Weighed, usually.
    memory
        Bytes beside the inputs, usually.
    words
        The same for people.
    """

    route: Route
    operations: float
    memory: float
    words: str


@dataclass(frozen=True)
class Size:
    """A problem's size; ``digits`` are the bytes of a number in large products."""

    n_frames: int
    n_sentences: int
    n_lags: int
    n_features: int
    n_units: int
    n_folds: int
    n_alphas: int
    digits: int = 4

    @property
    def columns(self) -> int:
        """Of the lagged design."""
        return self.n_lags * self.n_features

    @property
    def n_pairs(self) -> int:
        """Training sets that judge penalties."""
        return self.n_folds * (self.n_folds - 1) // 2

    @property
    def n_sets(self) -> int:
        """All training sets."""
        return self.n_pairs + self.n_folds


def lagged_cost(size: Size) -> LaggedCost:
    """Return what Krylov spaces cost.

    Examples
    --------
    >>> cost = lagged_cost(Size(58_943, 499, 20, 768, 822, n_folds=5, n_alphas=20))
    >>> cost.words.split(";")[0]
    '15360 lagged features, never written out, in Krylov spaces of about 4932 directions'
    """
    space = _Space(size)
    n_sets, precise = size.n_sets, size.digits / 4
    covariances = (
        2 * piece_cost(size.n_lags) * size.n_frames * size.n_features
        * (size.n_features + size.n_units)
    )  # fmt: skip
    operations = covariances + n_sets * (precise * space.growth + 2 * space.paths)
    operations += (2 * size.n_pairs + size.n_folds) * precise * space.side
    return LaggedCost(
        "krylov",
        operations / 0.6 + n_sets * space.n_blocks * CALLS,
        space.memory,
        f"{size.columns} lagged features, never written out, in Krylov spaces of about "
        f"{space.dimension} directions; {_in_words(size, operations, space.memory)}",
    )


@dataclass(frozen=True)
class _Space:
    """A training set's Krylov space, as it usually is."""

    size: Size

    @property
    def width(self) -> int:
        """Directions in a block."""
        return min(self.size.n_units, self.size.columns)

    @property
    def n_blocks(self) -> int:
        """Blocks that autoregressive features with a falling spectrum took."""
        return min(6 + 400 // self.width, -(-self.size.columns // self.width))

    @property
    def dimension(self) -> int:
        return min(self.n_blocks * self.width, self.size.columns)

    @property
    def growth(self) -> float:
        """Products with the Gram matrix, and orthogonalisation twice."""
        size = self.size
        edges = 2 * size.n_sentences * size.n_features
        product = 8.0 * (size.n_lags + 1) * (size.n_features**2 + edges)
        return self.dimension * (product + 2.0 * size.columns * (self.dimension + 5 * self.width))

    @property
    def side(self) -> float:
        """Held-out rows on the space, and all looks at them."""
        size, dimension = self.size, self.dimension
        rows = size.n_frames / size.n_folds
        early = min(LOOKS * self.width, dimension)
        looks = size.n_alphas * early**2 + LATE_PENALTIES * dimension**2
        followed = piece_cost(size.n_lags) * size.n_features + dimension + 2 * size.n_units
        return rows * dimension * followed + 1.2 * looks * size.n_units

    @property
    def n_factors(self) -> int:
        """Blocks of all penalties."""
        early = min(LOOKS, self.n_blocks)
        return self.size.n_alphas * early + LATE_PENALTIES * (self.n_blocks - early)

    @property
    def paths(self) -> float:
        return self.n_factors * 13.0 * self.width**3

    @property
    def memory(self) -> float:
        """Bytes held at once."""
        size, dimension = self.size, self.dimension
        statistics = 8.0 * (size.n_folds + 2) * size.columns * (size.n_features + size.n_units)
        frames = size.n_frames + size.n_sentences * size.n_lags
        spectra = piece_cost(size.n_lags) / 4 * frames * size.n_features
        edges = 2.0 * (size.n_lags + 1) * size.n_features * (size.n_features + size.n_sentences)
        rows = size.n_frames / size.n_folds
        numbers = spectra + edges + 2.0 * size.n_frames * size.n_units
        numbers += dimension * (size.columns + 2.0 * rows + dimension + 2.0 * size.n_units)
        numbers += 4.0 * size.columns * self.width
        return statistics + size.digits * numbers + 16.0 * self.n_factors * self.width**2


def written_out_cost(size: Size) -> LaggedCost:
    """Return what ridge on the lagged design costs, written out in float64."""
    columns, frames = float(size.columns), float(size.n_frames)
    rank = min(columns, frames * (size.n_folds - 1) / size.n_folds)
    precise = size.digits / 4
    # Measured: rows on the axes of all training sets and their triangles; eigenproblems; units.
    operations = (
        121.0 * frames * rank**2
        + 14.0 * size.n_sets * rank**3
        + 38.0 * precise * frames * rank * size.n_units
        + 4.0 * frames * min(frames, columns) * columns
    )
    memory = 8.0 * (2.0 * frames * columns + (size.n_folds + size.n_sets + 4) * rank**2)
    return LaggedCost(
        "written out",
        operations + 20 * CALLS,
        memory,
        f"{size.columns} lagged features, written out; {_in_words(size, operations, memory)}",
    )


def _in_words(size: Size, operations: float, memory: float) -> str:
    return (
        f"{size.n_sets} training sets, about {operations / 1e12:.2g} Tflop and "
        f"{memory / 2**30:.2g} GiB beside the inputs"
    )


def cheapest(size: Size) -> LaggedCost:
    """Return the cost of the cheapest way that fits; refuse what fits by none."""
    ways = sorted([lagged_cost(size), written_out_cost(size)], key=lambda cost: cost.operations)
    free = free_memory()
    for cost in ways:
        if cost.memory <= free:
            return cost
    least = min(cost.memory for cost in ways)
    raise InvalidInput(
        f"{size.n_frames} frames of {size.n_features} features at {size.n_lags} lags and "
        f"{size.n_units} units take about {least / 2**30:.1f} GiB, and {free / 2**30:.1f} GiB are "
        "free; score fewer units at a time, or use fewer features or lags"
    )


def free_memory() -> float:
    """Return the bytes that may be had: what the machine has free, and a container's limit."""
    limits = [float(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))]
    with suppress(OSError, ValueError):  # no Linux, or no limit
        lines = Path("/proc/meminfo").read_text().splitlines()
        limits += [1024.0 * int(line.split()[1]) for line in lines if "MemAvailable" in line]
        limits.append(float(Path("/sys/fs/cgroup/memory.max").read_text()))
    return float(np.min(limits))
