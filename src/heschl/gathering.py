"""Gathering: from the store's unit scores to the groups of a Score."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from heschl.aggregation import over_subjects, per_region
from heschl.ceilings import Ceiling, Power, normalise
from heschl.configuration import canonical_json
from heschl.contracts import Dataset
from heschl.dimensions import FOLD, LAYER, ROI, SUBJECT, UNIT
from heschl.errors import BrokenPlugin, InvalidInput, near_names

__all__ = ["SubjectScores", "gather_groups"]


@dataclass(frozen=True)
class SubjectScores:
    """One listener's results.

    ``score`` and ``flag_constant`` are (layer, unit), ``alpha`` (layer, fold,
    unit), ``ceiling`` and ``unit`` (unit,). ``n_train`` counts the rows of the
    smallest training fold, ``n_test`` the rows that any fold tests on.
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


def gather_groups(
    results: Sequence[SubjectScores],
    dataset: Dataset,
    layers: Sequence[str],
    rois: Sequence[str],
    ceiling: Ceiling,
    *,
    score_power: Power,
    seed: int,
) -> dict[str, xr.Dataset]:
    """Return the groups ``summary``, ``population``, ``units`` and ``ceiling``."""
    n_units = [len(each.unit) for each in results]
    coordinates = {
        SUBJECT: (UNIT, np.repeat([each.subject for each in results], n_units)),
        "unit_of_subject": (UNIT, np.concatenate([each.unit for each in results])),
    }
    score = xr.DataArray(
        np.concatenate([each.score for each in results], axis=1), dims=(LAYER, UNIT)
    )
    ceilings = xr.DataArray(np.concatenate([each.ceiling for each in results]), dims=UNIT)
    normalised = normalise(score, ceilings, score_power=score_power, ceiling=ceiling)
    flags = np.concatenate([each.flag_constant for each in results], axis=1)
    in_roi = np.concatenate([_membership(dataset, each, rois) for each in results], axis=1)
    _warn_of_empty(dataset, results[0].subject, rois, in_roi)
    units = xr.Dataset(
        {
            "score": score,
            "normalised": normalised,
            "alpha": (
                (LAYER, FOLD, UNIT),
                np.concatenate([each.alpha for each in results], axis=2),
            ),
            "flag_constant": ((LAYER, UNIT), flags.astype(np.int8)),
            "in_roi": ((ROI, UNIT), in_roi.astype(np.int8)),
        },
        coords={LAYER: list(layers), ROI: list(rois), **coordinates},
    )
    ceiling_units = xr.Dataset(
        {"ceiling": ceilings},
        coords=coordinates,
        attrs={
            "kind": ceiling.kind,
            "power": ceiling.power,
            "minimum": ceiling.minimum,
            "configuration": canonical_json(ceiling),
        },
    )
    summary = per_region(units.assign(ceiling=ceiling_units["ceiling"]), ceiling.minimum)
    for count in ("n_units_dropped", "n_repeats", "n_stimuli", "n_train", "n_test"):
        summary[count] = ((SUBJECT,), [getattr(each, count) for each in results])
    # Averages come from the full precision; a file of 90,000 voxels a listener keeps half of it.
    halved = {name: units[name].astype(np.float32) for name in ("score", "normalised")}
    return {
        "summary": summary,
        "population": over_subjects(summary, seed=seed),
        "units": units.assign(halved),
        "ceiling": ceiling_units,
    }


def _membership(dataset: Dataset, result: SubjectScores, rois: Sequence[str]) -> np.ndarray:
    """Return which of a listener's scored units lie in which region, booleans (roi, unit)."""
    membership = dataset.rois(result.subject)
    known = membership[ROI].to_numpy().tolist()
    try:
        values = membership.sel({UNIT: result.unit}).to_numpy().astype(bool)
    except KeyError as error:
        raise BrokenPlugin(
            f"{dataset.card.id}.rois({result.subject!r}) lacks units of the recording: {error}; "
            "it must label every one"
        ) from error
    rows = [
        values[known.index(roi)] if roi in known else np.zeros(values.shape[1], dtype=bool)
        for roi in rois
    ]
    if not any(roi in known for roi in rois):
        raise InvalidInput(
            f"{dataset.card.id} has none of the regions {list(rois)} for {result.subject}; "
            f"{near_names(rois[0], known)}"
        )
    return np.stack(rows)


def _warn_of_empty(dataset: Dataset, subject: str, rois: Sequence[str], in_roi: np.ndarray) -> None:
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
