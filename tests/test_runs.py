from __future__ import annotations

import pickle
from functools import partial

import numpy as np
import pytest

from heschl.cells import Cell, Outcome, run_cell
from heschl.configuration import digest
from heschl.errors import UnknownName
from heschl.execution import SerialExecutor
from heschl.runs import in_words, list_runs, open_run, start_run
from heschl.store import Store


def compute(n, missing, report):
    for position in missing:
        report(0.5)
        yield position, {"values": np.full(3, n + position)}


def fail_at(bad, missing, report):
    for position in missing:
        if position == bad:
            raise ValueError("no such luck")
        yield position, {"values": np.zeros(1)}


def leave_out(missing, report):
    yield from ()


def cell(work, label="a cell", n_entries=2):
    configurations = tuple({"label": label, "n": n} for n in range(n_entries))
    return Cell("features", "story", label, configurations, work)


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path)


def test_cell_is_done_once_and_cached_afterwards(store):
    work = cell(partial(compute, 5))

    assert run_cell(work, store).status == "done"
    assert run_cell(work, store).status == "cached"
    assert store.read(work.keys[1])["values"].tolist() == [6, 6, 6]


def test_cell_makes_only_its_missing_entries(store):
    asked = []

    def remember(missing, report):
        asked.extend(missing)
        yield from compute(0, missing, report)

    work = cell(remember)
    store.write(work.configurations[0], {"values": np.zeros(3)})

    run_cell(work, store)

    assert asked == [1]


def test_failed_cell_keeps_what_it_finished_and_says_why(store):
    work = cell(partial(fail_at, 1))

    outcome = run_cell(work, store)

    assert outcome.status == "failed"
    assert outcome.failure.kind == "ValueError"
    assert outcome.failure.message == "no such luck"
    assert "fail_at" in outcome.failure.trace
    assert work.missing(store) == (1,)


def test_cell_that_leaves_entries_unwritten_has_failed(store):
    outcome = run_cell(cell(leave_out), store)
    assert outcome.status == "failed"
    assert "unwritten" in outcome.failure.message


def test_cell_pickles(store):
    work = pickle.loads(pickle.dumps(cell(partial(compute, 5))))  # noqa: S301
    assert run_cell(work, store).status == "done"


def test_cell_makes_its_keys_once(monkeypatch):
    n_digests = 0

    def counted(configuration):
        nonlocal n_digests
        n_digests += 1
        return digest(configuration)

    monkeypatch.setattr("heschl.cells.digest", counted)
    work = cell(partial(compute, 1), n_entries=25)
    for position in range(25):  # as a score asks for the features of each layer
        work.keys[position]
    assert n_digests == 25


def test_run_reads_the_state_of_its_cells_from_files(store):
    cells = [cell(partial(compute, 1), "one"), cell(partial(fail_at, 0), "two"), cell(0, "three")]
    run = start_run(store, cells, {"model": "m", "benchmark": "b"})
    for number in (0, 1):
        run.record(number, run_cell(cells[number], store))

    again = open_run(store, run.name[:6])

    assert [c.state for c in again.cells(store)] == ["done", "failed", "pending"]
    assert list(again.cells(store))[1].failure.message == "no such luck"
    run.record(1, Outcome("done", 0.0))
    assert [c.state for c in again.cells(store)] == ["done", "pending", "pending"]


def test_same_score_finds_its_own_run_again(store):
    cells = [cell(partial(compute, 1))]
    header = {"model": "m", "benchmark": "b"}
    assert start_run(store, cells, header).name == start_run(store, cells, header).name
    assert start_run(store, cells, {**header, "model": "n"}).name != list_runs(store)[0].name
    assert len(list_runs(store)) == 2


def test_run_of_live_objects_has_no_arguments_on_file():
    words = {"model": "m", "benchmark": "b", "data": "phantom", "beside": None}
    assert in_words(words) == words
    for name in words:
        assert in_words({**words, name: object()}) is None


def test_open_run_hints_at_near_names_or_at_the_latest(store):
    with pytest.raises(UnknownName, match="there are no runs in"):
        open_run(store, "zzz")
    header = {"benchmark": "b"}
    names = [start_run(store, [cell(compute)], {**header, "model": f"m{n}"}).name for n in range(7)]

    with pytest.raises(UnknownName, match="no run begins with 'zzz'; the latest of all") as caught:
        open_run(store, "zzz")
    told = str(caught.value)
    assert [name for name in names if name in told] == names[2:]
    assert f"{names[6]} (m6 on b)" in told
    with pytest.raises(UnknownName, match=f"did you mean .*'{names[0]}'"):
        open_run(store, names[0][:-1] + "z")
    with pytest.raises(UnknownName, match="7 runs begin with ''; the latest of them"):
        open_run(store, "")


def test_serial_executor_settles_its_futures():
    executor = SerialExecutor()
    assert executor.submit(max, 1, 2).result() == 2
    with pytest.raises(ZeroDivisionError):
        executor.submit(divmod, 1, 0).result()


def test_what_was_asked_means_the_same_from_another_folder(tmp_path, monkeypatch):
    (tmp_path / "net.py").touch()
    monkeypatch.chdir(tmp_path)
    asked = {"model": "file:./net.py:Net", "benchmark": "toy", "beside": None, "data": "."}

    words = in_words(asked)

    assert words["model"] == f"file:{tmp_path}/net.py:Net"
    assert words["data"] == str(tmp_path)
    assert words["benchmark"] == "toy"
    assert in_words({**asked, "beside": "file:net.py"})["beside"] == f"file:{tmp_path}/net.py"
    assert in_words({**asked, "beside": object()}) is None
