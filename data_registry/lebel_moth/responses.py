"""Responses: what one listener's file for one story holds.

``data`` is float64 (row, voxel). The test story's file holds ``individual_repeats`` (repeat, row,
voxel) beside it. Its response is the mean of these, not ``data``: that ``data`` is their mean is
likely, but nowhere said, and a ceiling is that of the very mean that is scored. unverified: both
names in the file of UTS09, whose size has room for six times the rows but not for the header of two
datasets.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import h5py
import numpy as np

from heschl.errors import CorruptData
from heschl.hdf5 import dataset_in, opened

__all__ = ["Responses", "n_voxels", "read_responses"]

_MEAN, _REPEATS = "data", "individual_repeats"
_MOST_VOXELS = 2_000_000
_MOST_VALUES = 2**32
_EXPECTED = f"expected {_MEAN!r} (row, voxel) and, for the test story, {_REPEATS!r}"


class Responses(NamedTuple):
    """One listener's responses to one story."""

    mean: np.ndarray
    """(row, voxel)"""
    repeats: np.ndarray | None
    """(repeat, row, voxel), if the story's single presentations are in the file."""
    note: str
    """Why there are no repeats, if there are none."""


def read_responses(path: Path, n_rows: int, dtype: np.dtype) -> Responses:
    """Return the content of a file, which must have ``n_rows`` rows."""
    with opened(path) as file:
        held = ", ".join(sorted(file)) or "nothing"
        if _REPEATS not in file:
            if _MEAN not in file:
                raise CorruptData(f"{path} holds {held}; {_EXPECTED}: fetch it again")
            mean = _read(_dataset(path, file, _MEAN), (n_rows, None), dtype)
            return Responses(mean, None, f"{path.name} holds {held}, no {_REPEATS!r}")
        repeats = _read(_dataset(path, file, _REPEATS), (None, n_rows, None), dtype)
        if _MEAN in file:
            _check(_dataset(path, file, _MEAN), (n_rows, repeats.shape[2]))
        mean = repeats.mean(axis=0, dtype=np.float64).astype(dtype)
        return Responses(mean, repeats, "")


def n_voxels(path: Path) -> int:
    """Return how many voxels a file has, from its header alone."""
    with opened(path) as file:
        for name in (_MEAN, _REPEATS):
            if name in file:
                return int(_dataset(path, file, name).shape[-1])
        raise CorruptData(f"{path} holds {', '.join(sorted(file)) or 'nothing'}; {_EXPECTED}")


def _dataset(path: Path, file: h5py.File, name: str) -> h5py.Dataset:
    """Return a dataset whose values lie in this very file."""
    dataset = dataset_in(file, name, "f")
    if dataset is None:
        raise CorruptData(f"{path} has a {name!r} that is no dataset of floats; {_EXPECTED}")
    return dataset


def _read(dataset: h5py.Dataset, expected: tuple[int | None, ...], dtype: np.dtype) -> np.ndarray:
    """Return the values of a dataset of the expected shape, converted while read."""
    _check(dataset, expected)
    values = np.empty(dataset.shape, dtype)
    dataset.read_direct(values)
    return values


def _check(dataset: h5py.Dataset, expected: tuple[int | None, ...]) -> None:
    """Refuse a dataset of another shape, or too large to be true, before it is read."""
    where = _named(dataset)
    wanted = "(" + ", ".join("any" if size is None else str(size) for size in expected) + ")"
    if len(dataset.shape) != len(expected) or any(
        size not in (None, actual) for size, actual in zip(expected, dataset.shape, strict=True)
    ):
        raise CorruptData(
            f"{where}; expected {wanted}, whose rows are the scans that respdict.json gives, less "
            "20: fetch both again, they are not of the same release"
        )
    if 0 in dataset.shape or dataset.shape[-1] > _MOST_VOXELS or dataset.size > _MOST_VALUES:
        raise CorruptData(
            f"{where}; expected 1 to {_MOST_VOXELS:,} voxels and at most {_MOST_VALUES:,} values"
        )


def _named(dataset: h5py.Dataset) -> str:
    return f"{dataset.file.filename} has {dataset.name[1:]!r} of shape {dataset.shape}"
