"""Writing the small score file: JSON whose lines a person can compare."""

from __future__ import annotations

import base64
import dataclasses
import json
import math
import os
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from heschl.disk import usable, write_atomically
from heschl.leaderboard.score_file import SCORE_FILE_VERSION, Samples, ScoreFile
from heschl.leaderboard.score_file_reading import parse_score_file

__all__ = ["score_file_json", "write_score_file"]

_ANOTHER_FOLDER = "name another folder"


def write_score_file(file: ScoreFile, path: str | os.PathLike[str]) -> Path:
    """Write a score file, whole or not at all, and return its path.

    What `heschl.leaderboard.score_file_reading.read_score_file` would refuse is refused here too.
    """
    target = Path(path)
    content = score_file_json(file).encode()
    parse_score_file(content, str(target))
    with usable(target, _ANOTHER_FOLDER):
        write_atomically(target, content)
    return target


def score_file_json(file: ScoreFile) -> str:
    """Return the text of a score file: a field a line, and a region, a curve or a map a line."""
    record: dict[str, Any] = {"schema_version": SCORE_FILE_VERSION}
    for each in dataclasses.fields(file):
        record[each.name] = getattr(file, each.name)
    record["samples"] = _samples(file.samples)
    record["regions"] = [dataclasses.asdict(region) for region in file.regions]
    record["curves"] = [dataclasses.asdict(curve) for curve in file.curves]
    record["maps"] = [
        dataclasses.asdict(each) | {"left": packed(each.left), "right": packed(each.right)}
        for each in file.maps
    ]
    record["provenance"] = dict(record.pop("provenance"))  # the last one: see `_decoded`
    lines = ",\n ".join(f"{_compact(name)}: {_lines(value)}" for name, value in record.items())
    return f"{{\n {lines}\n}}\n"


def _samples(samples: Samples) -> dict[str, Any]:
    """Return the samples: a list of numbers each, or, of thousands of draws, one packed text."""
    record = dataclasses.asdict(samples)
    if samples.is_drawn:
        del record["score"], record["normalised"]
        record["draws"] = packed_numbers([samples.score, samples.normalised])
    return record


def packed(content: bytes) -> str:
    """Return bytes as text: base64 of zlib."""
    return base64.b64encode(zlib.compress(content, 9)).decode()


def packed_numbers(rows: Sequence[Sequence[float]]) -> str:
    """Return rows of numbers as text, exactly.

    The bytes of little-endian doubles are sorted by their place, all first bytes and so on, before
    they are compressed: places at which numbers agree then cost nothing.
    """
    values = np.asarray(rows, dtype="<f8")
    places = np.frombuffer(values.tobytes(), dtype=np.uint8).reshape(-1, 8).T
    return packed(places.tobytes())


def _lines(value: Any) -> str:  # what a field of a score file may hold
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return "[\n  " + ",\n  ".join(map(_compact, value)) + "\n ]"
    return _compact(value)


def _compact(value: Any) -> str:  # as above
    return json.dumps(_plain(value), ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _plain(value: Any) -> Any:  # as above
    """Return the value as JSON holds it: what is not a number is null."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value
