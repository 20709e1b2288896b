"""Leases: one writer at a time, and none that is dead stands in the way."""

from __future__ import annotations

import os
import threading
import time
from functools import partial
from multiprocessing import get_context

import numpy as np
import pytest
from mortal import hold_and_die

from heschl import leases
from heschl.cells import Cell, run_cell
from heschl.leases import Onlooker, leased, leases_below
from heschl.store import Store


def noted(calls, missing, report):
    calls.append(threading.get_ident())
    time.sleep(0.3)
    for position in missing:
        yield position, {"values": np.full(2, position)}


def cell_of(calls):
    return Cell(
        "scores", "S1", "S1", ({"name": "S1"}, {"name": "S1", "n": 1}), partial(noted, calls)
    )


def test_lease_is_let_go_at_the_end_and_after_an_error(tmp_path):
    with pytest.raises(ZeroDivisionError), leased(tmp_path, ["a"]):
        raise ZeroDivisionError
    with leased(tmp_path, ["a", "b"]) as mine:
        assert mine == {"a", "b"}
    assert not list(tmp_path.iterdir())


def test_writers_at_once_make_an_entry_once(tmp_path):
    store, calls, outcomes = Store(tmp_path), [], []
    writers = [
        threading.Thread(target=lambda: outcomes.append(run_cell(cell_of(calls), store)))
        for _ in range(4)
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()

    assert len(calls) == 1
    assert sorted(outcome.status for outcome in outcomes) == ["cached", "cached", "cached", "done"]
    assert not list(leases_below(store.folder).iterdir())


def test_lease_of_a_dead_process_does_not_hold_up(tmp_path):
    store, cell = Store(tmp_path), cell_of([])
    process = get_context("spawn").Process(
        target=hold_and_die, args=(leases_below(store.folder), cell.keys[0])
    )
    process.start()
    process.join()
    assert list(leases_below(store.folder).iterdir())
    begin = time.monotonic()

    assert run_cell(cell, store).status == "done"

    assert time.monotonic() - begin < leases.STALE_AFTER_S / 4


def test_lease_of_another_machine_is_stale_when_it_stands_still(tmp_path, monkeypatch):
    onlooker = Onlooker(stale_after_s=10.0)
    path = tmp_path / "a"
    path.write_text("another-machine 7 0\n")
    clock = iter([0.0, 8.0, 16.0, 24.0, 27.0])
    monkeypatch.setattr(leases.time, "monotonic", lambda: next(clock))

    onlooker.break_stale(path)
    onlooker.break_stale(path)
    assert path.exists(), "it has stood still for 8 s alone"
    # However far the other's clock is ahead, a touch is a touch.
    os.utime(path, (4e9, 4e9))
    onlooker.break_stale(path)
    assert path.exists()
    onlooker.break_stale(path)
    assert path.exists()
    onlooker.break_stale(path)
    assert not path.exists()


def test_lease_that_was_taken_over_stays_whose_it_is(tmp_path):
    with leased(tmp_path, ["a"]):
        (tmp_path / "a").write_text("another-machine 7 0\n")
    assert (tmp_path / "a").exists()


def test_lease_is_touched_while_the_work_goes_on(tmp_path, monkeypatch):
    monkeypatch.setattr(leases, "BEAT_S", 0.01)
    with leased(tmp_path, ["a"]):
        os.utime(tmp_path / "a", (0, 0))
        for _ in range(500):
            if (tmp_path / "a").stat().st_mtime > 0:
                break
            time.sleep(0.01)
        assert (tmp_path / "a").stat().st_mtime > 0
