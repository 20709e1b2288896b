"""Two shares of work at once: what they return, how they fail, and that nothing is left behind."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from heschl.errors import HeschlError, MissingData
from heschl.leaderboard.submissions import surveyed
from heschl.leaderboard.two_shares import both


@pytest.fixture(autouse=True)
def _no_thread_of_other_tests(monkeypatch):
    """Count threads from here on: other tests of this process may have left some that idle."""
    n_before = threading.active_count() - 1
    count = threading.active_count
    monkeypatch.setattr(threading, "active_count", lambda: count() - n_before)


needs_fork = pytest.mark.skipif(
    "fork" not in multiprocessing.get_all_start_methods() or sys.platform == "darwin",
    reason="no process can be split here",
)


def raise_missing() -> None:
    raise MissingData("there is no such file; make one")


@needs_fork
def test_shares_are_done_in_two_processes_and_return_what_they_made():
    values = np.random.default_rng(0).normal(size=(300, 200))

    ours, (process, product) = both(os.getpid, lambda: (os.getpid(), values @ values.T))

    assert ours == os.getpid() != process
    np.testing.assert_array_equal(product, values @ values.T)


def test_beside_other_threads_both_shares_are_done_here():
    """A lock that another thread holds would be held forever in the other process."""
    done = threading.Event()
    thread = threading.Thread(target=done.wait)
    thread.start()
    try:
        assert both(os.getpid, os.getpid) == (os.getpid(), os.getpid())
    finally:
        done.set()
        thread.join()


@needs_fork
def test_failure_of_the_other_process_is_raised_as_it_was():
    with pytest.raises(MissingData, match="no such file; make one") as caught:
        both(lambda: None, raise_missing)

    assert "raise_missing" in str(caught.value.__cause__)  # where it was raised


@needs_fork
def test_failure_that_cannot_be_sent_is_told():
    class Local(Exception):
        pass

    def fail() -> None:
        raise Local("of a kind that no other process knows")

    with pytest.raises(RuntimeError, match="of a kind that no other process knows"):
        both(lambda: None, fail)


@needs_fork
def test_result_that_cannot_be_sent_is_a_failure():
    with pytest.raises((AttributeError, TypeError), match="pickle"):
        both(lambda: None, lambda: lambda: None)


@needs_fork
def test_process_that_is_killed_is_told_of():
    with pytest.raises(HeschlError, match="ended with code -9"):
        both(lambda: None, lambda: os.kill(os.getpid(), signal.SIGKILL))


@needs_fork
def test_our_own_failure_ends_the_other_process(tmp_path):
    def wait() -> None:
        (tmp_path / "started").write_text(str(os.getpid()))
        time.sleep(60)
        (tmp_path / "late").touch()

    def fail() -> None:
        while not (tmp_path / "started").exists():
            time.sleep(0.01)
        raise_missing()

    with pytest.raises(MissingData, match="no such file"):
        both(fail, wait)

    assert multiprocessing.active_children() == []
    assert not (tmp_path / "late").exists()


def test_many_submissions_are_surveyed_in_order(tmp_path: Path):
    """As many as two processes read: what is wrong is told in the order of names."""
    names = [f"m{number:03d}" for number in range(230)]
    for name in names:
        (tmp_path / name).mkdir()
        (tmp_path / name / "card.toml").write_text("=")

    _, problems = surveyed(tmp_path)

    assert [problem.split("/card.toml")[0][-4:] for problem in problems] == names
