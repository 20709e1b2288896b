"""Units in tiles: read from the recordings, standardised, and summed up over sets of rows."""

from __future__ import annotations

import mmap
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from heschl.metrics.ridge.agreement import ROUNDING
from heschl.metrics.ridge.engine.arrangement import Arrangement
from heschl.metrics.ridge.engine.space import Space

__all__ = ["HeldOut", "Recordings", "Tile", "release"]


ROWS = 1024
"""Rows of a memory map that are read before its pages are let go."""


class Recordings:
    """Recordings that share a design, side by side.

    Parameters
    ----------
    arrays
        Each (row, unit); may be memory maps, of which only the tile in work is read.
    chosen
        Units of each recording to take; by default all.
    """

    def __init__(
        self, arrays: Sequence[np.ndarray], chosen: Sequence[np.ndarray] | None = None
    ) -> None:
        self.arrays = arrays
        self.chosen = chosen
        widths = [array.shape[1] for array in arrays] if chosen is None else map(len, chosen)
        self.edges = np.cumsum([0, *widths])
        self.n_units = int(self.edges[-1])

    def read(self, start: int, stop: int, space: Space) -> np.ndarray:
        """Return a copy (row, unit) of some units, of one recording, as they were recorded."""
        number = int(np.searchsorted(self.edges, start, side="right")) - 1
        units: slice | np.ndarray = slice(start - self.edges[number], stop - self.edges[number])
        if self.chosen is not None:
            units = self.chosen[number][units]
        array = self.arrays[number]
        found = space.of("recorded", len(array), stop - start, dtype=array.dtype)
        for row in range(0, len(array), ROWS):  # a page for each row, and its neighbours, come in
            found[row : row + ROWS] = array[row : row + ROWS, units]
            release([array])
        return found


def release(arrays: Sequence[np.ndarray]) -> None:
    """Let go of the pages read so far of read-only memory maps; the disk still has them."""
    for array in arrays:
        base: object = array
        while isinstance(base, np.ndarray):
            if isinstance(base, np.memmap) and base.mode != "r":
                break  # what was written to a private copy would be lost
            base = base.base
        if isinstance(base, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
            base.madvise(mmap.MADV_DONTNEED)


DELICATE = {"float32": 0.1, "float64": 1e-4}
"""A spread, in root mean squares of the unit, below which standardised numbers lack digits."""

MANY_BLOCKS = 64

NARROW = 64
"""Units standardised at a time, in float64."""


def _standardise(
    values: np.ndarray, *, has_mean: bool, has_length: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Take the mean off ``values (row, unit)`` and divide by their length; return both (unit,).

    Without a length units are divided by a power of two, which changes no digit.
    """
    mean = np.zeros(values.shape[1])
    largest = np.maximum(values.max(axis=0), -values.min(axis=0))
    if has_mean:
        mean = values.mean(axis=0)
        values -= mean
        deviation = np.maximum(values.max(axis=0), -values.min(axis=0))
        values[:, deviation <= ROUNDING * largest] = 0.0
        largest = deviation
    largest[largest == 0] = 1.0
    scale = np.exp2(np.round(np.log2(largest)))  # so that squares neither overflow nor vanish
    values /= scale
    if has_length:
        length = np.sqrt(np.einsum("tv,tv->v", values, values) / len(values))
        length[length == 0] = 1.0
        values /= length
        scale *= length
    return mean, scale


def _spreads(
    values: np.ndarray,
    sets: Sequence[np.ndarray],
    blocks: Sequence[np.ndarray] = (),
    members: Sequence[tuple[int, ...]] = (),
) -> np.ndarray:
    """Return the largest less the smallest value (set, unit), by way of blocks if they are few."""
    if not 0 < len(blocks) <= MANY_BLOCKS:
        blocks, members = sets, [(position,) for position in range(len(sets))]
    low = np.stack([_taken(values, rows).min(axis=0) for rows in blocks])
    high = np.stack([_taken(values, rows).max(axis=0) for rows in blocks])
    return np.stack([high[list(of)].max(axis=0) - low[list(of)].min(axis=0) for of in members])


def _are_neighbours(rows: np.ndarray) -> bool:
    return len(rows) > 0 and bool(rows[-1] - rows[0] == len(rows) - 1)


def _taken(values: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return rows (row, unit), as a view where they are neighbours."""
    if _are_neighbours(rows):
        return np.asarray(values[rows[0] : rows[-1] + 1])
    return np.asarray(values[rows])


@dataclass(frozen=True)
class HeldOut:
    """Responses of held-out rows.

    Parameters
    ----------
    values
        (row, unit) less the mean over these rows.
    total
        (unit,) their sum of squares.
    mean
        (unit,).
    spread
        (unit,) the largest less the smallest value.
    """

    values: np.ndarray
    total: np.ndarray
    mean: np.ndarray
    spread: np.ndarray

    def is_still(self, mean: np.ndarray) -> np.ndarray:
        """Return which units do not vary, seen from the mean of the training rows."""
        return np.asarray(self.spread <= ROUNDING * np.abs(self.mean - mean))


@dataclass
class Tile:
    """Some units, each less its mean (with an intercept) and divided by its root mean square.

    Correlation, R² and the choice of a penalty do not notice; the numbers fit
    into float32, however they were recorded. Raw tiles are not standardised.

    Parameters
    ----------
    start, stop
        Positions among all units.
    space
        Memory for what is as large as the tile.
    values
        (row, unit).
    scale, mean
        (unit,) what they were divided by, and what was subtracted before.
    spread_fitted, spread_held_out
        (set, unit) the largest less the smallest value in each training and held-out set.
    """

    start: int
    stop: int
    space: Space
    values: np.ndarray
    mean: np.ndarray
    scale: np.ndarray
    spread_fitted: np.ndarray
    spread_held_out: np.ndarray
    crossed: np.ndarray = field(default_factory=lambda: np.empty((0, 0, 0)))
    """(block, feature [+ 1], unit) X'Y and, with an intercept, sums of each block of rows."""
    loaded: dict[int, Any] = field(default_factory=dict)
    """Training responses on axes that are needed twice."""
    _held_out: dict[int, HeldOut] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        recorded: np.ndarray,
        arrangement: Arrangement,
        start: int,
        space: Space,
        *,
        has_intercept: bool,
        is_raw: bool,
    ) -> Tile:
        """Standardise units ``recorded (row, unit)``; if raw, only scale them."""
        n_rows, n_units = recorded.shape
        values = space.of("values", n_rows, n_units)
        mean, scale = np.empty((2, n_units))
        spread_fitted = np.empty((len(arrangement.trainings), n_units))
        spread_held_out = np.empty((len(arrangement.held_out), n_units))
        for low in range(0, n_units, NARROW):
            part = slice(low, low + NARROW)
            taken = recorded[:, part]
            narrow = space.of("standardised", *taken.shape, dtype=np.dtype(np.float64))
            narrow[:] = taken
            mean[part], scale[part] = _standardise(
                narrow, has_mean=has_intercept and not is_raw, has_length=not is_raw
            )
            spread_fitted[:, part] = _spreads(
                narrow, arrangement.trainings, arrangement.blocks, arrangement.members
            )
            spread_held_out[:, part] = _spreads(narrow, arrangement.held_out)
            values[:, part] = narrow
        end = start + n_units
        return cls(start, end, space, values, mean, scale, spread_fitted, spread_held_out)

    @property
    def is_delicate(self) -> np.ndarray:
        """Which units (unit,) vary so little in a set, beside elsewhere, that digits are lost."""
        spread = np.vstack([self.spread_fitted, self.spread_held_out])
        least = DELICATE[self.values.dtype.name]
        return np.asarray(((spread > 0) & (spread < least)).any(axis=0))

    def cross(self, rows_of: Sequence[np.ndarray], transposed: Sequence[np.ndarray]) -> None:
        """Form X'Y of blocks from their rows and from X' (feature [+ 1], row)."""
        shape = len(transposed), len(transposed[0]), self.stop - self.start
        self.crossed = self.space.of("crossed", *shape)
        for product, rows, design in zip(self.crossed, rows_of, transposed, strict=True):
            np.matmul(design, self.take(rows), out=product)

    def take(self, rows: np.ndarray) -> np.ndarray:
        """Return rows (row, unit), as a view where they are neighbours; else until the next."""
        if _are_neighbours(rows):
            return _taken(self.values, rows)
        found = self.space.of("taken", len(rows), self.values.shape[1])
        return np.take(self.values, rows, axis=0, out=found, mode="clip")  # unbuffered

    def held_out(self, position: int, arrangement: Arrangement) -> HeldOut:
        """Return a held-out set of rows, remembered."""
        if position not in self._held_out:
            taken = self.take(arrangement.held_out[position])
            mean = taken.mean(axis=0)
            spread = self.spread_held_out[position]
            values = self.space.of(f"held out {position}", *taken.shape)
            np.subtract(taken, mean, out=values)
            values[:, spread <= ROUNDING * np.abs(mean)] = 0.0
            total = np.einsum("iv,iv->v", values, values)
            self._held_out[position] = HeldOut(values, total, mean, spread)
        return self._held_out[position]
