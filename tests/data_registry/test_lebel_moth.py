"""The loader of LeBel et al. 2023: its contract on the phantom, its clock, its fingerprints."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path

import h5py
import numpy as np
import pytest
import soundfile
from moth_folder import HF5, RESPDICT, rewrite

from heschl.contracts import Dataset
from heschl.data_registry.lebel_moth import LEBEL_MOTH
from heschl.data_registry.lebel_moth.loader import LebelMoth
from heschl.data_registry.lebel_moth.stories import (
    RESIDUAL_STORIES,
    TEST_STORY,
    TRAINING_STORIES,
    VALIDATION_STORY,
)
from heschl.data_registry.lebel_moth.transcripts import PHONES
from heschl.errors import MissingData, UnknownName
from heschl.extraction import extract
from heschl.manifest import Manifest
from heschl.models.phantom_oracles.model import spectrum
from heschl.phantom.corpus import compose, utterances
from heschl.temporal import Lanczos
from heschl.windowing import SlidingWindows


@pytest.fixture
def moth(moth_phantom) -> LebelMoth:
    return LebelMoth(moth_phantom)


# --- the contract, on the phantom ------------------------------------------------------------


def test_loader_keeps_the_contract_of_datasets(moth):
    assert isinstance(moth, Dataset)
    assert LEBEL_MOTH.target() is LebelMoth
    assert moth.subjects() == tuple(f"UTS0{k}" for k in range(1, 9))
    assert tuple(moth.stimuli()) == ("avatar", "legacy", "life", "souls", TEST_STORY)
    assert moth.stimuli_of("UTS01") == tuple(moth.stimuli())
    assert moth.stimuli_of("UTS04") == ("avatar", "legacy", "souls", TEST_STORY)


def test_recording_holds_what_the_files_hold(moth, moth_phantom):
    with h5py.File(moth_phantom / HF5) as file:
        held = file["data"][:]

    exact = LebelMoth(moth_phantom, dtype=np.float64).recording("UTS01", ["souls"])
    single = moth.recording("UTS01", ["souls"])

    np.testing.assert_array_equal(exact.responses["souls"], held)
    np.testing.assert_array_equal(single.responses["souls"], held.astype(np.float32))
    assert single.responses["souls"].dtype == np.float32
    np.testing.assert_array_equal(single.units, np.arange(held.shape[1]))
    np.testing.assert_array_equal(single.responses["souls"]["time"], moth.clock("souls"))


@pytest.mark.parametrize(("subject", "n_repeats"), [("UTS03", 10), ("UTS04", 5)])
def test_recording_gives_the_mean_of_the_repeats_as_response(moth, subject, n_repeats):
    recording = moth.recording(subject)

    assert list(recording.repeats) == [TEST_STORY]
    repeats = recording.repeats[TEST_STORY]
    assert repeats.sizes["repeat"] == n_repeats
    np.testing.assert_allclose(
        recording.responses[TEST_STORY], repeats.mean("repeat"), rtol=0, atol=1e-6
    )
    assert set(recording.responses) == set(moth.stimuli_of(subject))


def test_recording_keeps_columns_of_nan(moth):
    recording = moth.recording("UTS01", ["souls"])

    finite = recording.finite_units()

    assert (~finite).sum() == 1
    assert np.isnan(recording.responses["souls"].to_numpy()[:, ~finite]).all()


def test_transcripts_come_back_from_all_formats_without_what_is_no_speech(moth):
    stimuli = moth.stimuli()

    for number, name in enumerate(("souls", "avatar", "legacy", "life")):
        scans = {"souls": 60, "avatar": 61, "legacy": 62, "life": 60}[name]
        told = compose(name, utterances("en"), 2 * scans - 19.3, seed=number, sample_rate=44100)
        assert stimuli[name].alignment == told.alignment
    smoke = stimuli[TEST_STORY].alignment
    assert {phone.label for phone in smoke.phones} <= PHONES
    assert not {"{BR}", "sp", ""} & {word.label for word in smoke.words}
    overlaps = [
        a.offset_s > b.onset_s for a, b in zip(smoke.phones, smoke.phones[1:], strict=False)
    ]
    assert 10 < sum(overlaps) < len(smoke.phones) / 20


def test_sounds_are_read_in_stereo_and_in_mono(moth, moth_phantom):
    stimuli = moth.stimuli()

    channels = {
        name: soundfile.info(moth_phantom / f"stimuli/{name}.wav").channels for name in stimuli
    }
    assert channels == {"avatar": 1, "legacy": 2, "life": 1, "souls": 2, TEST_STORY: 1}
    for name in stimuli:
        assert stimuli[name].sound.sample_rate == 44100
        # From 18.03 to 20.25 s less than the scans take, as in all 84 stories.
        silent = 2 * (len(moth.clock(name)) + 20) - stimuli[name].sound.duration_s
        assert 18.03 < silent < 20.25


def test_names_that_are_not_there_are_told_with_near_ones(moth):
    with pytest.raises(UnknownName, match="no listener 'UTS11'; did you mean 'UTS01'"):
        moth.recording("UTS11")
    with pytest.raises(UnknownName, match=r"no listener '../UTS01'"):
        moth.stimuli_of("../UTS01")
    with pytest.raises(UnknownName, match="'soul'; did you mean 'souls'"):
        moth.clock("soul")
    with pytest.raises(UnknownName, match=r"no stimulus is named 'soul'.* did you mean 'souls'"):
        moth.stimuli()["soul"]


def test_files_that_are_not_there_are_told_with_the_command_that_fetches_them(moth):
    with pytest.raises(MissingData, match="published dataset has no such file"):
        moth.recording("UTS04", ["life"])
    with pytest.raises(MissingData, match="heschl fetch lebel_moth --subjects UTS09`"):
        moth.recording("UTS09")


# --- the clock -------------------------------------------------------------------------------


def test_clock_begins_11_s_into_the_sound_and_has_20_rows_less_than_scans(small_moth):
    clock = LebelMoth(small_moth).clock("souls")

    np.testing.assert_array_equal(clock, 2 * np.arange(25) + 11)


@pytest.mark.parametrize("row", [0, 7, 24])
def test_click_within_a_row_shows_in_that_row(small_moth, row):
    """The canary of the alignment: row k is what was heard from 2k + 10 to 2k + 12 s."""
    samples = np.zeros(70 * 16000)
    begin = (2 * row + 10) * 16000
    samples[begin + 3200 : begin + 28800] = np.random.default_rng(0).uniform(-0.5, 0.5, 25600)
    soundfile.write(small_moth / "stimuli/souls.wav", samples, 16000)
    response = np.zeros((25, 241))
    response[row] = 1
    rewrite(small_moth / HF5, data=response)
    moth = LebelMoth(small_moth)

    heard = extract(
        spectrum(),
        moth.stimuli()["souls"],
        ["bands"],
        SlidingWindows(),
        Lanczos(lobes=3),
        moth.clock("souls"),
    )["bands"]
    responses = moth.recording("UTS01", ["souls"]).responses["souls"]

    assert heard.mean(axis=1).argmax() == row
    assert (responses.argmax("time") == row).all()
    assert 2 * row + 10 <= responses["time"][row] <= 2 * row + 12


# --- fingerprints ----------------------------------------------------------------------------


def test_fingerprint_depends_on_every_file_that_is_read_and_no_other(small_moth):
    moth = LebelMoth(small_moth)
    before = moth.fingerprint("UTS01", ["souls"])
    changed = {
        path.relative_to(small_moth).as_posix(): _fingerprint_after_change(moth, path)
        for path in sorted(small_moth.rglob("*"))
        if path.is_file() and path.name not in {"respdict.json", "subject_xfms.json"}
    }

    differs = {name for name, fingerprint in changed.items() if fingerprint != before}

    assert differs == {
        name
        for name in changed
        if name == HF5 or "/pycortex-db/" in name or "/freesurfer_subjdir/" in name
    }
    assert len(differs) == 1 + 6 + 2
    assert moth.fingerprint("UTS01", ["souls"]) == before


def _fingerprint_after_change(moth: LebelMoth, path: Path) -> str:
    """Return the fingerprint while one byte differs and size and times do not."""
    content, status = path.read_bytes(), path.stat()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    try:
        return moth.fingerprint("UTS01", ["souls"])
    finally:
        path.write_bytes(content)


def test_fingerprint_depends_on_scans_and_type_but_not_on_the_place(small_moth, tmp_path):
    moth = LebelMoth(small_moth)
    before = moth.fingerprint("UTS01", ["souls", TEST_STORY])
    copy = shutil.copytree(small_moth, tmp_path / "elsewhere")

    assert LebelMoth(copy).fingerprint("UTS01", [TEST_STORY, "souls"]) == before
    assert LebelMoth(copy, dtype=float).fingerprint("UTS01", [TEST_STORY, "souls"]) != before
    (copy / RESPDICT).write_text(json.dumps({"souls": 46, TEST_STORY: 80}), encoding="utf-8")
    assert LebelMoth(copy).fingerprint("UTS01", [TEST_STORY, "souls"]) != before


# --- the stories -----------------------------------------------------------------------------


def test_stories_are_those_of_the_published_listeners():
    manifest = Manifest.read(LEBEL_MOTH.manifest)
    heard: dict[str, set[str]] = {}
    for file in manifest.files:
        if match := re.fullmatch(r".*/(UTS\d+)/(\w+)\.hf5", file.path):
            heard.setdefault(match[1], set()).add(match[2])
    shared = {*TRAINING_STORIES, TEST_STORY}

    assert len(TRAINING_STORIES) == len(set(TRAINING_STORIES)) == 26
    assert all(heard[f"UTS0{k}"] == shared for k in (5, 6, 7, 8))
    assert shared - heard["UTS04"] == {"life"}
    assert shared - heard["UTS09"] == {"fromboyhoodtofatherhood"}
    assert VALIDATION_STORY in TRAINING_STORIES
    assert len(RESIDUAL_STORIES) == 10
