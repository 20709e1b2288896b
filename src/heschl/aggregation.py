"""Aggregation: from unit scores to what is reported, every step of it in one place.

The chain is: units of a region (those whose ceiling is above the minimum) -> mean;
layers -> a rule; listeners -> mean with error, interval and test.
"""

from __future__ import annotations

import warnings

import numpy as np
import xarray as xr

from heschl.dimensions import LAYER, ROI, SUBJECT
from heschl.statistics import bootstrap_interval, standard_error, wilcoxon

__all__ = ["LAYER_RULES", "QUANTITIES", "over_subjects", "per_region"]

QUANTITIES = ("score", "normalised")
LAYER_RULES = {
    "nested": "the layer with the best mean over the other listeners",
    "mean": "the mean over layers",
    "best": "the layer with the best mean over all listeners: optimistic, for comparison alone",
}


def per_region(units: xr.Dataset, minimum: float) -> xr.Dataset:
    """Average unit scores over the units of each region.

    Parameters
    ----------
    units
        ``score`` (layer, unit), ``normalised`` (layer, unit), ``ceiling``
        (unit,), ``in_roi`` (roi, unit) and the coordinate ``subject`` (unit,).
    minimum
        Only units whose ceiling is above it enter; ``n_units`` counts them, and
        ``score_of_all_units`` averages the rest in as well.

    Returns
    -------
    xr.Dataset
        ``score``, ``normalised``, ``score_of_all_units`` (layer, subject, roi);
        ``ceiling``, ``n_units``, ``n_units_of_region`` (subject, roi). A region
        without a unit is NaN with a count of 0.
    """
    owners = units[SUBJECT].to_numpy()
    # The order of appearance is the order of the run, which the user chose.
    subjects = list(dict.fromkeys(owners.tolist()))
    is_member = units["in_roi"].to_numpy().astype(bool)
    ceiling = units["ceiling"].to_numpy().astype(np.float64)
    is_reliable = ceiling > minimum
    n_layers, n_subjects, n_rois = units.sizes[LAYER], len(subjects), units.sizes[ROI]
    layered = {
        name: np.full((n_layers, n_subjects, n_rois), np.nan)
        for name in ("score", "normalised", "score_of_all_units")
    }
    mean_ceiling = np.full((n_subjects, n_rois), np.nan)
    counts = np.zeros((2, n_subjects, n_rois), dtype=np.int64)
    score = units["score"].to_numpy().astype(np.float64)
    normalised = units["normalised"].to_numpy().astype(np.float64)
    for s, subject in enumerate(subjects):
        for r in range(n_rois):
            region = (owners == subject) & is_member[r]
            kept = region & is_reliable
            counts[:, s, r] = kept.sum(), region.sum()
            if region.any():
                layered["score_of_all_units"][:, s, r] = score[:, region].mean(axis=1)
            if kept.any():
                layered["score"][:, s, r] = score[:, kept].mean(axis=1)
                layered["normalised"][:, s, r] = normalised[:, kept].mean(axis=1)
                mean_ceiling[s, r] = ceiling[kept].mean()
    return xr.Dataset(
        {name: ((LAYER, SUBJECT, ROI), values) for name, values in layered.items()}
        | {
            "ceiling": ((SUBJECT, ROI), mean_ceiling),
            "n_units": ((SUBJECT, ROI), counts[0]),
            "n_units_of_region": ((SUBJECT, ROI), counts[1]),
        },
        coords={LAYER: units[LAYER].to_numpy(), SUBJECT: subjects, ROI: units[ROI].to_numpy()},
    )


def over_subjects(summary: xr.Dataset, *, seed: int, level: float = 0.95) -> xr.Dataset:
    """Reduce listeners to a mean with its standard error, interval and test.

    Returns
    -------
    xr.Dataset
        ``value, error, low, high, p`` (quantity, layer, roi) for each layer;
        the same with the prefix ``rule_`` (quantity, layer_rule, roi) for each
        rule that reduces layers; ``nested_layer`` (subject, roi) and
        ``best_layer`` (roi,), the layers chosen (empty text: none could be);
        ``n`` (roi,), the listeners with a value; ``ceiling_value`` and
        ``ceiling_error`` (roi,).
    """
    by_quantity = np.stack(
        [summary[name].transpose(LAYER, SUBJECT, ROI).to_numpy() for name in QUANTITIES]
    )
    layers = summary[LAYER].to_numpy()
    ruled, nested, best = _apply_rules(by_quantity)
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
            "n": ((ROI,), np.isfinite(by_quantity[0, 0]).sum(axis=0)),
            "ceiling_value": ((ROI,), _nanmean(ceiling, axis=0)),
            "ceiling_error": ((ROI,), np.apply_along_axis(_error, 0, ceiling)),
        },
        coords={
            "quantity": list(QUANTITIES),
            "layer_rule": list(LAYER_RULES),
            LAYER: layers,
            SUBJECT: summary[SUBJECT].to_numpy(),
            ROI: summary[ROI].to_numpy(),
        },
        attrs={"interval_level": level}
        | {f"layer_rule_{rule}": meaning for rule, meaning in LAYER_RULES.items()},
    )


def _apply_rules(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Reduce (quantity, layer, subject, roi) by every rule to (quantity, rule, subject, roi).

    Layers are chosen by the normalised score; -1 stands for no choice.
    """
    n_quantities, n_layers, n_subjects, n_rois = values.shape
    guide = values[QUANTITIES.index("normalised")]
    nested = np.full((n_subjects, n_rois), -1)
    best = np.full(n_rois, -1)
    ruled = np.full((n_quantities, len(LAYER_RULES), n_subjects, n_rois), np.nan)
    ruled[:, 1] = values.mean(axis=1)
    for r in range(n_rois):
        best[r] = _best_layer(guide[:, :, r])
        for s in range(n_subjects):
            others = np.delete(guide[:, :, r], s, axis=1)
            # One layer leaves nothing to choose, so that a lone listener has a value too.
            nested[s, r] = 0 if n_layers == 1 else _best_layer(others)
            if nested[s, r] >= 0:
                ruled[:, 0, s, r] = values[:, nested[s, r], s, r]
            if best[r] >= 0:
                ruled[:, 2, s, r] = values[:, best[r], s, r]
    return ruled, nested, best


def _best_layer(values: np.ndarray) -> int:
    """Return the layer of (layer, subject) with the best mean, or -1 if no listener counts."""
    has_value = np.isfinite(values).all(axis=0)
    if not has_value.any():
        return -1
    return int(np.argmax(values[:, has_value].mean(axis=1)))


def _population(values: np.ndarray, seed: int, level: float) -> dict[str, np.ndarray]:
    """Reduce (quantity, row, subject, roi) over subjects, leaving out those without a value."""
    shape = (values.shape[0], values.shape[1], values.shape[3])
    reduced = {name: np.full(shape, np.nan) for name in ("value", "error", "low", "high", "p")}
    for place in np.ndindex(shape):
        q, row, r = place
        sample = values[q, row, :, r]
        sample = sample[np.isfinite(sample)]
        if not len(sample):
            continue
        reduced["value"][place] = sample.mean()
        reduced["error"][place] = _error(sample)
        if len(sample) > 1:
            low, high = bootstrap_interval(sample, level=level, seed=seed)
            reduced["low"][place], reduced["high"][place] = low, high
        reduced["p"][place] = wilcoxon(sample).p
    return reduced


def _error(sample: np.ndarray) -> float:
    finite = sample[np.isfinite(sample)]
    return float(standard_error(finite)) if len(finite) > 1 else float("nan")


def _nanmean(values: np.ndarray, axis: int) -> np.ndarray:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a region that nobody has is NaN
        return np.asarray(np.nanmean(values, axis=axis))
