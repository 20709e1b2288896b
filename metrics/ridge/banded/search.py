"""Banded ridge: a penalty for each feature space, searched over mixes.

For a training design X = [X_1 ... X_S] the weights minimise

    |Y - XW|² + alpha Σ_s |W_s|² / gamma_s.

With Z = [√gamma_s X_s] that is plain ridge of Z, whose weights are then
multiplied by √gamma_s. For each mix all penalties alpha go through the engine's
compressed path; what mixes share is in `heschl.metrics.ridge.banded.statistics`.
Units whose best value rises with a mix are scored by that mix at once, so that
no mix need be kept or factored again: with random mixes that is seldom, about
ln(mixes) times for each unit.

**Ties.** Of penalties within `TIE` of a mix's best the largest is taken, as
without mixes; a later mix is taken where it is better by more than `TIE`.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
from threadpoolctl import threadpool_limits

from heschl.metrics.ridge.agreement import Agreement
from heschl.metrics.ridge.banded.best import Best, Found
from heschl.metrics.ridge.banded.prepared import PreparedMix, prepare_mix
from heschl.metrics.ridge.banded.spaces import Spaces
from heschl.metrics.ridge.banded.statistics import Statistics
from heschl.metrics.ridge.banded.tiles import Tiles, for_columns
from heschl.metrics.ridge.engine.arrangement import Arrangement
from heschl.metrics.ridge.engine.design import Design
from heschl.metrics.ridge.engine.factors import Route
from heschl.metrics.ridge.engine.route import CHUNK, choose_routes
from heschl.metrics.ridge.engine.solve import _ENGINE, _blas_threads
from heschl.metrics.ridge.engine.training import Settings
from heschl.metrics.ridge.engine.units import Recordings, Tile
from heschl.metrics.ridge.estimators import Bootstrap, Estimator, LeaveOneOut
from heschl.metrics.ridge.penalties import best_penalties

__all__ = ["search_mixes"]

GRAM_BYTES = 2048 * 2**20
"""Memory for the Gram matrices of training sets; beyond, each mix forms its own from the rows."""


def search_mixes(
    design: np.ndarray,
    recordings: Sequence[np.ndarray],
    spaces: Spaces,
    arrangement: Arrangement,
    estimator: Estimator,
    searches: Sequence[np.ndarray],
    *,
    score: Agreement,
    dtype: np.dtype | type = np.float32,
    n_threads: int | None = None,
    largest_chunk: int = CHUNK,
    alpha_per_unit: bool = True,
    has_split: bool = False,
    has_weights: bool = False,
) -> list[list[Found]]:
    """Choose a mix and a penalty for each unit in each outer fold, and score it.

    Parameters
    ----------
    design
        (row, feature), finite.
    recordings
        Each (row, unit), finite; may be memory maps.
    spaces
        Of the columns.
    arrangement
        The rows of all folds, from `arrange` with the same estimator.
    estimator
        How values are formed by which mix and penalty are chosen.
    searches
        Each (mix, space): the mixes among which a search chooses. Searches share all statistics.
    score
        The agreement on the test rows.
    dtype
        Of the products with responses: float32, or float64 for all digits.
    n_threads
        Threads, each with one BLAS thread; by default as many as BLAS has now.
    largest_chunk
        Units that a thread works on at a time, at most.
    alpha_per_unit
        If False, in each mix all units of a recording share the penalty with the best mean.
    has_split
        Whether each space's part of the score is returned.
    has_weights
        Whether weights are returned. They take (fold, feature, unit) float64.

    Returns
    -------
    list
        For each search what was found for each recording.
    """
    units = Recordings(recordings)
    with _ENGINE:
        n_threads = n_threads or _blas_threads()
        whole = Design(np.asarray(design)[:, spaces.order], has_intercept=estimator.has_intercept)
        if len(arrangement.blocks) > len(arrangement.trainings):
            arrangement = _by_training(arrangement)
        alphas = np.array(estimator.alphas) * whole.scale**2
        routing = choose_routes(
            whole,
            arrangement,
            alphas / max(mixes.max() for mixes in searches),
            estimator,
            n_units=units.n_units,
            dtype=np.dtype(dtype),
            largest_chunk=largest_chunk,
        )
        settings = Settings(alphas, estimator, score, routing.dtype, _by_training(arrangement))
        routes = _Routes(
            settings, whole.n_features, tuple(route == "decomposed" for route in routing.routes)
        )
        widths = np.diff(spaces.edges)
        needs_products = not isinstance(estimator, LeaveOneOut) and any(
            "summed" in routes.of(mix, widths) for mixes in searches for mix in mixes
        )
        tiles = Tiles(
            units,
            arrangement,
            whole.transposed_blocks(arrangement.blocks, routing.dtype) if needs_products else [],
            has_intercept=whole.has_intercept,
            dtype=routing.dtype,
        )
        statistics = Statistics(whole, spaces.edges, arrangement)
        chunks = routing.chunks(units.n_units, n_threads)
        is_shared = isinstance(estimator, Bootstrap) and not estimator.alpha_per_unit
        try_mix = _try_sharing if is_shared or not alpha_per_unit else _try_unit_by_unit
        bests = []
        with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(n_threads) as pool:
            for mixes in searches:
                best = Best(
                    len(arrangement.outer),
                    units.n_units,
                    n_spaces=len(spaces) if has_split else 0,
                    n_features=whole.n_features if has_weights else 0,
                )
                for number, gammas in enumerate(mixes):
                    prepared = prepare_mix(
                        statistics,
                        gammas,
                        settings,
                        routes.of(gammas, widths),
                        pool,
                        keeps=routing.keeps,
                        has_split=has_split,
                        has_weights=has_weights,
                    )
                    try_mix(_Mix(number, prepared, tiles, whole.n_features), best, chunks, pool)
                if best.weights is not None:
                    best.weights = best.weights[:, np.argsort(spaces.order)]
                bests.append(best)
    return [[best.of(slice(*e)) for e in itertools.pairwise(units.edges)] for best in bests]


def _by_training(arrangement: Arrangement) -> Arrangement:
    """Take each training set as a block of its own."""
    members = tuple((position,) for position in range(len(arrangement.trainings)))
    return replace(arrangement, blocks=arrangement.trainings, members=members)


@dataclass(frozen=True)
class _Routes:
    settings: Settings
    n_features: int
    is_decomposed: tuple[bool, ...]

    def of(self, gammas: np.ndarray, widths: np.ndarray) -> tuple[Route, ...]:
        """Return the route of each training set: dual where columns in the mix are the more."""
        n_columns = int(widths[gammas > 0].sum())
        arrangement = self.settings.arrangement
        gram_bytes = 8 * len(arrangement.trainings) * self.n_features**2
        tall: Route = "summed" if gram_bytes <= GRAM_BYTES else "direct"
        has_intercept = self.settings.estimator.has_intercept
        return tuple(
            "decomposed"
            if decomposed
            else "kernel"
            if n_columns >= len(rows) - has_intercept
            else tall
            for rows, decomposed in zip(arrangement.trainings, self.is_decomposed, strict=True)
        )


_Chunk = Sequence[tuple[int, int]]


@dataclass(frozen=True)
class _Mix:
    number: int
    prepared: PreparedMix
    tiles: Tiles
    n_features: int

    def tile(self, edges: tuple[int, int]) -> Tile:
        columns = self.prepared.design.columns
        return for_columns(self.tiles.read(edges), columns, n_features=self.n_features)

    def settle(self, best: Best, tile: Tile, values: np.ndarray, chosen: np.ndarray) -> None:
        """Score the units for which this is the best mix so far.

        ``values (fold, alpha, unit)`` of the tile, and ``chosen (fold, unit)`` the penalties.
        """
        units = slice(tile.start, tile.stop)
        reached = np.take_along_axis(values, chosen[:, None], axis=1)[:, 0]
        for fold, indices in enumerate(chosen):
            better = best.raise_to(self.number, reached[fold], indices, fold=fold, units=units)
            self.prepared.score(tile, indices, fold=fold, better=better, best=best)


def _try_unit_by_unit(
    mix: _Mix, best: Best, chunks: Sequence[_Chunk], pool: ThreadPoolExecutor
) -> None:
    estimator = mix.prepared.settings.estimator

    def work(chunk: _Chunk) -> None:
        for edges in chunk:
            tile = mix.tile(edges)
            values = mix.prepared.judge(tile)
            chosen = np.stack([best_penalties(of_fold, estimator) for of_fold in values])
            mix.settle(best, tile, values, chosen)

    _run(pool, work, chunks)


def _try_sharing(mix: _Mix, best: Best, chunks: Sequence[_Chunk], pool: ThreadPoolExecutor) -> None:
    settings = mix.prepared.settings
    n_folds, n_units = best.inner.shape
    values = np.empty((n_folds, len(settings.alphas), n_units))

    def judge(chunk: _Chunk) -> None:
        for edges in chunk:
            values[..., slice(*edges)] = mix.prepared.judge(mix.tile(edges))

    _run(pool, judge, chunks)
    chosen = np.empty((n_folds, n_units), dtype=np.intp)
    for start, stop in itertools.pairwise(mix.tiles.recordings.edges):
        for fold in range(n_folds):
            mean = values[fold, :, start:stop].mean(axis=1, keepdims=True)
            chosen[fold, start:stop] = best_penalties(mean, settings.estimator)

    def settle(chunk: _Chunk) -> None:
        for edges in chunk:
            units = slice(*edges)
            mix.settle(best, mix.tile(edges), values[..., units], chosen[:, units])

    _run(pool, settle, chunks)


def _run(
    pool: ThreadPoolExecutor, work: Callable[[_Chunk], None], chunks: Sequence[_Chunk]
) -> None:
    for _ in pool.map(work, chunks):
        pass
