"""SLURP: intents, microphones, splits, and what is wrong with its files."""

from __future__ import annotations

import json
import shutil

import pytest

from heschl.data_registry.slurp.loader import Slurp
from heschl.data_registry.slurp.phantom import write_phantom
from heschl.errors import CorruptData, InvalidInput, MissingData
from heschl.phantom.labelled import told_code

DEVEL = "dataset/slurp/devel.jsonl"


@pytest.fixture(scope="module")
def phantom(tmp_path_factory):
    root = tmp_path_factory.mktemp("slurp")
    write_phantom(root, 2)
    return root


@pytest.fixture
def folder(phantom, tmp_path):
    return shutil.copytree(phantom, tmp_path / "copy")


@pytest.fixture(scope="module")
def planted(phantom):
    return json.loads((phantom / "truth.json").read_text())["planted"]


def test_intent_is_scenario_and_action_and_the_one_that_is_heard(phantom, planted):
    data = Slurp(phantom)
    items = data.items("intent")

    assert items.task.vocabulary == tuple(planted["intents"])
    near = items.select(microphone="headset")
    for name, code in zip(near.identifiers, near.codes(), strict=True):
        assert told_code(data.stimuli()[name].sound.waveform(16_000), 16_000) == code
    lines = (phantom / "dataset/slurp/train.jsonl").read_text().splitlines()
    others = [p for p in map(json.loads, lines) if p["intent"] != f"{p['scenario']}_{p['action']}"]
    assert others
    for prompt in others:
        (intent,) = set(items.select(prompt=str(prompt["slurp_id"])).labels["intent"].tolist())
        assert intent == f"{prompt['scenario']}_{prompt['action']}"


def test_vocabulary_is_of_all_splits(phantom, planted):
    items = Slurp(phantom).items("intent")
    absent = planted["not_in_validation"]
    validation = items.select(split="validation")

    assert absent not in validation.labels["intent"]
    number = {intent: code for code, intent in enumerate(planted["intents"])}
    for split in ("train", "validation", "test"):
        part = items.select(split=split)
        assert part.codes().tolist() == [number[each] for each in part.labels["intent"].tolist()]
    # What a vocabulary of the split alone would give.
    alone = {each: i for i, each in enumerate(sorted(set(validation.labels["intent"].tolist())))}
    assert validation.codes().tolist() != [alone[e] for e in validation.labels["intent"].tolist()]


def test_vocabulary_stays_when_recordings_of_a_split_are_lost(folder, phantom):
    whole = Slurp(phantom).items("action")
    for name in whole.select(split=["train", "test"]).identifiers:
        (folder / "audio/slurp_real" / f"{name}.flac").unlink()

    part = Slurp(folder).items("action")

    assert set(part.labels["split"].tolist()) == {"validation"}
    assert part.task == whole.task


def test_splits_microphones_and_takes_are_those_of_the_files(phantom, planted):
    items = Slurp(phantom).items("scenario")

    for split, count in planted["n"].items():
        assert len(items.select(split=split)) == count
    assert len(items.select(microphone="far")) == len(items) / 2
    first = items.select(take="1")
    assert len(first) == len(set(items.labels["prompt"].tolist())) == len(items) / 2
    assert set(first.labels["microphone"].tolist()) == {"headset", "far"}
    lines = [
        line
        for file in sorted((phantom / "dataset/slurp").glob("*.jsonl"))
        for line in file.read_text().splitlines()
    ]
    named = {json.loads(line)["recordings"][0]["file"].removesuffix(".flac") for line in lines}
    assert set(first.identifiers.tolist()) == named


def test_first_take_is_that_of_the_files_even_if_it_is_lost(folder):
    first = Slurp(folder).items("action").select(take="1").identifiers[0]
    (folder / "audio/slurp_real" / f"{first}.flac").unlink()

    left = Slurp(folder).items("action")

    assert first not in left.select(take="1").identifiers


def _edit(folder, **changes):
    path = folder / DEVEL
    lines = path.read_text().splitlines()
    prompt = json.loads(lines[0]) | changes
    lines[0] = json.dumps({name: value for name, value in prompt.items() if value != "absent"})
    path.write_text("\n".join(lines) + "\n")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"scenario": "alram"}, "did you mean 'alarm'"),
        ({"scenario": "absent"}, "lacks 'scenario'"),
        ({"action": ""}, "the action ''"),
        ({"action": 3}, "the action 3"),
        ({"recordings": [{"file": "audio-1490000001.flac"}]}, "already; expected one"),
        ({"recordings": [{"file": "audio.wav"}]}, r"'audio\.wav'; expected the name"),
        ({"recordings": [{"wer": 0}]}, "lacks 'file'"),
        ({"recordings": None}, "lacks"),
        ({"recordings": []}, "2 recordings of .* are in no file of prompts"),
    ],
)
def test_faulty_prompt_is_refused(folder, changes, message):
    _edit(folder, **changes)

    with pytest.raises(CorruptData, match=message):
        Slurp(folder).items("intent")


def test_line_that_was_cut_is_refused(folder):
    path = folder / DEVEL
    path.write_text(path.read_text()[:-20])

    with pytest.raises(CorruptData, match="line 10 is not JSON"):
        Slurp(folder).items("intent")


@pytest.mark.parametrize("lost", ["dataset/slurp/train.jsonl", DEVEL, "dataset/slurp/test.jsonl"])
def test_every_file_of_prompts_is_needed(folder, lost):
    (folder / lost).unlink()

    with pytest.raises(MissingData, match=lost.rpartition("/")[2]):
        Slurp(folder).tasks()


def test_folders_without_audio_are_told(folder, tmp_path):
    with pytest.raises(InvalidInput, match="holds a dataset already"):
        write_phantom(folder)
    shutil.rmtree(folder / "audio")
    with pytest.raises(MissingData, match="audio/slurp_real"):
        Slurp(folder)
    (folder / "audio/slurp_real").mkdir(parents=True)
    with pytest.raises(MissingData, match="holds no recordings"):
        Slurp(folder).items("intent")
