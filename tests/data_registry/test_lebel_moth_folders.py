"""Folders of LeBel et al. 2023 that are broken, damaged or not as published."""

from __future__ import annotations

import shutil

import h5py
import numpy as np
import pytest
import soundfile
from moth_folder import HF5, RESPDICT, SMOKE, rewrite

from heschl.alignment import Interval
from heschl.data_registry.lebel_moth.loader import LebelMoth
from heschl.data_registry.lebel_moth.stories import (
    TEST_STORY,
)
from heschl.errors import CorruptData, InvalidInput, MissingData, UnknownName
from heschl.textgrid import write_textgrid


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

    with pytest.raises(CorruptData, match="claims 40,000,000,000 bytes"):
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


def test_tier_of_words_never_stands_for_the_phones_nor_theirs_for_words(small_moth):
    grid = small_moth / "derivative/TextGrids/souls.TextGrid"
    words = [Interval(0.1, 0.2, "Er"), Interval(0.2, 0.3, "uh")]  # spelled as phones are
    phones = [Interval(0.1, 0.2, "ER0"), Interval(0.2, 0.3, "AH1")]

    for tiers, lacking in (
        ({"word": words, "segments": phones}, "'phone' or 'phones'"),
        ({"words": words}, "'phone' or 'phones'"),
        ({"transcript": words, "phone": phones}, "'word' or 'words'"),
    ):
        write_textgrid(grid, tiers)
        with pytest.raises(CorruptData, match=f"expected one named {lacking}"):
            LebelMoth(small_moth).stimuli()["souls"]


def test_stimulus_must_last_as_long_as_its_responses(small_moth):
    soundfile.write(small_moth / "stimuli/souls.wav", np.zeros(8000 * 59), 8000)

    with pytest.raises(CorruptData, match=r"lasts 59\.00 s, but responses .* until 60 s"):
        LebelMoth(small_moth).stimuli()["souls"]


def test_stimuli_leave_the_localizer_out(small_moth):
    shutil.copy(small_moth / "stimuli/souls.wav", small_moth / "stimuli/auditory_localizer.wav")

    assert tuple(LebelMoth(small_moth).stimuli()) == ("souls", TEST_STORY)
