"""Reading the small score file, which anybody may have written: nothing in it is believed.

A board has tens of thousands of them, so each check is made once and in few steps.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import os
import re
import stat
import zlib
from dataclasses import fields
from typing import Any, NoReturn, get_args

import numpy as np

from heschl.errors import CorruptData, MissingData
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

__all__ = ["LARGEST_FILE_BYTES", "parse_score_file", "read_bounded", "read_score_file"]

LARGEST_FILE_BYTES = 2 * 2**20
_LARGEST_NUMBER = 1e9
_DEEPEST = 100
"""Levels of objects and lists, which whoever reads them on can still follow."""
_SHORT, _LONG = 500, 20_000
"""Characters of a name and of a text."""
_MOST_REGIONS, _MOST_LAYERS, _MOST_SAMPLES, _MOST_MAPS = 500, 1000, 20_000, 16
_N_VERTICES = 10_242
_FIELDS = frozenset(each.name for each in fields(ScoreFile)) | {"schema_version"}
_OF_ESTIMATE, _OF_REGION, _OF_CURVE, _OF_MAP, _OF_SAMPLES = (
    frozenset(each.name for each in fields(part))
    for part in (Estimate, Region, LayerCurve, SurfaceMap, Samples)
)
_OF_DRAWS = _OF_SAMPLES - {"score", "normalised"} | {"draws"}
_MAPS = ("normalised", "score", "ceiling", "best_layer")
_STATUSES = frozenset(get_args(Status))
_KINDS = frozenset({"real", "phantom"})
_NUMBER_TYPES = frozenset({int, float})
_NESTS = frozenset({dict, list})
_SHA256 = re.compile("[0-9a-f]{64}")
_NAN = math.nan
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


class _Wrong(Exception):
    """What is wrong: where, what was got, what was allowed."""


def read_score_file(path: str | os.PathLike[str]) -> ScoreFile:
    """Return a score file, every type, range and length of which was checked."""
    name = os.fspath(path)
    return parse_score_file(read_bounded(name, LARGEST_FILE_BYTES, "a score file"), name)


def read_bounded(path: str, at_most: int, what: str) -> bytes:
    """Return the bytes of a regular file that is no larger than such a file may be."""
    try:
        # A Path for each, and a buffer as large as is allowed, would double the time.
        status = os.stat(path)  # noqa: PTH116
        if not stat.S_ISREG(status.st_mode):
            raise CorruptData(f"{path} is no regular file; expected {what} there, so remove it")
        if status.st_size > at_most:
            raise CorruptData(
                f"{path} has {status.st_size:,} bytes, where {what} has at most {at_most:,}; "
                "write it anew by `heschl submit`"
            )
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123
            return file.read(status.st_size)
    except FileNotFoundError:
        raise MissingData(f"there is no {path}; `heschl submit` writes {what}") from None
    except OSError as error:
        raise CorruptData(f"{path} cannot be read ({error}); mend its permissions") from error


def parse_score_file(content: bytes, name: str) -> ScoreFile:
    """Return the score file of some bytes; ``name`` is what errors call it."""
    try:
        record, provenance = _decoded(content.decode())
        if b"\\u" in content:  # half of a character, which no page could be written with
            json.dumps(record, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise CorruptData(
            f"{name} is not JSON in UTF-8 ({error}); write it anew by `heschl submit`"
        ) from error
    try:
        if content.count(b"{") + content.count(b"[") > _DEEPEST:  # else it cannot be too deep
            _check_depth(record)
        return _score_file(record, provenance)
    except _Wrong as wrong:
        raise CorruptData(f"{name}: {wrong}; write it anew by `heschl submit`") from None


def _decoded(text: str) -> tuple[Any, str]:
    """Return what a text of JSON holds, and the text of its provenance."""
    start = text.rfind(_PROVENANCE)  # no string of JSON has an unescaped end of a line
    if start > 0:
        provenance, end = _JSON.raw_decode(text, start + len(_PROVENANCE))
        if text[end:].strip() == "}":
            record = _JSON.decode(text[:start].rstrip().removesuffix(",") + "}")
            if "provenance" not in record:
                record["provenance"] = provenance
                return record, text[start + len(_PROVENANCE) : end]
    record = _JSON.decode(text)
    provenance = record.get("provenance") if type(record) is dict else None
    return record, json.dumps(provenance, ensure_ascii=False, separators=(",", ":"))


def _score_file(record: Any, provenance: str) -> ScoreFile:  # whatever JSON can hold, and below
    if type(record) is not dict:
        _refuse("the file", record, "an object with the fields of a score file")
    _check_version(record.get("schema_version"))
    _check_fields(record, _FIELDS, "the file")
    if record["data_kind"] not in _KINDS:
        _refuse("data_kind", record["data_kind"], "'real' or 'phantom'")
    if record["status"] not in _STATUSES:
        _refuse("status", record["status"], "one of " + ", ".join(get_args(Status)))
    layers = _names(record["layers"], "layers", _MOST_LAYERS)
    regions = _regions(record["regions"])
    names = [region.name for region in regions]
    if len(set(names)) != len(names):
        _refuse("regions", names, "each name once")
    if record["primary_roi"] not in names:
        _refuse("primary_roi", record["primary_roi"], f"a region of the file, such as {names[:5]}")
    level = _number(record["interval_level"], "interval_level")
    if not 0 < level < 1:
        _refuse("interval_level", level, "a number between 0 and 1")
    return ScoreFile(
        model=_filled(record, "model"),
        benchmark=_filled(record, "benchmark"),
        benchmark_version=_count(record["benchmark_version"], "benchmark_version"),
        dataset=_text(record, "dataset"),
        data_kind=record["data_kind"],
        protocol=_text(record, "protocol"),
        status=record["status"],
        primary_roi=record["primary_roi"],
        layer_rule=_text(record, "layer_rule"),
        score_meaning=_text(record, "score_meaning"),
        normalisation=_text(record, "normalisation"),
        ceiling_kind=_text(record, "ceiling_kind"),
        interval_level=level,
        explanation=_text(record, "explanation", _LONG),
        samples=_samples(record["samples"]),
        regions=regions,
        layers=layers,
        curves=_curves(record["curves"], len(layers), frozenset(names)),
        provenance=_mapping(record, "provenance") and Provenance(provenance),
        source_sha256=_digest(record["source_sha256"], record["status"]),
        source_bytes=_count(record["source_bytes"], "source_bytes"),
        maps=_maps(record["maps"]) if record["maps"] else (),
        citation=_text(record, "citation", _LONG),
        extra=_mapping(record, "extra"),
    )


def _check_version(version: Any) -> None:
    if type(version) is not int or version < 1:
        _refuse("schema_version", version, "a whole number from 1 on")
    if version > SCORE_FILE_VERSION:
        raise _Wrong(
            f"schema_version is {version}, this Heschl reads up to {SCORE_FILE_VERSION}: update it "
            "(pip install -U heschl)"
        )


def _check_fields(record: Any, expected: frozenset[str], where: str) -> None:
    if type(record) is not dict:
        _refuse(where, record, "an object with " + ", ".join(sorted(expected)))
    if record.keys() == expected:
        return
    lacking, unknown = sorted(expected - record.keys()), sorted(record.keys() - expected)
    found = [f"lacks {', '.join(lacking)}"] if lacking else []
    found += [f"has {', '.join(map(repr, unknown[:5]))}, which is no field"] if unknown else []
    raise _Wrong(f"{where} {' and '.join(found)}; expected {', '.join(sorted(expected))}")


def _refuse(where: str, got: Any, allowed: str) -> NoReturn:
    shown = repr(got)
    shown = shown if len(shown) <= 80 else shown[:77] + "..."  # noqa: PLR2004  a line
    raise _Wrong(f"{where} is {shown}; expected {allowed}")


def _text(record: dict[str, Any], name: str, longest: int = _SHORT) -> str:
    value = record[name]
    if type(value) is not str or len(value) > longest:
        _refuse(name, value, f"a text of at most {longest:,} characters")
    return value


def _filled(record: dict[str, Any], name: str) -> str:
    value = _text(record, name)
    if not value.strip():
        _refuse(name, value, "a text that is not empty")
    return value


def _digest(value: Any, status: str) -> str:
    if type(value) is not str or not (
        _SHA256.fullmatch(value) or (not value and status == "published")
    ):
        _refuse("source_sha256", value, "the 64 hexadecimal digits of a SHA-256")
    return value


def _count(value: Any, where: str) -> int:
    if type(value) is not int or not 0 <= value < 2**53:
        _refuse(where, value, "a whole number, 0 or above")
    return value


def _number(value: Any, where: str) -> float:
    if value is None:
        return _NAN
    if type(value) not in _NUMBER_TYPES or not -_LARGEST_NUMBER <= value <= _LARGEST_NUMBER:
        _refuse(where, value, f"a number within ±{_LARGEST_NUMBER:.0e}, or null")
    return float(value)


def _numbers(values: Any, where: str, n: int) -> tuple[float, ...]:
    if type(values) is not list or len(values) != n:
        _refuse(where, values, f"a list of {n} numbers")
    there = [value for value in values if value is not None] if None in values else values
    if not _NUMBER_TYPES.issuperset(map(type, there)):
        _refuse(where, values, "numbers or null")
    if there and not (min(there) >= -_LARGEST_NUMBER and max(there) <= _LARGEST_NUMBER):
        _refuse(where, values, f"numbers within ±{_LARGEST_NUMBER:.0e}")
    if there is values:
        return tuple(map(float, values))
    return tuple(_NAN if value is None else float(value) for value in values)


def _errors(values: Any, where: str, n: int) -> tuple[float, ...]:
    found = _numbers(values, where, n)
    if any(value < 0 for value in found):
        _refuse(where, values, "errors of 0 or above")
    return found


def _names(values: Any, where: str, at_most: int) -> tuple[str, ...]:
    if type(values) is not list or len(values) > at_most or not set(map(type, values)) <= {str}:
        _refuse(where, values, f"a list of at most {at_most:,} names")
    if values and max(map(len, values)) > _SHORT:
        _refuse(where, max(values, key=len), f"names of at most {_SHORT} characters")
    if len(set(values)) != len(values):
        _refuse(where, values, "each name once")
    return tuple(values)


def _estimate(record: Any, where: str, roi: str) -> Estimate:
    _check_fields(record, _OF_ESTIMATE, where)
    value, error = _number(record["value"], where), _number(record["error"], where)
    low, high = _number(record["low"], where), _number(record["high"], where)
    p = _number(record["p"], where)
    if error < 0:
        _refuse(f"the error of {where} in {roi!r}", error, "0 or above")
    # A bootstrap interval need not hold the value, but its ends have an order.
    if low > high:
        _refuse(f"the interval of {where} in {roi!r}", [low, high], "its lower end first")
    if p < 0 or p > 1:
        _refuse(f"the p of {where} in {roi!r}", p, "a number from 0 to 1")
    return Estimate(value, error, low, high, p)


def _regions(records: Any) -> tuple[Region, ...]:
    if type(records) is not list or not 0 < len(records) <= _MOST_REGIONS:
        _refuse("regions", records, f"a list of 1 to {_MOST_REGIONS} regions")
    found = []
    for record in records:
        _check_fields(record, _OF_REGION, "a region")
        name = _filled(record, "name")
        ceiling_error = _number(record["ceiling_error"], "ceiling_error")
        if ceiling_error < 0:
            _refuse(f"ceiling_error of {name!r}", ceiling_error, "0 or above")
        found.append(
            Region(
                name,
                _count(record["n"], "n"),
                _count(record["n_units"], "n_units"),
                _estimate(record["score"], "score", name),
                _estimate(record["normalised"], "normalised", name),
                _number(record["ceiling"], "ceiling"),
                ceiling_error,
                _text(record, "layer"),
            )
        )
    return tuple(found)


def _curves(records: Any, n_layers: int, regions: frozenset[str]) -> tuple[LayerCurve, ...]:
    if type(records) is not list or len(records) > _MOST_REGIONS:
        _refuse("curves", records, f"a list of at most {_MOST_REGIONS} curves")
    found = []
    for record in records:
        _check_fields(record, _OF_CURVE, "a curve")
        roi = _text(record, "roi")
        if roi not in regions:
            _refuse("the roi of a curve", roi, "a region of the file")
        found.append(
            LayerCurve(
                roi,
                _numbers(record["score"], f"the scores of {roi!r} by layer", n_layers),
                _errors(record["score_error"], f"the errors of {roi!r} by layer", n_layers),
                _numbers(record["normalised"], f"the scores of {roi!r} by layer", n_layers),
                _errors(record["normalised_error"], f"the errors of {roi!r} by layer", n_layers),
            )
        )
    if len({curve.roi for curve in found}) != len(found):
        _refuse("curves", [curve.roi for curve in found], "one for each region at most")
    return tuple(found)


def _samples(record: Any) -> Samples:
    is_drawn = record.get("is_drawn") if type(record) is dict else None
    _check_fields(record, _OF_DRAWS if is_drawn else _OF_SAMPLES, "samples")
    if type(is_drawn) is not bool:
        _refuse("is_drawn", is_drawn, "true or false")
    noun = _text(record, "noun")
    names = _names(record["names"], "the names of samples", _MOST_SAMPLES)
    if not is_drawn:
        score, normalised = (
            _numbers(record[name], f"{name} of the samples", len(names))
            for name in ("score", "normalised")
        )
        return Samples(noun, is_drawn, names, score, normalised)
    values = _unpacked_numbers(record["draws"])
    if len(names) != (1 if values.shape[1] else 0):
        _refuse("the names of draws", list(names), "one text that says which draws they are")
    return Samples(noun, is_drawn, names, *(tuple(row.tolist()) for row in values))


def _unpacked_numbers(text: Any) -> np.ndarray:
    """Return the two rows of numbers (2, draw) that were packed."""
    content = _unpacked(text, "draws", 2 * 8 * _MOST_SAMPLES)
    if len(content) % 16:
        _refuse("draws", f"{len(content)} bytes", "two rows of doubles")
    places = np.frombuffer(content, dtype=np.uint8).reshape(8, -1)
    values = np.frombuffer(np.ascontiguousarray(places.T).tobytes(), dtype="<f8").reshape(2, -1)
    if not (np.isnan(values) | (np.abs(values) <= _LARGEST_NUMBER)).all():
        _refuse("draws", "a number out of range", f"numbers within ±{_LARGEST_NUMBER:.0e}")
    return values


def _unpacked(text: Any, where: str, at_most: int) -> bytes:
    """Return the bytes of base64 of zlib, never more than allowed."""
    if type(text) is not str:
        _refuse(where, text, "a text: base64 of zlib")
    unpacking = zlib.decompressobj()
    try:
        content = unpacking.decompress(base64.b64decode(text, validate=True), at_most + 1)
    except (ValueError, binascii.Error, zlib.error) as error:
        _refuse(where, text, f"base64 of zlib ({error})")
    if len(content) > at_most:
        _refuse(where, f"more than {at_most:,} bytes", "no more, once unpacked")
    if not unpacking.eof or unpacking.unused_data:
        _refuse(where, text, "one whole stream of zlib")
    return content


def _maps(records: Any) -> tuple[SurfaceMap, ...]:
    if type(records) is not list or len(records) > _MOST_MAPS:
        _refuse("maps", records, f"a list of at most {_MOST_MAPS} maps")
    found = []
    for record in records:
        _check_fields(record, _OF_MAP, "a map")
        if record["name"] not in _MAPS:
            _refuse("the name of a map", record["name"], "one of " + ", ".join(_MAPS))
        where = f"the map {record['name']}"
        low, high = _number(record["low"], where), _number(record["high"], where)
        if not low <= high:
            _refuse(f"the range of {where}", [low, high], "two numbers, the lower one first")
        sides = [_unpacked(record[side], where, _N_VERTICES) for side in ("left", "right")]
        if set(map(len, sides)) != {_N_VERTICES}:
            _refuse(where, list(map(len, sides)), f"{_N_VERTICES:,} vertices in each hemisphere")
        found.append(SurfaceMap(record["name"], low, high, *sides))
    if len({each.name for each in found}) != len(found):
        _refuse("maps", [each.name for each in found], "each once")
    return tuple(found)


def _mapping(record: dict[str, Any], name: str) -> dict[str, Any]:
    value = record[name]
    if type(value) is not dict:
        _refuse(name, value, "an object")
    return value


def _check_depth(record: Any) -> None:
    level = [record]
    for _ in range(_DEEPEST):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if type(outer) is dict else outer)
            if type(inner) in _NESTS
        ]
        if not level:
            return
    raise _Wrong(f"it nests deeper than {_DEEPEST} levels of objects and lists; expected fewer")
