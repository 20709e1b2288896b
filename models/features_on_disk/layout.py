"""The layout of a features folder: names, ``features.json`` and arrays, each checked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from numbers import Real
from pathlib import Path, PurePosixPath
from typing import Any, TypeGuard

import numpy as np

from heschl.cards import Training
from heschl.contracts import Layer
from heschl.errors import CorruptData, InvalidInput, near_names
from heschl.untrusted import check_file, read_json

__all__ = [
    "DESCRIPTION_FILE",
    "Description",
    "array_paths",
    "checked_arrays",
    "is_rate",
    "open_array",
]

DESCRIPTION_FILE = "features.json"
FORMAT = 1

TIMES_SUFFIX = ".times"
LARGEST_DESCRIPTION = 2**20
VALUES_AT_ONCE = 2**22
"""How many values are checked together: bounds the memory whatever the file's size."""


@dataclass(frozen=True)
class Description:
    """What ``features.json`` says."""

    id: str
    layers: tuple[Layer, ...]
    description: str = ""
    training: Training = field(default_factory=Training)

    @classmethod
    def read(cls, path: Path) -> Description:
        """Read and check the file."""
        content = read_json(path, at_most=LARGEST_DESCRIPTION)
        optional = {"description": "", "training": {}}
        entries = _entries(path, "", content, {"format": 0, "id": "", "layers": []}, optional)
        if entries["format"] != FORMAT:
            raise CorruptData(
                f"{path} has the format {entries['format']!r}; this version of Heschl reads "
                f"format {FORMAT}"
            )
        layers = tuple(_layer(path, layer) for layer in entries["layers"])
        names = [layer.name for layer in layers]
        if not names or len(set(names)) < len(names):
            raise CorruptData(
                f"{path} lists the layers {names}; expected at least one, and no name twice"
            )
        return cls(entries["id"], layers, entries["description"], _training(path, entries))

    def write(self, path: Path) -> None:
        """Write the file."""
        content = {
            "format": FORMAT,
            "id": self.id,
            "layers": [
                {"name": layer.name, "width": layer.width, "rate_hz": layer.rate_hz}
                for layer in self.layers
            ],
            "description": self.description,
            "training": vars(self.training),
        }
        path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def array_paths(folder: Path, stimulus: str, layer: str) -> tuple[Path, Path]:
    """Return the paths of a layer's times and values, refusing names that lead elsewhere."""
    place = PurePosixPath(stimulus)
    # The text is compared too, because a path drops "." and doubled slashes.
    if place.is_absolute() or ".." in place.parts or str(place) != stimulus or "\\" in stimulus:
        raise InvalidInput(
            f"the stimulus {stimulus!r} cannot be the name of a folder; expected a relative path "
            "with forward slashes, without '.' and '..'"
        )
    if not layer or set(layer) & set("/\\\0") or layer[0] == "." or layer.endswith(TIMES_SUFFIX):
        raise InvalidInput(
            f"the layer {layer!r} cannot be the name of a file; expected a name without slashes, "
            f"not beginning with '.' nor ending in {TIMES_SUFFIX!r}"
        )
    below = folder / place
    return below / f"{layer}{TIMES_SUFFIX}.npy", below / f"{layer}.npy"


def open_array(path: Path) -> np.ndarray:
    """Map a ``.npy`` file into memory, without running what may be pickled in it."""
    check_file(path)
    try:
        # Unlike np.load, this neither guesses the format nor knows pickles.
        return np.lib.format.open_memmap(path, mode="r")
    except Exception as error:  # of whatever kind damage turns out to be
        raise CorruptData(
            f"{path} is no array that can be read ({error}); write it with numpy.save, "
            "as numbers and with at least one row"
        ) from error


def checked_arrays(
    what: str, times_s: np.ndarray, values: np.ndarray, width: int | None
) -> tuple[np.ndarray, np.ndarray]:
    """Return float64 times (time,) and ``values`` (time, unit), after checking both.

    ``what`` names the features in an error; without a ``width`` any number of units will do.
    """
    if values.ndim != 2 or not values.size or width not in (None, values.shape[1]):  # noqa: PLR2004
        units = "at least one unit" if width is None else f"{width} units"
        raise CorruptData(
            f"{what} have the shape {values.shape}; expected (time, unit) with {units} and at "
            "least one time"
        )
    if values.dtype.kind != "f":
        raise CorruptData(f"{what} are {values.dtype}; expected floating-point numbers")
    if times_s.shape != values.shape[:1] or times_s.dtype.kind not in "fiu":
        raise CorruptData(
            f"{what} have {times_s.dtype} times of shape {times_s.shape} for {len(values)} rows; "
            "expected one number of seconds a row"
        )
    times_s = np.asarray(times_s, dtype=np.float64)
    if not np.isfinite(times_s).all() or not (np.diff(times_s) > 0).all():
        raise CorruptData(f"{what} have times that are not finite or do not increase; sort them")
    n_rows = max(1, VALUES_AT_ONCE // values.shape[1])
    for start in range(0, len(values), n_rows):
        if not np.isfinite(values[start : start + n_rows]).all():
            raise CorruptData(
                f"{what} hold values that are not finite, in row {start} or one of the "
                f"{n_rows - 1} after it; compute them anew"
            )
    return times_s, values


def is_rate(value: object) -> bool:
    """Return whether something is a number of frames a second."""
    return _is_number(value) and 0 < value < float("inf")


def _layer(path: Path, content: Any) -> Layer:
    entries = _entries(path, "a layer", content, {"name": "", "width": 0}, {"rate_hz": None})
    name, width, rate_hz = entries["name"], entries["width"], entries["rate_hz"]
    if width < 1:
        raise CorruptData(f"{path} gives the layer {name!r} the width {width}; expected 1 or more")
    if rate_hz is not None and not is_rate(rate_hz):
        raise CorruptData(
            f"{path} gives the layer {name!r} rate_hz={rate_hz!r}; expected a positive number of "
            "Hz, or null where frames come at no even pace"
        )
    array_paths(path.parent, "stimulus", name)
    return Layer(name, width, None if rate_hz is None else float(rate_hz))


def _training(path: Path, entries: Mapping[str, Any]) -> Training:
    optional: dict[str, Any] = {"objective": "", "datasets": [], "languages": [], "hours": None}
    content = _entries(path, "training", entries["training"], {}, optional)
    for key in ("datasets", "languages"):
        if not all(isinstance(member, str) for member in content[key]):
            raise CorruptData(f"{path} lists {key} that are no texts: {content[key]}")
    hours = content["hours"]
    if hours is not None and not (_is_number(hours) and hours >= 0):
        raise CorruptData(f"{path} gives training hours={hours!r}; expected a number or null")
    return Training(
        content["objective"], tuple(content["datasets"]), tuple(content["languages"]), hours
    )


def _entries(
    path: Path, where: str, content: Any, required: Mapping[str, Any], optional: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the entries of a JSON object, each of the kind of its example, or the default."""
    within = f"{path}, in {where}," if where else f"{path}"
    if not isinstance(content, dict):
        raise CorruptData(f"{within} holds a {type(content).__name__}; expected an object {{...}}")
    examples = {**required, **optional}
    for key, value in content.items():
        if key not in examples:
            raise CorruptData(f"{within} has an entry {key!r}; {near_names(key, examples)}")
        kind = type(examples[key])
        if examples[key] is not None and type(value) is not kind:
            raise CorruptData(
                f"{within} has {key}={value!r}, a {type(value).__name__}; expected a "
                f"{kind.__name__}"
            )
    for key in required:
        if key not in content:
            raise CorruptData(f"{within} lacks the entry {key!r}; add it")
    return {**optional, **content}


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, Real) and not isinstance(value, bool)
