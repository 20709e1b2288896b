"""All training sets of one mix, ready for units."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np

from heschl.metrics.ridge.banded.best import Best
from heschl.metrics.ridge.banded.split import Parts, parts_of, split_score
from heschl.metrics.ridge.banded.statistics import Mixed, Statistics
from heschl.metrics.ridge.banded.tiles import of_units
from heschl.metrics.ridge.engine.arrangement import Outer
from heschl.metrics.ridge.engine.factors import Route
from heschl.metrics.ridge.engine.passes import judge
from heschl.metrics.ridge.engine.preparing import prepare_training
from heschl.metrics.ridge.engine.route import Routing
from heschl.metrics.ridge.engine.settings import Settings
from heschl.metrics.ridge.engine.space import Space
from heschl.metrics.ridge.engine.training import Training
from heschl.metrics.ridge.engine.units import Tile

__all__ = ["PreparedMix", "prepare_mix"]


def prepare_mix(
    statistics: Statistics,
    gammas: np.ndarray,
    settings: Settings,
    routing: Routing,
    pool: ThreadPoolExecutor,
    *,
    has_split: bool,
    has_weights: bool,
) -> PreparedMix:
    """Factor all training sets in a mix, one for each thread.

    Parameters
    ----------
    statistics
        Of the design.
    gammas
        (space,) the mix.
    settings
        As in `prepare_training`.
    routing
        Of the spaces in the mix.
    pool
        The threads.
    has_split, has_weights
        Whether the scores are to be split, and whether weights are asked for.
    """
    design = statistics.mixed(gammas, has_kernel="kernel" in routing.routes)
    prepare = partial(
        _prepare_training,
        statistics,
        design,
        settings,
        keeps=routing.keeps,
        has_basis=has_weights or has_split,
    )
    trainings = list(pool.map(prepare, range(len(routing.routes)), routing.routes))
    arrangement = settings.arrangement

    def parts_of_fold(outer: Outer) -> Parts:
        training = outer.scored.training
        return parts_of(
            design,
            trainings[training],
            arrangement.trainings[training],
            arrangement.held_out[outer.scored.held_out],
        )

    parts = [*pool.map(parts_of_fold, arrangement.outer)] if has_split else []
    return PreparedMix(design, settings, trainings, parts)


def _prepare_training(
    statistics: Statistics,
    design: Mixed,
    settings: Settings,
    position: int,
    route: Route,
    *,
    keeps: bool,
    has_basis: bool,
) -> Training:
    is_summed = route == "summed"
    return prepare_training(
        design,
        settings,
        position,
        route,
        gram=statistics.gram(design, position) if is_summed else None,
        root=statistics.root if is_summed else None,
        keeps=keeps,
        has_weights=has_basis,
    )


@dataclass(frozen=True)
class PreparedMix:
    """A mix, factored.

    Parameters
    ----------
    design
        In the mix.
    settings
        What is asked for.
    trainings
        As in the arrangement.
    parts
        For each outer fold its test rows, space by space; empty if no split is asked for.
    """

    design: Mixed
    settings: Settings
    trainings: list[Training]
    parts: list[Parts]

    def judge(self, tile: Tile) -> np.ndarray:
        """Return the values (fold, alpha, unit) of all penalties, from training rows alone."""
        return judge(self.trainings, [tile], self.settings, Space(self.settings.dtype))[0]

    def score(
        self, tile: Tile, chosen: np.ndarray, *, fold: int, better: np.ndarray, best: Best
    ) -> None:
        """Write into the tables what those units score for which this mix is the best so far.

        Parameters
        ----------
        tile
            The units.
        chosen
            (unit,) positions of their penalties.
        fold
            The outer fold.
        better
            (unit,) whether this mix is better than all before.
        best
            The tables.
        """
        among = np.flatnonzero(better)
        if not len(among):
            return
        scored = self.settings.arrangement.outer[fold].scored
        training = self.trainings[scored.training]
        units, chosen = tile.start + among, chosen[among]
        tile = tile if better.all() else of_units(tile, among)
        score, is_constant = training.score(tile, scored.held_out, chosen)
        best.score[fold, units], best.is_constant[fold, units] = score, is_constant
        if best.split is not None:
            split = split_score(
                self.parts[fold], training, tile, held_out=scored.held_out, indices=chosen
            )
            best.split[fold][:, units] = np.where(score == 0, 0.0, split)
        if best.weights is not None:
            of_mix = training.weights(self.design, tile, chosen)
            best.weights[fold][:, units] = self.design.on_whole(of_mix)
