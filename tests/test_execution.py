"""Cells of shared work are handed out together, and fail one by one."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from heschl.cells import Cell, Shared, run_together
from heschl.errors import EntryLost, InvalidInput
from heschl.execution import batches
from heschl.store import Store


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path)


@pytest.mark.parametrize(
    ("sizes", "n_workers", "expected"),
    [
        ((7,), 4, [2, 2, 2, 1]),
        ((3, 3, 4), 4, [3, 3, 2, 2]),
        ((2,), 8, [1, 1]),
        ((412,), 1, [412]),
        ((3, 1), None, [1, 1, 1, 1]),
    ],
)
def test_batches_leave_no_worker_idle(store, sizes, n_workers, expected):
    def cell(group, number):
        about = f"{group}-{number}"
        return Cell("scores", about, about, ({"about": about},), Shared(group, None))

    cells = [cell(group, number) for group, size in enumerate(sizes) for number in range(size)]
    done = cell(0, "done")
    store.write(done.configurations[0], {"values": np.zeros(1)})

    found = batches(enumerate([*cells, done]), store, n_workers)

    assert [each.about for _, each in found[0]] == ["0-done"]
    assert [len(batch) for batch in found[1:]] == expected
    assert sorted(number for batch in found for number, _ in batch) == list(range(len(cells) + 1))


def compute(tried, bad, missing, report):
    """Make two entries for each name, unless one of them is bad."""
    tried.append(sorted(missing))
    for position in range(2):
        for name, positions in missing.items():
            if name in bad:
                raise bad[name]
            if position in positions:
                yield name, position, {"values": np.full(2, position)}


def shared_cells(n, tried, bad=()):
    work = Shared("what they share", partial(compute, tried, dict(bad)))
    return [
        Cell("scores", name, name, ({"name": name}, {"name": name, "n": 1}), work)
        for name in (f"S{number}" for number in range(n))
    ]


def test_cells_of_shared_work_are_done_in_one_call(store):
    tried = []
    cells = shared_cells(3, tried)
    store.write(cells[1].configurations[0], {"values": np.zeros(1)})
    assert run_together(cells[2:], store)[0].status == "done"

    outcomes = run_together(cells, store)

    assert [outcome.status for outcome in outcomes] == ["done", "done", "cached"]
    assert tried == [["S2"], ["S0", "S1"]]
    assert store.read(cells[1].keys[0])["values"].tolist() == [0], "what was there has stayed"


def test_fault_is_found_by_halves(store):
    tried = []
    cells = shared_cells(8, tried, {"S5": ValueError("no such luck")})

    outcomes = run_together(cells, store)

    assert [outcome.status for outcome in outcomes] == ["done"] * 5 + ["failed"] + ["done"] * 2
    assert outcomes[5].failure.message == "no such luck"
    assert [len(names) for names in tried] == [8, 4, 4, 2, 1, 1, 2]


def test_loss_of_what_all_read_is_not_looked_for_by_halves(store):
    tried = []
    outcomes = run_together(shared_cells(4, tried, {"S3": EntryLost("gone")}), store)
    assert len(tried) == 1
    assert [outcome.status for outcome in outcomes] == ["failed"] * 4
    assert all(outcome.lacks_entry for outcome in outcomes)


def test_cells_of_shared_work_that_cannot_be_told_apart_are_refused(store):
    cells = shared_cells(1, []) * 2
    with pytest.raises(InvalidInput, match="expected something else for each"):
        run_together(cells, store)
