"""Score recordings that share a design: factor each training set once, then pass over the units."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import RLock
from typing import TypeAlias, TypeVar

import numpy as np
from threadpoolctl import threadpool_info, threadpool_limits

from heschl.metrics.ridge.agreement import Agreement
from heschl.metrics.ridge.engine.arrangement import Arrangement
from heschl.metrics.ridge.engine.design import Design
from heschl.metrics.ridge.engine.path import Space
from heschl.metrics.ridge.engine.route import CHUNK, Routing, choose_routes
from heschl.metrics.ridge.engine.training import Settings, Training, prepare_training
from heschl.metrics.ridge.engine.units import Recordings, Tile, release
from heschl.metrics.ridge.estimators import Bootstrap, Estimator
from heschl.metrics.ridge.penalties import best_penalties

__all__ = ["Solution", "solve"]


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


def solve(
    design: np.ndarray,
    recordings: Sequence[np.ndarray],
    arrangement: Arrangement,
    estimator: Estimator,
    *,
    score: Agreement,
    dtype: np.dtype | type = np.float32,
    n_threads: int | None = None,
    largest_chunk: int = CHUNK,
    has_weights: bool = False,
) -> list[Solution]:
    """Choose a penalty for each unit of each recording in each outer fold, and score it.

    Parameters
    ----------
    design
        (row, feature), finite.
    recordings
        Each (row, unit), finite; may be memory maps.
    arrangement
        The rows of all folds, from `arrange` with the same estimator.
    estimator
        How the penalties are chosen.
    score
        The agreement on the test rows.
    dtype
        Of the products with responses: float32, or float64 for all digits. Factors are always
        found in float64.
    n_threads
        Threads, each with one BLAS thread; by default as many as BLAS has now.
    largest_chunk
        Units that a thread reads at a time, at most.
    has_weights
        Whether weights are returned. They take (fold, feature, unit) float64.
    """
    table = _Tables(len(arrangement.outer), sum(array.shape[1] for array in recordings))
    if has_weights:
        table.weights = np.empty((len(arrangement.outer), design.shape[1], table.score.shape[1]))
    units = Recordings(recordings)
    with _ENGINE:
        n_threads = n_threads or _blas_threads()
        prepared = Design(design, has_intercept=estimator.has_intercept)
        alphas = np.array(estimator.alphas) * prepared.scale**2
        routing = choose_routes(
            prepared,
            arrangement,
            alphas,
            estimator,
            n_units=units.n_units,
            dtype=np.dtype(dtype),
            largest_chunk=largest_chunk,
        )
        settings = Settings(alphas, estimator, score, routing.dtype, arrangement)
        grams = None
        if "summed" in routing.routes:
            grams = prepared.block_grams(arrangement.blocks)
        if "kernel" in routing.routes:
            prepared.kernel  # noqa: B018 - formed here, where BLAS has all threads

        def prepare(position: int) -> Training:
            gram, route = None, routing.routes[position]
            if route == "summed":
                assert grams is not None  # noqa: S101 - tells the type checker
                gram = sum_included(grams, arrangement.members[position])
            return prepare_training(
                prepared,
                settings,
                position,
                route,
                gram=gram,
                keeps=routing.keeps,
                has_weights=has_weights,
            )

        with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(n_threads) as pool:
            trainings = list(pool.map(prepare, range(len(arrangement.trainings))))
            grams = None
            prepared.forget_kernel()
            crossing = []
            if any(training.turn is not None for training in trainings):
                crossing = prepared.transposed_blocks(arrangement.blocks, routing.dtype)
            work = _Work(prepared, trainings, settings, routing, crossing, units, table)
            chunks = routing.chunks(units.n_units, n_threads)
            if isinstance(estimator, Bootstrap) and not estimator.alpha_per_unit:
                work.share_alpha(pool, chunks)
            else:
                _run(pool, work.score, chunks)
    return [table.of(slice(*edges)) for edges in itertools.pairwise(units.edges)]


_ENGINE = RLock()
"""One problem at a time: it takes all cores, and sets the threads of BLAS while it does."""


def _blas_threads() -> int:
    counts = [each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas"]
    return max(counts, default=os.cpu_count() or 1)


def sum_included(grams: np.ndarray, members: tuple[int, ...]) -> np.ndarray:
    """Return the sum of some of the Gram matrices (block, feature, feature)."""
    gram: np.ndarray = grams[members[0]].copy()
    for member in members[1:]:
        gram += grams[member]
    return gram


class _Tables:
    """What is written, side by side for all recordings, each (fold, unit)."""

    def __init__(self, n_folds: int, n_units: int) -> None:
        self.score = np.zeros((n_folds, n_units))
        self.alpha_index = np.zeros((n_folds, n_units), dtype=np.intp)
        self.inner = np.zeros((n_folds, n_units))
        self.is_constant = np.zeros((n_folds, n_units), dtype=bool)
        self.weights: np.ndarray | None = None

    def of(self, units: slice) -> Solution:
        return Solution(
            self.score[:, units],
            self.alpha_index[:, units],
            self.inner[:, units],
            self.is_constant[:, units],
            None if self.weights is None else self.weights[..., units],
        )


@dataclass(frozen=True)
class _Work:
    design: Design
    trainings: Sequence[Training]
    settings: Settings
    routing: Routing
    crossing: Sequence[np.ndarray]
    recordings: Recordings
    tables: _Tables

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

        _run(pool, judge, chunks)
        for start, stop in itertools.pairwise(self.recordings.edges):
            for fold in range(n_folds):
                of_recording = values[fold, :, start:stop]
                chosen = best_penalties(of_recording, self.settings.estimator)
                self.tables.alpha_index[fold, start:stop] = chosen
                self.tables.inner[fold, start:stop] = np.take_along_axis(
                    of_recording, chosen[None], axis=0
                )[0]
        _run(pool, test, chunks)

    def _read(self, start: int, stop: int) -> Tile:
        tile = Tile.of(
            self.recordings,
            start,
            stop,
            has_intercept=self.design.has_intercept,
            dtype=self.routing.dtype,
        )
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


def _run(pool: ThreadPoolExecutor, work: Callable[[_Item], None], items: Iterable[_Item]) -> None:
    for _ in pool.map(work, items):
        pass
