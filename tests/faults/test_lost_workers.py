"""Workers, jobs and memory that go: what is lost is the cell at fault, and no other."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from concurrent.futures import BrokenExecutor, Future
from functools import partial
from pathlib import Path

import pytest
from deadly_cells import be_preempted, cells_of, die, die_once, fill_disk, use_memory

from heschl.cells import Outcome
from heschl.engines import engine
from heschl.errors import DiskRefused
from heschl.execution import Silent, run_cells
from heschl.store import Store

HERE = Path(__file__).parents[1]
JOBS = "submitit-local:jobs=1,timeout_min=60"


@pytest.fixture(autouse=True)
def _findable(monkeypatch):
    """Let workers of any kind find the modules of tests."""
    monkeypatch.setenv("PYTHONPATH", str(HERE))


def outcomes(cells, name, folder):
    with engine(name, folder) as opened:
        found = run_cells(list(enumerate(cells)), Store(folder), opened, Silent())
        return {cell.about: outcome for _, cell, outcome in found}


def failed(found):
    return {about: outcome.failure for about, outcome in found.items() if outcome.failure}


@pytest.mark.long
def test_cell_that_kills_its_worker_takes_no_other_along(tmp_path):
    cells = cells_of(8, die)

    found = outcomes(cells, "processes:2", tmp_path)

    assert set(failed(found)) == {"S4"}
    assert "a worker died" in failed(found)["S4"].message
    assert [cell.about for cell in cells if cell.missing(Store(tmp_path))] == ["S4"]


class Dying(RuntimeError):
    """Stands for the death of a process."""


def raise_death(whose, name):
    if name == whose:
        raise Dying


class Fragile:
    """Four workers who all go down with one, as those of a pool do: the unluckiest order."""

    n_workers = 4

    def __init__(self):
        self.waiting = []
        self.n_deaths = 0

    def submit(self, call, /, *arguments):
        future = Future()
        self.waiting.append((future, arguments))
        if len(self.waiting) == 1:
            threading.Timer(0.01, self.work).start()
        return future

    def work(self):
        """Run all that is there; a death loses it all, even what had come first."""
        taken, self.waiting = self.waiting, []
        try:
            results = [_called(arguments) for _, arguments in taken]
        except Dying:
            self.n_deaths += 1
            for future, _ in taken:
                future.set_exception(BrokenExecutor("a process died"))
            return
        for (future, _), result in zip(taken, results, strict=True):
            future.set_result(result)


def _called(arguments):
    cells, _ = arguments
    for cell in cells:
        raise_death("S50", cell.about)
    return [Outcome("done", 0.0) for _ in cells]


@pytest.mark.parametrize("shared", [False, True])
def test_one_cell_of_a_hundred_fails_however_unlucky_its_company(tmp_path, shared):
    pool = Fragile()
    cells = cells_of(100, raise_death, shared=shared)
    found = {
        cell.about: outcome
        for _, cell, outcome in run_cells(list(enumerate(cells)), Store(tmp_path), pool, Silent())
    }

    assert set(failed(found)) == {"S50"}
    assert pool.n_deaths < 20


@pytest.mark.long
def test_memory_that_a_worker_may_not_have_is_one_failed_cell(tmp_path):
    found = outcomes(cells_of(6, use_memory), "processes:2", tmp_path)

    assert {about: failure.kind for about, failure in failed(found).items()} in (
        {"S3": "MemoryError"},
        {"S3": "_ArrayMemoryError"},
    )


@pytest.mark.long
def test_job_that_dies_loses_the_call_it_was_at_and_is_tried_again(tmp_path):
    pytest.importorskip("submitit", reason="needs the extra slurm")
    deed = partial(die_once, str(tmp_path / "mark"))

    found = outcomes(cells_of(6, deed), JOBS, tmp_path)

    assert not failed(found)
    # Those before had been made; the dead one's lease held up nobody.
    assert Counter(outcome.status for outcome in found.values()) == {"done": 3, "cached": 3}
    assert not list(tmp_path.glob("jobs/*.begun"))


@pytest.mark.long
def test_job_that_is_preempted_goes_back_into_the_queue(tmp_path):
    pytest.importorskip("submitit", reason="needs the extra slurm")
    deed = partial(be_preempted, str(tmp_path / "mark"))

    found = outcomes(cells_of(6, deed), JOBS, tmp_path)

    assert not failed(found)
    assert len(list(tmp_path.glob("jobs/*_submitted.pkl"))) == 1, "it is the same job"
    log = "".join(path.read_text() for path in tmp_path.glob("jobs/*_0_log.*"))
    assert "this job is preempted" in log
    assert "Requeued job" in log


@pytest.mark.long
def test_full_disk_of_a_job_is_told_as_what_it_is(tmp_path):
    pytest.importorskip("submitit", reason="needs the extra slurm")
    with pytest.raises(DiskRefused, match="no room left"):
        outcomes(cells_of(3, fill_disk), JOBS, tmp_path)


PARENT = """
import sys, time
from pathlib import Path
from heschl.engines import engine
from mortal import worker_that_stays
if __name__ == "__main__":
    with engine("processes:2", Path(".")) as pool:
        futures = [pool.submit(worker_that_stays) for _ in range(2)]
        for future in futures:
            print(future.result(), flush=True)
        time.sleep(60)
"""


@pytest.mark.long
def test_workers_end_with_a_parent_that_is_killed(tmp_path):
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    with subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True) as parent:
        workers = {int(parent.stdout.readline()) for _ in range(2)}
        parent.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 20

    def alive():
        return [pid for pid in workers if Path(f"/proc/{pid}").exists() and not _is_zombie(pid)]

    while alive() and time.monotonic() < deadline:
        time.sleep(0.05)
    left = alive()
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    assert not left


def _is_zombie(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True
