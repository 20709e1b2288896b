"""The command that compares a folder with a manifest."""

import dataclasses
import json

import pytest
from small_dataset import folder_of, manifest_of

from heschl import registry
from heschl.cards import DatasetCard


@pytest.fixture
def folder(tmp_path):
    return folder_of(tmp_path)


@pytest.fixture
def card(tmp_path, fresh_session):
    manifest = str(manifest_of(tmp_path))
    card = DatasetCard("toy", load="none:none", summary="A toy", manifest=manifest)
    registry.register_dataset(card)
    return card


def test_command_prints_what_differs(heschl, card, folder):
    assert heschl("data", "check", "toy", "--data", str(folder))[0] == 0
    (folder / "stimuli/b.wav").write_bytes(b"sound B")
    (folder / "top.json").unlink()
    code, out, err = heschl("data", "check", "toy", "--data", str(folder))
    assert code == 4
    assert "stimuli/b.wav: expected md5:" in out
    assert "missing:\n  top.json" in out
    assert err.startswith("checking 4 files")
    code, out, _ = heschl("data", "check", "toy", "--data", str(folder), "--json")
    assert json.loads(out)["missing"] == ["top.json"]
    assert heschl("data", "check", "toy", "--data", str(folder), "--sizes")[0] == 0


def test_command_shortens_long_lists(heschl, card, folder):
    for number in range(15):
        (folder / f"extra{number:02d}").write_bytes(b"")
    _, out, _ = heschl("data", "check", "toy", "--data", str(folder))
    assert "and 5 more (--all)" in out
    _, out, _ = heschl("data", "check", "toy", "--data", str(folder), "--all")
    assert "extra14" in out


@pytest.mark.parametrize("extra", [False, True])
def test_command_says_that_nothing_is_there(heschl, card, tmp_path, extra):
    empty = tmp_path / "empty"
    empty.mkdir()
    if extra:
        (empty / "notes.txt").write_text("of something else")
    code, out, _ = heschl("data", "check", "toy", "--data", str(empty))
    assert code == 4
    said = "nothing of toy is there; name its folder (--data ...), or run `heschl fetch toy`"
    assert said in out
    assert heschl("data", "check", "toy", "--data", str(empty), "--json")[0] == 4


def test_command_refuses_a_folder_that_is_not_there(heschl, card, tmp_path):
    code, out, err = heschl("data", "check", "toy", "--data", str(tmp_path / "nowhere"))
    assert (code, out) == (1, "")
    assert "nowhere is no folder; name the one that holds" in err


def test_a_part_of_a_dataset_is_enough(heschl, card, folder):
    (folder / "top.json").unlink()
    code, out, _ = heschl("data", "check", "toy", "--data", str(folder))
    assert code == 0
    assert "nothing of toy" not in out


def test_the_folder_goes_by_its_former_option_too(heschl, card, folder):
    assert heschl("data", "check", "toy", "--root", str(folder))[0] == 0


def test_command_refuses_datasets_without_a_manifest(heschl, card):
    registry.register_dataset(
        dataclasses.replace(card, id="private", manifest="", access="private", how_to_get="ask")
    )
    code, _, err = heschl("data", "check", "private")
    assert code == 1
    assert "private has no manifest to compare with (private): ask" in err
