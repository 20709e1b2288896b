"""The groups of a Score for tests that no listener's recording enters.

A recording's score has listeners, units and regions. A test of what can be told from a model's
features has, in their places, *samples* over which its error is taken (pairs of phones, folds,
words), and the *parts* that are reported apart (languages, kinds of label). They bear the same
names of dimensions, ``subject`` and ``roi``, so that tables, comparisons and the board read all
scores alike; ``unit_of_uncertainty`` says what the samples are.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray as xr

from heschl.aggregation import over_stimuli, over_subjects
from heschl.ceilings import Power
from heschl.dimensions import DRAW, FOLD, LAYER, ROI, SUBJECT, UNIT
from heschl.errors import InvalidInput

__all__ = ["sample_groups"]

Level = float | xr.DataArray
"""One number, or (subject, roi) where it differs."""


def sample_groups(
    score: xr.DataArray,
    *,
    n_items: xr.DataArray,
    chance: Level,
    ceiling: Level,
    kind: str,
    power: Power,
    seed: int,
    chosen: xr.DataArray | None = None,
    draws: xr.DataArray | None = None,
    drawn_items: str = "",
    drawn_from: str = "",
    extra: Mapping[str, xr.DataArray] | None = None,
) -> dict[str, xr.Dataset]:
    """Return the groups ``summary``, ``population``, ``units`` and ``ceiling``.

    What is normalised is ``(score - chance) / (ceiling - chance)``: 0 is what can be had without
    hearing anything, so that tests against 0 are tests against chance.

    Parameters
    ----------
    score
        (layer, subject, roi), NaN where a sample has no such part; the primary part first.
    n_items
        (subject, roi), how many items a number is of.
    chance, ceiling
        What guessing reaches, and the most that can be reached.
    kind
        What the ceiling is, in a word or two: ``"perfect"``, ``"human accuracy"``.
    power
        Whether the score is on the scale of a correlation or of a share of variance.
    seed
        Of the bootstrap intervals.
    chosen
        (subject, roi), the number of the layer that was chosen on other items than those scored;
        the declaration then has ``layer_rule="inner"``. By default it is chosen on other samples.
    draws
        (layer, draw, roi) of the score with items drawn anew, where one sample is all there is;
        ``chosen`` is then needed wherever there are several layers.
    drawn_items
        With draws: the digest of the items of the primary part, so that only draws of the same
        items are ever compared one by one.
    drawn_from
        With draws: what is the same for all tests of a dataset that draw the same samples, so that
        in means over tests these are drawn once; by default they count as drawn by themselves.
    extra
        What else is known; it becomes part of ``summary`` as it is.
    """
    score = score.transpose(LAYER, SUBJECT, ROI).astype(np.float64)
    floor, top = (_as_array(level, score) for level in (chance, ceiling))
    if not (top > floor).all():
        raise InvalidInput(
            f"a ceiling of {float(top.min()):g} is not above a chance of {float(floor.max()):g}; "
            "nothing could be told from such a test"
        )
    is_there = score.notnull().all(LAYER)
    half = np.argwhere((score.notnull().any(LAYER) & ~is_there).to_numpy())
    if len(half):
        sample, part = half[0]
        raise InvalidInput(
            f"{score[SUBJECT].to_numpy()[sample]!s} has a score of {score[ROI].to_numpy()[part]!s} "
            "in some layers and none in others; give one for each, or NaN in all"
        )
    counts = n_items.transpose(SUBJECT, ROI).where(is_there, 0).astype(np.int64)
    summary = xr.Dataset(
        {
            "score": score,
            "normalised": (score - floor) / (top - floor),
            "score_of_all_units": score,
            "ceiling": top.where(is_there),
            "chance": floor.where(is_there),
            "n_units": counts,
            "n_units_of_region": counts,
            "n_units_dropped": (SUBJECT, np.zeros(score.sizes[SUBJECT], dtype=np.int64)),
        }
    )
    if chosen is not None:
        chosen = chosen.transpose(SUBJECT, ROI)
        for name in ("score", "normalised", "score_of_all_units"):
            summary[f"inner_{name}"] = summary[name].isel({LAYER: chosen}).drop_vars(LAYER)
    population = over_subjects(summary, seed=seed)
    if draws is not None:
        if not drawn_items:
            raise InvalidInput(
                "draws without drawn_items could be of any items; give the digest of those drawn"
            )
        population = _over_draws(population, draws, floor, top, chosen)
        population.attrs["drawn_items"] = drawn_items
        if drawn_from:
            population.attrs["drawn_from"] = drawn_from
    units = _units(summary, is_there)
    if chosen is not None:
        units["inner_layer"] = (
            (FOLD, UNIT),
            chosen.to_numpy()[np.nonzero(is_there.to_numpy())][np.newaxis].astype(np.int16),
        )
    return {
        "summary": summary.assign(dict(extra or {})),
        "population": population,
        "units": units,
        "ceiling": _ceilings(summary, is_there, kind, power),
    }


def _over_draws(
    population: xr.Dataset,
    draws: xr.DataArray,
    floor: xr.DataArray,
    top: xr.DataArray,
    chosen: xr.DataArray | None,
) -> xr.Dataset:
    """Return the population with errors from draws, each quantity on its own scale."""
    if floor.sizes[SUBJECT] != 1:
        raise InvalidInput(
            f"draws stand for the error of one sample, and there are {floor.sizes[SUBJECT]}; give "
            "one or the other"
        )
    by_quantity = {
        "score": draws,
        "normalised": (draws - floor.squeeze(SUBJECT)) / (top - floor).squeeze(SUBJECT),
    }
    found = []
    for quantity, values in by_quantity.items():
        of_one = xr.Dataset({"draws": values.transpose(LAYER, DRAW, ROI).expand_dims(SUBJECT, 2)})
        if chosen is not None:
            layer = chosen.drop_vars(SUBJECT, errors="ignore")
            of_one["inner_draws"] = of_one["draws"].isel({LAYER: layer}).drop_vars(LAYER)
        found.append(over_stimuli(population, of_one).sel(quantity=[quantity]))
    drawn = xr.concat(found, "quantity", data_vars="minimal", coords="minimal", compat="override")
    return drawn.assign_attrs(samples_drawn=1)


def _as_array(level: Level, score: xr.DataArray) -> xr.DataArray:
    of_parts = score.isel({LAYER: 0}, drop=True)
    given = level if isinstance(level, xr.DataArray) else xr.full_like(of_parts, level)
    return given.broadcast_like(of_parts).transpose(SUBJECT, ROI).astype(np.float64)


def _units(summary: xr.Dataset, is_there: xr.DataArray) -> xr.Dataset:
    """Return every sample of every part as a unit, side by side."""
    samples, parts = np.nonzero(is_there.to_numpy())
    in_roi = np.zeros((summary.sizes[ROI], len(parts)), dtype=np.int8)
    in_roi[parts, np.arange(len(parts))] = 1

    def of_units(name: str) -> np.ndarray:
        values: np.ndarray = summary[name].to_numpy()[:, samples, parts]
        return values.astype(np.float32)

    return xr.Dataset(
        {
            "score": ((LAYER, UNIT), of_units("score")),
            "normalised": ((LAYER, UNIT), of_units("normalised")),
            "flag_constant": (
                (LAYER, UNIT),
                np.zeros((summary.sizes[LAYER], len(parts)), dtype=np.int8),
            ),
            "in_roi": ((ROI, UNIT), in_roi),
        },
        coords={
            LAYER: summary[LAYER].to_numpy(),
            ROI: summary[ROI].to_numpy(),
            SUBJECT: (UNIT, summary[SUBJECT].to_numpy()[samples]),
            "unit_of_subject": (UNIT, parts),
        },
    )


def _ceilings(summary: xr.Dataset, is_there: xr.DataArray, kind: str, power: Power) -> xr.Dataset:
    samples, parts = np.nonzero(is_there.to_numpy())
    chance = float(summary["chance"].isel({ROI: 0}).mean())
    return xr.Dataset(
        {"ceiling": (UNIT, summary["ceiling"].to_numpy()[samples, parts])},
        coords={
            SUBJECT: (UNIT, summary[SUBJECT].to_numpy()[samples]),
            "unit_of_subject": (UNIT, parts),
        },
        attrs={"kind": kind, "power": power, "minimum": 0.0, "chance": chance},
    )
