"""Interchange files: what is refused when they are written, and when they are read."""

from __future__ import annotations

import re
from pathlib import Path

import h5py
import numpy as np
import pytest

from heschl.data_registry.timit_ecog.interchange import check_subject, write_subject
from heschl.data_registry.timit_ecog.reading import read_subject, read_trials
from heschl.errors import CorruptData, InvalidInput, MissingData

HEARD = {"fcjf0_sa1": np.zeros((2, 200, 2)), "MDAB0_SX49": np.ones((1, 150, 2), np.float32)}
SETTINGS = {"rate_hz": 100, "pre_s": 0.5, "post_s": 0.5, "names": ["a", "b"], "areas": ["STG", ""]}


def write(folder, **changed):
    settings = SETTINGS | changed
    return write_subject(
        folder / settings.pop("file", "ec01.h5"), settings.pop("sentences", HEARD), **settings
    )


def test_files_are_as_documented(tmp_path):
    path = write(tmp_path, xyz=np.ones((2, 3)), space="MNI152")

    with h5py.File(path) as file:
        assert dict(file.attrs) == {"format": "timit_ecog", "version": 1}
        assert sorted(file["sentences"]) == ["fcjf0_sa1", "mdab0_sx49"]
        responses = file["sentences/mdab0_sx49/hg"]
        assert (responses.shape, responses.dtype) == ((1, 150, 2), np.float32)
        assert dict(responses.attrs) == {"rate_hz": 100.0, "pre_s": 0.5, "post_s": 0.5}
        assert file["electrodes/name"].asstr()[()].tolist() == ["a", "b"]
        assert file["electrodes/area"].asstr()[()].tolist() == ["STG", ""]
        assert file["electrodes/xyz"].attrs["space"] == "MNI152"
    assert check_subject(path) == "ec01: 2 electrodes, 2 sentences, 1 heard twice or more"
    assert [each.name for each in tmp_path.iterdir()] == ["ec01.h5"]


def test_names_of_sentences_may_be_in_capitals(tmp_path):
    path = write(tmp_path)
    with h5py.File(path, "r+") as file:
        file.move("sentences/fcjf0_sa1", "sentences/FCJF0_SA1")

    subject = read_subject(path)

    assert list(subject.sentences) == ["fcjf0_sa1", "mdab0_sx49"]
    assert read_trials(subject, "fcjf0_sa1").shape == (2, 200, 2)


def test_the_same_content_gives_the_same_bytes(tmp_path):
    first = write(tmp_path).read_bytes()

    assert write(tmp_path, file="ec02.h5").read_bytes() == first


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        pytest.param({"file": "ec01.hdf5"}, "expected <listener>.h5", id="suffix"),
        pytest.param({"file": "ec 01.h5"}, "expected <listener>.h5", id="blank"),
        pytest.param({"sentences": {}}, "no sentence to write", id="none"),
        pytest.param({"sentences": {"sa1": np.zeros((1, 9, 2))}}, "as 'fcjf0_sa1'", id="name"),
        pytest.param(
            {"sentences": {"fcjf0_sa1": HEARD["fcjf0_sa1"], "FCJF0_SA1": HEARD["fcjf0_sa1"]}},
            "'FCJF0_SA1' twice, in other capitals",
            id="twins",
        ),
        pytest.param(
            {"sentences": {"fcjf0_sa1": np.zeros((200, 2))}}, r"shape \(200, 2\)", id="no-trials"
        ),
        pytest.param(
            {"sentences": {"fcjf0_sa1": np.zeros((1, 200, 2), int)}}, "type int64", id="integers"
        ),
        pytest.param(
            {"sentences": {"fcjf0_sa1": np.zeros((1, 200, 3))}},
            "3 electrodes, but 2 are named",
            id="electrodes",
        ),
        pytest.param(
            {"sentences": {"fcjf0_sa1": np.full((1, 200, 2), np.inf)}}, "infinite", id="infinite"
        ),
        pytest.param(
            {"sentences": {"fcjf0_sa1": np.full((1, 200, 2), 1e200)}}, "infinite", id="too-large"
        ),
        pytest.param({"rate_hz": 40}, "rate_hz=40; expected 50 or more", id="slow"),
        pytest.param({"rate_hz": float("nan")}, "rate_hz=nan", id="no-rate"),
        pytest.param({"pre_s": 0.2}, "pre_s=0.2; expected 0.5 or more", id="no-baseline"),
        pytest.param({"post_s": -0.1}, "post_s=-0.1; expected 0 or more", id="cut"),
        pytest.param({"names": [], "areas": []}, "no electrode", id="nobody"),
        pytest.param({"names": ["a", "a"]}, "of one name", id="two-of-a-name"),
        pytest.param({"areas": ["STG"]}, "2 names, 1 areas", id="areas"),
        pytest.param({"areas": ["stg", ""]}, "the area 'stg'; write 'STG'", id="area-in-lower"),
        pytest.param({"xyz": np.zeros((2, 2))}, r"positions of shape \(2, 2\)", id="positions"),
        pytest.param({"xyz": np.full((2, 3), np.inf)}, "positions that are infinite", id="far"),
    ],
)
def test_writing_refuses(tmp_path, changed, complaint):
    with pytest.raises(InvalidInput, match=complaint):
        write(tmp_path, **changed)

    assert not list(tmp_path.iterdir())


def test_writing_does_not_replace(tmp_path):
    write(tmp_path)

    with pytest.raises(InvalidInput, match="exists; delete it"):
        write(tmp_path)


def test_writing_beside_timit_checks_lengths(tmp_path, timit_of_one_sentence):
    two_seconds = {"fcjf0_sa1": np.zeros((1, 200, 2))}

    assert write(tmp_path, sentences=two_seconds, timit=timit_of_one_sentence).exists()
    with pytest.raises(CorruptData, match=r"250 samples at 100 Hz, which is 2.500 s"):
        write(
            tmp_path,
            file="ec02.h5",
            sentences={"fcjf0_sa1": np.zeros((1, 250, 2))},
            timit=timit_of_one_sentence,
        )
    with pytest.raises(MissingData, match=r"responses to 'mdab0_sx49', which .* lacks"):
        write(tmp_path, file="ec02.h5", timit=timit_of_one_sentence)
    assert [each.name for each in tmp_path.glob("*.h5")] == ["ec01.h5"]
    assert not list(tmp_path.glob(".*"))


def test_the_example_of_the_document_runs(tmp_path, monkeypatch, capsys):
    document = Path(__file__).parents[2] / "docs/timit_ecog.md"
    (example,) = re.findall(r"```python\n(.*?)```", document.read_text(encoding="utf-8"), re.DOTALL)
    monkeypatch.chdir(tmp_path)

    exec(compile(example, str(document), "exec"), {})  # noqa: S102  what the document shows

    assert capsys.readouterr().out.strip() in example


def spoil(file, path, value=None):
    """Delete what is at a path of the file, or put something else there."""
    if path in file:
        del file[path]
    if value is not None:
        file[path] = value


@pytest.mark.parametrize(
    ("harm", "complaint"),
    [
        pytest.param(
            lambda f: f.attrs.pop("format"),
            "format None, version 1",
            id="no-format",
        ),
        pytest.param(lambda f: f.attrs.update(version=2), "version 2; expected", id="version"),
        pytest.param(lambda f: spoil(f, "sentences"), "no group 'sentences'", id="no-sentences"),
        pytest.param(
            lambda f: spoil(f, "sentences/x_sa1/hg", np.zeros((1, 9, 2))), "'x_sa1'", id="name"
        ),
        pytest.param(
            lambda f: spoil(f, "sentences/FCJF0_SA1/hg", np.zeros((1, 9, 2))), "twice", id="twins"
        ),
        pytest.param(
            lambda f: spoil(f, "sentences/fcjf0_sa1/hg"),
            "no dataset 'sentences/fcjf0_sa1/hg'",
            id="gone",
        ),
        pytest.param(
            lambda f: spoil(f, "sentences/fcjf0_sa1/hg", np.zeros((1, 9, 2), int)),
            "of floats",
            id="integers",
        ),
        pytest.param(
            lambda f: spoil(f, "sentences/fcjf0_sa1/hg", h5py.ExternalLink("other.h5", "hg")),
            "of floats",
            id="link",
        ),
        pytest.param(
            lambda f: spoil(f, "sentences/fcjf0_sa1/hg", np.zeros((1, 9, 3))),
            r"shape \(1, 9, 3\); expected \(trial, time, 2\)",
            id="electrodes",
        ),
        pytest.param(
            lambda f: f["sentences/fcjf0_sa1/hg"].attrs.pop("pre_s"),
            "expected three numbers",
            id="timing",
        ),
        pytest.param(
            lambda f: f["sentences/fcjf0_sa1/hg"].attrs.update(rate_hz="fast"),
            "expected three numbers",
            id="rate-in-words",
        ),
        pytest.param(
            lambda f: f["sentences/fcjf0_sa1/hg"].attrs.update(pre_s=0.1),
            "pre_s=0.1",
            id="baseline",
        ),
        pytest.param(
            lambda f: f["sentences/fcjf0_sa1/hg"].write_direct(np.full((2, 200, 2), np.inf, "f4")),
            "infinite values",
            id="infinite",
        ),
        pytest.param(
            lambda f: spoil(f, "electrodes/name"), "no dataset 'electrodes/name'", id="names"
        ),
        pytest.param(
            lambda f: spoil(f, "electrodes/xyz", np.zeros((3, 3))),
            r"shape \(3, 3\) for 2",
            id="xyz",
        ),
        pytest.param(
            lambda f: spoil(f, "electrodes/area", ["STG", "a1"]), "write 'A1'", id="area-in-lower"
        ),
        pytest.param(
            lambda f: spoil(f, "electrodes/name", [["a", "b"]]), r"shape \(1, 2\)", id="table"
        ),
    ],
)
def test_reading_refuses(tmp_path, harm, complaint):
    path = write(tmp_path)
    with h5py.File(path, "r+") as file:
        harm(file)

    with pytest.raises(CorruptData, match=complaint):
        check_subject(path)


def test_reading_refuses_claims_of_more_than_can_be(tmp_path):
    path = write(tmp_path)
    with h5py.File(path, "r+") as file:
        del file["sentences/fcjf0_sa1/hg"]
        # Chunked and never written: a small file that asks for 20 GB of memory.
        shape = (25, 100_000_000, 2)
        created = file.create_dataset("sentences/fcjf0_sa1/hg", shape, "f4", chunks=(1, 1000, 2))
        created.attrs.update(rate_hz=100.0, pre_s=0.5, post_s=0.5)

    with pytest.raises(CorruptData, match=r"claims 20,000,000,000 bytes of .* holds 0"):
        check_subject(path)


def test_reading_refuses_what_is_no_such_file(tmp_path):
    path = tmp_path / "ec01.h5"
    with pytest.raises(MissingData, match="does not exist"):
        check_subject(path)
    path.write_bytes(b"")
    with pytest.raises(CorruptData, match="is empty"):
        check_subject(path)
    path.write_bytes(b"not HDF5 at all")
    with pytest.raises(CorruptData, match="cannot be read as HDF5"):
        check_subject(path)
    path.write_text("../.git/annex/objects/Xx/yY/MD5E-s1832--0123.h5")
    with pytest.raises(MissingData, match="pointer of git-annex"):
        check_subject(path)
    whole = write(tmp_path, file="ec02.h5").read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(CorruptData, match="cannot be read as HDF5"):
        check_subject(path)
