"""What tests send to other processes, which look it up by the name of this module."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass

from toy import Loudness

from heschl.leases import leased


class Slow(Loudness):
    """Takes its time, so that there is something to kill."""

    def forward(self, waveforms, taps):
        time.sleep(0.01)
        return super().forward(waveforms, taps)


@dataclass
class Deadly(Loudness):
    """Kills the process that it runs in."""

    def forward(self, waveforms, taps):
        os.kill(os.getpid(), signal.SIGKILL)
        return {}


def seen_by_worker(_number):
    """Return the cards and the threads that a worker sees."""
    return os.environ["CUDA_VISIBLE_DEVICES"], os.environ["OMP_NUM_THREADS"]


def hold_and_die(folder, key):
    """Take a lease and never let it go."""
    claim = leased(folder, [key])
    claim.__enter__()
    os._exit(9)


def worker_that_stays():
    """Return the number of this process."""
    time.sleep(0.2)
    return os.getpid()
