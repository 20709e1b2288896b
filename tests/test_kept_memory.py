"""Memory that passes free stays until they are over, and no longer."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

from heschl import kept_memory
from heschl.kept_memory import memory_kept

MIB = 2**20
on_glibc = pytest.mark.skipif(kept_memory._glibc() is None, reason="another C library")


class Library:
    """Notes what is asked of the C library."""

    def __init__(self):
        self.calls = []

    def mallopt(self, parameter, value):
        self.calls.append((parameter, value))

    def malloc_trim(self, pad):
        self.calls.append("trim")


def resident_mib():
    pages = Path("/proc/self/statm").read_text(encoding="utf-8").split()[1]
    return int(pages) * 4096 / MIB


def used_and_freed(size_mib=256):
    block = np.ones(size_mib * MIB, dtype=np.uint8)
    return int(block[-1])


@on_glibc
def test_memory_stays_within_and_is_given_back_afterwards():
    before = resident_mib()

    with memory_kept():
        used_and_freed()
        within = resident_mib()
    after = resident_mib()

    assert within - before > 200
    assert after - before < 50
    used_and_freed()
    assert resident_mib() - before < 50


@pytest.fixture
def library(monkeypatch):
    noted = Library()
    monkeypatch.setattr(kept_memory, "_glibc", lambda: noted)
    return noted


def test_failures_give_memory_back_too(library):
    with pytest.raises(ValueError, match="no"), memory_kept():
        raise ValueError("no")

    assert library.calls[-1] == "trim"


def test_the_last_of_several_threads_gives_memory_back(library):
    is_inside, may_leave = threading.Event(), threading.Event()

    def stay():
        with memory_kept():
            is_inside.set()
            may_leave.wait(10)

    other = threading.Thread(target=stay)
    other.start()
    is_inside.wait(10)
    with memory_kept():
        pass
    assert "trim" not in library.calls
    may_leave.set()
    other.join(10)

    assert library.calls.count("trim") == 1


def test_other_libraries_are_left_alone(monkeypatch):
    monkeypatch.setattr("platform.libc_ver", lambda: ("", ""))

    assert kept_memory._glibc.__wrapped__() is None
    monkeypatch.setattr(kept_memory, "_glibc", lambda: None)
    with memory_kept():
        pass
