"""Score recordings that share a design: factor each training set once, then pass over the units."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from threadpoolctl import threadpool_limits

from heschl.metrics.ridge.agreement import Agreement
from heschl.metrics.ridge.engine.arrangement import Arrangement
from heschl.metrics.ridge.engine.crossing import crossing_root, transposed_block
from heschl.metrics.ridge.engine.design import Design
from heschl.metrics.ridge.engine.passes import Solution, Tables, Work
from heschl.metrics.ridge.engine.preparing import prepare_training
from heschl.metrics.ridge.engine.route import CHUNK, Routing, choose_routes
from heschl.metrics.ridge.engine.settings import Settings
from heschl.metrics.ridge.engine.threads import ENGINE, blas_threads, run
from heschl.metrics.ridge.engine.training import Training
from heschl.metrics.ridge.engine.units import Recordings
from heschl.metrics.ridge.estimators import Bootstrap, Estimator

__all__ = ["Solution", "solve"]

READERS = 2
"""Threads that hand tiles to a GPU: one reads and chooses while the other waits for products."""


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
    device: str = "cpu",
) -> list[Solution]:
    """Choose a penalty for each unit of each recording in each outer fold, and score it.

    Units that vary so little within some rows, beside others, that digits
    would be lost are solved once more, in float64 and as they were recorded.

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
    device
        ``cpu``, by NumPy; or where torch multiplies with units: ``cuda:0``, ..., or ``torch:cpu``,
        which is there to be compared with NumPy.
    """
    with ENGINE:
        problem = _Problem(
            design,
            arrangement,
            estimator,
            score,
            n_threads or blas_threads(),
            largest_chunk,
            has_weights,
            device,
        )
        units = Recordings(recordings)
        table = problem.solved(units, np.dtype(dtype))
        again = _chosen_again(table, units, estimator)
        if sum(map(len, again)):
            positions = [first + each for first, each in zip(units.edges, again, strict=False)]
            exact = problem.solved(Recordings(recordings, again), np.dtype(np.float64), is_raw=True)
            table.put(np.concatenate(positions), exact)
    return [table.of(slice(*ends)) for ends in itertools.pairwise(units.edges)]


def _chosen_again(table: Tables, units: Recordings, estimator: Estimator) -> list[np.ndarray]:
    """Return the units of each recording that are solved once more."""
    again = []
    for first, behind in itertools.pairwise(units.edges):
        is_delicate = table.is_delicate[first:behind]
        if _shares_alpha(estimator) and is_delicate.any():
            is_delicate = np.ones_like(is_delicate)
        again.append(np.flatnonzero(is_delicate))
    return again


@dataclass(frozen=True)
class _Problem:
    values: np.ndarray
    arrangement: Arrangement
    estimator: Estimator
    score: Agreement
    n_threads: int
    largest_chunk: int
    has_weights: bool
    device: str

    def solved(self, units: Recordings, dtype: np.dtype, *, is_raw: bool = False) -> Tables:
        """Return the results of all units; raw ones are not standardised before."""
        design = Design(self.values, has_intercept=self.estimator.has_intercept)
        alphas = np.array(self.estimator.alphas) * design.scale**2
        routing = choose_routes(
            design,
            self.arrangement,
            alphas,
            self.estimator,
            dtype=dtype,
            largest_chunk=self.largest_chunk,
            is_raw=is_raw,
        )
        if self.device != "cpu":
            # No cache to fit into, and operators made beside their products cost nothing.
            routing = replace(routing, tile=routing.chunk, keeps=False)
        settings = Settings(
            alphas, self.estimator, self.score, routing.dtype, self.arrangement, is_raw
        )
        tables = Tables(
            len(self.arrangement.outer),
            units.n_units,
            n_weights=design.n_features * self.has_weights,
        )
        squares = self._squares(design, routing)  # while BLAS still has all its threads
        with (
            threadpool_limits(1, user_api="blas"),
            ThreadPoolExecutor(self.n_threads) as pool,
        ):
            root = crossing_root(squares.sum(axis=0)) if len(squares) else None
            trainings = self._prepared(design, settings, routing, squares, root, pool)
            crossing = []
            if root is not None and any(training.turn is not None for training in trainings):
                inverse = np.linalg.inv(root)
                transposed = partial(transposed_block, design, inverse, dtype=routing.dtype)
                crossing = list(pool.map(transposed, self.arrangement.blocks))
            work = Work(design, trainings, settings, routing, crossing, units, tables)
            work = _placed(work, self.device)
            is_here = self.device == "cpu"
            stretches = routing.stretches(units.edges, self.n_threads if is_here else READERS)
            # Here the same threads go on: each allocates again what it gave back.
            with nullcontext(pool) if is_here else ThreadPoolExecutor(READERS) as readers:
                if _shares_alpha(self.estimator):
                    work.share_alpha(readers, stretches)
                else:
                    run(readers, work.score, stretches)
        return tables

    def _squares(self, design: Design, routing: Routing) -> np.ndarray:
        """Form XX' if any route needs it, and return X'X of each block if any needs that."""
        if "kernel" in routing.routes:
            design.form_kernel()
        blocks = self.arrangement.blocks if "summed" in routing.routes else ()
        return design.block_grams(blocks)

    def _prepared(
        self,
        design: Design,
        settings: Settings,
        routing: Routing,
        squares: np.ndarray,
        root: np.ndarray | None,
        pool: ThreadPoolExecutor,
    ) -> list[Training]:
        """Prepare each training set, one on a thread."""

        def prepare(position: int) -> Training:
            route = routing.routes[position]
            gram = None
            if route == "summed":
                gram = _sum_included(squares, self.arrangement.members[position])
            return prepare_training(
                design,
                settings,
                position,
                route,
                gram=gram,
                root=root,
                keeps=routing.keeps,
                has_weights=self.has_weights,
            )

        trainings = list(pool.map(prepare, range(len(self.arrangement.trainings))))
        design.forget_kernel()
        return trainings


def _placed(work: Work, device: str) -> Work:
    if device == "cpu":
        return work
    from heschl.metrics.ridge.engine.on_torch import TorchWork

    return TorchWork(**vars(work), device=device.removeprefix("torch:"))


def _sum_included(grams: np.ndarray, members: tuple[int, ...]) -> np.ndarray:
    """Return the sum of some of the Gram matrices (block, feature, feature)."""
    gram: np.ndarray = grams[members[0]].copy()
    for member in members[1:]:
        gram += grams[member]
    return gram


def _shares_alpha(estimator: Estimator) -> bool:
    return isinstance(estimator, Bootstrap) and not estimator.alpha_per_unit
