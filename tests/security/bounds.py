"""What a reader of a file may take: seconds of the processor, and bytes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

__all__ = ["MOST_BYTES", "MOST_S", "bounded"]

MOST_S = 2.0
MOST_BYTES = 200 * 2**20
_ROOM = 6 * 2**30
"""Of addresses, so that a claim of terabytes fails here as it does on a small machine."""
_SELF = Path("/proc/self")


@contextmanager
def bounded(what: str) -> Iterator[None]:
    """Fail the test if what is inside takes more time or memory than a reader may."""
    is_told = (_SELF / "clear_refs").exists()
    if is_told:
        before = _kilobytes("VmRSS")
        (_SELF / "clear_refs").write_text("5")  # the peak is now what there is
    started = time.process_time()
    with _few_addresses():
        yield
    taken_s = time.process_time() - started
    if taken_s > MOST_S:
        pytest.fail(f"{what} took {taken_s:.1f} s of the processor")
    if is_told and (grown := 1024 * (_kilobytes("VmHWM") - before)) > MOST_BYTES:
        pytest.fail(f"{what} took {grown / 2**20:.0f} MiB")


def _kilobytes(name: str) -> int:
    for line in (_SELF / "status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1])
    raise KeyError(name)


@contextmanager
def _few_addresses() -> Iterator[None]:
    if resource is None or not (_SELF / "statm").exists():
        yield
        return
    before = resource.getrlimit(resource.RLIMIT_AS)
    taken = int((_SELF / "statm").read_text().split()[0]) * resource.getpagesize()
    room = taken + _ROOM
    if before[0] == resource.RLIM_INFINITY or before[0] > room:
        resource.setrlimit(resource.RLIMIT_AS, (room, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)
