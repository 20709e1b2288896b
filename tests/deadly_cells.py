"""Cells that kill whoever makes them; other processes look them up by the name of this module."""

from __future__ import annotations

import os
import resource
import signal
import time
from functools import partial
from pathlib import Path

import numpy as np

from heschl.cells import Cell, Shared
from heschl.errors import DiskRefused


def compute(name, deed, missing, report):
    time.sleep(0.1)
    deed(name)
    for position in missing:
        yield position, {"values": np.full(2, len(name))}


def compute_all(deed, missing, report):
    for name, positions in missing.items():
        for position, arrays in compute(name, deed, positions, report):
            yield name, position, arrays


def cells_of(n, deed, *, shared=False):
    """Return cells of which the one in the middle does a deed."""
    names = [f"S{number}" for number in range(n)]
    kinds = {name: partial(deed, f"S{n // 2}") for name in names}
    return [
        Cell(
            "scores",
            name,
            name,
            ({"name": name},),
            Shared("all", partial(compute_all, kinds[name]))
            if shared
            else partial(compute, name, kinds[name]),
        )
        for name in names
    ]


def die(whose, name):
    if name == whose:
        os.kill(os.getpid(), signal.SIGKILL)


def die_once(mark, whose, name):
    """Die where nobody died before."""
    if name == whose and not Path(mark).exists():
        Path(mark).touch()
        os.kill(os.getpid(), signal.SIGKILL)


def be_preempted(mark, whose, name):
    """Have the job told that it must go, as Slurm tells it, once."""
    if name == whose and not Path(mark).exists():
        Path(mark).touch()
        os.kill(os.getpid(), signal.SIGUSR2)


def use_memory(whose, name):
    """Want more memory than the process may have."""
    if name == whose:
        limits = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (2**33, limits[1]))
        try:
            np.ones(2**31)
        finally:
            resource.setrlimit(resource.RLIMIT_AS, limits)


def fill_disk(whose, name):
    if name == whose:
        raise DiskRefused("there is no room left")
