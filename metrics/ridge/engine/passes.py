"""One pass over the units: judge the penalties, choose, score."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

import numpy as np

from heschl.metrics.ridge.engine.design import Design
from heschl.metrics.ridge.engine.path import Space
from heschl.metrics.ridge.engine.route import Routing
from heschl.metrics.ridge.engine.training import Settings, Training
from heschl.metrics.ridge.engine.units import Recordings, Tile, release
from heschl.metrics.ridge.penalties import best_penalties

__all__ = ["Solution", "Tables", "Work", "run"]

Chunk: TypeAlias = Sequence[tuple[int, int]]
"""Tiles that a thread reads at a time, each from a unit to the one behind its last."""


@dataclass(frozen=True)
class Solution:
    """What comes out for one recording, each (fold, unit).

    Parameters
    ----------
    score
        On the test rows.
    alpha_index
        Position of the penalty.
    inner
        The value, on training rows alone, by which the penalty was chosen.
    is_constant
        Whether the response or the prediction does not vary over the test rows.
    weights
        (fold, feature, unit), if asked for.
    """

    score: np.ndarray
    alpha_index: np.ndarray
    inner: np.ndarray
    is_constant: np.ndarray
    weights: np.ndarray | None = None


class Tables:
    """What is written, side by side for all recordings, each (fold, unit)."""

    def __init__(self, n_folds: int, n_units: int, *, n_weights: int = 0) -> None:
        self.score = np.zeros((n_folds, n_units))
        self.alpha_index = np.zeros((n_folds, n_units), dtype=np.intp)
        self.inner = np.zeros((n_folds, n_units))
        self.is_constant = np.zeros((n_folds, n_units), dtype=bool)
        self.is_delicate = np.zeros(n_units, dtype=bool)  # (unit,)
        self.weights = np.empty((n_folds, n_weights, n_units)) if n_weights else None

    def of(self, units: slice) -> Solution:
        """Return some units."""
        return Solution(
            self.score[:, units],
            self.alpha_index[:, units],
            self.inner[:, units],
            self.is_constant[:, units],
            None if self.weights is None else self.weights[..., units],
        )

    def put(self, units: np.ndarray, other: Tables) -> None:
        """Overwrite some units (unit,) by those of another table."""
        self.score[:, units] = other.score
        self.alpha_index[:, units] = other.alpha_index
        self.inner[:, units] = other.inner
        self.is_constant[:, units] = other.is_constant
        if self.weights is not None and other.weights is not None:
            self.weights[..., units] = other.weights


@dataclass(frozen=True)
class Work:
    """One pass over units, everything about the design being ready.

    Parameters
    ----------
    design, trainings, settings, routing
        What is ready.
    crossing
        X' of each block, for the route "summed".
    recordings
        The units.
    tables
        Where results go.
    """

    design: Design
    trainings: Sequence[Training]
    settings: Settings
    routing: Routing
    crossing: Sequence[np.ndarray]
    recordings: Recordings
    tables: Tables

    def score(self, chunk: Chunk) -> None:
        """Choose and score the units of some tiles."""
        tiles = [self._read(*edges) for edges in chunk]
        judged = self._judge(tiles)
        chosen = [
            np.stack([best_penalties(values, self.settings.estimator) for values in of_tile])
            for of_tile in judged
        ]
        for tile, of_tile, indices in zip(tiles, judged, chosen, strict=True):
            inner = np.take_along_axis(of_tile, indices[:, None], axis=1)[:, 0]
            self.tables.inner[:, tile.start : tile.stop] = inner
            self.tables.alpha_index[:, tile.start : tile.stop] = indices
        self._test(tiles, chosen)
        release(self.recordings.arrays)

    def share_alpha(self, pool: ThreadPoolExecutor, chunks: Sequence[Chunk]) -> None:
        """Choose one penalty for all units of a recording, in two passes over the units."""
        n_folds, n_alphas = len(self.settings.arrangement.outer), len(self.settings.alphas)
        values = np.empty((n_folds, n_alphas, self.recordings.n_units))

        def judge(chunk: Chunk) -> None:
            tiles = [self._read(*edges) for edges in chunk]
            for tile, of_tile in zip(tiles, self._judge(tiles), strict=True):
                values[..., tile.start : tile.stop] = of_tile
            release(self.recordings.arrays)

        def test(chunk: Chunk) -> None:
            tiles = [self._read(*edges) for edges in chunk]
            self._test(tiles, [self.tables.alpha_index[:, t.start : t.stop] for t in tiles])
            release(self.recordings.arrays)

        run(pool, judge, chunks)
        for start, stop in itertools.pairwise(self.recordings.edges):
            for fold in range(n_folds):
                of_recording = values[fold, :, start:stop]
                chosen = best_penalties(of_recording, self.settings.estimator)
                self.tables.alpha_index[fold, start:stop] = chosen
                self.tables.inner[fold, start:stop] = np.take_along_axis(
                    of_recording, chosen[None], axis=0
                )[0]
        run(pool, test, chunks)

    def _read(self, start: int, stop: int) -> Tile:
        tile = Tile.of(
            self.recordings,
            self.settings.arrangement,
            start,
            stop,
            has_intercept=self.design.has_intercept,
            dtype=self.routing.dtype,
            is_raw=self.settings.is_raw,
        )
        self.tables.is_delicate[start:stop] = tile.is_delicate
        if self.crossing:
            tile.cross(self.settings.arrangement.blocks, self.crossing)
        return tile

    def _judge(self, tiles: Sequence[Tile]) -> list[np.ndarray]:
        """Return the values (fold, alpha, unit) of each tile."""
        outer = self.settings.arrangement.outer
        n_alphas = len(self.settings.alphas)
        values = [np.zeros((len(outer), n_alphas, tile.stop - tile.start)) for tile in tiles]
        space = Space(self.routing.dtype)
        for training in self.trainings:
            made = training.made()
            for tile, of_tile in zip(tiles, values, strict=True):
                if not made:
                    continue
                loaded = training.load(tile)
                for side, its_operators in zip(training.sides, made, strict=True):
                    judged = side.judge(training, tile, loaded, its_operators, space)
                    for fold in side.folds:
                        of_tile[fold] += judged
        for of_tile in values:
            for fold, each in enumerate(outer):
                of_tile[fold] /= max(1, len(each.judged))
        return values

    def _test(self, tiles: Sequence[Tile], chosen: Sequence[np.ndarray]) -> None:
        for fold, each in enumerate(self.settings.arrangement.outer):
            training = self.trainings[each.scored.training]
            for tile, indices in zip(tiles, chosen, strict=True):
                units = slice(tile.start, tile.stop)
                (
                    self.tables.score[fold, units],
                    self.tables.is_constant[fold, units],
                ) = training.score(tile, each.scored.held_out, indices[fold])
                if self.tables.weights is not None:
                    self.tables.weights[fold, :, units] = training.weights(
                        self.design, tile, indices[fold]
                    )


_Item = TypeVar("_Item")


def run(pool: ThreadPoolExecutor, work: Callable[[_Item], None], items: Iterable[_Item]) -> None:
    """Do the work for every item, and raise what it raises."""
    for _ in pool.map(work, items):
        pass
