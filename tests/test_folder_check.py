"""A folder against a manifest: what is missing, wrong, unverifiable or unknown."""

import pytest
from small_dataset import CONTENT, folder_of, manifest_of

from heschl.errors import MissingData
from heschl.folder_check import check_folder
from heschl.manifest import Manifest
from heschl.progress import LineProgress


@pytest.fixture
def manifest(tmp_path):
    return manifest_of(tmp_path)


@pytest.fixture
def folder(tmp_path):
    return folder_of(tmp_path)


def test_whole_folder_is_right(manifest, folder):
    found = check_folder(Manifest.read(manifest), folder)
    assert found.is_right
    assert set(found.right) == set(CONTENT)
    assert found.missing == found.unlisted == found.extra == ()


def test_every_difference_is_named(manifest, folder):
    (folder / "top.json").unlink()
    (folder / "stimuli/a.wav").write_bytes(b"../.git/annex/objects/xx/MD5E-s7--0")
    (folder / "stimuli/b.wav").write_bytes(b"sound B")
    (folder / "data/S1/a.hf5").write_bytes(b"respons")
    (folder / "derivatives").mkdir()
    (folder / "derivatives/x.gii").write_bytes(b"?")
    (folder / "notes.txt").write_bytes(b"mine")
    (folder / ".git").mkdir()
    (folder / ".git/config").write_bytes(b"hidden")
    (folder / "stimuli/.c.wav.part").write_bytes(b"half")

    found = check_folder(Manifest.read(manifest), folder)

    assert not found.is_right
    assert found.missing == ("top.json",)
    assert [each.path for each in found.wrong_size] == ["stimuli/a.wav", "data/S1/a.hf5"]
    assert found.wrong_size[0].found.endswith("a git-annex pointer in place of the content")
    assert [each.path for each in found.wrong_hash] == ["stimuli/b.wav"]
    assert found.right == ("data/S2/a.hf5",)
    assert found.unlisted == ("derivatives/x.gii",)
    assert found.extra == ("notes.txt",)


def test_sizes_alone_do_not_see_another_content(manifest, folder):
    (folder / "stimuli/b.wav").write_bytes(b"sound B")
    assert check_folder(Manifest.read(manifest), folder, hashes=False).is_right


def test_what_was_not_selected_is_no_stranger(manifest, folder):
    part = Manifest.read(manifest).select(subjects=["S1"])
    found = check_folder(part, folder)
    assert "data/S2/a.hf5" not in found.right + found.extra
    assert not found.extra


@pytest.mark.parametrize("hashes", [True, False])
def test_progress_hears_of_every_byte(manifest, folder, capsys, hashes):
    heard = []

    class Recorder(LineProgress):
        def advance(self, n_bytes):
            heard.append(n_bytes)
            super().advance(n_bytes)

    progress = Recorder(doing="checking")
    check_folder(Manifest.read(manifest), folder, hashes=hashes, progress=progress)
    n_bytes = sum(map(len, CONTENT.values()))
    assert sum(heard) == n_bytes
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == f"checking 5 files, {n_bytes} B"
    assert lines[-1] == f"5 of 5 files, {n_bytes} B of {n_bytes} B"


def test_folder_that_is_not_there_is_refused(manifest, tmp_path):
    with pytest.raises(MissingData, match="is no folder; name the one that holds ds0"):
        check_folder(Manifest.read(manifest), tmp_path / "nowhere")
