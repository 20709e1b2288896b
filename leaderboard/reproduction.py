"""Reproducing a submission: the same model, data and configuration, computed again."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from heschl.configuration import differences
from heschl.errors import InvalidInput, UnknownName
from heschl.execution import Watcher
from heschl.leaderboard.score_file import Estimate, Region, Samples, ScoreFile
from heschl.leaderboard.score_file_of_score import DIGITS, STEP_OF_DRAWS, from_score
from heschl.registry import resolve_benchmark, resolve_model
from heschl.scores import Score
from heschl.scoring import plan, score
from heschl.wording import plural

__all__ = ["TOLERANCE", "Difference", "data_of", "first_difference", "reproduce"]

TOLERANCE = 1e-6
"""How far a number may be from the submitted one, per unit of it or of 1, whichever is more: a
thousandth of the last digit that the board prints. Other processors and numbers of threads round
sums of float32 otherwise."""
_STATISTICS = ("value", "error", "low", "high")


@dataclass(frozen=True)
class Difference:
    """The first thing in which a rerun differs from what was submitted."""

    where: str
    submitted: Any
    found: Any


@dataclass(frozen=True)
class Reproduced:
    """What a rerun found; ``score`` is missing where it did not come to it."""

    score: Score | None
    difference: Difference | None


def reproduce(
    file: ScoreFile,
    folder: Path,
    *,
    model: str = "",
    data: str | None = None,
    device: str = "auto",
    watcher: Watcher | None = None,
    tolerance: float = TOLERANCE,
) -> Reproduced:
    """Run a score again from its provenance and return it with the first difference.

    Parameters
    ----------
    file
        What was submitted.
    folder
        The store and the place of the new score; an empty one makes sure that all is computed.
    model
        How the model is found here, if not by its id; nothing of a submission is executed.
    data
        The folder of real data, if not the one that ``heschl fetch`` fills.
    device, watcher
        As `heschl.score` takes them.
    tolerance
        As `TOLERANCE`.
    """
    if file.status == "published":
        raise InvalidInput(
            f"the score of {file.model} on {file.benchmark} is what a paper prints "
            f"({file.citation.strip()[:200]}); there is nothing to run"
        )
    version = resolve_benchmark(file.benchmark).card.version
    if version != file.benchmark_version:
        return Reproduced(None, Difference("benchmark_version", file.benchmark_version, version))
    settings: dict[str, Any] = {**settings_of(file), "device": device, "store": folder}
    if data is not None:
        settings["data"] = data
    which = model or file.model
    try:
        found = resolve_model(which)
    except UnknownName as error:
        if model:
            raise
        raise UnknownName(
            f"no model is registered as {file.model!r}; say where it is, as how_to_run of the "
            "submission's card does (--model file:./my_model.py:my_net)"
        ) from error
    digest, submitted = found.object.digest, file.provenance["model_digest"]
    if digest != submitted:
        return Reproduced(None, Difference("model_digest", submitted, digest))
    if (kind := plan(which, file.benchmark, **settings).session.data_kind) != file.data_kind:
        raise InvalidInput(
            f"the score is of {file.data_kind} data, those at {data} are {kind}; name others "
            "(--data)"
        )
    result = score(which, file.benchmark, **settings, watcher=watcher)
    path = result.save(folder / "reproduced.nc")
    again = from_score(result, path, "self-reported")
    return Reproduced(result, first_difference(file, again, tolerance))


def settings_of(file: ScoreFile) -> dict[str, Any]:
    """Return data, layers, subjects and seed as `heschl.score` takes them."""
    configuration = file.provenance["configuration"]
    return {
        "data": data_of(file),
        "layers": configuration.get("layers") or None,
        "subjects": configuration.get("subjects") or None,
        "seed": file.provenance["seed"],
    }


def data_of(file: ScoreFile) -> str | None:
    """Return the data's name: None of real ones, and of a phantom with its seed, if it had one."""
    if file.data_kind == "real":
        return None
    if str(file.provenance.get("phantom_seed", "")).isdecimal():
        return f"phantom:{file.provenance['phantom_seed']}"
    # Of a file from before the seed was kept.
    seeded = re.search(
        r"(?<!\S)(?:--data[ =])?(phantom:\d+)(?!\S)", str(file.provenance["command"])
    )
    return seeded[1] if seeded else "phantom"


def first_difference(
    submitted: ScoreFile, found: ScoreFile, tolerance: float = TOLERANCE
) -> Difference | None:
    """Return where two files differ first: version, model, data, configuration, numbers."""
    return next(_all_differences(submitted, found, tolerance), None)


def _all_differences(
    submitted: ScoreFile, found: ScoreFile, tolerance: float
) -> Iterator[Difference]:
    if submitted.benchmark_version != found.benchmark_version:
        yield Difference("benchmark_version", submitted.benchmark_version, found.benchmark_version)
    one, other = submitted.provenance, found.provenance
    yield from _differing("model_digest", one["model_digest"], other["model_digest"])
    # Keys of cells follow from the rest and from the code's version; their numbers are below.
    digests = [
        {name: part for name, part in each["data_digests"].items() if name != "cells"}
        for each in (one, other)
    ]
    numbers = list(_numbers(submitted, found, tolerance))
    # Simulated recordings are computed where they are used, and rounded as numbers are.
    if submitted.data_kind == "real" or numbers:
        yield from _differing("data_digests", *digests)
    yield from _differing("configuration", one["configuration"], other["configuration"])
    yield from numbers


def _differing(where: str, submitted: Any, found: Any) -> Iterator[Difference]:
    for path, one, other in differences(submitted, found):
        yield Difference(f"{where}.{path}" if path else where, one, other)


def _numbers(submitted: ScoreFile, found: ScoreFile, tolerance: float) -> Iterator[Difference]:
    """Yield where numbers differ, the primary region first."""
    again = {region.name: region for region in found.regions}
    ordered = sorted(submitted.regions, key=lambda region: region.name != submitted.primary_roi)
    for region in ordered:
        if region.name not in again:
            yield Difference(f"regions: {region.name}", "there", "not there")
            continue
        for name, one, other in _pairs(region, again[region.name]):
            if not _is_same(one, other, tolerance):
                yield Difference(f"{name} in {region.name}", one, other)
    for name in sorted(again.keys() - {region.name for region in submitted.regions}):
        yield Difference(f"regions: {name}", "not there", "there")
    yield from _samples(submitted.samples, found.samples, tolerance)


def _samples(submitted: Samples, found: Samples, tolerance: float) -> Iterator[Difference]:
    """Yield where the numbers differ that models are ranked by."""
    if submitted.is_drawn != found.is_drawn or len(submitted.names) != len(found.names):
        yield Difference("samples", _in_words(submitted), _in_words(found))
        return
    # What draws are told by has the digests of simulated recordings in it, which are rounded.
    if not submitted.is_drawn and submitted.names != found.names:
        yield Difference("samples: names", submitted.names, found.names)
        return
    step = STEP_OF_DRAWS if submitted.is_drawn else 10.0**-DIGITS
    for quantity in ("normalised", "score"):
        one, other = getattr(submitted, quantity), getattr(found, quantity)
        if len(one) != len(other):
            yield Difference(f"samples: how many of {quantity}", len(one), len(other))
            return
        for number, pair in enumerate(zip(one, other, strict=True)):
            if not _is_same(*pair, tolerance + 10 * step):
                name = f"draw {number + 1}" if submitted.is_drawn else submitted.names[number]
                yield Difference(f"samples: {quantity} of {name}", *pair)


def _in_words(samples: Samples) -> str:
    of = f"{len(samples.normalised)} draws of" if samples.is_drawn else f"{len(samples.names)}"
    return f"{of} {plural(samples.noun)}"


def _pairs(one: Region, other: Region) -> Iterator[tuple[str, float, float]]:
    for quantity in ("normalised", "score"):
        first: Estimate = getattr(one, quantity)
        second: Estimate = getattr(other, quantity)
        for name in _STATISTICS:
            yield f"{quantity} {name}", getattr(first, name), getattr(second, name)
    yield "ceiling", one.ceiling, other.ceiling
    yield "n", one.n, other.n
    yield "n_units", one.n_units, other.n_units


def _is_same(one: float, other: float, tolerance: float) -> bool:
    if math.isnan(one) or math.isnan(other):
        return math.isnan(one) and math.isnan(other)
    return abs(one - other) <= tolerance * max(1.0, abs(one))
