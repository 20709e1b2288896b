"""What is registered and whether it works: `list`, `info`, `cite` and `doctor`."""

from __future__ import annotations

import importlib.util
import json

import pytest


def test_list_names_every_kind(heschl):
    code, out, _ = heschl("list", "--json")
    listing = json.loads(out)
    assert code == 0
    assert {"logmel", "wav2vec2-random"} <= {entry["id"] for entry in listing["models"]}
    assert "lebel_moth-ridge" in [entry["id"] for entry in listing["benchmarks"]]


@pytest.mark.parametrize("name", ["logmel", "lebel_moth-ridge", "lebel_moth", "ridge"])
def test_info_prints_a_card_of_any_kind(heschl, name):
    code, out, _ = heschl("info", name)
    assert code == 0
    assert name in out
    assert json.loads(heschl("info", name, "--json")[1])["id"] == name


def test_cite_gives_model_benchmark_dataset_and_metric_once(heschl):
    _, out, _ = heschl("cite", "wav2vec2-random", "lebel_moth-ridge", "lebel_moth")
    assert out.count("@article{lebel2023natural,") == 1
    for key in ("baevski2020wav2vec", "moussa2025brain", "hoerl1970ridge"):
        assert key in out


def test_cite_says_of_a_score_what_it_takes(heschl):
    code, _, err = heschl("cite", "logmel.nc")

    assert code == 1
    assert "cite takes ids; `heschl show logmel.nc` names the model and the benchmark" in err


def test_info_and_cite_know_what_a_file_holds(heschl, tmp_path):
    (tmp_path / "mine.py").write_text(
        "from heschl import ModelCard\n"
        "from heschl.testing.toy_model import Loudness\n"
        "class Mine(Loudness):\n"
        "    card = ModelCard('mine', load='a:b', summary='Mine', citation='@misc{mine2026, x}')\n"
        "def make():\n"
        "    return Mine()\n"
    )
    for name in ("Mine", "make"):
        uri = f"file:{tmp_path / 'mine.py'}:{name}"
        record = json.loads(heschl("info", uri, "--json")[1])
        assert (record["kind"], record["id"]) == ("model", "mine")
        code, out, _ = heschl("cite", uri, "lebel_moth-ridge")
        assert code == 0
        assert "@misc{mine2026, x}" in out
        assert "moussa2025brain" in out


@pytest.mark.parametrize("command", ["info", "cite"])
@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("logmell", "did you mean 'logmel'? `heschl list` shows all"),
        ("hubert", "did you mean 'hubert-base-ls960' or "),
        ("zzzzz", "known names is near it; `heschl list` shows all"),
    ],
)
def test_info_and_cite_lead_on_from_a_name_that_nobody_claims(heschl, command, name, hint):
    code, out, err = heschl(command, name)
    assert (code, out) == (1, "")
    assert hint in err


def test_doctor_finds_nothing_broken(heschl):
    code, out, _ = heschl("doctor")
    assert code == 0
    n_usable, _, n_plugins = out.splitlines()[-1].split()[:3]
    assert n_usable == n_plugins
    assert "float32 Gflop/s" in out
    record = json.loads(heschl("doctor", "--json")[1])
    assert record["broken"] == []
    assert record["arithmetic"]["rates"][0]["float32"] > 1e8


def test_doctor_says_why_products_cannot_be_timed(heschl, monkeypatch):
    def fail():
        raise RuntimeError("the driver is older than the library")

    monkeypatch.setattr("heschl.metrics.ridge.engine.rates.rates", fail)

    code, out, _ = heschl("doctor")

    assert code == 0
    assert "could not be timed: the driver is older" in out


def test_doctor_names_the_folders_that_are_used(heschl, monkeypatch, tmp_path):
    monkeypatch.setenv("HESCHL_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("HESCHL_STORE", str(tmp_path / "store"))
    record = json.loads(heschl("doctor", "--json")[1])
    assert record["data"]["path"] == str(tmp_path / "data")
    assert record["store"]["path"] == str(tmp_path / "store")


@pytest.mark.parametrize("folder", ["not/there", "there"])
def test_doctor_finds_folders_that_are_named_from_here(heschl, monkeypatch, tmp_path, folder):
    (tmp_path / "there").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HESCHL_STORE", folder)

    found = json.loads(heschl("doctor", "--json")[1])["store"]

    assert found["path"] == folder
    assert found["state"].startswith("writable" if folder == "there" else "not made yet, writable")


def test_doctor_does_not_call_usable_what_lacks_a_package(heschl, monkeypatch):
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name, *more: None if name == "h5py" else found(name, *more),
    )
    code, out, _ = heschl("doctor")
    lines = out.splitlines()
    assert code == 0
    assert "lebel_moth-ridge needs h5py" in lines
    n_usable, _, n_plugins = lines[-1].split()[:3]
    n_lacking = sum(line.endswith(" needs h5py") for line in lines)
    assert n_lacking >= 2  # the benchmark and its dataset
    assert int(n_usable) == int(n_plugins) - n_lacking


def test_list_shows_facets_and_leaves_twins_out(heschl, monkeypatch, tmp_path):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    listing = {
        each["id"]: each for each in json.loads(heschl("list", "models", "--json")[1])["models"]
    }
    assert listing["hubert-large-ll60k"]["training"]["hours"] == 60_000
    assert listing["hubert-large-ll60k"]["untrained_twin"] in listing
    _, out, _ = heschl("list", "models")
    rows = {line.split()[0]: line.split() for line in out.splitlines() if line}
    assert rows["hubert-large-ll60k"][1:5] == ["fetches", "weights", "315", "M"]
    assert "hubert-large-random" not in rows
    assert "wav2vec2-random" in rows  # the twin of none
    assert "hubert-large-random" in heschl("list", "models", "--twins")[1]


def test_two_claims_to_one_id_are_not_called_ready(heschl, install):
    install(
        "twin",
        "1.0",
        "[heschl.models]\nlogmel = twin_module:CARD\n",
        twin_module="from heschl import ModelCard\nCARD = ModelCard('logmel', 'a:b', 'Twin')",
    )
    listing = json.loads(heschl("list", "models", "--json")[1])["models"]
    states = {entry["state"] for entry in listing if entry["id"] == "logmel"}
    assert states == {"claimed 2 times, see `heschl doctor`"}
    code, out, _ = heschl("doctor")
    assert code == 1
    assert "logmel is claimed more than once" in out


def test_doctor_shows_a_broken_plugin(heschl, install):
    install(
        "hurt",
        "1.0",
        "[heschl.models]\nhurt-net = hurt_module:CARD\n",
        hurt_module="raise RuntimeError('no weights today')",
    )
    code, out, _ = heschl("doctor", "--traces")
    assert code == 1
    assert "hurt-net" in out
    assert "no weights today" in out
    code, _, err = heschl("score", "hurt-net", "lebel_moth-ridge", "--data", "phantom")
    assert code == 1
    assert "no weights today" in err
