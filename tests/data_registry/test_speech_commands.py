"""Speech Commands: lists, rule, padding, and what is wrong with a folder."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
import soundfile

from heschl.data_registry.speech_commands import SPEECH_COMMANDS
from heschl.data_registry.speech_commands.loader import WORDS, SpeechCommands, split_by_rule
from heschl.data_registry.speech_commands.phantom import write_phantom
from heschl.errors import CorruptData, InvalidInput, MissingData
from heschl.manifest import Manifest
from heschl.phantom.labelled import told_code

LISTS = ("validation_list.txt", "testing_list.txt")


@pytest.fixture(scope="module")
def phantom(tmp_path_factory):
    root = tmp_path_factory.mktemp("speech_commands")
    write_phantom(root, 1)
    return root


@pytest.fixture
def folder(phantom, tmp_path):
    return shutil.copytree(phantom, tmp_path / "copy")


@pytest.fixture(scope="module")
def planted(phantom):
    return json.loads((phantom / "truth.json").read_text())["planted"]


def test_word_of_a_recording_is_the_one_that_is_heard(phantom):
    data = SpeechCommands(phantom)
    items = data.items("word")

    assert len(items) == 175
    assert items.task.vocabulary == WORDS
    for name, code in list(zip(items.identifiers, items.codes(), strict=True))[::3]:
        assert told_code(data.stimuli()[name].sound.waveform(16_000), 16_000) == code


def test_splits_are_those_of_the_lists(phantom, planted):
    items = SpeechCommands(phantom).items("word")

    for split, count in planted["n"].items():
        part = items.select(split=split)
        assert len(part) == count
        # Every word, so that a number that were made of one split would be right by chance.
        assert sorted(set(part.codes().tolist())) == list(range(35))
    (odd,) = planted["against_the_rule"]
    assert split_by_rule(odd) == "train"
    assert set(items.select(speaker=odd).labels["split"].tolist()) == {"test"}


def test_splits_follow_the_rule_without_lists(folder, planted):
    for name in LISTS:
        (folder / name).unlink()
    items = SpeechCommands(folder).items("word")

    (odd,) = planted["against_the_rule"]
    assert set(items.select(speaker=odd).labels["split"].tolist()) == {"train"}
    assert len(items.select(split="validation")) == planted["n"]["validation"]


@pytest.mark.parametrize(
    ("speaker", "split"),
    # Lines of the published lists: right/bb05582b_nohash_3.wav is for testing,
    # right/a69b9b3e_nohash_0.wav for validation.
    [("bb05582b", "test"), ("a69b9b3e", "validation"), ("0a7c2a8d", "train")],
)
def test_rule_is_the_authors(speaker, split):
    assert split_by_rule(speaker) == split


def test_short_recording_is_padded_with_silence(phantom, planted):
    ((short, duration_s),) = planted["short"].items()
    sound = SpeechCommands(phantom).stimuli()[short].sound
    n = round(duration_s * 16_000)

    assert soundfile.info(phantom / f"{short}.wav").frames == n
    assert sound.duration_s == 1.0
    waveform = sound.waveform(16_000)
    assert not waveform[n:].any()
    held, _ = soundfile.read(phantom / f"{short}.wav", dtype="float32")
    np.testing.assert_array_equal(waveform[:n], held)


def test_noise_is_no_word(phantom):
    assert (phantom / "_background_noise_").is_dir()
    assert not [name for name in SpeechCommands(phantom).stimuli() if "noise" in name]


def test_part_of_the_words_keeps_the_vocabulary(folder):
    for word in WORDS:
        if word not in ("no", "yes"):
            shutil.rmtree(folder / word)
    items = SpeechCommands(folder).items("word")

    assert set(items.codes().tolist()) == {WORDS.index("no"), WORDS.index("yes")}


def _add(folder, file, text):
    with (folder / file).open("a", encoding="utf-8") as stream:
        stream.write(text)


@pytest.mark.parametrize(
    ("damage", "error", "message"),
    [
        (lambda f: (f / LISTS[1]).unlink(), MissingData, "testing_list"),
        (lambda f: _add(f, LISTS[1], "yes/9e4d6e3c_nohash_0.wav\n"), CorruptData, "already"),
        (lambda f: _add(f, LISTS[0], "maybe/9e4d6e3c_nohash_0.wav\n"), CorruptData, "maybe"),
        (lambda f: _add(f, LISTS[0], "yes\n"), CorruptData, "expected <word>/<file>.wav"),
        (lambda f: (f / LISTS[0]).write_bytes(b"\xff\xfe"), CorruptData, "not UTF-8"),
        (lambda f: (f / "_silence_").mkdir(), CorruptData, "'_silence_', which is none"),
        (lambda f: (f / "yess").mkdir(), CorruptData, "did you mean 'yes'"),
        (lambda f: (f / "yes/x.wav").touch(), CorruptData, "not named"),
    ],
)
def test_faulty_folder_is_refused(folder, damage, error, message):
    damage(folder)

    with pytest.raises(error, match=message):
        SpeechCommands(folder).items("word")


@pytest.mark.parametrize(("n", "rate"), [(16_001, 16_000), (8_000, 8_000)])
def test_recording_of_another_length_or_rate_is_refused(folder, n, rate):
    soundfile.write(folder / "yes/0a7c2a8d_nohash_7.wav", np.zeros(n), rate)

    with pytest.raises(CorruptData, match=f"{n} samples at {rate} Hz"):
        SpeechCommands(folder).stimuli()["yes/0a7c2a8d_nohash_7"]


def test_archive_that_is_not_unpacked_is_told(tmp_path, phantom):
    with pytest.raises(MissingData, match="heschl fetch speech_commands"):
        SpeechCommands(tmp_path)
    (tmp_path / "yes").mkdir()
    with pytest.raises(MissingData, match="without recordings"):
        SpeechCommands(tmp_path).items("word")
    (tmp_path / "yes").rmdir()
    (tmp_path / "speech_commands_v0.02.tar.gz").touch()
    with pytest.raises(MissingData, match="tar -xzf"):
        SpeechCommands(tmp_path)
    with pytest.raises(InvalidInput, match="holds a dataset already"):
        write_phantom(phantom)


def test_manifest_is_the_one_archive():
    (archive,) = Manifest.read(SPEECH_COMMANDS.manifest).files

    assert archive.size == 2_428_923_189
    assert archive.hash.startswith("sha256:af14739e")
