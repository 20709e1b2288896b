"""Memory kept between passes: what one pass frees, the next one uses.

A pass of a large network asks for a gigabyte in blocks of up to a hundred megabytes, and frees
them. The C library of Linux hands such blocks back to the system, which clears every page of them
when it lends them out again: a seventh of a pass on a processor. No other platform is touched.
"""

from __future__ import annotations

import ctypes
import platform
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

__all__ = ["memory_kept"]

# Parameters of mallopt(3).
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _MMAP_MAX = -1, -3, -4

_WHILE_KEPT = {_MMAP_MAX: 0, _TRIM_THRESHOLD: 2**31 - 1}
_AFTERWARDS = {
    # What the library's own adjustment ends at, which stops once a parameter is set.
    _MMAP_THRESHOLD: 32 << 20,
    _TRIM_THRESHOLD: 64 << 20,
    _MMAP_MAX: 65_536,
}

_lock = threading.Lock()
_n_inside = 0


@contextmanager
def memory_kept() -> Iterator[None]:
    """Keep freed memory in this process until the end, and then give it back."""
    library = _glibc()
    if library is None:
        yield
        return
    global _n_inside  # noqa: PLW0603  the parameters are the process's, whichever thread asks
    with _lock:
        _n_inside += 1
        _set(library, _WHILE_KEPT)
    try:
        yield
    finally:
        with _lock:
            _n_inside -= 1
            if not _n_inside:
                _set(library, _AFTERWARDS)
                library.malloc_trim(0)


def _set(library: Any, parameters: dict[int, int]) -> None:  # ctypes knows no functions by type
    for parameter, value in parameters.items():
        library.mallopt(parameter, value)


@cache
def _glibc() -> Any | None:  # as above
    if platform.libc_ver()[0] != "glibc":
        return None
    library = ctypes.CDLL(None)
    return library if hasattr(library, "mallopt") and hasattr(library, "malloc_trim") else None
