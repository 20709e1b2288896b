"""Aggregation: from unit scores to what is reported, every step of it in one place.

The chain is: units of a region (those whose ceiling is above the minimum) -> mean or median;
layers -> a rule; listeners -> mean with error, interval and test. Where there are no listeners,
error and interval come from draws of stimuli.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Literal

import numpy as np
import xarray as xr

from heschl.dimensions import DRAW, LAYER, ROI, SUBJECT
from heschl.layer_choice import (
    LAYER_RULES,
    RULES_WITHIN,
    best_on_all,
    best_on_others,
)
from heschl.statistics import bootstrap_interval, standard_error, wilcoxon

__all__ = ["QUANTITIES", "UnitAverage", "divisor", "over_stimuli", "over_subjects", "per_region"]

QUANTITIES = ("score", "normalised")

UnitAverage = Literal["mean", "median"]

_OF_UNITS = ("best_of_unit", "inner")
"""The rules that choose layers unit by unit, before there is an average to choose by."""
_AVERAGED = (
    *QUANTITIES,
    *(f"{rule}_{quantity}" for rule in _OF_UNITS for quantity in QUANTITIES),
    "draws",
    "inner_draws",
)
_AVERAGES: dict[str, Callable[..., np.ndarray]] = {"mean": np.mean, "median": np.median}


def per_region(units: xr.Dataset, minimum: float, average: UnitAverage = "mean") -> xr.Dataset:
    """Average unit scores over the units of each region.

    Parameters
    ----------
    units
        ``score`` (layer, unit), ``normalised`` (layer, unit), ``ceiling``
        (unit,), ``in_roi`` (roi, unit) and the coordinate ``subject`` (unit,).
        Where layers were chosen for each unit, the same with the prefixes
        ``inner_`` and ``best_of_unit_`` (unit,); where the ceiling is that of all listeners,
        ``shared_ceiling`` (unit,); where stimuli were drawn anew, ``draws``
        (layer, draw, unit) and ``inner_draws`` (draw, unit) of the score.
    minimum
        Only units whose ceiling is above it enter; ``n_units`` counts them, and
        ``score_of_all_units`` averages the rest in as well.
    average
        Over units: ``"mean"`` or ``"median"``.

    Returns
    -------
    xr.Dataset
        ``score``, ``normalised``, ``score_of_all_units`` (layer, subject, roi);
        ``ceiling``, ``n_units``, ``n_units_of_region`` (subject, roi); and what
        was given of the rest, with (subject, roi) in the place of unit. A region
        without a unit is NaN with a count of 0.
    """
    reduce = _AVERAGES[average]
    owners = units[SUBJECT].to_numpy()
    # The order of appearance is the order of the run, which the user chose.
    subjects = list(dict.fromkeys(owners.tolist()))
    is_member = units["in_roi"].to_numpy().astype(bool)
    ceiling = units["ceiling"].to_numpy().astype(np.float64)
    is_reliable = divisor(units).to_numpy().astype(np.float64) > minimum
    shape = (len(subjects), units.sizes[ROI])
    # What is returned, of which variable, and whether of the units that count alone.
    averages = {name: (name, True) for name in _AVERAGED if name in units} | {
        f"{name}_of_all_units": (name, False) for name in ("score", "inner_score") if name in units
    }
    values = {name: units[name].to_numpy().astype(np.float64) for name, _ in averages.values()}
    reduced = {
        result: np.full((*values[name].shape[:-1], *shape), np.nan)
        for result, (name, _) in averages.items()
    }
    mean_ceiling = np.full(shape, np.nan)
    counts = np.zeros((2, *shape), dtype=np.int64)
    for s, subject in enumerate(subjects):
        for r in range(units.sizes[ROI]):
            region = (owners == subject) & is_member[r]
            kept = region & is_reliable
            counts[:, s, r] = kept.sum(), region.sum()
            # Where too few others have a unit, a listener has no ceiling there.
            if (has_ceiling := kept & np.isfinite(ceiling)).any():
                mean_ceiling[s, r] = ceiling[has_ceiling].mean()
            for result, (name, is_of_kept) in averages.items():
                chosen = kept if is_of_kept else region
                if chosen.any():
                    reduced[result][..., s, r] = reduce(values[name][..., chosen], axis=-1)
    return xr.Dataset(
        {
            result: ((*units[name].dims[:-1], SUBJECT, ROI), reduced[result])
            for result, (name, _) in averages.items()
        }
        | {
            "ceiling": ((SUBJECT, ROI), mean_ceiling),
            "n_units": ((SUBJECT, ROI), counts[0]),
            "n_units_of_region": ((SUBJECT, ROI), counts[1]),
        },
        coords={LAYER: units[LAYER].to_numpy(), SUBJECT: subjects, ROI: units[ROI].to_numpy()},
    )


def divisor(ceilings: xr.Dataset) -> xr.DataArray:
    """Return the ceiling (unit,) that scores are divided by, and that decides which units count.

    That of all listeners, where they share it.
    """
    return ceilings["shared_ceiling" if "shared_ceiling" in ceilings else "ceiling"]


def over_subjects(
    summary: xr.Dataset, *, layer_rule: str = "inner", seed: int, level: float = 0.95
) -> xr.Dataset:
    """Reduce listeners to a mean with its standard error, interval and test.

    Parameters
    ----------
    summary
        Of `per_region`.
    layer_rule
        By which ``inner_score`` was chosen, if it is there.
    seed, level
        Of the bootstrap intervals.

    Returns
    -------
    xr.Dataset
        ``value, error, low, high, p`` (quantity, layer, roi) for each layer;
        the same with the prefix ``rule_`` (quantity, layer_rule, roi) for each
        rule that reduces layers; ``nested_layer`` (subject, roi) and
        ``best_layer`` (roi,), the layers chosen (empty text: none could be);
        ``n`` (roi,), the listeners with a value in any layer; ``ceiling_value`` and
        ``ceiling_error`` (roi,).
    """
    by_quantity = np.stack(
        [summary[name].transpose(LAYER, SUBJECT, ROI).to_numpy() for name in QUANTITIES]
    )
    layers = summary[LAYER].to_numpy()
    ruled, nested, best = _apply_rules(by_quantity)
    rules = ["nested", "mean", "best"]
    for rule in _OF_UNITS:
        if f"{rule}_score" in summary:
            of_units = [summary[f"{rule}_{name}"].to_numpy()[np.newaxis] for name in QUANTITIES]
            ruled = np.concatenate([ruled, np.stack(of_units)], axis=1)
            rules.append(layer_rule if rule == "inner" else rule)
    statistics = _population(by_quantity, seed, level)
    rule_statistics = _population(ruled, seed, level)
    ceiling = summary["ceiling"].transpose(SUBJECT, ROI).to_numpy()
    names = np.concatenate([layers.astype(str), [""]])
    dims, rule_dims = ("quantity", LAYER, ROI), ("quantity", "layer_rule", ROI)
    return xr.Dataset(
        {name: (dims, values) for name, values in statistics.items()}
        | {f"rule_{name}": (rule_dims, values) for name, values in rule_statistics.items()}
        | {
            "nested_layer": ((SUBJECT, ROI), names[nested]),
            "best_layer": ((ROI,), names[best]),
            "n": ((ROI,), np.isfinite(by_quantity[0]).any(axis=0).sum(axis=0)),
            "ceiling_value": ((ROI,), _nanmean(ceiling, axis=0)),
            "ceiling_error": ((ROI,), np.apply_along_axis(_error, 0, ceiling)),
        },
        coords={
            "quantity": list(QUANTITIES),
            "layer_rule": rules,
            LAYER: layers,
            SUBJECT: summary[SUBJECT].to_numpy(),
            ROI: summary[ROI].to_numpy(),
        },
        attrs={"interval_level": level}
        | {f"layer_rule_{rule}": LAYER_RULES[rule] for rule in rules},
    )


def over_stimuli(population: xr.Dataset, summary: xr.Dataset) -> xr.Dataset:
    """Return a population with the errors and intervals that draws of stimuli give.

    Parameters
    ----------
    population
        Of `over_subjects`; it has no listeners to take an error over, or is not to.
    summary
        Of `per_region`, with ``draws``.

    Returns
    -------
    xr.Dataset
        The same with ``error, low, high`` of each layer, of the mean over layers
        and of the layers chosen within the training rows. The other rules look at
        all listeners, so they have none; nothing has a ``p``. ``rule_draws``
        (quantity, draw, roi) are the draws of the benchmark's own rule, so that two
        models can be compared draw by draw.
    """
    level = float(population.attrs["interval_level"])
    draws = summary["draws"].mean(SUBJECT)  # (layer, draw, roi)
    of_rules = {"mean": draws.mean(LAYER)}
    within = [rule for rule in population["layer_rule"].to_numpy() if rule in RULES_WITHIN]
    if "inner_draws" in summary:
        of_rules[str(within[0])] = summary["inner_draws"].mean(SUBJECT)
    if draws.sizes[LAYER] == 1:
        of_rules["nested"] = draws[{LAYER: 0}]
    changed = population.copy(deep=True)
    for name in ("error", "low", "high", "p"):
        changed[name][:] = np.nan
        changed[f"rule_{name}"][:] = np.nan
    quantiles = {"low": (1 - level) / 2, "high": (1 + level) / 2}
    for prefix, label, of_row in (
        *(("", {LAYER: name}, draws.sel({LAYER: name})) for name in draws[LAYER].to_numpy()),
        *(("rule_", {"layer_rule": rule}, of_rule) for rule, of_rule in of_rules.items()),
    ):
        changed[f"{prefix}error"].loc[label] = of_row.std(DRAW, ddof=1).to_numpy()
        for name, share in quantiles.items():
            changed[f"{prefix}{name}"].loc[label] = of_row.quantile(share, DRAW).to_numpy()
    own = of_rules.get(str(within[0]) if within else "nested")
    if own is not None:
        by_quantity = [own.drop_vars(own.coords, errors="ignore")] * len(QUANTITIES)
        changed["rule_draws"] = xr.concat(by_quantity, "quantity").transpose("quantity", DRAW, ROI)
    return changed


def _apply_rules(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Reduce (quantity, layer, subject, roi) by every rule to (quantity, rule, subject, roi).

    Layers are chosen by the normalised score; -1 stands for no choice.
    """
    n_quantities, _, n_subjects, n_rois = values.shape
    guide = values[QUANTITIES.index("normalised")]
    nested = np.full((n_subjects, n_rois), -1)
    best = np.full(n_rois, -1)
    ruled = np.full((n_quantities, 3, n_subjects, n_rois), np.nan)
    # A layer without a value, such as a ratio of next to nothing, counts for none.
    ruled[:, 1] = _nanmean(values, axis=1)
    for r in range(n_rois):
        best[r] = best_on_all(guide[:, :, r])
        nested[:, r] = best_on_others(guide[:, :, r])
        for s in range(n_subjects):
            if nested[s, r] >= 0:
                ruled[:, 0, s, r] = values[:, nested[s, r], s, r]
            if best[r] >= 0:
                ruled[:, 2, s, r] = values[:, best[r], s, r]
    return ruled, nested, best


def _population(values: np.ndarray, seed: int, level: float) -> dict[str, np.ndarray]:
    """Reduce (quantity, row, subject, roi) over subjects, leaving out those without a value."""
    shape = (values.shape[0], values.shape[1], values.shape[3])
    reduced = {name: np.full(shape, np.nan) for name in ("value", "error", "low", "high", "p")}
    # Draws are the same for all who have a value in the same places, and are the costly part.
    alike: dict[bytes, list[tuple[int, ...]]] = {}
    for place in np.ndindex(shape):
        q, row, r = place
        alike.setdefault(np.isfinite(values[q, row, :, r]).tobytes(), []).append(place)
    for has_value, places in alike.items():
        kept = np.frombuffer(has_value, dtype=bool)
        if not kept.any():
            continue
        samples = np.stack([values[q, row, kept, r] for q, row, r in places], axis=1)
        if len(samples) > 1:
            low, high = bootstrap_interval(samples, level=level, seed=seed)
        for column, place in enumerate(places):
            sample = samples[:, column]
            reduced["value"][place] = sample.mean()
            reduced["error"][place] = _error(sample)
            reduced["p"][place] = wilcoxon(sample).p
            if len(sample) > 1:
                reduced["low"][place], reduced["high"][place] = low[column], high[column]
    return reduced


def _error(sample: np.ndarray) -> float:
    finite = sample[np.isfinite(sample)]
    return float(standard_error(finite)) if len(finite) > 1 else float("nan")


def _nanmean(values: np.ndarray, axis: int) -> np.ndarray:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a region that nobody has is NaN
        return np.asarray(np.nanmean(values, axis=axis))
