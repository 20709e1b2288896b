"""Gathering: from the store's unit scores to the groups of a Score."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from heschl.aggregation import UnitAverage, divisor, over_stimuli, over_subjects, per_region
from heschl.ceilings import Ceiling, Power, normalise
from heschl.configuration import canonical_json
from heschl.contracts import Dataset
from heschl.dimensions import DRAW, FOLD, ITERATION, LAYER, ROI, SUBJECT, UNIT
from heschl.errors import BrokenPlugin, InvalidInput, near_names
from heschl.layer_choice import LayerRule

__all__ = [
    "TOP_TENTH",
    "SubjectScores",
    "gather_groups",
    "membership",
    "warn_of_empty",
]

TOP_TENTH = "Top10"
"""The region that a shared ceiling makes: the tenth of places with the highest one."""

_DRAWS = ["draws", "inner_draws"]
"""Of every unit, they would fill the file a thousand times."""


@dataclass(frozen=True)
class SubjectScores:
    """One listener's results.

    ``score`` and ``flag_constant`` are (layer, unit), ``alpha`` (layer, fold,
    unit), ``ceiling`` and ``unit`` (unit,). ``n_train`` counts the rows of the
    smallest training fold, ``n_test`` the rows that any fold tests on.

    Where the benchmark has them: ``normalised`` (layer, unit), by the metric
    itself; ``inner`` with ``score``, ``normalised`` (unit,) and ``layer`` (fold,
    unit) of layers chosen for each unit, or all of them (iteration, unit); ``draws`` (layer, draw,
    unit), and (draw, unit) in ``inner``, of the score; ``univariate`` (unit,),
    the shared ceiling of each unit by itself.

    ``ran_on`` says where the metric multiplied.
    """

    subject: str
    unit: np.ndarray
    score: np.ndarray
    alpha: np.ndarray
    flag_constant: np.ndarray
    ceiling: np.ndarray
    n_repeats: int
    n_units_dropped: int
    n_stimuli: int
    n_train: int
    n_test: int
    ran_on: tuple[str, ...] = ()
    normalised: np.ndarray | None = None
    draws: np.ndarray | None = None
    univariate: np.ndarray | None = None
    inner: Mapping[str, np.ndarray] | None = None


def gather_groups(
    results: Sequence[SubjectScores],
    dataset: Dataset,
    layers: Sequence[str],
    rois: Sequence[str],
    ceiling: Ceiling,
    *,
    score_power: Power,
    unit_average: UnitAverage = "mean",
    layer_rule: LayerRule = "nested",
    further_rois: Sequence[str] = (),
    seed: int,
) -> dict[str, xr.Dataset]:
    """Return the groups ``summary``, ``population``, ``units`` and ``ceiling``.

    Of ``further_rois`` those are reported that hold a unit.
    """
    n_units = [len(each.unit) for each in results]
    coordinates = {
        SUBJECT: (UNIT, np.repeat([each.subject for each in results], n_units)),
        "unit_of_subject": (UNIT, np.concatenate([each.unit for each in results])),
    }
    regions = list(dict.fromkeys([*rois, *further_rois]))
    in_roi = np.concatenate(
        [membership(dataset, each.subject, each.unit, regions) for each in results], axis=1
    )
    is_reported = in_roi.any(axis=1) | np.isin(regions, rois)
    in_roi, reported = in_roi[is_reported], np.array(regions)[is_reported].tolist()
    ceilings = _ceilings(results, ceiling, coordinates)
    if TOP_TENTH in rois and "shared_ceiling" in ceilings:
        in_roi[list(rois).index(TOP_TENTH)] = _top_tenth(ceilings)
    warn_of_empty(dataset, results[0].subject, reported, in_roi)
    units = _units(results, ceilings, ceiling, score_power).assign_coords(
        {LAYER: list(layers), ROI: reported, **coordinates}
    )
    units["in_roi"] = ((ROI, UNIT), in_roi.astype(np.int8))
    summary = per_region(units.merge(ceilings), ceiling.minimum, unit_average)
    if ITERATION in summary.dims:
        summary, units = summary.mean(ITERATION), _over_iterations(units)
    for count in ("n_units_dropped", "n_repeats", "n_stimuli", "n_train", "n_test"):
        summary[count] = ((SUBJECT,), [getattr(each, count) for each in results])
    population = over_subjects(summary, layer_rule=layer_rule, seed=seed)
    if "draws" in summary:
        population = over_stimuli(population, summary)
    # Averages come from the full precision; a file of 90,000 voxels a listener keeps half of it.
    halved = {
        name: units[name].astype(np.float32)
        for name in ("score", "normalised", "inner_score", "inner_normalised")
        if name in units
    }
    return {
        "summary": summary.drop_vars(_DRAWS, errors="ignore"),
        "population": population,
        "units": units.drop_vars(_DRAWS, errors="ignore").assign(halved),
        "ceiling": ceilings,
    }


def _over_iterations(units: xr.Dataset) -> xr.Dataset:
    """Return the mean over iterations of what has them, but for the layers that were chosen."""
    names = [name for name in ("inner_score", "inner_normalised") if ITERATION in units[name].dims]
    return units.assign({name: units[name].mean(ITERATION) for name in names})


def _top_tenth(ceilings: xr.Dataset) -> np.ndarray:
    """Return which units (unit,) are at the tenth of places where listeners share most."""
    places, first, place = np.unique(
        ceilings["unit_of_subject"], return_index=True, return_inverse=True
    )
    shared = ceilings["shared_ceiling"].to_numpy()[first]
    n_kept = -(-len(places) // 10)
    is_top = np.zeros(len(places), dtype=bool)
    is_top[np.argsort(-shared, kind="stable")[:n_kept]] = True
    return np.asarray(is_top[place])


def _units(
    results: Sequence[SubjectScores], ceilings: xr.Dataset, ceiling: Ceiling, score_power: Power
) -> xr.Dataset:
    """Return what is known of every unit of every listener, side by side."""
    flags = np.concatenate([each.flag_constant for each in results], axis=1)
    alpha = np.concatenate([each.alpha for each in results], axis=2)
    divided_by = divisor(ceilings)

    def normalised(score: xr.DataArray) -> xr.DataArray:
        return normalise(
            score, divided_by.drop_vars(divided_by.coords), score_power=score_power, ceiling=ceiling
        )

    score = xr.DataArray(_joined([each.score for each in results]), dims=(LAYER, UNIT))
    units = xr.Dataset(
        {
            "score": score,
            "normalised": normalised(score),
            "alpha": ((LAYER, FOLD, UNIT), alpha),
            "flag_constant": ((LAYER, UNIT), flags.astype(np.int8)),
        }
    )
    own = [each.normalised for each in results if each.normalised is not None]
    if own:
        units["normalised"] = ((LAYER, UNIT), _joined(own))
    draws = [each.draws for each in results if each.draws is not None]
    if draws:
        units["draws"] = ((LAYER, DRAW, UNIT), _joined(draws))
    inner = [each.inner for each in results if each.inner is not None]
    if not inner:
        return units
    units["best_of_unit_score"] = units["score"].max(LAYER)
    units["best_of_unit_normalised"] = units["normalised"].max(LAYER)
    dims = (ITERATION, UNIT) if inner[0]["score"].ndim > 1 else (UNIT,)
    score = xr.DataArray(_joined([each["score"] for each in inner]), dims=dims)
    units["inner_score"], units["inner_normalised"] = score, normalised(score)
    if "normalised" in inner[0]:
        units["inner_normalised"] = (dims, _joined([each["normalised"] for each in inner]))
    if "draws" in inner[0]:
        units["inner_draws"] = ((DRAW, UNIT), _joined([each["draws"] for each in inner]))
    units["inner_layer"] = (
        (dims if len(dims) > 1 else (FOLD, UNIT)),
        _joined([each["layer"] for each in inner]).astype(np.int16),
    )
    return units


def _ceilings(
    results: Sequence[SubjectScores], ceiling: Ceiling, coordinates: Mapping[str, Any]
) -> xr.Dataset:
    """Return the ceilings of all units, with that which listeners share where they do."""
    own = _joined([each.ceiling for each in results])
    ceilings = xr.Dataset(
        {"ceiling": (UNIT, own)},
        coords=coordinates,
        attrs={
            "kind": ceiling.kind,
            "power": ceiling.power,
            "minimum": ceiling.minimum,
            "configuration": canonical_json(ceiling),
        },
    )
    univariate = [each.univariate for each in results if each.univariate is not None]
    if univariate:
        ceilings["univariate"] = (UNIT, _joined(univariate))
    if hasattr(ceiling, "of_listener"):
        # A unit is the same place in every listener. One listener's ceiling is an estimate as noisy
        # as a score; the mean over those who have one can be divided by. Without any, it is 0.
        places, place = np.unique(ceilings["unit_of_subject"], return_inverse=True)
        has_ceiling = np.isfinite(own)
        n = np.bincount(place[has_ceiling], minlength=len(places))
        total = np.bincount(place[has_ceiling], own[has_ceiling], minlength=len(places))
        ceilings["shared_ceiling"] = (UNIT, (total / np.maximum(n, 1))[place])
    return ceilings


def _joined(arrays: Sequence[np.ndarray]) -> np.ndarray:
    """Return the units of all listeners side by side; they are the last axis."""
    return np.concatenate(arrays, axis=-1)


def membership(
    dataset: Dataset, subject: str, units: np.ndarray, rois: Sequence[str]
) -> np.ndarray:
    """Return which of a listener's units lie in which region, booleans (roi, unit)."""
    of_listener = dataset.rois(subject)
    known = of_listener[ROI].to_numpy().tolist()
    try:
        values = of_listener.sel({UNIT: units}).to_numpy().astype(bool)
    except KeyError as error:
        raise BrokenPlugin(
            f"{dataset.card.id}.rois({subject!r}) lacks units of the recording: {error}; "
            "it must label every one"
        ) from error
    rows = [
        values[known.index(roi)] if roi in known else np.zeros(values.shape[1], dtype=bool)
        for roi in rois
    ]
    if not any(roi in known for roi in rois):
        raise InvalidInput(
            f"{dataset.card.id} has none of the regions {list(rois)} for {subject}; "
            f"{near_names(rois[0], known)}"
        )
    return np.stack(rows)


def warn_of_empty(dataset: Dataset, subject: str, rois: Sequence[str], in_roi: np.ndarray) -> None:
    """Warn of regions that hold no unit of any listener; that one lacks some is nothing unusual."""
    for roi, is_member in zip(rois, in_roi, strict=True):
        if not is_member.any():
            known = dataset.rois(subject)[ROI].to_numpy().tolist()
            hint = "" if roi in known else f"; {near_names(roi, known)}"
            warnings.warn(
                f"no unit of these listeners lies in the region {roi!r} of {dataset.card.id}, so "
                f"it has no score{hint}",
                UserWarning,
                stacklevel=3,
            )
