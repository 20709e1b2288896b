"""Memory that passes free stays until they are over, and no longer."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest

from heschl import kept_memory
from heschl.kept_memory import memory_kept

on_glibc = pytest.mark.skipif(kept_memory._glibc() is None, reason="another C library")


class Library:
    """Notes what is asked of the C library."""

    def __init__(self):
        self.calls = []

    def mallopt(self, parameter, value):
        self.calls.append((parameter, value))

    def malloc_trim(self, pad):
        self.calls.append("trim")


MEASURED = """
from pathlib import Path
import numpy as np
from heschl.kept_memory import memory_kept

def resident_mib():
    pages = Path("/proc/self/statm").read_text(encoding="utf-8").split()[1]
    return int(pages) * 4096 / 2**20

def used_and_freed():
    np.ones(256 * 2**20, dtype=np.uint8)

before = resident_mib()
with memory_kept():
    used_and_freed()
    print(resident_mib() - before)
print(resident_mib() - before)
used_and_freed()
print(resident_mib() - before)
"""


@on_glibc
def test_memory_stays_within_and_is_given_back_afterwards():
    # In a process of its own: in this one other tests have left memory free already.
    told = subprocess.run([sys.executable, "-c", MEASURED], capture_output=True, check=True)
    within, after, later = map(float, told.stdout.split())

    assert within > 200
    assert after < 50
    assert later < 50


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
