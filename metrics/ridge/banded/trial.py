"""One mix tried on all units: each judged, and scored if the mix is the best so far."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from heschl.metrics.ridge.banded.best import Best
from heschl.metrics.ridge.banded.prepared import PreparedMix
from heschl.metrics.ridge.banded.tiles import Tiles, for_mix
from heschl.metrics.ridge.engine.route import Stretch
from heschl.metrics.ridge.engine.threads import run
from heschl.metrics.ridge.engine.units import Tile
from heschl.metrics.ridge.penalties import best_penalties

__all__ = ["Trial"]


@dataclass(frozen=True)
class Trial:
    """A mix on trial.

    Parameters
    ----------
    number
        The position of the mix in its search.
    prepared
        The mix, factored.
    tiles, stretches
        The units, and how threads take them.
    best
        The tables of the search.
    """

    number: int
    prepared: PreparedMix
    tiles: Tiles
    stretches: Sequence[Stretch]
    best: Best

    def choose_by_unit(self, pool: ThreadPoolExecutor) -> None:
        """Take for each unit the penalty that is best for it."""
        estimator = self.prepared.settings.estimator

        def work(stretch: Stretch) -> None:
            for edges in stretch:
                tile = self._tile(edges)
                values = self.prepared.judge(tile)
                chosen = np.stack([best_penalties(of_fold, estimator) for of_fold in values])
                self._settle(tile, values, chosen)

        run(pool, work, self.stretches)

    def choose_for_all(self, pool: ThreadPoolExecutor) -> None:
        """Take for all units of a recording the penalty with the best mean."""
        settings = self.prepared.settings
        n_folds, n_units = self.best.inner.shape
        values = np.empty((n_folds, len(settings.alphas), n_units))
        chosen = np.empty((n_folds, n_units), dtype=np.intp)

        def judge(stretch: Stretch) -> None:
            for edges in stretch:
                values[..., slice(*edges)] = self.prepared.judge(self._tile(edges))

        def settle(stretch: Stretch) -> None:
            for edges in stretch:
                units = slice(*edges)
                self._settle(self._tile(edges), values[..., units], chosen[:, units])

        run(pool, judge, self.stretches)
        for start, stop in itertools.pairwise(self.tiles.recordings.edges):
            for fold in range(n_folds if start < stop else 0):
                mean = values[fold, :, start:stop].mean(axis=1, keepdims=True)
                chosen[fold, start:stop] = best_penalties(mean, settings.estimator)
        run(pool, settle, self.stretches)

    def _tile(self, edges: tuple[int, int]) -> Tile:
        tile = self.tiles.read(edges)
        self.best.is_delicate[slice(*edges)] = tile.is_delicate
        return for_mix(tile)

    def _settle(self, tile: Tile, values: np.ndarray, chosen: np.ndarray) -> None:
        """Score the units for which this is the best mix so far.

        Parameters
        ----------
        tile
            The units.
        values
            (fold, alpha, unit).
        chosen
            (fold, unit) positions of the penalties.
        """
        units = slice(tile.start, tile.stop)
        reached = np.take_along_axis(values, chosen[:, None], axis=1)[:, 0]
        for fold, indices in enumerate(chosen):
            better = self.best.raise_to(self.number, reached[fold], indices, fold=fold, units=units)
            self.prepared.score(tile, indices, fold=fold, better=better, best=self.best)
