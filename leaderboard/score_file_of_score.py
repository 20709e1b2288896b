"""From a Score to its small file: what the board shows, and what a rerun needs."""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from heschl.comparison import of_listeners
from heschl.configuration import canonical_json
from heschl.dimensions import LAYER, ROI, SUBJECT
from heschl.leaderboard.score_file import (
    Estimate,
    LayerCurve,
    Region,
    Samples,
    ScoreFile,
    Status,
    SurfaceMap,
)
from heschl.scores import Score
from heschl.seen import ATTRIBUTES

__all__ = ["DIGITS", "STEP_OF_DRAWS", "condensed", "from_score"]

_QUANTITIES = ("score", "normalised")
_STATISTICS = ("value", "error", "low", "high", "p")
DIGITS = 6
"""Of what is drawn or drawn from; numbers of regions, which are printed, are exact."""
STEP_OF_DRAWS = 2.0**-16
"""Draws are rounded to it, a thousandth of their spread, so that they pack into two bytes each."""
_AS_JSON = (
    *("benchmark_version", "data_digests", "configuration", "seed", "versions", "git"),
    *("hardware", "seconds", "cells"),
)
"""What a Score's provenance holds as JSON, since attributes of netCDF are texts."""
_OUTPUT = re.compile(r" (?:-o|--output)[ =]\S+")
"""Of a command: where a file lay on the submitter's machine is nobody else's business."""


def from_score(
    score: Score,
    path: str | os.PathLike[str],
    status: Status,
    maps: Iterable[SurfaceMap] = (),
) -> ScoreFile:
    """Return the small file of a score.

    Parameters
    ----------
    score
        What the netCDF file holds.
    path
        The netCDF file, which stays with its owner: its digest and size are noted.
    status
        Who vouches for the numbers.
    maps
        Of the cortex, as `heschl.leaderboard.surface_maps.maps_of` makes them.
    """
    attrs, population = score.tree.attrs, score.tree["population"].to_dataset()
    content = Path(path).read_bytes()
    regions = tuple(_regions(score, population))
    return ScoreFile(
        model=score.model,
        benchmark=score.benchmark,
        benchmark_version=int(attrs["benchmark_version"]),
        dataset=str(attrs["dataset"]),
        data_kind=attrs["data_kind"],
        protocol=str(attrs["protocol"]),
        status=status,
        primary_roi=str(attrs["primary_roi"]),
        layer_rule=score.layer_rule,
        score_meaning=str(attrs["score_meaning"]),
        normalisation=str(attrs["normalisation"]),
        ceiling_kind=str(score.tree["ceiling"].attrs["kind"]),
        interval_level=float(population.attrs["interval_level"]),
        explanation=score.explain(),
        samples=_samples(score, population),
        regions=regions,
        layers=tuple(population[LAYER].to_numpy().astype(str).tolist()),
        curves=tuple(_curve(population, region.name) for region in regions),
        provenance=_provenance(score.provenance),
        source_sha256=hashlib.sha256(content).hexdigest(),
        source_bytes=len(content),
        maps=tuple(maps),
        extra=_extra(score),
    )


def condensed(digests: Any) -> dict[str, Any]:  # digests by name, as a provenance has them
    """Return how many digests there are and one of all, for each kind of them.

    >>> condensed({"sounds": {"a": "12", "b": "34"}})["sounds"]["n"]
    2
    """
    parts = digests if isinstance(digests, Mapping) else {"all": digests}
    return {
        name: {
            "n": _n_leaves(part),
            "sha256": hashlib.sha256(canonical_json(part).encode()).hexdigest(),
        }
        for name, part in sorted(parts.items())
    }


def _n_leaves(part: Any) -> int:  # as above
    if isinstance(part, (Mapping, list)):
        return sum(map(_n_leaves, part.values() if isinstance(part, Mapping) else part))
    return 1


def _provenance(texts: Mapping[str, str]) -> dict[str, Any]:
    """Return the provenance whole, but for the digests of the data, which are thousands."""
    whole: dict[str, Any] = dict(texts)
    for name in _AS_JSON:
        with suppress(ValueError):  # a text that somebody else wrote; the check of it is elsewhere
            whole[name] = json.loads(texts[name])
    whole["data_digests"] = condensed(whole["data_digests"])
    whole["command"] = _OUTPUT.sub("", texts["command"])
    return whole


def _extra(score: Score) -> dict[str, Any]:
    chance = score.tree["ceiling"].attrs.get("chance")
    drawn = score.tree["population"].attrs.get("drawn_from")
    found: dict[str, Any] = {} if chance is None else {"chance": float(chance)}
    found |= {} if drawn is None else {"drawn_from": str(drawn)}
    attrs = score.tree.attrs
    return found | {name: str(attrs[name]) for name in ATTRIBUTES if name in attrs}


def _regions(score: Score, population: xr.Dataset) -> Iterable[Region]:
    """Yield what is said of every region that has a unit, and of the primary one."""
    summary = score.tree["summary"].to_dataset()
    has_ceiling = score.tree["ceiling"].attrs["kind"] != "none"
    for name in population[ROI].to_numpy().astype(str).tolist():
        here, of_all = population.sel({ROI: name}), summary.sel({ROI: name})
        is_primary = name == score.tree.attrs["primary_roi"]
        if not int(of_all["n_units_of_region"].sum()) and not is_primary:
            continue
        of_rule = here.sel(layer_rule=score.layer_rule)
        yield Region(
            name,
            int(here["n"]),
            int(of_all["n_units"].sum()),
            _estimate(of_rule.sel(quantity="score")),
            _estimate(of_rule.sel(quantity="normalised")),
            float(here["ceiling_value"]) if has_ceiling else math.nan,
            float(here["ceiling_error"]) if has_ceiling else math.nan,
            _layer(score, population, name),
        )


def _estimate(here: xr.Dataset) -> Estimate:
    return Estimate(*(float(here[f"rule_{statistic}"]) for statistic in _STATISTICS))


def _layer(score: Score, population: xr.Dataset, roi: str) -> str:
    """Return the layer that was chosen most often, the earliest of equals; none if none was."""
    layers = population[LAYER].to_numpy().astype(str).tolist()
    if len(layers) == 1:
        return str(layers[0])
    if score.layer_rule == "nested":
        chosen = population["nested_layer"].sel({ROI: roi}).to_numpy().astype(str).tolist()
        counts = Counter(layers.index(name) for name in chosen if name)
    else:
        units = score.tree["units"].to_dataset()
        if "inner_layer" not in units:
            return ""
        in_roi = units["in_roi"].sel({ROI: roi}).to_numpy().astype(bool)
        counts = Counter(units["inner_layer"].to_numpy()[:, in_roi].ravel().tolist())
    return str(layers[min(counts, key=lambda number: (-counts[number], number))]) if counts else ""


def _curve(population: xr.Dataset, roi: str) -> LayerCurve:
    by_quantity = {
        (quantity, statistic): tuple(
            _rounded(
                population[statistic]
                .sel({ROI: roi, "quantity": quantity})
                .transpose(LAYER)
                .to_numpy()
            )
        )
        for quantity in _QUANTITIES
        for statistic in ("value", "error")
    }
    return LayerCurve(roi, *by_quantity.values())


def _samples(score: Score, population: xr.Dataset) -> Samples:
    """Return the numbers over which the board's error is taken, where the file has them."""
    chosen = {ROI: str(score.tree.attrs["primary_roi"])}
    if score.is_drawn:
        if "rule_draws" not in population:  # of a file from before draws were kept
            return Samples(score.sample, is_drawn=True, names=(), score=(), normalised=())
        draws = population["rule_draws"].sel(chosen).sel(quantity=list(_QUANTITIES)).to_numpy()
        rows = (np.round(draws / STEP_OF_DRAWS) * STEP_OF_DRAWS).tolist()
        names = (str(population.attrs["draws_digest"]),)
        return Samples(
            score.sample,
            is_drawn=True,
            names=names,
            score=tuple(rows[0]),
            normalised=tuple(rows[1]),
        )
    one, other = (of_listeners(score, quantity).sel(chosen) for quantity in _QUANTITIES)
    values = np.stack([one.to_numpy(), other.sel({SUBJECT: one[SUBJECT]}).to_numpy()])
    has_value = np.isfinite(values).any(axis=0)
    return Samples(
        score.sample,
        is_drawn=False,
        names=tuple(one[SUBJECT].to_numpy().astype(str)[has_value].tolist()),
        score=tuple(_rounded(values[0, has_value])),
        normalised=tuple(_rounded(values[1, has_value])),
    )


def _rounded(values: np.ndarray) -> list[float]:
    return [float(f"{value:.{DIGITS}g}") for value in values.tolist()]
