"""Responses: some volumes of one scan, from the GIFTI file of each hemisphere.

A file holds one array of float32 (vertex,) for every volume. The wall between the hemispheres, and
whatever else was not measured, is NaN or a constant, by what processed it; both become NaN here, so
that benchmarks leave such vertices out and count them.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nibabel
import numpy as np

from heschl.errors import CorruptData, HeschlError
from heschl.packed import check_gifti
from heschl.temporal import is_constant
from heschl.untrusted import check_file

__all__ = ["read_responses"]

_UNITS_AT_ONCE = 4096
"""Bounds the memory of intermediate results; it changes no number."""
_LARGEST_BYTES = 8 * 2**30
_SIDE = "AnatomicalStructurePrimary"
_SIDES = {"L": "CortexLeft", "R": "CortexRight"}
_NODE_INDEX = 2002  # nibabel's number of NIFTI_INTENT_NODE_INDEX


def read_responses(
    files: Mapping[str, Path], first: int, n_volumes: int, n_vertices: int
) -> np.ndarray:
    """Return ``n_volumes`` rows from ``first`` on, float32 (row, unit): left, then right.

    Memory: the result, and one hemisphere of the whole scan.
    """
    values = np.empty((n_volumes, n_vertices * len(files)), np.float32)
    counts = {}
    for number, (hemisphere, path) in enumerate(files.items()):
        columns = slice(number * n_vertices, (number + 1) * n_vertices)
        counts[path.name] = _read(path, hemisphere, first, values[:, columns])
    if len(set(counts.values())) > 1:
        told = ", ".join(f"{name} has {count}" for name, count in counts.items())
        raise CorruptData(f"hemispheres differ in volumes: {told}; fetch both again")
    for start in range(0, values.shape[1], _UNITS_AT_ONCE):
        block = values[:, start : start + _UNITS_AT_ONCE]
        with np.errstate(invalid="ignore"):  # infinities, which stay as they are
            block[:, is_constant(block)] = np.nan
    return values


def _read(path: Path, hemisphere: str, first: int, values: np.ndarray) -> int:
    """Fill ``values`` (row, vertex) with volumes from ``first`` on, and return how many there are.

    Volumes are let go as they are copied.
    """
    arrays = _arrays(path, hemisphere)
    n_arrays, (n_rows, n_vertices) = len(arrays), values.shape
    if n_arrays < first + n_rows:
        raise CorruptData(
            f"{path} holds {n_arrays} volumes, but the story lasts from volume {first} to "
            f"{first + n_rows}; the file is cut short, or of another scan"
        )
    for number in range(n_arrays):
        volume, arrays[number] = arrays[number].data, None
        if volume is None or volume.shape != (n_vertices,) or volume.dtype.kind != "f":
            kind = "nothing" if volume is None else f"{volume.dtype} of shape {volume.shape}"
            raise CorruptData(
                f"{path} has {kind} for volume {number}; expected floats ({n_vertices},), one for "
                "each vertex of the mesh"
            )
        if first <= number < first + n_rows:
            values[number - first] = volume
    return n_arrays


def _arrays(path: Path, hemisphere: str) -> list[Any]:
    """Return the data arrays of a GIFTI file, which must hold its values itself.

    Of a file that names its side, that must be the hemisphere's.
    """
    if check_file(path).st_size > _LARGEST_BYTES:
        raise CorruptData(f"{path} has more than {_LARGEST_BYTES:,} bytes; this is no such scan")
    check_gifti(path, at_most=_LARGEST_BYTES)
    gifti: Any = nibabel.gifti  # untyped
    try:
        image = gifti.GiftiImage.from_filename(path)
        arrays = list(image.darrays)
    except HeschlError:
        raise
    except Exception as error:
        raise CorruptData(
            f"{path} cannot be read as GIFTI ({type(error).__name__}: {error}); fetch it again"
        ) from error
    sides = {each.meta.get(_SIDE, _SIDES[hemisphere]) for each in (image, *arrays)}
    if sides - {_SIDES[hemisphere]}:
        raise CorruptData(
            f"{path} should be of hemisphere {hemisphere}, but says that it is of "
            f"{', '.join(sorted(sides - {_SIDES[hemisphere]}))}; are hemispheres swapped?"
        )
    del image  # lets arrays go one by one
    if any(array.intent == _NODE_INDEX for array in arrays):
        raise CorruptData(f"{path} holds some vertices by number; expected all of the mesh")
    return arrays
