"""The loader of LeBel et al. 2023: its contract on the phantom, its clock, and broken folders."""

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

from heschl.alignment import Interval
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
from heschl.errors import CorruptData, InvalidInput, MissingData, UnknownName
from heschl.extraction import extract
from heschl.manifest import Manifest
from heschl.models.phantom_oracles.model import spectrum
from heschl.phantom.corpus import compose, utterances
from heschl.temporal import Lanczos
from heschl.textgrid import write_textgrid
from heschl.windowing import SlidingWindows

HF5 = "derivative/preprocessed_data/UTS01/souls.hf5"
SMOKE = "derivative/preprocessed_data/UTS01/wheretheressmoke.hf5"
RESPDICT = "derivative/respdict.json"


@pytest.fixture
def moth(moth_phantom) -> LebelMoth:
    return LebelMoth(moth_phantom)


def rewrite(path: Path, **datasets: object) -> None:
    with h5py.File(path, "w") as file:
        for name, values in datasets.items():
            file[name] = values


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
    with pytest.raises(UnknownName, match=r"no story 'soul' .* did you mean 'souls'"):
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


# --- broken folders --------------------------------------------------------------------------


def test_loader_refuses_folders_of_another_kind(tmp_path, small_moth):
    with pytest.raises(MissingData, match="holds no folder 'derivative'; expected the layout"):
        LebelMoth(tmp_path)
    with pytest.raises(InvalidInput, match="dtype=int32; responses are floats"):
        LebelMoth(small_moth, dtype=np.int32)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        pytest.param("{", "is not JSON", id="cut"),
        pytest.param("[45]", "holds a list; expected an object", id="list"),
        pytest.param('{"souls": "45"}', "gives 'souls' '45' scans", id="text"),
        pytest.param('{"souls": true}', "gives 'souls' True scans", id="boolean"),
        pytest.param('{"souls": 20}', "a whole number above 20", id="short"),
        pytest.param('{"souls": 1e9}', "a whole number above 20", id="huge"),
        pytest.param("[" * 100_000, "is not JSON", id="nested"),
        pytest.param('{"souls": ' + " " * 2**20 + "45}", "has at most", id="long"),
    ],
)
def test_clock_refuses_a_broken_respdict(small_moth, content, complaint):
    (small_moth / RESPDICT).write_text(content, encoding="utf-8")

    with pytest.raises(CorruptData, match=complaint):
        LebelMoth(small_moth).clock("souls")


def test_pointers_in_place_of_content_are_told_as_such(small_moth):
    pointer = "../.git/annex/objects/Xx/yY/MD5E-s1832--0123456789abcdef0123456789abcdef.json"
    (small_moth / RESPDICT).write_text(pointer, encoding="utf-8")
    (small_moth / SMOKE).write_text(pointer, encoding="utf-8")
    moth = LebelMoth(small_moth)

    with pytest.raises(MissingData, match="pointer of git-annex"):
        moth.clock("souls")
    (small_moth / RESPDICT).write_text('{"souls": 45, "wheretheressmoke": 80}', encoding="utf-8")
    with pytest.raises(MissingData, match="pointer of git-annex"):
        moth.recording("UTS01", [TEST_STORY])
    with pytest.raises(MissingData, match="pointer of git-annex"):
        moth.fingerprint("UTS01", [TEST_STORY])


def test_files_that_are_missing_are_named_with_the_command(small_moth):
    moth = LebelMoth(small_moth)
    (small_moth / RESPDICT).write_text('{"souls": 45}', encoding="utf-8")
    with pytest.raises(UnknownName, match="has no number of scans of 'wheretheressmoke'"):
        moth.recording("UTS01", [TEST_STORY])

    (small_moth / HF5).unlink()
    with pytest.raises(
        MissingData, match="run `heschl fetch lebel_moth --subjects UTS01 --stories souls`"
    ):
        moth.recording("UTS01", ["souls"])

    (small_moth / RESPDICT).unlink()
    with pytest.raises(MissingData, match="run `heschl fetch lebel_moth`"):
        moth.clock("souls")


def test_responses_must_have_the_rows_of_respdict(small_moth):
    (small_moth / RESPDICT).write_text('{"souls": 44}', encoding="utf-8")

    with pytest.raises(CorruptData, match=r"'data' of shape \(25, 281\); expected \(24, any\)"):
        LebelMoth(small_moth).recording("UTS01", ["souls"])


@pytest.mark.parametrize(
    ("datasets", "complaint"),
    [
        pytest.param({}, "holds nothing; expected 'data'", id="empty"),
        pytest.param({"voxels": np.zeros((25, 3))}, "holds voxels; expected 'data'", id="name"),
        pytest.param({"data": np.zeros(25)}, r"of shape \(25,\)", id="vector"),
        pytest.param({"data": np.zeros((2, 25, 3))}, r"of shape \(2, 25, 3\)", id="volume"),
        pytest.param({"data": np.zeros((25, 0))}, "expected 1 to", id="no-voxel"),
        pytest.param({"data": np.zeros((25, 3), int)}, "no dataset of floats", id="integers"),
        pytest.param({"data": h5py.ExternalLink("a.hf5", "data")}, "no dataset", id="link"),
        pytest.param({"data": h5py.SoftLink("/elsewhere")}, "no dataset of floats", id="soft-link"),
        pytest.param(
            {"data": np.zeros((25, 3)), "individual_repeats": np.zeros((2, 25, 4))},
            r"'data' of shape \(25, 3\); expected \(25, 4\)",
            id="other-voxels",
        ),
        pytest.param(
            {"data": np.zeros((25, 3)), "individual_repeats": np.zeros((2, 24, 3))},
            r"'individual_repeats' of shape \(2, 24, 3\); expected \(any, 25, any\)",
            id="other-rows",
        ),
    ],
)
def test_recording_refuses_other_contents(small_moth, datasets, complaint):
    rewrite(small_moth / HF5, **datasets)

    with pytest.raises(CorruptData, match=complaint):
        LebelMoth(small_moth).recording("UTS01", ["souls"])


def test_recording_refuses_files_that_claim_more_than_can_be(small_moth):
    with h5py.File(small_moth / HF5, "w") as file:
        # Chunked and never written: a small file that asks for 40 GB of memory.
        file.create_dataset("data", shape=(25, 200_000_000), chunks=(25, 1000), dtype="f8")

    with pytest.raises(CorruptData, match="expected 1 to 2,000,000 voxels"):
        LebelMoth(small_moth).recording("UTS01", ["souls"])


def test_recording_refuses_damaged_files(small_moth):
    (small_moth / HF5).write_bytes((small_moth / HF5).read_bytes()[:1500])

    with pytest.raises(CorruptData, match="cannot be read as HDF5"):
        LebelMoth(small_moth).recording("UTS01", ["souls"])


def test_recording_makes_do_with_either_name_of_the_test_story(small_moth):
    repeats = np.random.default_rng(0).standard_normal((3, 60, 281))
    moth = LebelMoth(small_moth, dtype=np.float64)

    rewrite(small_moth / SMOKE, individual_repeats=repeats)
    of_repeats = moth.recording("UTS01", [TEST_STORY])
    rewrite(small_moth / SMOKE, data=repeats[0])
    of_mean = moth.recording("UTS01", [TEST_STORY])

    np.testing.assert_array_equal(of_repeats.responses[TEST_STORY], repeats.mean(axis=0))
    assert of_repeats.repeats[TEST_STORY].shape == (3, 60, 281)
    assert not of_mean.repeats
    assert of_mean.responses[TEST_STORY].attrs["repeats"] == (
        "wheretheressmoke.hf5 holds data, no 'individual_repeats'"
    )


def test_response_is_the_mean_of_the_repeats_whatever_stands_beside_them(small_moth):
    repeats = np.random.default_rng(0).standard_normal((3, 60, 281))
    rewrite(small_moth / SMOKE, data=repeats[0], individual_repeats=repeats)

    exact = LebelMoth(small_moth, dtype=np.float64).recording("UTS01", [TEST_STORY])
    single = LebelMoth(small_moth).recording("UTS01", [TEST_STORY])

    np.testing.assert_array_equal(exact.responses[TEST_STORY], repeats.mean(axis=0))
    assert single.responses[TEST_STORY].dtype == np.float32
    np.testing.assert_allclose(
        single.responses[TEST_STORY], repeats.mean(axis=0), rtol=1e-6, atol=1e-7
    )


def test_stimulus_without_transcript_has_no_alignment(small_moth):
    grid = small_moth / "derivative/TextGrids/souls.TextGrid"
    grid.unlink()

    assert LebelMoth(small_moth).stimuli()["souls"].alignment is None

    grid.symlink_to("../../.git/annex/objects/souls.TextGrid")
    with pytest.raises(MissingData, match="content that was not fetched"):
        LebelMoth(small_moth).stimuli()["souls"]


def test_stimulus_finds_tiers_by_name_else_by_place(small_moth):
    grid = small_moth / "derivative/TextGrids/souls.TextGrid"
    phones = [Interval(0.1, 0.2, "ow1 "), Interval(0.2, 0.3, "SP"), Interval(0.3, 0.4, "{LG}")]
    words = [Interval(0.1, 0.2, "Oh"), Interval(0.2, 0.3, "{ns}"), Interval(0.3, 0.4, "{BR}")]
    moth = LebelMoth(small_moth)

    for tiers in (
        {"words": words, "Phones": phones},
        {"a": phones, "b": words, "dialogue": []},
    ):
        write_textgrid(grid, tiers)
        alignment = moth.stimuli()["souls"].alignment
        assert alignment.words == (Interval(0.1, 0.2, "Oh"),)
        assert alignment.phones == (Interval(0.1, 0.2, "OW"),)

    write_textgrid(grid, {"phone": phones})
    with pytest.raises(CorruptData, match="expected one named 'word' or 'words'"):
        moth.stimuli()["souls"]
    write_textgrid(grid, {"phone": phones, "phones": phones, "word": words})
    with pytest.raises(CorruptData, match="tiers 'phone' and 'phones'; expected one of them"):
        moth.stimuli()["souls"]


def test_stimulus_must_last_as_long_as_its_responses(small_moth):
    soundfile.write(small_moth / "stimuli/souls.wav", np.zeros(8000 * 59), 8000)

    with pytest.raises(CorruptData, match=r"lasts 59\.00 s, but responses .* until 60 s"):
        LebelMoth(small_moth).stimuli()["souls"]


def test_stimuli_leave_the_localizer_out(small_moth):
    shutil.copy(small_moth / "stimuli/souls.wav", small_moth / "stimuli/auditory_localizer.wav")

    assert tuple(LebelMoth(small_moth).stimuli()) == ("souls", TEST_STORY)


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
