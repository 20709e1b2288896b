"""What cells ask of workers, how little of them travels, and engines named on the command line."""

from __future__ import annotations

import json
import pickle
from dataclasses import replace
from pathlib import Path

import pytest
from mortal import Carded, threads_of_worker
from toy import Loudness, ToyDataset, toy_benchmark
from undisturbed import assert_untouched, run

import heschl
from heschl.cells import run_together
from heschl.cli import main
from heschl.costs import with_memory
from heschl.engines import engine
from heschl.errors import InvalidInput
from heschl.processes import Processes

distributed = pytest.importorskip("distributed", reason="needs the extra dask")


@pytest.fixture
def cluster(monkeypatch):
    """Yield a scheduler with two workers, each with a card and a little memory to declare."""
    settings = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    offered = {"GPU": 1, "MEMORY": 4e9}
    with (
        # One process serves what is about asking, and closes fast.
        distributed.LocalCluster(**settings, processes=False, resources=offered) as found,
    ):
        yield found


@pytest.fixture
def asked(monkeypatch):
    """Note what calls ask of a cluster."""
    found = []
    submit = distributed.Client.submit

    def noting(self, *arguments, **settings):
        found.append(settings["resources"])
        return submit(self, *arguments, **settings)

    monkeypatch.setattr(distributed.Client, "submit", noting)
    return found


class Movable(Loudness):
    """A model that can be moved to a device."""

    def to(self, device):
        return self


@pytest.mark.parametrize(("model", "wants_card"), [(Loudness(), False), (Movable(), True)])
def test_cells_ask_for_the_card_and_the_memory_that_they_need(
    tmp_path, cluster, asked, model, wants_card
):
    with engine(f"dask:{cluster.scheduler_address}", tmp_path) as pool:
        score = run(tmp_path, model, executor=pool)

    assert_untouched(score)
    features = asked[:3]
    assert [("GPU" in each) for each in features] == [wants_card] * 3
    assert not any("GPU" in each for each in asked[3:])
    planned = with_memory(
        heschl.plan(model, toy_benchmark(), data=ToyDataset(), store=tmp_path / "other")
    )
    assert features[0]["MEMORY"] == planned.cells[0].memory


def test_cell_that_no_worker_can_hold_is_refused_and_does_not_wait(tmp_path, cluster):
    planned = heschl.plan(Loudness(), toy_benchmark(), data=ToyDataset(), store=tmp_path)
    cell = replace(planned.cells[0], memory=5e9)
    with (
        engine(f"dask:{cluster.scheduler_address}", tmp_path) as pool,
        pytest.raises(InvalidInput, match=r"needs 5.0 GB of memory.* more than 4.0 GB"),
    ):
        pool.submit(run_together, [cell], planned.session.store)


def test_card_and_memory_must_be_of_one_worker(tmp_path):
    planned = heschl.plan(Loudness(), toy_benchmark(), data=ToyDataset(), store=tmp_path)
    cell = replace(planned.cells[0], memory=5e9, uses_device=True)
    here = {"host": "127.0.0.1"}
    offers = ({"GPU": 1, "MEMORY": 4e9}, {"MEMORY": 8e9})
    workers = {
        number: {"cls": distributed.Worker, "options": here | {"resources": offer, "nthreads": 1}}
        for number, offer in enumerate(offers)
    }
    scheduler = {"cls": distributed.Scheduler, "options": here | {"dashboard": False, "port": 0}}
    with (
        distributed.SpecCluster(workers=workers, scheduler=scheduler) as found,
        engine(f"dask:{found.scheduler_address}", tmp_path) as pool,
        pytest.raises(InvalidInput, match=r"no worker of .* with a card has more than 4.0 GB"),
    ):
        pool.submit(run_together, [cell], planned.session.store)


def test_plan_refuses_what_no_worker_of_a_cluster_can_hold(tmp_path, capsys):
    suite = tmp_path / "suite.yaml"
    suite.write_text("models: [envelope]\nbenchmarks: [timit-mfcc]\ndata: phantom\n")
    settings = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    store = ["--store", str(tmp_path)]
    for memory, code in (("40MB", 1), ("8GB", 0)):
        with distributed.LocalCluster(**settings, memory_limit=memory, processes=False) as found:
            where = ["--dask", found.scheduler_address, *store]
            assert main(["run", str(suite), "--plan", *where]) == code
            told = capsys.readouterr()
            words = ["plan", "envelope", "timit-mfcc", "--data", "phantom", *where]
            assert main(words) == code
        refusal = "none of the cluster has more than 40.0 MB; take fewer workers (--dask), or start"
        assert (refusal in told.err) == bool(code)
        assert (refusal in capsys.readouterr().out) == bool(code)


def test_what_travels_is_a_description(moth_phantom, store_folder):
    planned = heschl.plan("logmel", "lebel_moth-ridge", data="phantom", store=store_folder)
    for cell in planned.cells:
        # Recordings are of megabytes, and features of as many.
        assert len(pickle.dumps((run_together, [cell], planned.session.store))) < 10_000


def test_linear_algebra_of_a_worker_has_its_share_of_threads():
    pool = Processes(1, n_threads=1)
    try:
        assert pool.submit(threads_of_worker, 0).result() == {1}
    finally:
        pool.close()


def test_worker_loads_a_model_once_for_all_cells(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    (tmp_path / "model.py").write_text(
        "from toy import Loudness\n\ndef net():\n"
        f"    with open({str(tmp_path / 'loads')!r}, 'a') as notes:\n        notes.write('x')\n"
        "    return Loudness()\n"
    )
    pool = Processes(1, n_threads=1)
    try:
        score = run(tmp_path, f"file:{tmp_path}/model.py:net", executor=pool)
    finally:
        pool.close()

    assert_untouched(score)
    assert (tmp_path / "loads").read_text() == "xx", "once here and once there"


def test_score_says_where_the_model_was_and_not_who_planned(tmp_path, monkeypatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    pool = Processes(1, n_threads=1, gpus=("4",))
    try:
        score = run(tmp_path, Carded(), executor=pool)
    finally:
        pool.close()

    assert_untouched(score)
    assert score.provenance["device"] == "cuda:4"
    assert run(tmp_path, Carded()).provenance["device"].startswith("none: ")
    assert run(tmp_path / "here").provenance["device"] == "cpu"


def test_engines_are_named_on_the_command_line(tmp_path, cluster, moth_phantom, capsys):
    words = ["score", "envelope", "lebel_moth-ridge", "--data", str(moth_phantom), "-q", "--json"]
    words += ["--subjects", "UTS02"]
    values = []
    for number, engine_words in enumerate(
        ([], ["--workers", "1"], ["--dask", cluster.scheduler_address])
    ):
        store = ["--store", str(tmp_path / str(number))]
        assert main([*words, *engine_words, *store]) == 0
        values.append(json.loads(capsys.readouterr().out)["value"])
    assert values[0] == values[1] == values[2]
    with pytest.raises(SystemExit):
        main([*words, "--workers", "1", "--dask", "1"])
