"""What tests send to other processes, which look it up by the name of this module."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from threadpoolctl import threadpool_info
from toy import Loudness

import heschl
from heschl.leases import leased


class Slow(Loudness):
    """Takes its time, so that there is something to kill."""

    def forward(self, waveforms, taps):
        time.sleep(0.01)
        return super().forward(waveforms, taps)


class Carded(Loudness):
    """Is on whichever card the process that it is in may see."""

    def to(self, device):
        return self

    @property
    def device(self):
        return f"cuda:{os.environ.get('CUDA_VISIBLE_DEVICES', 'none')}"


@dataclass
class Deadly(Loudness):
    """Kills the process that it runs in."""

    def forward(self, waveforms, taps):
        os.kill(os.getpid(), signal.SIGKILL)
        return {}


def seen_by_worker(_number):
    """Return the cards and the threads that a worker sees."""
    return os.environ["CUDA_VISIBLE_DEVICES"], os.environ["OMP_NUM_THREADS"]


def threads_of_worker(_number):
    """Return how many threads the linear algebra of a worker has."""
    blas = [each for each in threadpool_info() if each["user_api"] == "blas"]
    return {each["num_threads"] for each in blas}


def where_it_runs(_number):
    """Return where a worker found the package, and how many threads it may use."""
    return str(Path(heschl.__file__).parent), os.environ.get("OMP_NUM_THREADS")


def hold_and_die(folder, key):
    """Take a lease and never let it go."""
    claim = leased(folder, [key])
    claim.__enter__()
    os._exit(9)


def worker_that_stays():
    """Return the number of this process."""
    time.sleep(0.2)
    return os.getpid()
