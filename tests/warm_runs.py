"""Runs in processes of their own, to be killed, without paying for the imports each time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_PREPARED = """
import os, signal, sys, time
# A shell that starts the tests in the background has them ignore it.
signal.signal(signal.SIGINT, signal.default_int_handler)
import heschl
from heschl.scoring import score
from toy import Loudness, ToyDataset, toy_benchmark

class Slow(Loudness):
    def forward(self, waveforms, taps):
        time.sleep(0.004)
        return super().forward(waveforms, taps)

def run(store, output):
    score(Slow(), toy_benchmark(), data=ToyDataset(), store=store).save(output)
"""
SCRIPT = (
    _PREPARED
    + """
run(sys.argv[1], sys.argv[2])
"""
)
SERVER = (
    _PREPARED
    + """
for line in sys.stdin:
    verb, *words = line.rstrip("\\n").split("\\t")
    if verb == "start":
        child = os.fork()
        if child == 0:
            run(*words)
            sys.exit()
        print(child, flush=True)
    else:
        _, status = os.waitpid(int(words[0]), 0)
        print(os.waitstatus_to_exitcode(status), flush=True)
"""
)


@dataclass(frozen=True)
class Run:
    """A slow score of the toy model in a process of its own, which has begun."""

    server: subprocess.Popen[str]
    process: int

    def send_signal(self, number: int) -> None:
        """Send the process a signal."""
        os.kill(self.process, number)

    def kill(self) -> int:
        """End it at once, and return its exit code."""
        self.send_signal(signal.SIGKILL)
        return self.wait()

    def wait(self) -> int:
        """Return the exit code, negative for a signal, once it has ended."""
        return int(_asked(self.server, "wait", str(self.process)))

    def finish(self) -> None:
        """Let it come to its end, which must be a good one."""
        assert self.wait() == 0


@dataclass(frozen=True)
class WarmRuns:
    """What starts runs, all imports done."""

    server: subprocess.Popen[str]

    def start(self, store: Path, output: Path) -> Run:
        """Begin to score into a store, the result to be saved as ``output``."""
        return Run(self.server, int(_asked(self.server, "start", str(store), str(output))))


@contextmanager
def serving() -> Iterator[WarmRuns]:
    """Keep a process that has imported everything, and forks for each run."""
    with subprocess.Popen(
        [sys.executable, "-c", SERVER],
        cwd=Path(__file__).parent,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        yield WarmRuns(server)


def _asked(server: subprocess.Popen[str], *words: str) -> str:
    assert server.stdin is not None
    assert server.stdout is not None
    server.stdin.write("\t".join(words) + "\n")
    server.stdin.flush()
    return server.stdout.readline()
