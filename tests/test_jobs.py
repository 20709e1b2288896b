"""Jobs go on beside each other: no worker idles for another's sake, and each ends by itself."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import BrokenExecutor, Future, ThreadPoolExecutor

import numpy as np
import pytest

from heschl.cells import Cell
from heschl.errors import DiskRefused
from heschl.execution import SerialExecutor, Silent, run_jobs
from heschl.store import Store

PATIENCE_S = 20


class Steps:
    """A job of stages of cells, and what became of them."""

    def __init__(self, *stages):
        self.given, self.told, self.ended_by = stages, [], None

    def stages(self):
        try:
            yield from ([(number, cell) for number, cell in enumerate(each)] for each in self.given)
            self.ended_by = "its last stage"
        except DiskRefused:
            self.ended_by = "its disk"
        finally:
            self.ended_by = self.ended_by or "another"

    def record(self, number, cell, outcome):
        self.told.append((cell.about, outcome.status))


def cell(about, work=None, entry=None):
    def compute(missing, report):
        if work:
            work()
        for position in missing:
            yield position, {"values": np.zeros(1)}

    return Cell("stage", about, about, ({"entry": entry or about},), compute)


def run(jobs, folder, executor, at_once=4):
    """Run jobs, and return them in the order in which they ended."""
    told = run_jobs(jobs, Store(folder), executor, Silent(), at_once=at_once)
    return [job for job in told if job.ended_by]


def test_a_job_goes_on_while_another_waits_for_its_last_cell(tmp_path):
    is_other_done = threading.Event()

    def wait():
        if not is_other_done.wait(PATIENCE_S):
            raise TimeoutError

    slow = Steps([cell("slow", wait)])
    fast = Steps([cell("one")], [cell("two", is_other_done.set)])

    with ThreadPoolExecutor(2) as pool:
        ended = run([slow, fast], tmp_path, pool)

    assert set(ended) == {slow, fast}
    assert slow.told == [("slow", "done")]
    assert fast.told == [("one", "done"), ("two", "done")]


@pytest.mark.parametrize("at_once", [1, 2])
def test_no_more_begin_at_once_than_may(tmp_path, at_once):
    n_open, most = 0, 0

    def jobs():
        nonlocal n_open, most
        for number in range(5):
            n_open += 1
            most = max(most, n_open)
            yield Steps([cell(f"{number}")])

    with ThreadPoolExecutor(4) as pool:
        for _ in run_jobs(jobs(), Store(tmp_path), pool, Silent(), at_once=at_once):
            n_open -= 1 / 2  # each is yielded for its cell and at its end

    assert most <= at_once


class Held:
    """An engine that runs nothing before it is asked, and notes what it held at once."""

    n_workers = 4

    def __init__(self, breaks=0):
        self.held, self.most, self.breaks = [], [], breaks
        self.lock = threading.Lock()

    def submit(self, call, /, *arguments):
        future = Future()
        with self.lock:
            self.held.append((future, call, arguments))
        threading.Timer(0.02, self.work).start()
        return future

    def work(self):
        with self.lock:
            taken, self.held = self.held, []
        leases = [cell.keys[0] for _, _, (cells, _) in taken for cell in cells]
        self.most.append((len(leases), len(set(leases))))
        for future, call, arguments in taken:
            if future.set_running_or_notify_cancel():
                if self.breaks:
                    self.breaks -= 1
                    future.set_exception(BrokenExecutor("a process died"))
                else:
                    done = SerialExecutor().submit(call, *arguments)
                    _settle(future, done)


def _settle(future, done):
    if error := done.exception():
        future.set_exception(error)
    else:
        future.set_result(done.result())


@pytest.mark.parametrize("breaks", [0, 5])
def test_what_two_jobs_need_is_made_once_and_nobody_waits_for_it_in_a_worker(tmp_path, breaks):
    calls = []
    jobs = [
        Steps(
            [cell(f"{name} {n}", lambda n=n: calls.append(n), f"shared {n}") for n in range(3)],
            [cell(f"{name} alone")],
        )
        for name in ("one", "two")
    ]
    engine = Held(breaks)

    assert set(run(jobs, tmp_path, engine)) == set(jobs)

    assert sorted(calls) == [0, 1, 2]
    assert all(n_leases == n_entries for n_leases, n_entries in engine.most)
    assert Counter(status for job in jobs for _, status in job.told) == {"done": 5, "cached": 3}


def full():
    raise DiskRefused("no room left")


@pytest.mark.parametrize("engine", ["serial", "threads", "held"])
def test_a_job_whose_disk_is_full_ends_alone(tmp_path, engine):
    refused = Steps([cell("full", full), *(cell(f"not {n}") for n in range(20))], [cell("never")])
    other = Steps([cell("one")], [cell("two")])
    made = {"serial": SerialExecutor(), "threads": ThreadPoolExecutor(2), "held": Held()}[engine]

    run([refused, other], tmp_path, made)

    assert refused.ended_by == "its disk"
    assert "never" not in dict(refused.told)
    assert other.told == [("one", "done"), ("two", "done")]
    assert other.ended_by == "its last stage"


def test_interruption_begins_nothing_new_and_ends_every_job(tmp_path):
    may_go_on, begun = threading.Event(), []

    def wait():
        begun.append(1)
        may_go_on.wait(PATIENCE_S)

    jobs = [Steps([cell(f"{name} {n}", wait) for n in range(9)]) for name in ("one", "two")]
    first = Steps([cell("first")])
    with ThreadPoolExecutor(2) as pool:
        running = run_jobs([first, *jobs], Store(tmp_path), pool, Silent(), at_once=3)
        while first.ended_by is None:
            next(running)
        running.close()
        may_go_on.set()

    assert [job.ended_by for job in jobs if job.ended_by != "another"] in ([], [None])
    assert len(begun) <= 4, "two run and two may have begun as those ended"
