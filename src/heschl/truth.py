"""The truth of a phantom: what its writer expects a benchmark to find, and how to read it off.

``truth.json`` in the phantom's folder holds a list ``expectations`` of objects with ``benchmark``,
``model``, ``layer``, ``roi``, ``quantity`` (see `QUANTITIES`), ``expected``, ``tolerance`` (of
the mean over `N_SEEDS` phantoms), ``source`` and, where only listeners with so many repeats of the
test stimulus are meant, ``n_repeats``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from heschl.dimensions import LAYER, ROI, SUBJECT
from heschl.errors import CorruptData, near_names
from heschl.scores import Score
from heschl.untrusted import read_json

__all__ = ["N_SEEDS", "QUANTITIES", "Expectation", "read_expectations"]

_PARTS = ("block", "pair")
"""The dimensions along which some benchmarks set parts of a score beside each other."""

N_SEEDS = 3
"""The number of phantoms for whose mean tolerances are stated."""


@dataclass(frozen=True)
class Expectation:
    """One quantity that a model must reach on one phantom."""

    benchmark: str
    model: str
    layer: str
    roi: str
    quantity: str
    expected: float | str
    tolerance: float
    source: str
    n_repeats: int | None = None

    @property
    def subject_matter(self) -> tuple[str, str, str, str, str, int | None]:
        """What is the same in the phantoms of all seeds."""
        return self.benchmark, self.model, self.layer, self.roi, self.quantity, self.n_repeats

    def found_in(self, score: Score) -> tuple[float, ...] | tuple[str, ...]:
        """Return what a score has of it: one number, or a word for each listener."""
        if self.quantity.startswith(_OF_SUMMARY):
            return _of_summary(score, self)
        return QUANTITIES[self.quantity](score, self)


def _score(score: Score, expectation: Expectation) -> tuple[float]:
    """Over all units of the region, however noisy: the closed form knows of no selection."""
    return _mean_over_subjects(score, "score_of_all_units", expectation)


def _ceiling(score: Score, expectation: Expectation) -> tuple[float]:
    return _mean_over_subjects(score, "ceiling", expectation)


def _normalised(score: Score, expectation: Expectation) -> tuple[float]:
    return _mean_over_subjects(score, "normalised", expectation)


def _part(score: Score, expectation: Expectation) -> tuple[float]:
    """Of a part of the score, which is named in the place of the layer, over all units."""
    summary = score.tree["summary"].to_dataset()
    for part in _PARTS:
        name = f"{part}_score_of_all_units"
        if (
            name in summary
            and expectation.layer in summary[part]
            and expectation.roi in summary[ROI]
        ):
            chosen = summary[name].sel({part: expectation.layer, ROI: expectation.roi})
            finite = chosen.to_numpy()[np.isfinite(chosen)]
            return (float(finite.mean()) if finite.size else math.nan,)
    return (math.nan,)


def _nested_layer(score: Score, expectation: Expectation) -> tuple[str, ...]:
    chosen = score.tree["population"]["nested_layer"]
    if expectation.roi not in chosen[ROI]:
        return (f"no region {expectation.roi}",)
    return tuple(chosen.sel({ROI: expectation.roi}).to_numpy().astype(str).tolist())


def _inner(score: Score, expectation: Expectation) -> tuple[float]:
    """With the layer chosen for each unit, over all units of the region."""
    return _mean_over_subjects(score, "inner_score_of_all_units", expectation)


def _inner_layer(score: Score, expectation: Expectation) -> tuple[float]:
    """Return how often the layer that is meant was chosen, over the units and folds of a region."""
    units = score.tree["units"].to_dataset()
    if expectation.roi not in units[ROI] or expectation.layer not in units[LAYER]:
        return (math.nan,)
    in_roi = units["in_roi"].sel({ROI: expectation.roi}).to_numpy().astype(bool)
    meant = units[LAYER].to_numpy().tolist().index(expectation.layer)
    return (float((units["inner_layer"].to_numpy()[:, in_roi] == meant).mean()),)


QUANTITIES: Mapping[str, Callable[[Score, Expectation], tuple[float, ...] | tuple[str, ...]]] = {
    "score": _score,
    "ceiling": _ceiling,
    "normalised": _normalised,
    "nested_layer": _nested_layer,
    "null": _score,
    "inner": _inner,
    "inner_layer_share": _inner_layer,
    "part": _part,
}
"""What can be expected of a score, and how it is read. Beside these there is
``summary:VARIABLE:LABEL``, the mean of a variable of ``/summary`` at one label of that dimension of
it which no expectation names, such as ``summary:human_accuracy_of_part:native``."""

_OF_SUMMARY = "summary:"


def _of_summary(score: Score, expectation: Expectation) -> tuple[float]:
    _, _, told = expectation.quantity.partition(_OF_SUMMARY)
    name, _, label = told.partition(":")
    summary = score.tree["summary"].to_dataset()
    if name not in summary:
        return (math.nan,)
    values = summary[name]
    for dimension in set(values.dims) - {SUBJECT}:
        wanted = {LAYER: expectation.layer, ROI: expectation.roi}.get(str(dimension), label)
        values = values[{dimension: (values[dimension] == wanted).to_numpy()}]
    finite = values.to_numpy()[np.isfinite(values)]
    return (float(finite.mean()) if finite.size else math.nan,)


def _mean_over_subjects(score: Score, name: str, expectation: Expectation) -> tuple[float]:
    """Return the mean over the listeners who count; NaN without any, or without region or layer."""
    summary = score.tree["summary"].to_dataset()
    values: xr.DataArray = summary[name]
    if expectation.n_repeats is not None:
        values = values[{SUBJECT: (summary["n_repeats"] == expectation.n_repeats).to_numpy()}]
    for dimension, label in ((ROI, expectation.roi), (LAYER, expectation.layer)):
        if dimension in values.dims:
            values = values[{dimension: (values[dimension] == label).to_numpy()}]
    finite = values.to_numpy()[np.isfinite(values)]
    return (float(finite.mean()) if finite.size else math.nan,)


def read_expectations(folder: Path) -> tuple[Expectation, ...]:
    """Return what the writer of the phantom in a folder expects, each once."""
    path = folder / "truth.json"
    try:
        listed = [
            _expectation(path, item) for item in read_json(path, at_most=2**24)["expectations"]
        ]
    except (KeyError, TypeError) as error:
        raise CorruptData(
            f"{path} does not hold a list of 'expectations', each with its benchmark, model, "
            f"layer, roi, quantity, expected, tolerance and source ({error}); repair the writer of "
            "this phantom"
        ) from error
    expectations = tuple(dict.fromkeys(listed))
    if len({each.subject_matter for each in expectations}) < len(expectations):
        raise CorruptData(
            f"{path} expects two things of one quantity; repair the writer of this phantom"
        )
    return expectations


def _expectation(path: Path, item: Mapping[str, Any]) -> Expectation:
    known = [field.name for field in fields(Expectation)]
    expectation = Expectation(**{name: item[name] for name in known if name in item})
    if expectation.quantity not in QUANTITIES and not expectation.quantity.startswith(_OF_SUMMARY):
        raise CorruptData(
            f"{path} expects a {expectation.quantity!r} of {expectation.benchmark}; "
            f"{near_names(expectation.quantity, QUANTITIES)}"
        )
    is_choice = expectation.quantity == "nested_layer"
    if is_choice and not isinstance(expectation.expected, str):
        raise CorruptData(
            f"{path} expects {expectation.model} to be best in layer {expectation.expected!r}; "
            "expected the name of a layer"
        )
    numbers = (
        [expectation.tolerance] if is_choice else [expectation.expected, expectation.tolerance]
    )
    if not all(map(_is_number, numbers)) or expectation.tolerance < 0:
        raise CorruptData(
            f"{path} expects the {expectation.quantity} of {expectation.model} to be "
            f"{expectation.expected!r} ± {expectation.tolerance!r}; expected finite numbers"
        )
    return expectation


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and math.isfinite(value)
