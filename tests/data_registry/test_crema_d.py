"""CREMA-D: names, votes, and what is wrong with a folder."""

from __future__ import annotations

import json
import shutil

import pytest
import soundfile

from heschl.data_registry.crema_d import CREMA_D
from heschl.data_registry.crema_d.loader import EMOTIONS, SILENT, CremaD
from heschl.data_registry.crema_d.phantom import write_phantom
from heschl.errors import CorruptData, InvalidInput, MissingData, UnknownName
from heschl.manifest import Manifest
from heschl.phantom.labelled import told_code
from heschl.splits import GroupKFold


@pytest.fixture(scope="module")
def phantom(tmp_path_factory):
    root = tmp_path_factory.mktemp("crema_d")
    write_phantom(root, 3)
    return root


@pytest.fixture
def folder(phantom, tmp_path):
    return shutil.copytree(phantom, tmp_path / "copy")


def table(folder):
    return folder / "processedResults" / "summaryTable.csv"


def test_emotion_of_a_clip_is_the_one_that_is_heard(phantom):
    data = CremaD(phantom)
    items = data.items("emotion")
    planted = json.loads((phantom / "truth.json").read_text())["planted"]

    assert len(items) == planted["n_clips"] == 72
    for emotion, count in planted["emotion"].items():
        assert len(items.select(emotion=emotion)) == count
    for name, code in zip(items.identifiers, items.codes(), strict=True):
        assert told_code(data.stimuli()[name].sound.waveform(16_000), 16_000) == code


def test_silent_clip_is_left_out(phantom):
    assert (phantom / "AudioWAV" / f"{SILENT}.wav").exists()
    assert SILENT not in CremaD(phantom).stimuli()
    with pytest.raises(UnknownName):
        CremaD(phantom).stimuli()[SILENT]


def test_votes_are_those_of_most_listeners_and_ties_have_no_answer(phantom):
    planted = json.loads((phantom / "truth.json").read_text())["planted"]
    heard = CremaD(phantom).items("voice_vote")

    assert planted["tied"] not in heard.identifiers
    assert len(heard) == planted["n_clips"] - 1
    labels = heard.labels["voice_vote"].tolist()
    assert {each: labels.count(each) for each in EMOTIONS} == planted["voice_vote"]
    disgust = heard.select(emotion="DIS")
    assert set(disgust.labels["voice_vote"].tolist()) == {"ANG"}
    # The number of an answer is that of the same emotion in either task.
    assert set(disgust.codes().tolist()) == {EMOTIONS.index("ANG")}


def test_actors_are_kept_apart(phantom):
    items = CremaD(phantom).items("emotion")
    assert items.task.groups == ("actor",)
    actors = items.labels["actor"]

    for fold in GroupKFold(5, by="actor").folds(items.labels):
        assert not set(actors[fold.train]) & set(actors[fold.test])


def test_emotions_need_no_votes(folder):
    shutil.rmtree(folder / "processedResults")

    assert len(CremaD(folder).items("emotion")) == 72
    with pytest.raises(MissingData, match=r"summaryTable\.csv"):
        CremaD(folder).items("voice_vote")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"A:D"', '"A:A"', "the vote 'A:A' for 1001_DFA_ANG_XX"),
        ('"A:D"', '"Q"', "the vote 'Q'"),
        ('"A:D"', '""', "the vote ''"),
        ("1001_DFA_ANG_XX", "1001_DFA_DIS_XX", "1001_DFA_DIS_XX twice"),
        ("1001_DFA_ANG_XX", "1099_DFA_ANG_XX", "no votes for 1 clips"),
        ('"VoiceVote"', '"Vote"', "expected VoiceVote among them"),
        ('"N","69.1"', '"N"', "cells where the header has"),
    ],
)
def test_faulty_votes_are_refused(folder, old, new, message):
    text = table(folder).read_text()
    assert old in text
    table(folder).write_text(text.replace(old, new, 1))

    with pytest.raises(CorruptData, match=message):
        CremaD(folder).items("voice_vote")


def test_byte_order_mark_is_read_and_pointers_are_not(folder):
    content = table(folder).read_bytes()
    table(folder).write_bytes(b"\xef\xbb\xbf" + content)
    assert len(CremaD(folder).items("voice_vote")) == 71

    clip = folder / "AudioWAV" / "1001_IEO_ANG_HI.wav"
    clip.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")
    with pytest.raises(MissingData, match="git-lfs"):
        CremaD(folder).stimuli()["1001_IEO_ANG_HI"]


def test_misnamed_clip_and_folder_without_clips_are_refused(folder, tmp_path):
    soundfile.write(folder / "AudioWAV" / "1001_IEO_JOY_XX.wav", [0.0, 0.1], 16_000)

    with pytest.raises(CorruptData, match="1001_IEO_JOY_XX"):
        CremaD(folder).items("emotion")
    with pytest.raises(MissingData, match="heschl fetch crema_d"):
        CremaD(tmp_path)
    with pytest.raises(InvalidInput, match="holds a dataset already"):
        write_phantom(folder)


def test_manifest_is_of_the_published_clips():
    manifest = Manifest.read(CREMA_D.manifest)
    clips = [file for file in manifest.files if file.path.startswith("AudioWAV/")]

    assert len(clips) == 7442
    assert sum(file.size for file in clips) == 605_899_936
    assert all(file.hash.startswith("sha256:") for file in clips)
    one = manifest.select(subjects=["1001"])
    assert {file.path[:13] for file in one.files if "AudioWAV" in file.path} == {"AudioWAV/1001"}
