"""From a stranger's model to a row: `score`, `submit`, `submissions check` and `reproduce`."""

from __future__ import annotations

import json
import shutil
import sys

import netCDF4
import numpy as np
import pytest
from made_scores import made_score

from heschl.cli import main
from heschl.leaderboard.score_file_reading import read_score_file
from heschl.leaderboard.submitted_card import read_card
from heschl.leaderboard.submitting import submit
from heschl.scores import open_score

BENCHMARK = "crema_d-emotion"
PLUGIN = '''
"""A stranger's model: how loud it is, below and above."""

import numpy as np

from heschl import ModelCard, Training
from heschl.testing.toy_model import Loudness


class MyNet(Loudness):
    card = ModelCard(
        "my/net@1", load="my_model:MyNet", summary="Mine", training=Training("listening")
    )
'''
FEATURES = "(heschl.models.features_on_disk:FeatureFolder)"


@pytest.fixture(scope="module")
def scored(tmp_path_factory):
    """Return a folder with a stranger's file and its score on a phantom."""
    folder = tmp_path_factory.mktemp("stranger")
    (folder / "my_model.py").write_text(PLUGIN)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        words = ["score", "file:./my_model.py:MyNet", BENCHMARK, "--data", "phantom"]
        words += ["--quiet", "-o", "mine.nc"]
        patch.setattr("sys.argv", ["heschl", *words])  # which the provenance tells
        assert main(words) == 0
    return folder


@pytest.fixture
def here(scored, tmp_path, monkeypatch):
    """Be in a fresh folder that has the stranger's file and score."""
    for path in scored.iterdir():
        if path.is_file():
            shutil.copy(path, tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_two_commands_make_a_submission_that_may_stand(heschl, here):
    code, out, _ = heschl("submit", "mine.nc")
    assert code == 0
    assert f"submissions/my-net-1/{BENCHMARK}.phantom.json: my/net@1 on {BENCHMARK}" in out
    assert "submissions/my-net-1/card.toml: new" in out
    assert out.splitlines()[-2:] == ["  heschl submissions check", "  heschl board serve"]

    code, out, _ = heschl("submissions", "check", "--scores", ".")
    assert code == 0
    assert "not compared with a former state" in out
    assert "1 model, 1 score: 0 errors" in out

    file = read_score_file(here / "submissions" / "my-net-1" / f"{BENCHMARK}.phantom.json")
    score = open_score("mine.nc")
    assert file.primary.normalised.value == score.value
    assert file.status == "self-reported"
    card = read_card(here / "submissions" / "my-net-1" / "card.toml")
    assert (card.id, card.name) == ("my/net@1", "my/net@1")
    assert card.how_to_run == "file:my_model.py:MyNet"
    assert card.training.objective == ""  # of a file that was not run, nothing is known


def test_maps_of_the_cortex_need_no_extra_and_are_told(heschl, here, monkeypatch):
    for name in ("nibabel", "nilearn", "h5py", "rsatoolbox"):
        monkeypatch.setitem(sys.modules, name, None)
    values = np.random.default_rng(0).normal(0.3, 0.1, (2, 3, 2 * 642))
    made_score(values, "on-a-mesh").save(here / "mesh.nc")

    code, out, _ = heschl("submit", "mesh.nc", "mine.nc", "--json")
    assert code == 0
    of_mesh, of_labels = json.loads(out)["submitted"]
    assert of_mesh["maps"] == ["normalised", "score", "ceiling", "best_layer", "region"]
    assert of_labels["maps"] == []
    _, out, _ = heschl("submit", "mesh.nc")
    assert "self-reported, with 5 maps of the cortex" in out


def test_maps_that_cannot_be_made_are_not_left_out_in_silence(here, monkeypatch):
    def broken(_):
        raise ImportError("a part of it is gone")

    monkeypatch.setattr("heschl.leaderboard.surface_maps.best_layers", broken)
    made_score(np.full((2, 3, 2 * 642), 0.3), "on-a-mesh").save(here / "mesh.nc")
    with pytest.raises(ImportError, match="a part of it is gone"):
        submit(["mesh.nc"])
    assert not (here / "submissions").exists()


def test_a_card_is_read_from_the_file_that_is_named(heschl, here):
    words = ["--name", "My net", "--by", "A stranger", "--to", "board"]
    _, out, _ = heschl("submit", "mine.nc", "--model", "file:./my_model.py:MyNet", *words)
    assert "heschl submissions check board" in out
    card = read_card("board/my-net-1/card.toml")
    assert (card.name, card.submitted_by, card.summary) == ("My net", "A stranger", "Mine")
    assert card.training.objective == "listening"
    code, _, err = heschl("submit", "mine.nc", "--to", "other", "--model", "logmel")
    assert code == 1
    assert "'logmel' is the model 'logmel', the score is of 'my/net@1'" in err


def test_an_edited_card_is_never_changed(heschl, here):
    heschl("submit", "mine.nc")
    card = here / "submissions" / "my-net-1" / "card.toml"
    card.write_text(card.read_text().replace('summary = ""', 'summary = "Edited"'))
    before = card.read_text()

    code, out, _ = heschl("submit", "mine.nc", "--json")
    assert code == 0
    (record,) = json.loads(out)["submitted"]
    assert (record["replaced"], record["is_new_card"]) == (True, False)
    code, _, err = heschl("submit", "mine.nc", "--by", "Somebody")
    assert code == 1
    assert "is there and is not changed" in err
    assert card.read_text() == before


def changed(path, name, provenance=None, **attrs):
    """Write a score's file with another provenance or other attributes."""
    shutil.copy(path, name)
    with netCDF4.Dataset(name, "a") as file:
        file.setncatts(attrs)
        file["provenance"].setncatts(provenance or {})
    return name


def test_an_older_version_is_replaced_and_a_newer_one_is_not(heschl, here):
    changed("mine.nc", "old.nc", benchmark_version=0)
    heschl("submit", "old.nc")
    code, out, _ = heschl("submit", "mine.nc")
    assert code == 0
    assert "self-reported; replaces a score of version 0" in out
    code, _, err = heschl("submit", "old.nc")
    assert code == 1
    assert "is of version 1 of crema_d-emotion, the new score of version 0" in err


def test_rows_of_several_models_are_refused(heschl, here):
    heschl("submit", "mine.nc")
    other = changed("mine.nc", "o.nc", {"model_digest": "another"}, benchmark="crema_d-other")
    code, _, err = heschl("submit", other)
    assert code == 1
    assert "are of models with other weights or code" in err
    code, _, err = heschl("submit", "mine.nc", changed("mine.nc", "same.nc"))
    assert code == 1
    assert "two of the scores are my/net@1 on crema_d-emotion (phantom data)" in err
    namesake = changed("mine.nc", "n.nc", model="my-net@1")
    code, _, err = heschl("submit", namesake)
    assert code == 1
    assert "the ids 'my-net@1' and 'my/net@1' would share the folder" in err
    twin = changed("mine.nc", "t.nc", benchmark="crema_d+emotion")
    code, _, err = heschl("submit", twin)
    assert code == 1
    assert "on crema_d+emotion (phantom data) as well" in err


def test_stored_features_are_called_so(heschl, here):
    stored = changed("mine.nc", "stored.nc", {"model_origin": f"heschl 1 {FEATURES}"})
    code, _, err = heschl("submit", stored, "--status", "self-reported")
    assert code == 1
    assert "its status is features-only" in err
    code, out, _ = heschl("submit", stored)
    assert code == 0
    assert ", features-only" in out


def test_an_incomplete_provenance_is_refused(heschl, here):
    shutil.copy("mine.nc", "less.nc")
    with netCDF4.Dataset("less.nc", "a") as file:
        file["provenance"].delncattr("seed")
    code, _, err = heschl("submit", "less.nc")
    assert code == 1
    assert "the provenance lacks seed: the seed" in err
    assert not (here / "submissions").exists()


def test_check_compares_with_a_former_state(heschl, here):
    heschl("submit", "mine.nc")
    (here / "before").mkdir()
    code, out, _ = heschl("submissions", "check", "--against", "before")
    assert code == 0
    assert any(
        line.split() == ["my/net@1", BENCHMARK, "phantom", "–", "1"] for line in out.splitlines()
    )
    shutil.copytree("submissions", "more")
    shutil.rmtree("submissions/my-net-1")
    code, out, _ = heschl("submissions", "check", "--against", "more", "--json")
    assert code == 4
    record = json.loads(out)
    assert [error["text"] for error in record["errors"]] == [
        "the row of my/net@1 was removed; restore it"
    ]
    assert record["rank_changes"][0]["after"] == "–"
    code, out, _ = heschl("submissions", "check", "more", "--against", "more")
    assert code == 0
    assert "no rank changes against more" in out


def test_reproduce_finds_the_same_and_the_first_difference(heschl, here):
    heschl("submit", "mine.nc")
    again = ["reproduce", "my/net@1", "--model", "file:./my_model.py:MyNet", "--quiet"]

    code, out, _ = heschl(*again)
    assert code == 0
    assert out == f"my/net@1 on {BENCHMARK} (phantom data): the same\n"

    path = here / "submissions" / "my-net-1" / f"{BENCHMARK}.phantom.json"
    record = json.loads(path.read_text())
    path.write_text(json.dumps(record | {"benchmark_version": 7}))
    code, out, _ = heschl(*again, "--json")
    assert code == 4
    (told,) = json.loads(out)["scores"]
    assert told["difference"] == {"where": "benchmark_version", "submitted": 7, "found": 1}

    record["provenance"]["model_digest"] = "another"
    path.write_text(json.dumps(record))
    code, out, _ = heschl(*again)
    assert code == 4
    assert "model_digest differs first: submitted 'another', found '" in out


def test_reproduce_says_what_there_is(heschl, here):
    heschl("submit", "mine.nc")
    code, _, err = heschl("reproduce", "my/nett@1")
    assert code == 1
    assert "there is no submission 'my/nett@1' in submissions; did you mean 'my-net-1'?" in err
    code, _, err = heschl("reproduce", "submissions/my-net-1", "nh2015-ridge")
    assert code == 1
    assert "has no score of 'nh2015-ridge'; known: 'crema_d-emotion'" in err
    code, _, err = heschl("reproduce", "my/net@1", "--kind", "real")
    assert code == 1
    assert "has no score of real data that can be run again" in err
    code, _, err = heschl("reproduce", "mine.nc")
    assert code == 1
    assert "mine.nc is no submission; name a model's id, the folder" in err
    code, _, err = heschl("reproduce", "my/net@1", "--from", "elsewhere")
    assert code == 1
    assert "there is no folder elsewhere with submissions; name it by --from" in err


@pytest.mark.parametrize("tolerance", ["nan", "-1", "inf", "1e-6s"])
def test_tolerance_that_nothing_could_meet_is_refused_before_anything_is_computed(
    heschl, here, tolerance
):
    code, _, err = heschl("reproduce", "my/net@1", f"--tolerance={tolerance}")

    assert code == 2
    assert f"'{tolerance}' is no tolerance; give a number, 0 or above" in err
