"""Texts in HDF5 files, checked before libhdf5 reads them: in some damaged ones it never ends."""

from __future__ import annotations

import mmap
import re
import struct
from pathlib import Path

from heschl.errors import CorruptData
from heschl.untrusted import check_file

__all__ = ["check_texts"]

_BEGINNING = re.compile(rb"\x89HDF\r\n\x1a\n(?:[\0\1].{5}\x08|[\2\3].\x08)", re.DOTALL)
"""With lengths of eight bytes, as everybody writes them."""
_HEAP = re.compile(rb"GCOL\x01")
_SMALLEST_HEAP, _HEAP_HEADER, _TEXT_HEADER = 4096, 16, 16


def check_texts(path: Path) -> None:
    """Refuse a file in whose texts libhdf5 would look for an end for ever.

    Texts of any length lie in heaps, one after another. libhdf5 (2.0 and before) walks them by the
    lengths that it reads, and one of them may lead nowhere.
    """
    check_file(path)
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        if _BEGINNING.match(content) is None:
            raise CorruptData(
                f"{path} cannot be read as HDF5: it does not begin as one; fetch or write it again"
            )
        if not all(_ends(content, heap.start()) for heap in _HEAP.finditer(content)):
            raise CorruptData(
                f"{path} cannot be read as HDF5: its heaps of texts are damaged; fetch or write it "
                "again"
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
