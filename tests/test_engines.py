"""Whatever runs the cells, the numbers are the same, and deaths of workers do not show in them."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest
from mortal import Deadly, Slow, seen_by_worker
from undisturbed import assert_untouched, assert_whole, run

from heschl.engines import engine
from heschl.errors import CellsFailed, InvalidInput
from heschl.execution import Silent
from heschl.processes import Processes
from heschl.store import Store

ENVIRONMENT = os.environ | {"PYTHONPATH": str(Path(__file__).parent)}


def dask(*arguments):
    return subprocess.Popen(
        [sys.executable, "-m", *arguments],
        env=ENVIRONMENT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def kill(process):
    """Kill a process with all that it has started."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def start_scheduler(port):
    place = ("--host", "127.0.0.1", "--port", str(port), "--no-dashboard")
    return dask("distributed.cli.dask_scheduler", *place)


def start_worker(port, *more):
    # Where nobody is left to end it, a worker ends itself.
    settings = ("--nthreads", "1", "--no-dashboard", "--host", "127.0.0.1", "--death-timeout", "60")
    return dask("distributed.cli.dask_worker", f"tcp://127.0.0.1:{port}", *settings, *more)


@contextmanager
def cluster(n_workers=3, *more):
    """Yield a port and the processes of a scheduler and of workers, each with a nurse.

    ``more`` are words of a worker's command.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    processes = [start_scheduler(port)]
    try:
        processes += [start_worker(port, *more) for _ in range(n_workers)]
        yield port, processes
    finally:
        for process in processes:
            if process.poll() is None:
                kill(process)


def dask_children(processes):
    """Return the numbers of the worker processes below their nurses."""
    found = []
    for process in processes:
        listing = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        if listing.exists():
            found += [int(pid) for pid in listing.read_text().split()]
    return found


class Killer(Silent):
    """Does something dreadful whenever a cell is finished, so that others are in the middle."""

    def __init__(self, *deeds):
        self.deeds = list(deeds)

    def finished(self, cell, outcome):
        if self.deeds:
            self.deeds.pop(0)()


def assert_readable(store):
    """Every entry that can be seen can be read; what the dead were writing is nobody's entry."""
    for entry in store.entries():
        assert store.read(entry.key) is not None


def kill_one(victims):
    os.kill(random.Random(0).choice(victims), signal.SIGKILL)  # noqa: S311  no secret


@pytest.mark.long
def test_processes_give_the_same_score_while_they_are_killed(tmp_path):
    with engine("processes:2", tmp_path) as pool:

        def deed():
            kill_one(list(pool._pool._processes))

        killer = Killer(deed, deed)
        score = run(tmp_path, Slow(), executor=pool, watcher=killer)

    assert not killer.deeds
    assert_untouched(score)
    assert_readable(Store(tmp_path))


@pytest.mark.long
def test_cluster_gives_the_same_score_while_workers_and_scheduler_die(tmp_path):
    pytest.importorskip("distributed", reason="needs the extra dask")
    with cluster() as (port, processes):

        def worker_dies():
            kill_one(dask_children(processes[1:]))

        def scheduler_dies():
            kill(processes[0])
            processes[0] = start_scheduler(port)
            # Dask's workers go with their scheduler; what manages a cluster starts them again.
            processes.extend(start_worker(port) for _ in range(3))

        killer = Killer(worker_dies, scheduler_dies, worker_dies)
        with engine(f"dask:tcp://127.0.0.1:{port}", tmp_path) as pool:
            score = run(tmp_path, Slow(), executor=pool, watcher=killer)

    assert not killer.deeds
    assert_untouched(score)
    assert_readable(Store(tmp_path))


@pytest.mark.long
def test_workers_stay_known_while_their_scheduler_is_away(tmp_path):
    distributed = pytest.importorskip("distributed", reason="needs the extra dask")
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as ours,
        engine(f"dask:{ours.scheduler_address}", tmp_path) as pool,
    ):
        assert pool.n_workers == 2
        ours.close()
        assert pool.n_workers == 2


@pytest.mark.long
def test_job_array_gives_the_same_score(tmp_path, monkeypatch):
    pytest.importorskip("submitit", reason="needs the extra slurm")
    monkeypatch.setenv("PYTHONPATH", ENVIRONMENT["PYTHONPATH"])
    with engine("submitit-local:jobs=2,timeout_min=5", tmp_path) as jobs:
        score = run(tmp_path, executor=jobs)

    assert_untouched(score)
    assert_whole(Store(tmp_path))
    assert list((tmp_path / "jobs").glob("*.err"))


@pytest.mark.long
def test_cell_that_kills_its_worker_fails_alone(tmp_path):
    with engine("processes:1", tmp_path) as pool, pytest.raises(CellsFailed, match="worker died"):
        run(tmp_path, Deadly(), executor=pool)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("threads:3", "expected 'serial'"),
        ("processes:0", "expected 'serial'"),
        ("processes:", "expected 'serial'"),
        ("slurm:gpu", "expected key=value"),
        ("dask:nowhere", "no Dask scheduler"),
    ],
)
def test_engines_that_are_none_are_refused(tmp_path, name, message, monkeypatch):
    with pytest.raises(InvalidInput, match=message), engine(name, tmp_path):
        pass


def test_each_worker_sees_its_card_and_its_threads():
    pool = Processes(2, n_threads=1, gpus=("4", "5"))
    found = {pool.submit(seen_by_worker, number).result() for number in range(8)}
    pool.close()

    assert found <= {("4", "1"), ("5", "1")}
