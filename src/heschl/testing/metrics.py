"""The promises of a metric, held on simulated designs."""

from __future__ import annotations

import functools
import inspect
import pickle
from typing import Any

import numpy as np
import xarray as xr

from heschl.cards import MetricCard
from heschl.contracts import shares_designs
from heschl.dimensions import FEATURE, FOLD, STIMULUS, TIME, UNIT
from heschl.errors import InvalidInput
from heschl.registry import Resolved, metrics, resolve_metric
from heschl.splits import Fold
from heschl.testing.check import refused, require, skip, stated
from heschl.testing.configurations import require_complete_configuration
from heschl.testing.loading import UnderTest, loads
from heschl.testing.traces import leaving_no_trace, with_other_random_states

__all__ = ["CHECKS", "MetricUnderTest"]

_N_ROWS, _N_FEATURES, _N_PERFECT, _N_NOISE = 360, 6, 10, 40
_SENTENCE = 40
"""Rows of a stimulus; folds hold three."""
_CONSTANT = _N_PERFECT + _N_NOISE
"""The position of the unit that never changes, the last."""
_NEAR_NULL, _NEAR_PERFECT = 0.1, 0.95
"""A mean over 40 units and 360 test rows strays from 0 by less than 0.01; the rest is the bias of
scores such as R²."""
_ROUNDING = 1e-6


class MetricUnderTest(UnderTest[Resolved[MetricCard]]):
    """A metric, and a simulated experiment to try it with."""

    def __init__(self, plugin: object, **settings: Any) -> None:
        super().__init__(lambda: resolve_metric(plugin, **settings))
        self.plugin = plugin

    @property
    def metric(self) -> Any:  # keeps the contract Metric, which was checked
        """The object."""
        return self.thing.object

    @property
    def name(self) -> str:
        """The id."""
        return self.thing.card.id

    @functools.cached_property
    def design(self) -> xr.DataArray:
        """White noise (time, feature); skips what is about a metric of anything else."""
        if "design" not in inspect.signature(type(self.metric).__call__).parameters:
            raise skip("it is called with something else than a design and responses to it")
        values = np.random.default_rng(0).standard_normal((_N_ROWS, _N_FEATURES))
        return xr.DataArray(
            values,
            dims=(TIME, FEATURE),
            coords={
                TIME: np.arange(_N_ROWS),
                FEATURE: np.arange(_N_FEATURES),
                # For metrics that tell stimuli apart, or spaces of features; others need not look.
                STIMULUS: (TIME, [f"sentence {row // _SENTENCE}" for row in range(_N_ROWS)]),
                "space": (FEATURE, [("even", "odd")[number % 2] for number in range(_N_FEATURES)]),
            },
        )

    @functools.cached_property
    def responses(self) -> xr.DataArray:
        """Responses (time, unit): units that follow the design, then noise, then a constant."""
        generator = np.random.default_rng(1)
        driven = self.design.to_numpy() @ generator.standard_normal((_N_FEATURES, _N_PERFECT))
        noise = generator.standard_normal((_N_ROWS, _N_NOISE))
        values = np.concatenate([driven, noise, np.full((_N_ROWS, 1), 3.0)], axis=1)
        # Numbered as the voxels of a brain are that has lost some.
        return xr.DataArray(
            values,
            dims=(TIME, UNIT),
            coords={TIME: np.arange(_N_ROWS), UNIT: 7 + 3 * np.arange(values.shape[1])},
        )

    @functools.cached_property
    def folds(self) -> tuple[Fold, ...]:
        """Three folds of contiguous rows."""
        rows = np.arange(_N_ROWS)
        parts = np.array_split(rows, 3)
        return tuple(
            Fold(f"part {number}", train=np.setdiff1d(rows, part), test=part)
            for number, part in enumerate(parts)
        )

    def scored(self, responses: xr.DataArray | None = None, seed: int = 0) -> xr.Dataset:
        """Return the metric's answer, computed on copies."""
        responses = self.responses if responses is None else responses
        answer: xr.Dataset = self.metric(
            self.design.copy(deep=True), responses.copy(deep=True), self.folds, seed=seed
        )
        require(
            isinstance(answer, xr.Dataset) and "score" in answer.data_vars,
            f"{self.name!r} returned a {type(answer).__name__}"
            f"{'' if not isinstance(answer, xr.Dataset) else f' of {list(answer.data_vars)}'}; "
            "expected a Dataset with 'score' in it",
        )
        return answer

    @functools.cached_property
    def answer(self) -> xr.Dataset:
        """What it gives for the experiment."""
        return self.scored()

    def of_units(self) -> np.ndarray:
        """Return the score of each unit (unit,), the mean over folds."""
        score = self.answer["score"]
        others = [dim for dim in score.dims if dim != UNIT]
        return np.asarray(score.mean(others))


def card_is_complete(metric: MetricUnderTest) -> None:
    """State a summary, a licence and a citation."""
    card = metric.thing.card
    is_public = isinstance(metric.plugin, str) and metrics.has(metric.plugin)
    fields = {"summary": card.summary, "licence": card.licence, "citation": card.citation}
    stated(f"the card of {card.id!r}", fields, is_public=is_public)


def configuration_is_complete(metric: MetricUnderTest) -> None:
    """Configure by one text that names every setting and the version of the numerics."""
    configuration = require_complete_configuration(metric.metric, metric.name)
    require(
        "numerics" in configuration,
        f"the configuration of {metric.name!r} has no 'numerics'; give a number that is raised "
        "whenever the same settings would give other scores",
    )


def encoding_benchmarks_can_use_it(metric: MetricUnderTest) -> None:
    """Say what the score means and on which scale it is, and give each fold's penalty."""
    lacking = [name for name in ("meaning", "power") if not hasattr(metric.metric, name)]
    if lacking:
        raise skip(f"it has no {' and no '.join(lacking)}, which an EncodingBenchmark needs")
    meaning, power = metric.metric.meaning, metric.metric.power
    require(
        isinstance(meaning, str) and meaning != "",
        f"the meaning of {metric.name!r} is {meaning!r}; say in words what its score is",
    )
    require(
        power in ("correlation", "variance"),
        f"the power of {metric.name!r} is {power!r}; expected 'correlation' or 'variance'",
    )
    for name in ("score", "alpha", "flag_constant"):
        dims = metric.answer[name].dims if name in metric.answer else None
        # A score may be of the predictions in all folds together.
        allowed = [{FOLD, UNIT}, *([{UNIT}] if name == "score" else [])]
        require(
            dims is not None and set(dims) in allowed,
            f"{name!r} of {metric.name!r} has dims {dims}; an EncodingBenchmark expects "
            f"{(FOLD, UNIT)}: give 0 where there is no penalty",
        )


def scores_are_labelled(metric: MetricUnderTest) -> None:
    """Return scores (unit,) or (fold, unit) with the labels of the responses and the folds."""
    score = metric.answer["score"]
    require(
        score.dims in ((UNIT,), (FOLD, UNIT)),
        f"the score of {metric.name!r} has dims {score.dims}; expected {(UNIT,)} or {(FOLD, UNIT)}",
    )
    labels = {UNIT: np.asarray(metric.responses[UNIT])}
    if FOLD in score.dims:
        labels[FOLD] = np.array([fold.name for fold in metric.folds])
    for dim, expected in labels.items():
        require(
            dim in score.coords and np.array_equal(score[dim], expected),
            f"the score of {metric.name!r} does not carry the {dim}s that it was given; copy the "
            "coordinate",
        )


def scores_are_finite(metric: MetricUnderTest) -> None:
    """Return finite numbers, also for a unit that never changes."""
    for name, values in metric.answer.data_vars.items():
        # A penalty may be infinite, a score may not.
        is_bad = np.isnan(values) if name != "score" else ~np.isfinite(values)
        n_bad = int(is_bad.sum()) if values.dtype.kind == "f" else 0
        require(
            n_bad == 0,
            f"{name!r} of {metric.name!r} has {n_bad} numbers that are not finite; give 0 and a "
            "flag where there is nothing to measure",
        )


def constant_units_are_flagged(metric: MetricUnderTest) -> None:
    """Mark in ``flag_constant`` the unit that never changes, and no other."""
    require(
        "flag_constant" in metric.answer,
        f"the answer of {metric.name!r} has no 'flag_constant'; mark the units whose response or "
        "prediction never changes",
    )
    flag = metric.answer["flag_constant"].astype(bool)
    flagged = np.asarray(flag.any([dim for dim in flag.dims if dim != UNIT]))
    require(
        flagged.tolist() == [position == _CONSTANT for position in range(len(flagged))],
        f"{metric.name!r} flags the units {np.flatnonzero(flagged).tolist()} as constant; expected "
        f"the one that is, {_CONSTANT}",
    )


def noise_scores_nothing(metric: MetricUnderTest) -> None:
    """Score near 0 units that know nothing of the design."""
    mean = float(metric.of_units()[_N_PERFECT:_CONSTANT].mean())
    require(
        abs(mean) < _NEAR_NULL,
        f"{metric.name!r} gives units of pure noise {mean:.3f} on average; expected 0 within "
        f"{_NEAR_NULL}: score on test rows that no choice has seen",
    )


def perfect_units_score_one(metric: MetricUnderTest) -> None:
    """Score near 1 units that follow the design without noise."""
    lowest = float(metric.of_units()[:_N_PERFECT].min())
    require(
        _NEAR_PERFECT < lowest <= 1 + _ROUNDING,
        f"{metric.name!r} gives a unit that the design explains wholly {lowest:.3f}; expected "
        f"{_NEAR_PERFECT} to 1",
    )


def order_of_units_does_not_matter(metric: MetricUnderTest) -> None:
    """Give units in another order the same scores in that order."""
    order = np.random.default_rng(2).permutation(metric.responses.sizes[UNIT])
    permuted = metric.scored(metric.responses.isel({UNIT: order}))["score"]
    expected = metric.answer["score"].isel({UNIT: order})
    require(
        np.allclose(permuted, expected, rtol=_ROUNDING, atol=_ROUNDING),
        f"{metric.name!r} gives units other scores when their order changes; let no unit depend "
        "on the others",
    )


def company_does_not_matter(metric: MetricUnderTest) -> None:
    """Give a recording the same numbers, bit for bit, whichever others share its solution."""
    if not shares_designs(metric.metric):
        raise skip("it has no score_many of its own, so that each recording is scored by itself")
    recordings = {
        "all": metric.responses,
        "half": metric.responses[:, ::2] * 2.0,
        "one": metric.responses[:, 3:4],
    }
    for order in (["all", "half", "one"], ["one", "all"], ["half"]):
        answers = metric.metric.score_many(
            metric.design, {name: recordings[name] for name in order}, metric.folds, seed=0
        )
        for name in order:
            alone = metric.metric(metric.design, recordings[name], metric.folds, seed=0)
            require(
                set(answers) == set(order) and alone.identical(answers[name]),
                f"score_many of {metric.name!r} gives {sorted(answers)} for {sorted(order)}, "
                f"{name!r} not as a call for it alone: what is stored would depend on who was "
                "scored together",
            )


def same_seed_gives_same_scores(metric: MetricUnderTest) -> None:
    """Give the same numbers for the same seed, bit for bit, whatever was drawn in between."""
    with with_other_random_states():
        again = metric.scored()
    require(
        metric.answer.identical(again),
        f"{metric.name!r} gives other numbers for the same seed; draw from "
        "numpy.random.default_rng(seed) alone",
    )


def nothing_is_touched(metric: MetricUnderTest) -> None:
    """Change neither the inputs nor any global state."""
    design, responses = metric.design.copy(deep=True), metric.responses.copy(deep=True)
    with leaving_no_trace(repr(metric.name)):
        metric.metric(design, responses, metric.folds, seed=0)
    require(
        design.identical(metric.design) and responses.identical(metric.responses),
        f"{metric.name!r} changes the design or the responses that it is given; work on copies",
    )


def other_rows_are_refused(metric: MetricUnderTest) -> None:
    """Refuse a design that is not row for row with the responses, or not finite."""
    hole = metric.design.copy(deep=True)
    hole[5, 1] = np.nan
    cases = {
        "a design with fewer rows than the responses": metric.design[:-1],
        "a design at other times than the responses": metric.design.assign_coords(
            {TIME: np.arange(_N_ROWS) + 1}
        ),
        "a design with a NaN": hole,
    }
    for case, design in cases.items():
        refused(
            lambda design=design: metric.metric(design, metric.responses, metric.folds, seed=0),  # type: ignore[misc]  # mypy has no type for a default
            InvalidInput,
            f"{case}, given to {metric.name!r},",
            "check dims, times and numbers before anything is computed",
        )


def it_travels(metric: MetricUnderTest) -> None:
    """Survive pickling, for cells that run in other processes."""
    copy = pickle.loads(pickle.dumps(metric.metric))  # noqa: S301  our own bytes
    require(
        copy.configuration() == metric.metric.configuration(),
        f"{metric.name!r} has another configuration after pickling; keep all settings in fields",
    )


CHECKS = (
    loads,
    card_is_complete,
    configuration_is_complete,
    encoding_benchmarks_can_use_it,
    scores_are_labelled,
    scores_are_finite,
    constant_units_are_flagged,
    noise_scores_nothing,
    perfect_units_score_one,
    order_of_units_does_not_matter,
    company_does_not_matter,
    same_seed_gives_same_scores,
    nothing_is_touched,
    other_rows_are_refused,
    it_travels,
)
"""What a metric promises."""
