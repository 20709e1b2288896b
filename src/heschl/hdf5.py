"""HDF5 files from elsewhere: their datasets, none of which lies anywhere else."""

from __future__ import annotations

import mmap
import re
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py

from heschl.errors import CorruptData, HeschlError
from heschl.untrusted import check_file

__all__ = ["check_texts", "dataset_in", "opened"]

_MOST_COMPRESSED = 1100
"""How many bytes one byte of a file can stand for: deflate reaches 1,032."""
_FEW_BYTES = 2**20

_BEGINNING = re.compile(rb"\x89HDF\r\n\x1a\n(?:[\0\1].{5}\x08|[\2\3].\x08)", re.DOTALL)
"""With lengths of eight bytes, as everybody writes them."""
_HEAP = re.compile(rb"GCOL\x01")
_SMALLEST_HEAP, _HEAP_HEADER, _TEXT_HEADER = 4096, 16, 16


@contextmanager
def opened(path: Path) -> Iterator[h5py.File]:
    """Open a file; whatever damage does to its readers inside the context is one error."""
    check_file(path)
    try:
        with h5py.File(path, "r") as file:
            yield file
    except HeschlError:
        raise
    except Exception as error:  # damaged files raise errors of any kind, wherever they are touched
        raise CorruptData(
            f"{path} cannot be read as HDF5 ({type(error).__name__}: {error}); fetch it again"
        ) from error


def dataset_in(file: h5py.File, name: str, kind: str) -> h5py.Dataset | None:
    """Return a dataset of NumPy's ``kind`` whose values lie in this very file, or None.

    Raises
    ------
    CorruptData
        It claims more values than its bytes in the file can stand for.
    """
    place: Any = file
    for part in name.split("/"):
        # Links, external storage and virtual datasets would read whatever file they name.
        link = place.get(part, getlink=True) if isinstance(place, h5py.Group) else None
        place = place[part] if isinstance(link, h5py.HardLink) else None
    if (
        not isinstance(place, h5py.Dataset)
        or place.external
        or place.is_virtual
        or place.dtype.kind != kind
    ):
        return None
    n_stored = place.id.get_storage_size()
    if place.nbytes > _FEW_BYTES + _MOST_COMPRESSED * n_stored:
        raise CorruptData(
            f"{file.filename} claims {place.nbytes:,} bytes of {name!r} and holds {n_stored:,} for "
            "them; it was cut short or damaged: fetch it again"
        )
    return place


def check_texts(path: Path) -> None:
    """Refuse a file in whose texts libhdf5 would look for an end for ever.

    Texts of any length lie in heaps, one after another. libhdf5 (2.0 and before) walks them by the
    lengths that it reads, and one of them may lead nowhere.
    """
    check_file(path)
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        is_known = _BEGINNING.match(content) is not None
        if not is_known or not all(
            _ends(content, heap.start()) for heap in _HEAP.finditer(content)
        ):
            raise CorruptData(
                f"{path} cannot be read as HDF5: its heaps of texts are damaged; fetch it again"
            )


def _ends(content: mmap.mmap, start: int) -> bool:
    """Return whether whoever walks a heap comes to its end."""
    if len(content) < start + _HEAP_HEADER:
        return True
    (size,) = struct.unpack_from("<Q", content, start + 8)
    if not _SMALLEST_HEAP <= size <= len(content) - start:
        return True  # libhdf5 refuses it, or other data look alike
    place, end = start + _HEAP_HEADER, start + size
    while place + _TEXT_HEADER <= end:
        number, length = struct.unpack_from("<H6xQ", content, place)
        step = length if number == 0 else _TEXT_HEADER + (length + 7) // 8 * 8
        if not 0 < step <= end - place:
            return False
        place += step
    return True
