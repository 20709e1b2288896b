"""Suites: what a file may say, what it would take, and that one score's failure is its own."""

from __future__ import annotations

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
from suite_runs import differing_groups

from heschl.cli import main
from heschl.errors import CorruptData, HeschlError, InvalidInput, MissingData, UnknownName
from heschl.execution import Silent
from heschl.runs import list_runs
from heschl.scores import Score, open_score
from heschl.store import Store
from heschl.suites import Needs, plan_suite, read_suite, run_suite

SUITE = """
models: [envelope, no-such-model]
benchmarks: [timit-mfcc]
data: phantom
"""


def suite_file(folder, text=SUITE):
    path = folder / "suite.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_benchmarks_have_data_of_their_own_or_those_of_all(tmp_path):
    suite = read_suite(
        suite_file(
            tmp_path,
            "models: [a, b]\nbenchmarks: [x, {id: y, data: ./there}]\ndata: phantom\nseed: 3\n",
        )
    )

    assert dict(suite.data) == {"x": "phantom", "y": "./there"}
    assert suite.seed == 3
    assert list(suite.pairs) == [("a", "x"), ("b", "x"), ("a", "y"), ("b", "y")]


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("models: [a", CorruptData, "not YAML"),
        ("!!python/object/apply:os.system [id]", CorruptData, "not YAML"),
        ("- a", InvalidInput, "holds a list, and is no suite; write two lines such as 'models:"),
        ("# to be written", InvalidInput, "holds nothing, and is no suite; write two lines"),
        ('models = ["a"]', InvalidInput, "holds a text, and is no suite"),
        ("models: [a]\nmodels: [b]\nbenchmarks: [x]", CorruptData, "the key 'models' twice"),
        ("models: [a]\nbenchmarks: [{id: x, id: y}]", CorruptData, "the key 'id' twice"),
        ("models: [a, '']\nbenchmarks: [x]", InvalidInput, "expected ids, none of them empty"),
        ("models: [a]\nbenchmarks: [x]\nseed: 4294967296", InvalidInput, "from 0 to 4294967295"),
        ("models: [a]\nbenchmark: [x]", InvalidInput, "'benchmark'; did you mean 'benchmarks'"),
        ("models: a\nbenchmarks: [x]", InvalidInput, "expected a list"),
        ("models: [3]\nbenchmarks: [x]", InvalidInput, "expected ids"),
        ("models: [a, a]\nbenchmarks: [x]", InvalidInput, "names a twice"),
        ("models: [a]\nbenchmarks: []", InvalidInput, "expected a list"),
        ("models: [a]\nbenchmarks: [{data: x}]", InvalidInput, "expected an id"),
        ("models: [a]\nbenchmarks: [{id: x, seed: 1}]", InvalidInput, "the key 'seed'"),
        ("models: [a]\nbenchmarks: [x]\nseed: -1", InvalidInput, "whole number"),
        ("models: [a]\nbenchmarks: [x]\ndata: [y]", InvalidInput, "a folder or phantom"),
    ],
)
def test_files_that_are_no_suite_are_refused(tmp_path, text, error, message):
    with pytest.raises(error, match=message):
        read_suite(suite_file(tmp_path, text))


def test_missing_file_is_said_to_be_missing(tmp_path):
    with pytest.raises(MissingData, match="does not exist"):
        read_suite(tmp_path / "suite.yaml")


def test_scores_come_one_by_one_and_a_refusal_stops_no_other(tmp_path):
    found = list(run_suite(read_suite(suite_file(tmp_path)), Store(tmp_path / "store")))

    assert [(model, benchmark) for model, benchmark, _ in found] == [
        ("envelope", "timit-mfcc"),
        ("no-such-model", "timit-mfcc"),
    ]
    assert found[0][2].model == "envelope"
    assert isinstance(found[1][2], UnknownName)


SIDE_BY_SIDE = """
models: [no-such-model, envelope, logmel]
benchmarks: [timit-mfcc, timit-phonemes]
data: phantom
"""


def test_scores_beside_each_other_are_those_of_one_after_the_other(tmp_path, store_folder):
    suite = read_suite(suite_file(tmp_path, SIDE_BY_SIDE))
    heard = {}
    for kind, executor in (("serial", None), ("threads", ThreadPoolExecutor(3))):
        store = Store(tmp_path / kind)
        store.folder.mkdir()
        (store.folder / "phantoms").symlink_to((store_folder / "phantoms").resolve())
        watcher = Counting()
        found = run_suite(suite, store, executor=executor, watcher=watcher)
        heard[kind] = {(model, benchmark): score for model, benchmark, score in found}
        assert watcher.n_finished == watcher.n_planned > 0
        assert len(list_runs(store)) == 4

    assert heard["threads"].keys() == heard["serial"].keys() == set(suite.pairs)
    for pair, score in heard["threads"].items():
        if pair[0] == "no-such-model":
            assert isinstance(score, UnknownName)
            continue
        for name, path in (("a", "serial"), ("b", "threads")):
            heard[path][pair].save(tmp_path / f"{name}.nc")
        assert differing_groups(tmp_path / "a.nc", tmp_path / "b.nc") == []


def test_interrupted_suite_leaves_no_use_behind_and_goes_on(tmp_path, store_folder):
    suite = read_suite(suite_file(tmp_path, SIDE_BY_SIDE))
    store = Store(tmp_path / "store")
    store.folder.mkdir()
    (store.folder / "phantoms").symlink_to((store_folder / "phantoms").resolve())
    with ThreadPoolExecutor(2) as pool:
        running = run_suite(suite, store, executor=pool)
        assert isinstance(next(running)[2], UnknownName)
        running.close()
        assert not list((store.folder / "uses").glob("*"))

        found = {(model, benchmark): score for model, benchmark, score in run_suite(suite, store)}

    assert sum(isinstance(score, Score) for score in found.values()) == 4


class Counting(Silent):
    """Counts what it is told."""

    n_planned = n_finished = 0

    def planned(self, cells, n_cached):
        self.n_planned += len(cells)

    def finished(self, cell, outcome):
        self.n_finished += 1


def test_suite_that_has_no_room_is_refused_before_it_begins(tmp_path, monkeypatch):
    store = Store(tmp_path / "store")
    planned = next(plan_suite(read_suite(suite_file(tmp_path)), store)).plan
    needs = Needs(store)
    needs.add(planned)
    needs.add(planned)
    needed = sum(cell.n_bytes or 0 for cell in planned.cells)
    assert needs.n_bytes == needed, "an entry counts once"
    usage = SimpleNamespace(total=0, free=needed - 1)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)

    with pytest.raises(InvalidInput, match="has room for"):
        Needs(store).add(planned)


def test_a_folder_that_is_none_is_refused_before_anything_is_scored(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "taken").write_text("a file")
    store = tmp_path / "store"
    words = ["run", str(suite_file(tmp_path)), "-o", "taken", "--store", str(store)]

    assert main(words) == 1

    assert "taken: the system refuses" in capsys.readouterr().err
    assert not list(Store(store).entries())


def test_command_writes_what_there_is_and_tells_the_rest(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    words = ["run", str(suite_file(tmp_path)), "-o", "scores", "-q", "--json"]

    assert main(words) == 3

    done, failed = json.loads(capsys.readouterr().out)
    assert open_score(done["file"]).value == done["value"]
    assert failed["error"] == "UnknownName"
    assert issubclass(UnknownName, HeschlError)
    assert main([*words[:2], "--plan"]) == 3
    assert "2 scores" in capsys.readouterr().out
