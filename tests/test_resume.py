"""Kill -9 at ten random points of a run, resume, and find every array as if nothing happened."""

from __future__ import annotations

import random
import signal
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest
from test_scores import assert_same_bits
from toy import Loudness, ToyDataset, toy_benchmark

import heschl
from heschl.scores import open_score
from heschl.store import Store


@pytest.mark.slow
def test_run_killed_ten_times_gives_the_same_score(tmp_path, warm_runs):
    begin = time.perf_counter()
    warm_runs.start(tmp_path / "untouched", tmp_path / "expected.nc").finish()
    seconds = time.perf_counter() - begin
    chance = random.Random(0)  # noqa: S311
    n_entries = []
    for _ in range(10):
        run = warm_runs.start(tmp_path / "killed", tmp_path / "found.nc")
        time.sleep(chance.uniform(0, seconds / 8))
        assert run.kill() == -signal.SIGKILL
        n_entries.append(len(list(Store(tmp_path / "killed").entries())))

    warm_runs.start(tmp_path / "killed", tmp_path / "found.nc").finish()

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
