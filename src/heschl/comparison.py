"""Contrasts between models: listener by listener, so that what listeners differ in cancels.

Where a score's error is of samples drawn anew, sounds or speakers, draw by draw instead.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import xarray as xr

from heschl.dimensions import DRAW, LAYER, ROI, SUBJECT
from heschl.errors import InvalidInput, UnknownName, near_names
from heschl.layer_choice import RULES_WITHIN, best_on_others
from heschl.paired_draws import apart, why_unpaired
from heschl.scores import Score
from heschl.statistics import bootstrap_interval, fdr, standard_error, wilcoxon

__all__ = [
    "Comparison",
    "ceiling_exponent",
    "compare",
    "of_listeners",
    "reductions",
    "specificity",
]

_OF_ALL_UNITS = "score_of_all_units"


@dataclass(frozen=True)
class Comparison:
    """What sets two models apart on one benchmark.

    ``regions`` holds ``difference, error, low, high, p, adjusted`` (roi,), the
    mean over listeners of first - second with its standard error, bootstrap
    interval, Wilcoxon p and that p adjusted over regions (Benjamini and
    Hochberg); ``listeners`` the differences (subject, roi).

    Of scores whose errors come from draws of samples (`Score.is_drawn`), error and interval are
    those of the differences of the ``n_draws`` draws that both have, and there is no p. Where
    draws cannot be paired, ``unpaired`` says why, and what is left is over listeners.
    """

    first: str
    second: str
    quantity: str
    rule: str
    regions: xr.Dataset
    listeners: xr.DataArray
    sample: str = "listener"
    """What error and interval are over, in a word."""
    n_draws: int = 0
    unpaired: str = ""


def compare(
    first: Score, second: Score, *, quantity: str = "normalised", rule: str | None = None
) -> Comparison:
    """Compare two models by the listeners who heard both, or by the samples that both drew.

    Parameters
    ----------
    first, second
        Scores on one benchmark and version, of the same kind of data.
    quantity
        ``normalised`` or ``score``.
    rule
        How layers are reduced, of `heschl.layer_choice.LAYER_RULES`; the benchmark's by default.
    """
    _check_comparable([first, second])
    rule = rule or first.layer_rule
    one, other = of_listeners(first, quantity, rule), of_listeners(second, quantity, rule)
    over = "listener" if first.is_drawn else first.sample
    subjects = _in_common(one, other, SUBJECT, over)
    rois = _in_common(one, other, ROI, "region")
    chosen = {SUBJECT: subjects, ROI: rois}
    _check_rows(first, second, subjects)
    listeners = one.sel(chosen) - other.sel(chosen)
    regions = _tested(listeners)
    unpaired = why_unpaired(first, second, rule) if first.is_drawn and second.is_drawn else ""
    about = (first.model, second.model, quantity, rule)
    if unpaired or not (first.is_drawn and second.is_drawn):
        return Comparison(*about, regions, listeners, over, unpaired=unpaired)
    draws = [
        score.tree["population"].to_dataset()["rule_draws"].sel({"quantity": quantity, ROI: rois})
        for score in (first, second)
    ]
    drawn = _drawn(regions, *draws, level=float(first.tree["population"].attrs["interval_level"]))
    return Comparison(*about, drawn, listeners, first.sample, draws[0].sizes[DRAW])


def of_listeners(
    score: Score, quantity: str = "normalised", rule: str | None = None
) -> xr.DataArray:
    """Return each listener's number in each region (subject, roi), layers reduced by a rule.

    ``quantity`` is ``normalised``, ``score``, or ``score_of_all_units``: whatever their ceiling.
    """
    rule = rule or score.layer_rule
    population, summary = score.tree["population"], score.tree["summary"].to_dataset()
    for dimension, name, also in (
        ("quantity", quantity, [_OF_ALL_UNITS] * (rule != "best_of_unit")),
        ("layer_rule", rule, []),
    ):
        known = population[dimension].to_numpy().astype(str).tolist() + also
        if name not in known:
            raise UnknownName(f"this score has no {dimension} {name!r}; {near_names(name, known)}")
    if rule in RULES_WITHIN:
        return summary[f"inner_{quantity}"]
    if rule == "best_of_unit":
        return summary[f"best_of_unit_{quantity}"]
    values = summary[quantity]
    if rule == "mean":
        # As for the board's number: a layer without a value, an undefined impact, counts for none.
        return values.mean(LAYER, skipna=True)
    name = {"nested": "nested_layer", "best": "best_layer"}[rule]
    layers = population[name]
    is_chosen = values[LAYER] == layers
    return values.where(is_chosen).max(LAYER).transpose(SUBJECT, ROI)


def ceiling_exponent(score: Score) -> float:
    """Return the power to which a ceiling is raised before a score is divided by it."""
    powers = {"correlation": 1.0, "variance": 2.0}
    of_ceiling = str(score.tree["ceiling"].attrs["power"])
    return powers[str(score.tree.attrs.get("score_power", of_ceiling))] / powers[of_ceiling]


def reductions(score: Score) -> xr.Dataset:
    """Return both ways of relating scores to ceilings (layer_rule, roi).

    ``average_of_ratios`` divides unit by unit and is the board's normalised score,
    ``ratio_of_averages`` divides the mean score by the mean ceiling. Papers print either, and they
    differ wherever units do.
    """
    population = score.tree["population"].to_dataset()
    values, ceiling = population["rule_value"], population["ceiling_value"]
    divisor = ceiling.where(ceiling > 0) ** ceiling_exponent(score)
    return xr.Dataset(
        {
            "average_of_ratios": values.sel(quantity="normalised", drop=True),
            "ratio_of_averages": values.sel(quantity="score", drop=True) / divisor,
        }
    )


def specificity(
    random: Score,
    non_speech: Score,
    non_native: Score | Sequence[Score],
    native: Score,
    *,
    quantity: str = "score",
) -> xr.Dataset:
    """Return what each step of training adds: sound, speech, the listener's own language.

    Follows millet2022.specificity: the contrasts ``acoustic`` (non-speech - random), ``speech``
    (non-native - non-speech) and ``language`` (native - non-native), listener by listener. The
    layer is the same in all arms: for each listener the best over the others, by the mean of the
    trained arms.

    Parameters
    ----------
    random, non_speech, native
        Scores of one architecture on one benchmark.
    non_native
        Of a model of another language, or of several: their mean counts.
    quantity
        ``score``, as published, or ``normalised``.

    Returns
    -------
    xr.Dataset
        ``difference, error, low, high, p, adjusted`` (contrast, roi), and
        ``of_listener`` (contrast, subject, roi).
    """
    foreign = [non_native] if isinstance(non_native, Score) else list(non_native)
    if not foreign:
        raise InvalidInput("non_native holds no score; give that of a model of another language")
    everything = [random, non_speech, *foreign, native]
    _check_comparable(everything)
    layered = [score.tree["summary"].to_dataset()[quantity] for score in everything]
    for one in layered[1:]:
        for dimension, noun in ((LAYER, "layer"), (SUBJECT, "listener"), (ROI, "region")):
            if not np.array_equal(one[dimension], layered[0][dimension]):
                raise InvalidInput(
                    f"the arms have other {noun}s: {one[dimension].to_numpy().tolist()} and "
                    f"{layered[0][dimension].to_numpy().tolist()}; score one architecture with the "
                    "same ones"
                )
    arms = {
        "random": layered[0],
        "non-speech": layered[1],
        "non-native": xr.concat(layered[2:-1], "model").mean("model"),
        "native": layered[-1],
    }
    trained = xr.concat([arms[name] for name in list(arms)[1:]], "arm").mean("arm")
    values = {name: _at_best_on_others(arm, trained) for name, arm in arms.items()}
    names = list(arms)
    contrasts = [values[later] - values[earlier] for earlier, later in pairwise(names)]
    labels = xr.DataArray(["acoustic", "speech", "language"], dims="contrast", name="contrast")
    tested = xr.concat([_tested(each) for each in contrasts], labels)
    tested["of_listener"] = xr.concat(contrasts, labels)
    return tested


def _at_best_on_others(values: xr.DataArray, guide: xr.DataArray) -> xr.DataArray:
    """Return values (subject, roi) at the layer that is best for the others by a guide."""
    chosen = xr.full_like(values[{LAYER: 0}].drop_vars(LAYER), np.nan)
    for r in range(values.sizes[ROI]):
        for s, layer in enumerate(
            best_on_others(guide[{ROI: r}].transpose(LAYER, SUBJECT).to_numpy())
        ):
            if layer >= 0:
                chosen[{SUBJECT: s, ROI: r}] = values[{LAYER: layer, SUBJECT: s, ROI: r}]
    return chosen


def _tested(differences: xr.DataArray) -> xr.Dataset:
    """Reduce paired differences (subject, roi) to their mean, its error, interval and test."""
    names = ("difference", "error", "low", "high", "p")
    found = {name: np.full(differences.sizes[ROI], np.nan) for name in names}
    counts = np.zeros(differences.sizes[ROI], dtype=int)
    for r, sample in enumerate(differences.transpose(ROI, SUBJECT).to_numpy()):
        finite = sample[np.isfinite(sample)]
        counts[r] = len(finite)
        if not len(finite):
            continue
        found["difference"][r] = finite.mean()
        if len(finite) > 1:
            found["error"][r] = standard_error(finite)
            found["low"][r], found["high"][r] = bootstrap_interval(finite)
        found["p"][r] = wilcoxon(finite).p
    found["adjusted"] = fdr(found["p"]).adjusted
    return xr.Dataset(
        {name: (ROI, values) for name, values in found.items()} | {"n": (ROI, counts)},
        coords={ROI: differences[ROI].to_numpy()},
    )


def _drawn(
    regions: xr.Dataset, one: xr.DataArray, other: xr.DataArray, *, level: float
) -> xr.Dataset:
    """Return regions with error and interval of paired draws (draw, roi), and no p."""
    found = {name: np.full(regions.sizes[ROI], np.nan) for name in ("error", "low", "high")}
    ours, theirs = (each.transpose(ROI, DRAW).to_numpy() for each in (one, other))
    for r, pair in enumerate(zip(ours, theirs, strict=True)):
        if np.isfinite(pair).all():
            found["error"][r], found["low"][r], found["high"][r] = apart(*pair, level=level)
    nothing = np.full(regions.sizes[ROI], np.nan)
    columns = found | {"p": nothing, "adjusted": nothing}
    return regions.assign({name: (ROI, values) for name, values in columns.items()})


def _check_comparable(scores: Sequence[Score]) -> None:
    """Refuse scores that are not of the same experiment."""
    first = scores[0].tree.attrs
    for score in scores[1:]:
        for name in ("benchmark", "benchmark_version", "data_kind"):
            if score.tree.attrs[name] != first[name]:
                raise InvalidInput(
                    f"the scores have other values of {name}: {first[name]!r} and "
                    f"{score.tree.attrs[name]!r}; compare models on one benchmark, with the same "
                    "version and data"
                )


def _check_rows(first: Score, second: Score, subjects: Sequence[str]) -> None:
    """Refuse listeners who were fitted or scored on other rows for one model than for the other."""
    one, other = (
        score.tree["summary"].to_dataset().sel({SUBJECT: subjects}) for score in (first, second)
    )
    for name in ("n_stimuli", "n_train", "n_test"):
        if name in one and name in other and not np.array_equal(one[name], other[name]):
            differs = one[name].to_numpy() != other[name].to_numpy()
            raise InvalidInput(
                f"{', '.join(np.asarray(subjects)[differs])} differ in {name}: "
                f"{one[name].to_numpy()[differs].tolist()} for {first.model} and "
                f"{other[name].to_numpy()[differs].tolist()} for {second.model}; score both with "
                "the same stimuli"
            )


def _in_common(one: xr.DataArray, other: xr.DataArray, dimension: str, noun: str) -> list[str]:
    """Return the labels that both have, warning of the others."""
    mine, theirs = one[dimension].to_numpy().tolist(), other[dimension].to_numpy().tolist()
    shared = [label for label in mine if label in theirs]
    if not shared:
        raise InvalidInput(
            f"the scores have no {noun} in common: {mine} and {theirs}; score both with the same"
        )
    left_out = [label for label in [*mine, *theirs] if label not in shared]
    if left_out:
        warnings.warn(
            f"{', '.join(dict.fromkeys(left_out))}: only one of the scores has this {noun}; left "
            "out of the comparison",
            UserWarning,
            stacklevel=4,
        )
    return shared
