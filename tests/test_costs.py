"""Plans: what is counted, that more work costs more, and that what cannot fit is refused."""

from __future__ import annotations

import functools
import json
import shutil
import tempfile
import time
from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr
from toy import Loudness, ToyDataset, toy_benchmark

import heschl
from heschl import capacity
from heschl.capacity import memory_of_worker, refused_memory, refused_room
from heschl.cli import main
from heschl.costs import PassTimes, estimate, with_memory
from heschl.metrics.ridge import Bootstrap, LeaveOneOut, Nested, Ridge
from heschl.metrics.ridge.engine import design, factors
from heschl.splits import ContiguousKFold, Fold

GB = 10**9


def plan(store, **settings):
    return heschl.plan(Loudness(), toy_benchmark(), data=ToyDataset(), store=store, **settings)


def test_every_stage_is_told_in_time_and_memory(tmp_path):
    cost = estimate(plan(tmp_path))

    assert [stage.stage for stage in cost.stages] == ["features", "ceiling", "scores"]
    assert all(stage.seconds > 0 and stage.memory > 0 for stage in cost.stages)
    assert cost.processor_s == pytest.approx(sum(stage.seconds for stage in cost.stages))
    assert cost.device_s == 0
    assert cost.unknown == ()
    features = cost.stages[0]
    assert features.seconds >= cost.seconds
    assert features.n_bytes == sum(4 * 3 * n for n in (50, 45, 40))


def test_what_is_done_costs_nothing(tmp_path):
    heschl.score(Loudness(), toy_benchmark(), data=ToyDataset(), store=tmp_path)
    cost = estimate(plan(tmp_path))
    assert cost.n_cached == cost.n_cells
    assert cost.processor_s == 0


def test_plans_of_one_suite_time_a_model_once_in_each_precision(tmp_path):
    model, other, times = Loudness(), Loudness(scale=2.0), PassTimes()
    for which, precision in [(model, "float32"), (model, "float32"), (other, "float32")]:
        benchmark = toy_benchmark(precision=precision)
        planned = heschl.plan(which, benchmark, data=ToyDataset(), store=tmp_path)
        assert estimate(planned, times=times).seconds > 0
    assert (model.n_calls, other.n_calls) == (2, 2)  # one that pays for what is lazy, one timed


def test_workers_who_share_a_design_make_it_once_each(tmp_path):
    planned = plan(tmp_path)
    alone, three = (estimate(planned, n).stages[2].seconds for n in (1, 3))
    assert alone < three < 3 * alone


def test_metric_that_tells_nothing_leaves_the_time_open(tmp_path):
    class Silent(Ridge):
        cost = property()

    benchmark = toy_benchmark(metric=Silent(Bootstrap(n_draws=2, chunk=5, alphas=(1.0,))))
    planned = heschl.plan(Loudness(), benchmark, data=ToyDataset(), store=tmp_path)
    assert estimate(planned).unknown == ("scores",)


def test_cells_say_what_memory_they_take_under_the_same_keys(tmp_path):
    planned = plan(tmp_path)
    found = with_memory(planned)
    assert [cell.keys for cell in found.cells] == [cell.keys for cell in planned.cells]
    assert all(cell.memory > 0 for cell in found.cells)


@functools.cache
def problem(n_rows, n_features, n_units):
    generator = np.random.default_rng(0)
    values = generator.standard_normal((n_rows, n_features)) / np.arange(1, n_features + 1) ** 0.5
    responses = values[:, :8] @ generator.standard_normal((8, n_units))
    responses += generator.standard_normal(responses.shape)
    return (
        xr.DataArray(values, dims=("time", "feature")),
        xr.DataArray(responses.astype(np.float32), dims=("time", "unit")),
    )


@pytest.mark.parametrize("estimator", [Nested, Bootstrap, LeaveOneOut])
@pytest.mark.parametrize("shape", [(300, 60, 1500), (150, 300, 1000)])
def test_ridge_takes_about_the_time_that_its_operations_say(estimator, shape):
    alphas = tuple(np.logspace(0, 6, 20).tolist())
    settings = {"n_draws": 3, "chunk": 20, "fraction": 0.25} if estimator is Bootstrap else {}
    ridge = Ridge(estimator(alphas=alphas, **settings))
    rows = np.arange(shape[0])
    folds = [Fold(str(b[0]), np.delete(rows, b), b) for b in np.array_split(rows, 5)]
    inputs = problem(*shape)
    taken = []
    for _ in range(2):
        begin = time.process_time()
        ridge(*inputs, folds, seed=0)
        taken.append(time.process_time() - begin)

    told, memory = ridge.cost(*shape, folds, seed=0)

    assert memory > 0
    # A machine with other work has both the rate and the run wrong by as much again.
    assert 1 / 4 < told / min(taken) < 4


def test_memory_is_shared_by_workers_of_one_machine(monkeypatch):
    monkeypatch.setattr(capacity, "_memory_here", lambda: 16 * GB)
    assert memory_of_worker(None) == 16 * GB
    assert memory_of_worker("processes:4") == memory_of_worker("dask:4") == 4 * GB
    assert memory_of_worker("slurm:partition=a,mem_gb=64,jobs=2") == 64 * GB
    assert memory_of_worker("slurm:jobs=2") is None
    assert memory_of_worker("slurm:cluster=local,jobs=2") == 8 * GB


def test_what_no_worker_can_hold_is_refused_with_what_to_change(monkeypatch):
    monkeypatch.setattr(capacity, "_memory_here", lambda: 16 * GB)
    assert refused_memory(3 * GB, "processes:4") is None
    refusal = refused_memory(5 * GB, "processes:4")
    assert "need 5.0 GB of memory and has 4.0 GB; take fewer workers" in refusal
    assert "mem_gb=" in refused_memory(5 * GB, "slurm:mem_gb=4")


def test_container_with_less_memory_than_its_machine_counts(tmp_path, monkeypatch):
    limit = tmp_path / "memory.max"
    limit.write_text("123456\n")
    monkeypatch.setattr(capacity, "_LIMITS", (str(limit), str(tmp_path / "none")))
    assert memory_of_worker(None) == 123456
    limit.write_text("max\n")
    assert memory_of_worker(None) > 123456


def test_store_without_room_is_refused(tmp_path, monkeypatch):
    usage = SimpleNamespace(total=100 * GB, free=10 * GB)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    assert refused_room(8 * GB, tmp_path / "not" / "yet") is None
    assert "8.1 GB would be stored" in refused_room(8.1 * GB, tmp_path)


def test_plans_that_do_not_fit_are_shown_and_refused(tmp_path, moth_phantom, monkeypatch, capsys):
    words = ["plan", "envelope", "lebel_moth-ridge", "--data", str(moth_phantom)]
    words += ["--store", str(tmp_path)]
    assert main(words) == 0
    assert "of memory a worker" in capsys.readouterr().out
    monkeypatch.setattr(capacity, "_memory_here", lambda: 1000)

    assert main([*words, "--json"]) == 1

    (refusal,) = json.loads(capsys.readouterr().out)["refusals"]
    assert "has 1.0 kB; take a machine with more" in refusal
    suite = tmp_path / "suite.yaml"
    suite.write_text(f"models: [envelope]\nbenchmarks: [lebel_moth-ridge]\ndata: {moth_phantom}\n")
    for plan_alone in (["--plan"], []):
        assert main(["run", str(suite), "-q", "--store", str(tmp_path), *plan_alone]) == 1
        assert "a worker would need" in capsys.readouterr().err


def test_plan_of_a_suite_tells_what_is_to_be_fetched_once(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("HESCHL_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    suite = tmp_path / "suite.yaml"
    suite.write_text("models: [envelope, mfcc]\nbenchmarks: [nh2015_components-ridge]\n")
    assert main(["run", str(suite), "--plan", "--store", str(tmp_path), "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert 2e7 < record["n_bytes_to_fetch"] < 4e7  # 30 MB, for both models


class Counting:
    """Counts the calls of a function."""

    def __init__(self, function):
        self.function, self.n = function, 0

    def __call__(self, *arguments, **settings):
        self.n += 1
        return self.function(*arguments, **settings)


def test_suite_hears_each_sound_once_and_factors_each_design_once(tmp_path, monkeypatch):
    """Two benchmarks of the same sounds, with seven listeners."""
    model, dataset = Loudness(), ToyDataset(n_listeners=7)
    grams = Counting(design.Design.block_grams)
    eigh = Counting(np.linalg.eigh)
    monkeypatch.setattr(design.Design, "block_grams", lambda *a: grams(*a))  # noqa: PLW0108  a method
    monkeypatch.setattr(factors.np.linalg, "eigh", eigh)
    ridges = [Ridge(LeaveOneOut(alphas=(1.0, 10.0))), Ridge(LeaveOneOut(alphas=(5.0, 50.0)))]
    benchmarks = [
        toy_benchmark(metric=ridge, splitter=ContiguousKFold(3), skipped_rows={})
        for ridge in ridges
    ]

    with tempfile.TemporaryDirectory() as folder:
        heschl.score(Loudness(), benchmarks[0], data=ToyDataset(n_listeners=1), store=folder)
    of_one, eigh_of_one = grams.n, eigh.n
    heschl.score(model, benchmarks, data=dataset, store=tmp_path)

    n_windows = estimate(plan(tempfile.mkdtemp(dir=tmp_path))).n_windows
    assert model.n_calls <= n_windows  # of both benchmarks together
    assert grams.n - of_one == 2 * of_one  # once for each benchmark, whoever listens
    assert eigh.n - eigh_of_one == 2 * eigh_of_one


def test_model_that_breaks_while_it_is_timed_stops_no_other(tmp_path, moth_phantom, capsys):
    broken = tmp_path / "broken.py"
    broken.write_text(
        "from heschl.testing.toy_model import Loudness\n"
        "class Broken(Loudness):\n"
        "    def forward(self, waveforms, taps):\n"
        "        raise ValueError('out of tubes')\n"
    )
    suite = tmp_path / "suite.yaml"
    models = f"models: ['file:{broken}:Broken', envelope]\n"
    suite.write_text(f"{models}benchmarks: [lebel_moth-ridge]\ndata: {moth_phantom}\n")
    words = ["run", str(suite), "--json", "-q", "--store", str(tmp_path)]

    assert main([*words, "--plan"]) == 0
    records = json.loads(capsys.readouterr().out)["scores"]
    assert [record.get("error") for record in records] == ["NotMeasured", None]
    assert main(words) == 3
    failed, done = json.loads(capsys.readouterr().out)
    assert "out of tubes" in failed["message"]
    assert done["value"] is not None
