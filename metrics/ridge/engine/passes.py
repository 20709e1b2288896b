"""One pass over the units: judge the penalties, choose, score."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import local

import numpy as np

from heschl.metrics.ridge.engine.arrangement import Trial
from heschl.metrics.ridge.engine.design import Design
from heschl.metrics.ridge.engine.route import Routing, Stretch
from heschl.metrics.ridge.engine.settings import Settings
from heschl.metrics.ridge.engine.space import Space
from heschl.metrics.ridge.engine.threads import run
from heschl.metrics.ridge.engine.training import Training
from heschl.metrics.ridge.engine.units import Recordings, Tile
from heschl.metrics.ridge.penalties import best_penalties

__all__ = ["Solution", "Tables", "Work", "judge"]


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
    of_thread
        Memory that each thread uses again.
    """

    design: Design
    trainings: Sequence[Training]
    settings: Settings
    routing: Routing
    crossing: Sequence[np.ndarray]
    recordings: Recordings
    tables: Tables
    of_thread: local = field(default_factory=local)

    def score(self, stretch: Stretch) -> None:
        """Choose and score the units of some tiles."""

        def score(tiles: list[Tile], space: Space) -> None:
            values = self._judge(tiles, space)
            for tile, of_tile in zip(tiles, values, strict=True):
                chosen = [best_penalties(of_fold, self.settings.estimator) for of_fold in of_tile]
                self._choose(slice(tile.start, tile.stop), of_tile, np.stack(chosen))
            self._test(tiles, space)

        self._each(stretch, score)

    def share_alpha(self, pool: ThreadPoolExecutor, stretches: Sequence[Stretch]) -> None:
        """Choose one penalty for all units of a recording, in two passes over the units."""
        n_folds, n_alphas = len(self.settings.arrangement.outer), len(self.settings.alphas)
        values = np.empty((n_folds, n_alphas, self.recordings.n_units))

        def judge_tiles(tiles: list[Tile], space: Space) -> None:
            for tile, of_tile in zip(tiles, self._judge(tiles, space), strict=True):
                values[..., tile.start : tile.stop] = of_tile

        run(pool, lambda stretch: self._each(stretch, judge_tiles), stretches)
        for start, stop in itertools.pairwise(self.recordings.edges):
            if start == stop:
                continue
            of_recording = values[..., start:stop]
            chosen = [best_penalties(of_fold, self.settings.estimator) for of_fold in of_recording]
            self._choose(slice(start, stop), of_recording, np.stack(chosen))
        run(pool, lambda stretch: self._each(stretch, self._test), stretches)

    def _choose(self, units: slice, values: np.ndarray, chosen: np.ndarray) -> None:
        """Write the choice (fold, unit) and its value, of all values (fold, alpha, unit)."""
        self.tables.alpha_index[:, units] = chosen
        self.tables.inner[:, units] = np.take_along_axis(values, chosen[:, None], axis=1)[:, 0]

    def _each(self, stretch: Stretch, work: Callable[[list[Tile], Space], None]) -> None:
        """Do the work tile by tile; for all at once where operators are made for each stretch."""
        first = stretch[0][0]
        parts = [[edges] for edges in stretch] if self.routing.keeps else [stretch]
        space, *of_tiles = self._spaces(1 + len(parts[0]))
        recorded = self.recordings.read(first, stretch[-1][1], space)
        for part in parts:
            tiles = [
                self._tile(recorded[:, low - first : high - first], low, of_tile)
                for (low, high), of_tile in zip(part, of_tiles, strict=True)
            ]
            work(tiles, space)

    def _spaces(self, count: int) -> list[Space]:
        """Return so much memory of this thread."""
        known: list[Space] = getattr(self.of_thread, "spaces", [])
        new = [Space(self.routing.dtype) for _ in range(count - len(known))]
        self.of_thread.spaces = known + new
        return (known + new)[:count]

    def _tile(self, recorded: np.ndarray, start: int, space: Space) -> Tile:
        tile = Tile.of(
            recorded,
            self.settings.arrangement,
            start,
            space,
            has_intercept=self.design.has_intercept,
            is_raw=self.settings.is_raw,
        )
        self.tables.is_delicate[start : tile.stop] = tile.is_delicate
        self._cross(tile)
        return tile

    def _cross(self, tile: Tile) -> None:
        """Form X'Y of each block, if any training set is their sum."""
        if self.crossing:
            tile.cross(self.settings.arrangement.blocks, self.crossing)

    def _judge(self, tiles: Sequence[Tile], space: Space) -> list[np.ndarray]:
        """Return for each tile the mean agreement (fold, alpha, unit)."""
        return judge(self.trainings, tiles, self.settings, space)

    def _test(self, tiles: Sequence[Tile], _: Space) -> None:
        tables = self.tables
        for fold, each in enumerate(self.settings.arrangement.outer):
            for tile in tiles:
                units = slice(tile.start, tile.stop)
                chosen = tables.alpha_index[fold, units]
                score, is_constant = self._score(each.scored, tile, chosen)
                tables.score[fold, units], tables.is_constant[fold, units] = score, is_constant
                if tables.weights is not None:
                    tables.weights[fold, :, units] = self._weights(each.scored, tile, chosen)

    def _score(self, trial: Trial, tile: Tile, chosen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return score and whether prediction or response do not vary, each (unit,)."""
        return self.trainings[trial.training].score(tile, trial.held_out, chosen)

    def _weights(self, trial: Trial, tile: Tile, chosen: np.ndarray) -> np.ndarray:
        """Return weights (feature, unit)."""
        return self.trainings[trial.training].weights(self.design, tile, chosen)


def judge(
    trainings: Sequence[Training], tiles: Sequence[Tile], settings: Settings, space: Space
) -> list[np.ndarray]:
    """Return for each tile the mean agreement (fold, alpha, unit) on rows that judge penalties."""
    outer = settings.arrangement.outer
    shape = len(outer), len(settings.alphas)
    values = [np.zeros((*shape, tile.stop - tile.start)) for tile in tiles]
    for training in trainings:
        operators = training.made()
        for tile, of_tile in zip(tiles, values, strict=True):
            if not operators:
                continue
            loaded = training.load(tile)
            for side, of_side in zip(training.sides, operators, strict=True):
                judged = side.judge(training, tile, loaded, of_side, space)
                for fold in side.folds:
                    of_tile[fold] += judged
    for of_tile in values:
        for fold, each in enumerate(outer):
            of_tile[fold] /= max(1, len(each.judged))
    return values
