"""Kill -9 at ten random points of a run, resume, and find every array as if nothing happened."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest
from test_scores import assert_same_bits
from toy import Loudness, ToyDataset, toy_benchmark

import heschl
from heschl.scores import open_score
from heschl.store import Store

SCRIPT = """
import signal, sys, time
# A shell that starts the tests in the background has them ignore it.
signal.signal(signal.SIGINT, signal.default_int_handler)
import heschl
from heschl.scoring import score  # pays for the imports before the clock starts
from toy import Loudness, ToyDataset, toy_benchmark

class Slow(Loudness):
    def forward(self, waveforms, taps):
        time.sleep(0.004)
        return super().forward(waveforms, taps)

print("ready", flush=True)
result = score(Slow(), toy_benchmark(), data=ToyDataset(), store=sys.argv[1])
result.save(sys.argv[2])
print("done", flush=True)
"""


def start(store, output):
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(store), str(output)],
        cwd=Path(__file__).parent,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "ready\n"
    return process


def finish(process):
    with process:
        output, _ = process.communicate()
    assert process.returncode == 0
    assert output == "done\n"


@pytest.mark.slow
def test_run_killed_ten_times_gives_the_same_score(tmp_path):
    begin = time.perf_counter()
    finish(start(tmp_path / "untouched", tmp_path / "expected.nc"))
    seconds = time.perf_counter() - begin
    chance = random.Random(0)  # noqa: S311
    n_entries = []
    for _ in range(10):
        process = start(tmp_path / "killed", tmp_path / "found.nc")
        time.sleep(chance.uniform(0, seconds / 8))
        process.kill()
        with process:
            process.communicate()
        n_entries.append(len(list(Store(tmp_path / "killed").entries())))

    finish(start(tmp_path / "killed", tmp_path / "found.nc"))

    assert n_entries == sorted(n_entries), "a kill lost a finished cell"
    assert n_entries[0] < 15, "every kill came too late to test anything"
    expected, found = (open_score(tmp_path / name) for name in ("expected.nc", "found.nc"))
    assert_same_bits(expected.tree, found.tree)


@pytest.mark.slow
def test_processes_give_the_bits_of_the_serial_run(tmp_path):
    serial = heschl.score(Loudness(), toy_benchmark(), data=ToyDataset(), store=tmp_path / "one")
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as executor:
        pooled = heschl.score(
            Loudness(),
            toy_benchmark(),
            data=ToyDataset(),
            store=tmp_path / "two",
            executor=executor,
        )
    assert_same_bits(serial.tree, pooled.tree)
