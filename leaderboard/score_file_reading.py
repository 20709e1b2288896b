"""Reading the small score file, which anybody may have written: nothing in it is believed.

A board has tens of thousands of them, so each check is made once and in few steps.
"""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Mapping
from dataclasses import fields
from functools import lru_cache
from typing import Any, NoReturn, get_args

import numpy as np

from heschl.errors import CorruptData
from heschl.leaderboard.score_file import (
    SCORE_FILE_VERSION,
    Estimate,
    LayerCurve,
    Provenance,
    Region,
    Samples,
    ScoreFile,
    Status,
    SurfaceMap,
)
from heschl.leaderboard.score_file_checks import (
    DEEPEST,
    LARGEST_NUMBER,
    LONG,
    SHORT,
    Wrong,
    check_depth,
    check_fields,
    count,
    errors,
    mapping,
    names_of,
    number,
    numbers,
    read_bounded,
    refuse,
    text_of,
    unpacked,
)

__all__ = ["LARGEST_FILE_BYTES", "parse_score_file", "read_score_file"]

LARGEST_FILE_BYTES = 2 * 2**20
_MOST_REGIONS, _MOST_LAYERS, _MOST_SAMPLES, _MOST_MAPS = 500, 1000, 20_000, 16
_N_VERTICES = 10_242
_TEXTS = (
    *("model", "benchmark", "dataset", "protocol", "primary_roi", "layer_rule"),
    *("score_meaning", "normalisation", "ceiling_kind"),
)
_FIELDS = frozenset(each.name for each in fields(ScoreFile)) | {"schema_version"}
_OF_ESTIMATE, _OF_REGION, _OF_CURVE, _OF_MAP, _OF_SAMPLES = (
    frozenset(each.name for each in fields(part))
    for part in (Estimate, Region, LayerCurve, SurfaceMap, Samples)
)
_OF_DRAWS = _OF_SAMPLES - {"score", "normalised"} | {"draws"}
_MAPS = ("normalised", "score", "ceiling", "best_layer", "region")
_STATUSES = get_args(Status)
_KINDS = ("real", "phantom")
_SHA256 = re.compile("[0-9a-f]{64}")
_NOTHING: Mapping[str, Any] = {}
_PROVENANCE = '\n "provenance": '
"""How the last field begins where `heschl.leaderboard.score_file_writing` wrote it."""


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number of JSON; null is")


def _finite(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise ValueError(f"{text[:40]} is beyond all bounds")
    return value


_JSON = json.JSONDecoder(parse_constant=_no_number, parse_float=_finite)
_UNBOUNDED = json.JSONDecoder(parse_constant=_no_number)
"""Without a call for each number: for those that are checked one by one later on."""


def read_score_file(path: str | os.PathLike[str]) -> ScoreFile:
    """Return a score file, every type, range and length of which was checked."""
    name = os.fspath(path)
    return parse_score_file(read_bounded(name, LARGEST_FILE_BYTES, "a score file"), name)


def parse_score_file(content: bytes, name: str) -> ScoreFile:
    """Return the score file of some bytes; ``name`` is what errors call it."""
    try:
        record, provenance = _decoded(content.decode())
        # Half of a character, escaped, is a text that no page could be written with.
        if any(part.startswith(b"u") for part in content.split(b"\\")[1:]):
            json.dumps(record, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:  # of decoding, too
        raise CorruptData(
            f"{name} is not JSON in UTF-8 ({error}); remove it and write it anew by `heschl submit`"
        ) from error
    try:
        if provenance.count("{") + provenance.count("[") > DEEPEST:  # else it cannot be too deep
            check_depth(record.get("provenance"))
        return _score_file(record, provenance)
    except Wrong as wrong:
        raise CorruptData(
            f"{name}: {wrong}; remove it and write it anew by `heschl submit`"
        ) from None


def _decoded(text: str) -> tuple[Any, str]:
    """Return what a text of JSON holds, and the text of its provenance."""
    start = text.rfind(_PROVENANCE)  # no string of JSON has an unescaped end of a line
    if start > 0:
        provenance, end = _JSON.raw_decode(text, start + len(_PROVENANCE))
        if text[end:].strip() == "}":
            before = text[:start].rstrip().removesuffix(",") + "}"
            record = _UNBOUNDED.decode(before)
            if record.get("extra"):  # whose numbers nothing checks
                record = _JSON.decode(before)
            if "provenance" not in record:
                record["provenance"] = provenance
                return record, text[start + len(_PROVENANCE) : end]
    record = _JSON.decode(text)
    provenance = record.get("provenance") if type(record) is dict else None
    return record, json.dumps(provenance, ensure_ascii=False, separators=(",", ":"))


def _score_file(record: Any, provenance: str) -> ScoreFile:  # whatever JSON can hold, and below
    if type(record) is not dict:
        refuse("the file", record, "an object with the fields of a score file")
    _check_version(record.get("schema_version"))
    check_fields(record, _FIELDS, "the file")
    _check_texts(record)
    layers = names_of(record["layers"], "layers", _MOST_LAYERS)
    regions = _regions(record["regions"])
    names = [region.name for region in regions]
    if len(set(names)) != len(names):
        refuse("regions", names, "each name once")
    if record["primary_roi"] not in names:
        refuse("primary_roi", record["primary_roi"], f"a region of the file, such as {names[:5]}")
    level = number(record["interval_level"], "interval_level")
    if not 0 < level < 1:
        refuse("interval_level", level, "a number between 0 and 1")
    return ScoreFile(
        model=record["model"],
        benchmark=record["benchmark"],
        benchmark_version=count(record["benchmark_version"], "benchmark_version"),
        dataset=record["dataset"],
        data_kind=record["data_kind"],
        protocol=record["protocol"],
        status=record["status"],
        primary_roi=record["primary_roi"],
        layer_rule=record["layer_rule"],
        score_meaning=record["score_meaning"],
        normalisation=record["normalisation"],
        ceiling_kind=record["ceiling_kind"],
        interval_level=level,
        explanation=text_of(record, "explanation", LONG),
        samples=_samples(record["samples"]),
        regions=regions,
        layers=layers,
        curves=_curves(record["curves"], len(layers), frozenset(names)),
        provenance=_provenance(mapping(record, "provenance"), provenance),
        source_sha256=_digest(record["source_sha256"], record["status"]),
        source_bytes=count(record["source_bytes"], "source_bytes"),
        maps=_maps(record["maps"]) if record["maps"] else (),
        citation=text_of(record, "citation", LONG),
        extra=_extra(record) if record["extra"] != _NOTHING else _NOTHING,
    )


def _provenance(said: dict[str, Any], text: str) -> Mapping[str, Any]:
    return Provenance(text, str(said.get("started", ""))) if said else _NOTHING


def _check_texts(record: dict[str, Any]) -> None:
    texts = [record[name] for name in _TEXTS]
    if set(map(type, texts)) != {str} or max(map(len, texts)) > SHORT:
        for name in _TEXTS:
            text_of(record, name)
    if record["data_kind"] not in _KINDS:
        refuse("data_kind", record["data_kind"], "'real' or 'phantom'")
    if record["status"] not in _STATUSES:
        refuse("status", record["status"], "one of " + ", ".join(_STATUSES))
    for name in ("model", "benchmark"):
        if not record[name] or not record[name].isprintable():
            refuse(name, record[name], "an id, of characters that can be seen")


def _check_version(version: Any) -> None:
    if type(version) is not int or version < 1:
        refuse("schema_version", version, "a whole number from 1 on")
    if version > SCORE_FILE_VERSION:
        raise Wrong(
            f"schema_version is {version}, this Heschl reads up to {SCORE_FILE_VERSION}: update it "
            "(pip install -U heschl)"
        )


def _digest(value: Any, status: str) -> str:
    if type(value) is not str or not (
        _SHA256.fullmatch(value) or (not value and status == "published")
    ):
        refuse("source_sha256", value, "the 64 hexadecimal digits of a SHA-256")
    return value


def _estimate(record: Any, where: str, roi: str) -> Estimate:
    check_fields(record, _OF_ESTIMATE, where)
    value, error = number(record["value"], where), number(record["error"], where)
    low, high = number(record["low"], where), number(record["high"], where)
    p = number(record["p"], where)
    if error < 0:
        refuse(f"the error of {where} in {roi!r}", error, "0 or above")
    # A bootstrap interval need not hold the value, but its ends have an order.
    if low > high:
        refuse(f"the interval of {where} in {roi!r}", [low, high], "its lower end first")
    if p < 0 or p > 1:
        refuse(f"the p of {where} in {roi!r}", p, "a number from 0 to 1")
    return Estimate(value, error, low, high, p)


def _regions(records: Any) -> tuple[Region, ...]:
    if type(records) is not list or not 0 < len(records) <= _MOST_REGIONS:
        refuse("regions", records, f"a list of 1 to {_MOST_REGIONS} regions")
    found = []
    for record in records:
        check_fields(record, _OF_REGION, "a region")
        name = text_of(record, "name")
        ceiling_error = number(record["ceiling_error"], "ceiling_error")
        if ceiling_error < 0:
            refuse(f"ceiling_error of {name!r}", ceiling_error, "0 or above")
        found.append(
            Region(
                name,
                count(record["n"], "n"),
                count(record["n_units"], "n_units"),
                _estimate(record["score"], "score", name),
                _estimate(record["normalised"], "normalised", name),
                number(record["ceiling"], "ceiling"),
                ceiling_error,
                text_of(record, "layer"),
            )
        )
    return tuple(found)


def _curves(records: Any, n_layers: int, regions: frozenset[str]) -> tuple[LayerCurve, ...]:
    if type(records) is not list or len(records) > _MOST_REGIONS:
        refuse("curves", records, f"a list of at most {_MOST_REGIONS} curves")
    found = []
    for record in records:
        check_fields(record, _OF_CURVE, "a curve")
        roi = text_of(record, "roi")
        if roi not in regions:
            refuse("the roi of a curve", roi, "a region of the file")
        found.append(
            LayerCurve(
                roi,
                numbers(record["score"], f"the scores of {roi!r} by layer", n_layers),
                errors(record["score_error"], f"the errors of {roi!r} by layer", n_layers),
                numbers(record["normalised"], f"the scores of {roi!r} by layer", n_layers),
                errors(record["normalised_error"], f"the errors of {roi!r} by layer", n_layers),
            )
        )
    if len({curve.roi for curve in found}) != len(found):
        refuse("curves", [curve.roi for curve in found], "one for each region at most")
    return tuple(found)


def _samples(record: Any) -> Samples:
    is_drawn = record.get("is_drawn") if type(record) is dict else None
    check_fields(record, _OF_DRAWS if is_drawn else _OF_SAMPLES, "samples")
    if type(is_drawn) is not bool:
        refuse("is_drawn", is_drawn, "true or false")
    noun = text_of(record, "noun")
    names = _once(names_of(record["names"], "the names of samples", _MOST_SAMPLES))
    if not is_drawn:
        score, normalised = (
            numbers(record[name], f"{name} of the samples", len(names))
            for name in ("score", "normalised")
        )
        return Samples(noun, is_drawn, names, score, normalised)
    values = _unpacked_numbers(record["draws"])
    if len(names) != (1 if values.shape[1] else 0):
        refuse("the names of draws", list(names), "one text that says which draws they are")
    return Samples(noun, is_drawn, names, *(tuple(row.tolist()) for row in values))


@lru_cache(maxsize=256)
def _once(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return names as they were kept when last seen: files of a benchmark have the same ones."""
    return names


def _unpacked_numbers(text: Any) -> np.ndarray:
    """Return the two rows of numbers (2, draw) that were packed."""
    content = unpacked(text, "draws", 2 * 8 * _MOST_SAMPLES)
    if len(content) % 16:
        refuse("draws", f"{len(content)} bytes", "two rows of doubles")
    places = np.frombuffer(content, dtype=np.uint8).reshape(8, -1)
    values = np.frombuffer(np.ascontiguousarray(places.T).tobytes(), dtype="<f8").reshape(2, -1)
    if not (np.isnan(values) | (np.abs(values) <= LARGEST_NUMBER)).all():
        refuse("draws", "a number out of range", f"numbers within ±{LARGEST_NUMBER:.0e}")
    return values


def _maps(records: Any) -> tuple[SurfaceMap, ...]:
    if type(records) is not list or len(records) > _MOST_MAPS:
        refuse("maps", records, f"a list of at most {_MOST_MAPS} maps")
    found = []
    for record in records:
        check_fields(record, _OF_MAP, "a map")
        if record["name"] not in _MAPS:
            refuse("the name of a map", record["name"], "one of " + ", ".join(_MAPS))
        where = f"the map {record['name']}"
        low, high = number(record["low"], where), number(record["high"], where)
        if not low <= high:
            refuse(f"the range of {where}", [low, high], "two numbers, the lower one first")
        sides = [unpacked(record[side], where, _N_VERTICES) for side in ("left", "right")]
        if set(map(len, sides)) != {_N_VERTICES}:
            refuse(where, list(map(len, sides)), f"{_N_VERTICES:,} vertices in each hemisphere")
        found.append(SurfaceMap(record["name"], low, high, *sides))
    if len({each.name for each in found}) != len(found):
        refuse("maps", [each.name for each in found], "each once")
    return tuple(found)


def _extra(record: dict[str, Any]) -> dict[str, Any]:
    value = mapping(record, "extra")
    check_depth(value)
    return value
