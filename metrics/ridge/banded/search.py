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
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
from threadpoolctl import threadpool_limits

from heschl.metrics.ridge.agreement import Agreement
from heschl.metrics.ridge.banded.best import Best, Found
from heschl.metrics.ridge.banded.prepared import prepare_mix
from heschl.metrics.ridge.banded.routes import MixRoutes
from heschl.metrics.ridge.banded.spaces import Spaces
from heschl.metrics.ridge.banded.statistics import Statistics
from heschl.metrics.ridge.banded.tiles import Tiles
from heschl.metrics.ridge.banded.trial import Trial
from heschl.metrics.ridge.engine.arrangement import Arrangement
from heschl.metrics.ridge.engine.crossing import transposed_block
from heschl.metrics.ridge.engine.design import Design
from heschl.metrics.ridge.engine.route import CHUNK
from heschl.metrics.ridge.engine.settings import Settings
from heschl.metrics.ridge.engine.threads import ENGINE, blas_threads
from heschl.metrics.ridge.engine.units import Recordings
from heschl.metrics.ridge.estimators import Estimator, LeaveOneOut

__all__ = ["search_mixes"]


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
    with ENGINE:
        problem = _Problem(
            np.take(design, spaces.order, axis=1),  # row by row, as an index would not be
            spaces,
            arrangement,
            estimator,
            [*searches],
            score,
            n_threads or blas_threads(),
            largest_chunk,
            alpha_per_unit=alpha_per_unit and getattr(estimator, "alpha_per_unit", True),
            has_split=has_split,
            has_weights=has_weights,
        )
        units = Recordings(recordings)
        bests = problem.solved(units, np.dtype(dtype))
        again = problem.chosen_again(bests[0].is_delicate, units)
        if sum(map(len, again)):
            positions = [first + each for first, each in zip(units.edges, again, strict=False)]
            exact = problem.solved(Recordings(recordings, again), np.dtype(np.float64), is_raw=True)
            for best, other in zip(bests, exact, strict=True):
                best.put(np.concatenate(positions), other)
    return [[best.of(slice(*ends)) for ends in itertools.pairwise(units.edges)] for best in bests]


@dataclass(frozen=True)
class _Problem:
    values: np.ndarray
    spaces: Spaces
    arrangement: Arrangement
    estimator: Estimator
    searches: list[np.ndarray]
    score: Agreement
    n_threads: int
    largest_chunk: int
    alpha_per_unit: bool
    has_split: bool
    has_weights: bool

    def solved(self, units: Recordings, dtype: np.dtype, *, is_raw: bool = False) -> list[Best]:
        """Return the tables of each search; raw units are not standardised before."""
        design = Design(self.values, has_intercept=self.estimator.has_intercept)
        alphas = np.array(self.estimator.alphas) * design.scale**2
        by_training = _by_training(self.arrangement)
        arrangement = self.arrangement
        if len(arrangement.blocks) > len(arrangement.trainings):
            arrangement = by_training
        statistics = Statistics(design, self.spaces.edges, arrangement)

        def routes_for(dtype: np.dtype) -> MixRoutes:
            return MixRoutes(
                statistics,
                Settings(alphas, self.estimator, self.score, dtype, by_training, is_raw),
                largest_chunk=self.largest_chunk,
                largest_gamma=max(mixes.max() for mixes in self.searches),
            )

        whole = routes_for(dtype).of(np.ones(len(self.spaces)))
        routes = routes_for(whole.dtype)  # float64 throughout where penalties are tiny
        settings = routes.settings
        crossing = []
        if routes.has("kernel", self.searches):
            statistics.form_kernels()
        if routes.has("summed", self.searches):
            statistics.form_grams()
            if not isinstance(self.estimator, LeaveOneOut):
                inverse = np.linalg.inv(statistics.root)
                crossing = [
                    transposed_block(design, inverse, block, whole.dtype)
                    for block in arrangement.blocks
                ]
        tiles = Tiles(units, arrangement, crossing, settings)
        stretches = whole.stretches(units.edges, self.n_threads)
        bests = []
        with (
            threadpool_limits(1, user_api="blas"),
            ThreadPoolExecutor(self.n_threads) as pool,
        ):
            for mixes in self.searches:
                best = Best(
                    len(arrangement.outer),
                    units.n_units,
                    n_spaces=len(self.spaces) * self.has_split,
                    n_features=design.n_features * self.has_weights,
                )
                for number, gammas in enumerate(mixes):
                    prepared = prepare_mix(
                        statistics,
                        gammas,
                        settings,
                        routes.of(gammas),
                        pool,
                        has_split=self.has_split,
                        has_weights=self.has_weights,
                    )
                    trial = Trial(number, prepared, tiles, stretches, best)
                    if self.alpha_per_unit:
                        trial.choose_by_unit(pool)
                    else:
                        trial.choose_for_all(pool)
                if best.weights is not None:
                    best.weights = best.weights[:, np.argsort(self.spaces.order)]
                bests.append(best)
        return bests

    def chosen_again(self, is_delicate: np.ndarray, units: Recordings) -> list[np.ndarray]:
        """Return the units of each recording that are solved once more, raw, as in the engine."""
        again = []
        for first, behind in itertools.pairwise(units.edges):
            of_recording = is_delicate[first:behind]
            if not self.alpha_per_unit and of_recording.any():
                of_recording = np.ones_like(of_recording)
            again.append(np.flatnonzero(of_recording))
        return again


def _by_training(arrangement: Arrangement) -> Arrangement:
    """Take each training set as a block of its own."""
    members = tuple((position,) for position in range(len(arrangement.trainings)))
    return replace(arrangement, blocks=arrangement.trainings, members=members)
