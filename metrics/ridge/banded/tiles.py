"""Units in tiles, read and multiplied with the design once for all mixes where memory allows.

Here X'Y is kept for each training set, not for each block: mixes are many, and
sums over blocks would be formed again in each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from heschl.metrics.ridge.banded.statistics import over_trainings
from heschl.metrics.ridge.engine.arrangement import Arrangement
from heschl.metrics.ridge.engine.settings import Settings
from heschl.metrics.ridge.engine.space import Space
from heschl.metrics.ridge.engine.units import Recordings, Tile, release

__all__ = ["Tiles", "for_mix", "of_units"]

KEPT_BYTES = 1024 * 2**20
"""Memory for tiles; where all need more, each is read anew for each mix."""


class Tiles:
    """The units of all recordings, in tiles.

    Parameters
    ----------
    recordings
        Side by side.
    arrangement
        The rows of all folds.
    crossing
        X' of each block of rows (feature [+ 1], row), to form X'Y; empty where no route needs it.
    settings
        As in `Training`.
    """

    def __init__(
        self,
        recordings: Recordings,
        arrangement: Arrangement,
        crossing: Sequence[np.ndarray],
        settings: Settings,
    ) -> None:
        self.recordings = recordings
        self._arrangement = arrangement
        self._crossing = crossing
        self._settings = settings
        held_out = sum(len(rows) for rows in arrangement.held_out)
        crossed = len(arrangement.trainings) * len(crossing[0]) if crossing else 0
        numbers = recordings.n_units * (arrangement.n_rows + held_out + crossed)
        self._keeps = numbers * settings.dtype.itemsize <= KEPT_BYTES
        self._kept: dict[tuple[int, int], Tile] = {}

    def read(self, edges: tuple[int, int]) -> Tile:
        """Return the units from the first of ``edges`` to the one before the second."""
        if edges in self._kept:
            return self._kept[edges]
        space = Space(self._settings.dtype)
        recorded = self.recordings.read(*edges, Space(self._settings.dtype))
        tile = Tile.of(
            recorded,
            self._arrangement,
            edges[0],
            space,
            has_intercept=self._settings.estimator.has_intercept,
            is_raw=self._settings.is_raw,
        )
        if self._crossing:
            tile.cross(self._arrangement.blocks, self._crossing)
            tile.crossed = over_trainings(tile.crossed, self._arrangement)
        if self._keeps:
            self._kept[edges] = tile
        release(self.recordings.arrays)
        return tile


def for_mix(tile: Tile) -> Tile:
    """Return a tile without what was loaded on the axes of another mix; the rest is shared."""
    return replace(tile, loaded={}, space=Space(tile.space.dtype))


def of_units(tile: Tile, units: np.ndarray) -> Tile:
    """Return some units of a tile, by their positions in it."""
    return replace(
        tile,
        space=Space(tile.space.dtype),
        values=tile.values[:, units],
        mean=tile.mean[units],
        scale=tile.scale[units],
        spread_fitted=tile.spread_fitted[:, units],
        spread_held_out=tile.spread_held_out[:, units],
        crossed=tile.crossed[..., units] if tile.crossed.size else tile.crossed,
        loaded={},
        _held_out={},
    )
