"""Listeners of the same sounds are scored together, and nobody can tell from the entries."""

from __future__ import annotations

import functools
import json
import shutil
import tempfile
import weakref
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from faulty_metrics import LeastSquares
from toy import Loudness, ToyDataset, toy_benchmark
from undisturbed import assert_whole, by_stage

import heschl
from heschl import encoding_work
from heschl.cells import run_cell
from heschl.errors import CellsFailed
from heschl.execution import SerialExecutor
from heschl.metrics.ridge import Ridge
from heschl.runs import list_runs
from heschl.store import Store

LOW, HIGH = 4, 2
"""Columns of the designs of the toy's two layers: their units at two delays."""


@dataclass(frozen=True)
class Noting(LeastSquares):
    """Notes which recordings it is given together, and scores one by one."""

    calls: list = field(default_factory=list, compare=False)

    def configuration(self):
        return {"kind": "Noting", "numerics": 1}

    def score_many(self, design, recordings, folds, *, seed):
        self.calls.append((design.sizes["feature"], *recordings))
        return {name: self(design, each, folds, seed=seed) for name, each in recordings.items()}


class Alone:
    """An engine that does not say how many calls it runs at once."""

    def __init__(self):
        self.sizes = []

    def submit(self, call, cells, *others):
        self.sizes.append(len(cells))
        return SerialExecutor().submit(call, cells, *others)


class Two(Alone):
    n_workers = 2


@functools.cache
def features():
    """Return a store of the features alone, kept until the tests end."""
    folder = tempfile.TemporaryDirectory()
    planned = heschl.plan(Loudness(), toy_benchmark(), data=ToyDataset(), store=folder.name)
    for cell in planned.cells:
        if cell.stage == "features":
            run_cell(cell, planned.session.store)
    return folder


def run(store, metric=None, data=None, **settings):
    """Score the toy; return the score and which listeners were together at each layer."""
    metric = metric or Noting()
    calls = getattr(metric, "calls", [])
    del calls[:]
    if not (store / "objects").exists():
        shutil.copytree(features().name, store, dirs_exist_ok=True)
    benchmark = toy_benchmark(metric=metric)
    score = heschl.score(Loudness(), benchmark, data=data or ToyDataset(), store=store, **settings)
    return score, calls


def entries(folder):
    """Return the bytes of all unit scores, by listener and by the features of a story."""
    store = Store(folder)
    found = {}
    for entry in store.entries():
        if entry.configuration["stage"] == "scores":
            name = entry.configuration["subject"], entry.configuration["features"]["one"]
            found[name] = {n: values.tobytes() for n, values in store.read(entry.key).items()}
    return found


def states(store):
    (attempt,) = list_runs(Store(store))
    return {
        cell.label.split()[-1]: cell.state
        for cell in attempt.cells(Store(store))
        if cell.stage == "scores"
    }


def test_design_of_a_layer_is_solved_once_for_all_who_share_it(tmp_path):
    _, calls = run(tmp_path)
    assert calls == [(LOW, "S1", "S2", "S3"), (HIGH, "S1", "S2", "S3")]


def test_listener_who_is_added_is_computed_alone(tmp_path):
    run(tmp_path, subjects=["S1", "S2"])
    before = {entry.key for entry in Store(tmp_path).entries()}

    score, calls = run(tmp_path)

    assert calls == [(LOW, "S3"), (HIGH, "S3")]
    assert before < {entry.key for entry in Store(tmp_path).entries()}
    assert json.loads(score.provenance["cells"]) == {"cached": 7, "done": 2}


def test_each_layer_is_computed_for_those_alone_who_lack_it(tmp_path):
    run(tmp_path, subjects=["S1"], layers=["low"])
    run(tmp_path, subjects=["S2"])

    score, calls = run(tmp_path)

    assert calls == [(LOW, "S3"), (HIGH, "S1", "S3")]
    assert len(by_stage(Store(tmp_path), "scores")) == 6
    assert score.value == run(tmp_path / "other")[0].value


class Absent(ToyDataset):
    """Two of the listeners never heard the second story."""

    def stimuli_of(self, subject):
        heard = super().stimuli_of(subject)
        return heard if subject in ("S1", "S4") else tuple(name for name in heard if name != "two")


def test_listeners_of_other_stimuli_are_other_groups(tmp_path):
    _, calls = run(tmp_path, data=Absent(n_listeners=4))
    assert calls == [
        *[(LOW, "S1", "S4"), (HIGH, "S1", "S4")],
        *[(LOW, "S2", "S3"), (HIGH, "S2", "S3")],
    ]


def test_listener_without_data_fails_alone(tmp_path):
    data = ToyDataset(hurt="S2", n_listeners=5)
    with pytest.raises(CellsFailed, match=r"2 of 13 cells failed.*listener is gone") as caught:
        run(tmp_path, data=data)

    assert "OSError" in str(caught.value)
    assert states(tmp_path) == dict.fromkeys(["S1", "S3", "S4", "S5"], "done") | {"S2": "failed"}
    data.hurt = None
    assert run(tmp_path, data=data)[1] == [(LOW, "S2"), (HIGH, "S2")]
    assert_whole(Store(tmp_path))


@dataclass(frozen=True)
class Choking(Noting):
    """Cannot do with the third listener's responses in the second layer, and does not say whose."""

    kind: type[Exception] = ValueError

    def score_many(self, design, recordings, folds, *, seed):
        found = super().score_many(design, recordings, folds, seed=seed)
        if design.sizes["feature"] == HIGH and "S3" in recordings:
            raise self.kind("something is wrong with these responses")
        return found


@pytest.mark.parametrize("kind", [ValueError, MemoryError])
def test_fault_of_one_listener_in_the_joint_solution_is_told_of_that_one(tmp_path, kind):
    with pytest.raises(CellsFailed, match=r"1 of 13 cells failed.*toy-loudness × S3: .*wrong with"):
        run(tmp_path, Choking(kind=kind), data=ToyDataset(n_listeners=5))

    assert states(tmp_path) == dict.fromkeys(["S1", "S2", "S4", "S5"], "done") | {"S3": "failed"}
    assert len(by_stage(Store(tmp_path), "scores")) == 9


@dataclass(frozen=True)
class Greedy(Noting):
    """Has memory for two listeners."""

    def score_many(self, design, recordings, folds, *, seed):
        if len(recordings) > 2:
            raise MemoryError
        return super().score_many(design, recordings, folds, seed=seed)


def test_group_too_large_for_memory_is_done_in_smaller_ones(tmp_path):
    score, calls = run(tmp_path, Greedy(), data=ToyDataset(n_listeners=4))
    assert calls == [
        *[(LOW, "S1", "S2"), (HIGH, "S1", "S2")],
        *[(LOW, "S3", "S4"), (HIGH, "S3", "S4")],
    ]
    assert json.loads(score.provenance["cells"])["done"] == 8


@dataclass(frozen=True)
class Objects(Noting):
    """Gives for one listener what no store keeps."""

    def score_many(self, design, recordings, folds, *, seed):
        found = super().score_many(design, recordings, folds, seed=seed)
        return {
            name: each.assign(alpha=each["alpha"].astype(object)) if name == "S1" else each
            for name, each in found.items()
        }


def test_listener_whose_entries_cannot_be_written_holds_up_no_other(tmp_path):
    with pytest.raises(CellsFailed, match=r"1 of 9 cells failed.*S1: InvalidInput.*holds objects"):
        run(tmp_path, Objects())
    assert states(tmp_path) == {"S1": "failed", "S2": "done", "S3": "done"}


@dataclass(frozen=True)
class Stopped(Noting):
    """Is interrupted once, in the second layer."""

    interrupts: list = field(default_factory=lambda: [KeyboardInterrupt], compare=False)

    def score_many(self, design, recordings, folds, *, seed):
        if design.sizes["feature"] == HIGH and self.interrupts:
            raise self.interrupts.pop()
        return super().score_many(design, recordings, folds, seed=seed)


def test_interruption_costs_the_layer_in_work_alone(tmp_path):
    metric = Stopped()
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, metric)
    assert len(by_stage(Store(tmp_path), "scores")) == 3
    assert set(states(tmp_path).values()) == {"pending"}

    assert run(tmp_path, metric)[1] == [(HIGH, "S1", "S2", "S3")]


@dataclass(frozen=True)
class Holding(Noting):
    """Looks which responses of earlier calls are still there."""

    given: list = field(default_factory=list, compare=False)

    def score_many(self, design, recordings, folds, *, seed):
        held = {name for name, reference in self.given if reference() is not None}
        assert held <= set(recordings), held
        self.given.extend((name, weakref.ref(each.values)) for name, each in recordings.items())
        return super().score_many(design, recordings, folds, seed=seed)


def test_responses_beyond_the_budget_are_read_when_others_are_let_go(tmp_path, monkeypatch):
    n_rows = sum(len(ToyDataset().clock(name)) for name in ("one", "two", "test")) - 3
    of_one = 8 * 11 * n_rows
    run(tmp_path / "whole", data=ToyDataset(n_listeners=5))

    for budget, sizes in ((of_one - 1, [1] * 5), (3 * of_one - 1, [2, 2, 1])):
        monkeypatch.setattr(encoding_work, "RESPONSES_BYTES", budget)
        folder = tmp_path / str(budget)
        _, calls = run(folder, Holding(), data=ToyDataset(n_listeners=5))
        assert [len(names) for columns, *names in calls if columns == LOW] == sizes
        assert entries(folder) == entries(tmp_path / "whole")


def test_metric_that_knows_no_sharing_is_called_for_each(tmp_path, monkeypatch):
    designs = []
    made = encoding_work.stacked
    monkeypatch.setattr(
        encoding_work, "stacked", lambda *args, **how: designs.append(1) or made(*args, **how)
    )
    run(tmp_path, LeastSquares())

    assert len(designs) == 2, "one a layer, for all listeners"
    assert len(by_stage(Store(tmp_path), "scores")) == 6


@dataclass(frozen=True)
class Halved(Ridge):
    """Changes the call, and inherits a way to score many that knows nothing of it."""

    def __call__(self, design, responses, folds, *, seed):
        found = super().__call__(design, responses, folds, seed=seed)
        return found.assign(score=found["score"] / 2)


def test_call_that_a_subclass_changes_is_not_gone_round(tmp_path):
    ridge = toy_benchmark().metric
    whole, half = (
        run(tmp_path, metric)[0].tree["units"]["score"]
        for metric in (ridge, Halved(ridge.estimator))
    )
    np.testing.assert_allclose(half, whole / 2, atol=1e-6)


class Backwards(ToyDataset):
    """The same listeners in another order."""

    def subjects(self):
        return super().subjects()[::-1]


RIDGES = {
    "bootstrap": toy_benchmark().metric,
    "one penalty": Ridge(replace(toy_benchmark().metric.estimator, alpha_per_unit=False)),
}


@pytest.mark.parametrize("metric", [Noting(), *RIDGES.values()], ids=["noting", *RIDGES])
def test_entries_are_the_same_in_any_company(tmp_path, metric):
    def made(name, data=None, **settings):
        run(tmp_path / name, metric, data, **settings)
        return entries(tmp_path / name)

    expected = made("together")
    assert made("alone", executor=Alone()) == expected
    assert made("backwards", Backwards()) == expected
    with ThreadPoolExecutor(2) as pool:
        assert made("pooled", executor=pool) == expected


def test_workers_share_the_listeners_evenly(tmp_path):
    unknown, two = Alone(), Two()
    run(tmp_path / "a", data=ToyDataset(n_listeners=5), executor=unknown)
    run(tmp_path / "b", data=ToyDataset(n_listeners=5), executor=two)
    assert unknown.sizes == [1] * (3 + 5 + 5)
    assert two.sizes == [1] * (3 + 5) + [3, 2]


def test_watcher_hears_of_each_listener_of_a_group(tmp_path):
    told, seconds = [], []

    class Ear:
        def planned(self, cells, n_cached):
            pass

        def progressed(self, cell, fraction):
            if cell.stage == "scores":
                told.append((cell.about, round(fraction, 6)))

        def finished(self, cell, outcome):
            if cell.stage == "scores":
                told.append((cell.about, outcome.status))
                seconds.append(outcome.seconds)

    run(tmp_path, watcher=Ear())

    names = ["S1", "S2", "S3"]
    fractions = [round(done / 6, 6) for done in range(1, 7)]
    assert told == [
        *((name, fraction) for fraction in fractions for name in names),
        *((name, "done") for name in names),
    ]
    assert len(set(seconds)) == 1


def test_plan_says_who_is_solved_together(tmp_path):
    def planned(**settings):
        return heschl.plan(
            Loudness(),
            toy_benchmark(metric=Noting()),
            data=Absent(n_listeners=4),
            store=tmp_path,
            **settings,
        )

    def together():
        return [[cell.about for cell in group] for group in planned().together]

    assert together() == [["S1", "S4"], ["S2", "S3"]]
    run(tmp_path, data=Absent(n_listeners=4), subjects=["S2"])
    assert together() == [["S1", "S4"]]


def test_routes_name_each_design_once(tmp_path):
    planned = heschl.plan(Loudness(), toy_benchmark(), data=Absent(n_listeners=7), store=tmp_path)
    designs = [
        each for users in planned.benchmark.routes(planned.session).values() for each in users
    ]
    assert sorted(designs) == [
        "high × S1, S4",
        "high × S2, S3, S5, S6 and 1 more",
        "low × S1, S4",
        "low × S2, S3, S5, S6 and 1 more",
    ]
