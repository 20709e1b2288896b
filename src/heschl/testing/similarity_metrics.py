"""The promises of a similarity metric, held on simulated patterns."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from heschl.errors import InvalidInput
from heschl.layer_choice import LAYER_RULES
from heschl.splits import Fold
from heschl.testing.check import refused, require
from heschl.testing.loading import loads
from heschl.testing.metrics import (
    MetricUnderTest,
    card_is_complete,
    configuration_is_complete,
    it_travels,
)
from heschl.testing.traces import leaving_no_trace, with_other_random_states

__all__ = ["CHECKS", "SimilarityUnderTest", "compares_geometries"]

_N_SOUNDS, _N_UNITS, _N_NULL = 60, 40, 12
_NAMES = tuple(f"sound {number}" for number in range(_N_SOUNDS))
_N_FOLDS = 4
_NEAR_NULL, _NEAR_PERFECT = 0.05, 0.95
"""The mean over 12 geometries of noise strays from 0 by less than .02, with few sounds too."""
_ROUNDING = 1e-6


class SimilarityUnderTest(MetricUnderTest):
    """A similarity metric, and simulated systems to compare with it."""

    @functools.cached_property
    def geometries(self) -> np.ndarray:
        """Those of a layer, of a listener who is the same but for scales, and of noise."""
        generator = np.random.default_rng(0)
        layer = generator.standard_normal((_N_SOUNDS, _N_UNITS))
        others = generator.standard_normal((_N_NULL, _N_SOUNDS, _N_UNITS))
        return np.stack([self.metric.geometry(each) for each in (layer, 2 * layer, *others)])

    @functools.cached_property
    def folds(self) -> tuple[Fold, ...]:
        """Every sound is tested once."""
        part = np.arange(_N_SOUNDS) % _N_FOLDS
        return tuple(
            Fold(f"part {k}", np.flatnonzero(part != k), np.flatnonzero(part == k))
            for k in range(_N_FOLDS)
        )

    def compared(self) -> dict[str, np.ndarray]:
        """Return what the metric says of the layer, and of one of noise."""
        found: dict[str, np.ndarray] = self.metric.compare(
            self.geometries[[0, 2]], self.geometries[1:], self.folds, _NAMES, seed=0
        )
        return found


def compares_geometries(plugin: object, **settings: Any) -> bool:
    """Say whether a metric compares geometries, and scores no units by themselves."""
    made = MetricUnderTest(plugin, **settings)
    return made.is_loaded and hasattr(made.metric, "geometry")


def benchmarks_can_use_it(metric: SimilarityUnderTest) -> None:
    """Say what the score means, and by which rule it chooses a layer."""
    meaning, rule = metric.metric.meaning, metric.metric.layer_rule
    require(
        isinstance(meaning, str) and meaning and rule in LAYER_RULES,
        f"{metric.name!r} has meaning={meaning!r} and layer_rule={rule!r}; say in words what the "
        f"score is, and choose one of {', '.join(LAYER_RULES)}",
    )


def answers_are_whole(metric: SimilarityUnderTest) -> None:
    """Give finite scores of every layer and listener, and of the layers that were chosen."""
    answer, n_parts = metric.compared(), _N_NULL + 1
    shapes = {
        "score": (2, n_parts),
        "flag_constant": (2, n_parts),
        "inner_score": (n_parts,),
    }
    found = {name: np.shape(answer.get(name, ())) for name in shapes}
    require(
        found == shapes and all(np.isfinite(np.asarray(answer[name])).all() for name in shapes),
        f"compare of {metric.name!r} gives {found}, or what is not finite; expected finite "
        f"{shapes}",
    )
    require(
        np.shape(answer.get("inner_layer", ()))[1:] == (n_parts,),
        f"compare of {metric.name!r} gives 'inner_layer' of shape "
        f"{np.shape(answer.get('inner_layer', ()))}; expected (fold, {n_parts})",
    )


def likeness_scores_one(metric: SimilarityUnderTest) -> None:
    """Score near 1 a listener who is the same but for scale, and choose that layer."""
    answer = metric.compared()
    require(
        min(answer["score"][0, 0], answer["inner_score"][0]) > _NEAR_PERFECT
        and np.all(answer["inner_layer"][:, 0] == 0),
        f"{metric.name!r} gives {answer['score'][0, 0]:.3f} to a layer and its double; expected "
        f"{_NEAR_PERFECT} to 1, with that layer chosen",
    )


def noise_scores_nothing(metric: SimilarityUnderTest) -> None:
    """Score near 0 what has nothing in common, the chosen layers included."""
    answer = metric.compared()
    for name in ("score", "inner_score"):
        mean = float(np.mean(answer[name][..., 2:]))
        require(
            abs(mean) < _NEAR_NULL,
            f"{metric.name!r} gives geometries of noise {name}={mean:.3f} on average; expected 0 "
            f"within {_NEAR_NULL}: choose layers on other sounds than they are scored on",
        )


def the_same_listeners_are_alike(metric: SimilarityUnderTest) -> None:
    """Give listeners who are the same a topline of 1, and noise none."""
    same = metric.metric.topline(metric.geometries[[0, 0, 0]], metric.folds)
    noise = metric.metric.topline(metric.geometries[2:], metric.folds)
    require(
        np.allclose(same, 1, atol=_ROUNDING) and abs(float(np.mean(noise))) < _NEAR_NULL,
        f"the topline of {metric.name!r} is {np.mean(same):.3f} for the same listener thrice and "
        f"{np.mean(noise):.3f} for noise; expected 1 and 0",
    )


def same_seed_gives_same_scores(metric: SimilarityUnderTest) -> None:
    """Give the same numbers for the same seed, bit for bit, and touch nothing."""
    before = metric.geometries.copy()
    first = metric.compared()
    with with_other_random_states():
        again = metric.compared()
    with leaving_no_trace(repr(metric.name)):
        metric.compared()
    require(
        first.keys() == again.keys()
        and all(np.array_equal(first[name], again[name]) for name in first)
        and np.array_equal(before, metric.geometries),
        f"{metric.name!r} gives other numbers for the same seed, or changes what it is given; draw "
        "from numpy.random.default_rng(seed) alone, and work on copies",
    )


def other_patterns_are_refused(metric: SimilarityUnderTest) -> None:
    """Refuse patterns that are not finite, and geometries of other sounds."""
    hole = np.ones((_N_SOUNDS, _N_UNITS))
    hole[3, 2] = np.nan
    refused(
        lambda: metric.metric.geometry(hole),
        InvalidInput,
        f"a pattern with a NaN, given to {metric.name!r},",
        "check dims and numbers before anything is computed",
    )
    fewer = metric.metric.geometry(np.random.default_rng(1).standard_normal((9, _N_UNITS)))
    refused(
        lambda: metric.metric.compare(
            fewer[np.newaxis], metric.geometries[:1], metric.folds, _NAMES, seed=0
        ),
        InvalidInput,
        f"a geometry of other sounds, given to {metric.name!r},",
        "compare those of the same sounds",
    )


CHECKS = (
    loads,
    card_is_complete,
    configuration_is_complete,
    benchmarks_can_use_it,
    answers_are_whole,
    likeness_scores_one,
    noise_scores_nothing,
    the_same_listeners_are_alike,
    same_seed_gives_same_scores,
    other_patterns_are_refused,
    it_travels,
)
"""What a similarity metric promises."""
