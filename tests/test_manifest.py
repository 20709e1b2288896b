"""Manifests: what they hold, what is selected of them, and malformed ones."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from bucket import row, write_manifest

from heschl.errors import CorruptData, InvalidInput, MissingData, UnknownName
from heschl.manifest import Manifest

MOTH = "heschl.data_registry:lebel_moth/manifest.tsv"


def test_manifest_of_lebel_moth_holds_what_its_loader_reads():
    manifest = Manifest.read(MOTH)

    counts = {
        "wav": sum(file.path.endswith(".wav") for file in manifest.files),
        "TextGrid": sum(file.path.endswith(".TextGrid") for file in manifest.files),
        "hf5": sum(file.path.endswith(".hf5") for file in manifest.files),
    }

    assert counts == {"wav": 84, "TextGrid": 84, "hf5": 440}
    assert manifest.choices()["subjects"] == tuple(f"UTS0{k}" for k in range(1, 10))
    assert len(manifest.choices()["stories"]) == 84
    assert all(file.version for file in manifest.files)
    # Table of bytes by listener in the data's own description: 20,118,122,136 for the first.
    first = manifest.select(subjects=["UTS01"])
    assert sum(f.size for f in first.files if f.path.endswith("hf5")) == 20_118_122_136


def test_select_keeps_common_files_and_chosen_groups(tmp_path):
    paths = ["top.json", "stimuli/a.wav", "stimuli/b.wav", "data/S1/a.hf5", "data/S2/a.hf5"]
    manifest = Manifest.read(write_manifest(tmp_path, [row(path, b"xy") for path in paths]))

    part = manifest.select(subjects=["S2"], stories=["a"])

    assert [file.path for file in part.files] == ["top.json", "stimuli/a.wav", "data/S2/a.hf5"]
    assert part.n_bytes == 6
    assert manifest.select(subjects=None) == manifest
    with pytest.raises(UnknownName, match="no 'S3' among its subjects; known: 'S1', 'S2'"):
        manifest.select(subjects=["S3"])
    with pytest.raises(UnknownName, match="cannot be selected by 'sections'"):
        manifest.select(sections=["1"])
    with pytest.raises(InvalidInput, match="give a list"):
        manifest.select(subjects="S1")


def test_addresses_are_pinned_first_and_percent_encoded(tmp_path):
    rows = [row("anat/voxelize[surf=pia] 1.gz", b"x", "a b/c"), row("new.gz", b"x", "v", "old.gz")]
    manifest = Manifest.read(write_manifest(tmp_path, rows, "https://s3.example"))

    assert list(manifest.addresses(manifest.files[0])) == [
        "https://s3.example/ds0/anat/voxelize%5Bsurf%3Dpia%5D%201.gz?versionId=a%20b%2Fc",
        "https://s3.example/ds0/anat/voxelize%5Bsurf%3Dpia%5D%201.gz",
    ]
    assert list(manifest.addresses(manifest.files[1])) == [
        "https://s3.example/ds0/old.gz?versionId=v",
        "https://s3.example/ds0/old.gz",
        "https://s3.example/ds0/new.gz",
    ]


@pytest.mark.parametrize(
    "path",
    ["../x", "/etc/x", "a/../../x", "a//x", "C:/x", "a\\..\\x", "./x", "a/", "x\x07", ""],
)
def test_read_refuses_paths_that_leave_the_root(tmp_path, path):
    with pytest.raises(CorruptData, match=r"only relative paths below the root"):
        Manifest.read(write_manifest(tmp_path, [row(path, b"x")]))
    with pytest.raises(CorruptData, match=r"only relative paths below the root"):
        Manifest.read(write_manifest(tmp_path, [row("fine", b"x", key=path or "/")]))


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("a\t1\tmd5:" + "0" * 32, "has 3 columns; expected 5"),
        ("a\t-1\tmd5:" + "0" * 32 + "\t\t", "the size '-1'"),
        ("a\t1\tmd5:" + "0" * 31 + "\t\t", "the hash 'md5:"),
        ("a\t1\tsha256:" + "0" * 32 + "\t\t", "the hash 'sha256:"),
        ("a\t1\tcrc:00\t\t", "the hash 'crc:00'"),
    ],
)
def test_read_refuses_malformed_rows(tmp_path, line, complaint):
    with pytest.raises(CorruptData, match=complaint):
        Manifest.read(write_manifest(tmp_path, [line]))


def test_read_refuses_doubles_wrong_heads_and_what_is_no_manifest(tmp_path):
    good = row("a", b"x")
    with pytest.raises(CorruptData, match="lists 'a' twice"):
        Manifest.read(write_manifest(tmp_path, [good, good]))
    with pytest.raises(MissingData, match="not a file"):
        Manifest.read(tmp_path / "absent.tsv")
    with pytest.raises(MissingData, match=r"holds no lebel_moth/absent\.tsv"):
        Manifest.read("heschl.data_registry:lebel_moth/absent.tsv")
    path = tmp_path / "other.tsv"
    for text, complaint in [
        ("path\tsize\n", "needs exactly one line '# dataset"),
        ("# dataset: d\n# base_url: u\npath\tsize\n", "lacks the header row"),
        (
            "# dataset: d\n# base_url: u\n# pattern: (\npath\tsize\thash\ts3_version\ts3_path\n",
            "no reg",
        ),
    ]:
        path.write_text(text, encoding="utf-8")
        with pytest.raises(CorruptData, match=complaint):
            Manifest.read(path)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(CorruptData, match="not UTF-8"):
        Manifest.read(path)


def test_reading_a_manifest_imports_no_network_library():
    program = (
        "import sys; from heschl.manifest import Manifest; "
        f"Manifest.read({MOTH!r}); "
        "sys.exit(any(name in sys.modules for name in ('requests', 'pooch', 'rich', 'h5py')))"
    )

    assert (
        subprocess.run([sys.executable, "-c", program], check=False, env=os.environ).returncode == 0
    )
