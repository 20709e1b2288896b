"""What the ridge metric asks of its inputs, checked once, at the border."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from heschl.dimensions import FEATURE, TIME, UNIT
from heschl.errors import InvalidInput
from heschl.metrics.ridge.engine.units import release

if TYPE_CHECKING:
    from heschl.splits import Fold

__all__ = [
    "check_choice",
    "check_design",
    "check_device",
    "check_folds",
    "check_inputs",
    "check_responses",
    "check_seed",
    "check_settings",
]

CHECK_ROWS = 512
"""Rows of the responses that are checked at a time."""

_DEVICE = re.compile(r"auto|cpu|cuda(:\d+)?")

LARGEST = 1e50
"""Products of four numbers stay finite below this."""


def check_inputs(
    design: xr.DataArray,
    recordings: Mapping[str, xr.DataArray],
    folds: Sequence[Fold],
    *,
    seed: int,
) -> None:
    """Refuse a design, recordings that share it, or folds of their rows that cannot be scored."""
    if not recordings:
        raise InvalidInput("no recording was given; expected at least one")
    for responses in recordings.values():
        check_design(design, responses)
        check_responses(responses)
    check_folds(folds, n_rows=design.sizes[TIME])
    check_seed(seed)


def check_design(design: xr.DataArray, responses: xr.DataArray) -> None:
    """Refuse a design that is not finite, or not row for row with the responses."""
    _check_array(design, "design", (TIME, FEATURE))
    _check_array(responses, "responses", (TIME, UNIT))
    if design.sizes[TIME] != responses.sizes[TIME]:
        raise InvalidInput(
            f"the design has {design.sizes[TIME]} rows and the responses {responses.sizes[TIME]}; "
            "expected the same times, row for row"
        )
    if TIME in design.coords and TIME in responses.coords:
        unequal = np.flatnonzero(np.asarray(design[TIME]) != np.asarray(responses[TIME]))
        if len(unequal):
            raise InvalidInput(
                f"design and responses differ in time from row {unequal[0]} on; "
                "expected the same times, row for row"
            )
    bad = np.flatnonzero(~_is_usable(design.to_numpy()))
    if len(bad):
        label = np.asarray(design[FEATURE])[bad[0]]
        raise InvalidInput(
            f"{len(bad)} of {design.sizes[FEATURE]} features hold values that are not finite or "
            f"above {LARGEST:g}, the first is {label!r}; repair or drop them"
        )


def check_responses(responses: xr.DataArray) -> None:
    """Refuse responses that are not finite, reading a few rows at a time."""
    values = responses.to_numpy()
    usable = np.ones(responses.sizes[UNIT], dtype=bool)
    for start in range(0, len(values), CHECK_ROWS):
        usable &= _is_usable(values[start : start + CHECK_ROWS])
        release([values])
    n_bad = int((~usable).sum())
    if n_bad:
        raise InvalidInput(
            f"{n_bad} of {len(usable)} units hold values that are not finite or above "
            f"{LARGEST:g}; drop these units before they are scored"
        )


def check_device(device: str) -> None:
    """Refuse what names no place where the engine can multiply."""
    if not isinstance(device, str) or not _DEVICE.fullmatch(device):
        raise InvalidInput(f"device={device!r}; expected 'auto', 'cpu', 'cuda' or 'cuda:<number>'")


def check_folds(folds: Sequence[Fold], n_rows: int) -> None:
    """Refuse folds that are none, too small, or point beyond the rows; `Fold` itself bars leaks."""
    if not folds:
        raise InvalidInput("no fold was given; expected at least one")
    names = [fold.name for fold in folds]
    if len(set(names)) < len(names):
        raise InvalidInput(f"the folds are named {names}; expected each name once")
    for fold in folds:
        for part, rows in (("train", fold.train), ("test", fold.test)):
            where = f"fold {fold.name!r} has {part} rows"
            if len(rows) < 2:  # noqa: PLR2004 - one row has neither variance nor a correlation
                raise InvalidInput(f"{where} of length {len(rows)}; expected at least 2")
            if rows.max() >= n_rows:
                raise InvalidInput(f"{where} up to {rows.max()}; expected rows below {n_rows}")


def check_seed(seed: int) -> None:
    """Refuse what cannot seed a generator."""
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise InvalidInput(f"seed={seed!r}; expected a whole number, 0 or above")


def check_choice(name: str, value: str, allowed: Sequence[str]) -> None:
    """Refuse what is not among the names allowed."""
    if value not in allowed:
        raise InvalidInput(f"{name}={value!r}; expected one of {[*allowed]}")


def check_settings(score: str, block: int, allowed: Sequence[str]) -> None:
    """Refuse an unknown score, or blocks without units."""
    check_choice("score", score, allowed)
    if isinstance(block, bool) or not isinstance(block, int) or block < 1:
        raise InvalidInput(f"block={block!r}; expected a whole number of units, 1 or above")


def _check_array(array: xr.DataArray, name: str, dims: tuple[str, str]) -> None:
    if not isinstance(array, xr.DataArray):
        raise InvalidInput(f"the {name} is a {type(array).__name__}; expected a DataArray {dims}")
    if array.dims != dims:
        raise InvalidInput(f"the {name} has dims {array.dims}; expected {dims}")
    if array.dtype.kind not in "fiub":
        raise InvalidInput(f"the {name} holds {array.dtype}; expected real numbers")
    if 0 in array.shape:
        raise InvalidInput(f"the {name} has shape {array.shape}; expected at least one of each")


def _is_usable(values: np.ndarray) -> np.ndarray:
    """Return which columns (unit,) are finite and not absurdly large."""
    with np.errstate(over="ignore", invalid="ignore"):
        squares = np.einsum("tv,tv->v", values, values, dtype=np.float64, casting="unsafe")
    return np.asarray(squares < LARGEST**2)
