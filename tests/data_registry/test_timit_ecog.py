"""The loader of TIMIT ECoG: rows, trials, responsive electrodes, and what it refuses."""

from __future__ import annotations

import shutil

import h5py
import numpy as np
import pytest
import scipy.stats
import soundfile
from statsmodels.stats.multitest import multipletests

from heschl.data_registry.timit_ecog.clock import averaging, row_edges, row_times
from heschl.data_registry.timit_ecog.format import Timing
from heschl.data_registry.timit_ecog.interchange import write_subject
from heschl.data_registry.timit_ecog.loader import TimitEcog
from heschl.data_registry.timit_ecog.responsive import is_responsive
from heschl.dimensions import REPEAT
from heschl.errors import CorruptData, MissingData, UnknownName

SOUND_S = 1.21
SENTENCES = {"fcjf0_sa1": 3, "fcjf0_sx37": 1, "felc0_sx37": 2}
N_ELECTRODES = 4


def ramp(rate_hz, pre_s, post_s, n_trials, n_electrodes=N_ELECTRODES):
    """Return responses that say when they were taken: the middle of each sample, in seconds."""
    n_samples = round((pre_s + SOUND_S + post_s) * rate_hz)
    times_s = (np.arange(n_samples) + 0.5) / rate_hz - pre_s
    shape = (n_trials, n_samples, n_electrodes)
    trials = (
        np.broadcast_to(times_s[None, :, None], shape) + 10.0 * np.arange(n_trials)[:, None, None]
    )
    return trials + 100.0 * np.arange(n_electrodes)


def write_timit(root):
    for name in SENTENCES:
        speaker, sentence = name.split("_")
        folder = root / ("TRAIN" if speaker == "fcjf0" else "TEST") / "DR1" / speaker.upper()
        folder.mkdir(parents=True, exist_ok=True)
        noise = np.random.default_rng(0).uniform(-0.1, 0.1, round(SOUND_S * 16000))
        soundfile.write(
            folder / f"{sentence.upper()}.WAV", noise, 16000, subtype="PCM_16", format="WAV"
        )


@pytest.fixture
def small_ecog(tmp_path):
    """Return a folder with one listener at 100 Hz and TIMIT beside it, for a test to break."""
    write_timit(tmp_path / "timit")
    root = tmp_path / "timit_ecog"
    root.mkdir()
    write_subject(
        root / "ec01.h5",
        {name: ramp(100, 0.5, 0.2, n_trials) for name, n_trials in SENTENCES.items()},
        rate_hz=100,
        pre_s=0.5,
        post_s=0.2,
        names=["a", "b", "c", "d"],
        areas=["STG", "A1", "STG", "insula"],
        xyz=np.arange(12.0).reshape(4, 3),
        space="MNI152",
    )
    return root


@pytest.mark.parametrize(("rate_hz", "pre_s"), [(50, 0.5), (100, 0.7), (200, 0.53), (125, 0.5)])
def test_rows_are_the_means_of_their_20_ms(rate_hz, pre_s):
    timing = Timing(rate_hz, pre_s, 0.2, round((pre_s + SOUND_S + 0.2) * rate_hz))
    edges_s = row_edges(len(row_times(SOUND_S)))
    steps = np.random.default_rng(0).normal(size=timing.n_samples)

    found = averaging(timing, edges_s) @ steps

    # The integral of a staircase, by brute force on a grid that every edge lies on.
    grid = 100_000
    fine = np.repeat(steps, grid // rate_hz)
    first = round(pre_s * grid)
    expected = fine[first : first + len(edges_s) * grid // 50].reshape(len(edges_s), -1).mean(1)
    np.testing.assert_allclose(found, expected, atol=1e-9)


def test_rows_at_50_hz_are_the_samples_themselves():
    timing = Timing(50, 0.5, 0.0, 85)

    matrix = averaging(timing, row_edges(60)).toarray()

    np.testing.assert_array_equal(matrix, np.eye(85)[25:])


@pytest.mark.parametrize("sound_s", [0.5, 1.21, 3 / 50, 46797 / 16000])
def test_rows_lie_within_the_sound(sound_s):
    times_s = row_times(sound_s)

    assert times_s[0] == 0.01
    assert sound_s - 0.03 - 1e-9 < times_s[-1] <= sound_s - 0.01 + 1e-9


def test_recording_is_the_first_trial_from_the_sound_s_beginning(small_ecog):
    ecog = TimitEcog(small_ecog)

    recording = ecog.recording("ec01")

    assert list(recording.responses) == list(ecog.stimuli_of("ec01")) == sorted(SENTENCES)
    response = recording.responses["fcjf0_sa1"]
    # The responses say when they were taken, and the trial and the electrode.
    np.testing.assert_allclose(response[:, 0], response["time"], atol=1e-6)
    np.testing.assert_allclose(response[:, 3], response["time"] + 300, atol=1e-4)
    assert len(response) == 60
    assert {name: each.sizes[REPEAT] for name, each in recording.repeats.items()} == {
        "fcjf0_sa1": 3,
        "felc0_sx37": 2,
    }
    np.testing.assert_array_equal(recording.repeats["fcjf0_sa1"][0], response)
    np.testing.assert_allclose(recording.repeats["fcjf0_sa1"][2, :, 0], response["time"] + 20, 1e-6)


def test_rows_are_labelled_by_text_and_speaker(small_ecog):
    ecog = TimitEcog(small_ecog)

    labels = ecog.row_labels("felc0_sx37")

    assert labels == {
        "sentence": "sx37",
        "speaker": "felc0",
        "dialect": "dr1",
        "sex": "f",
        "kind": "sx",
    }
    assert ecog.row_labels("fcjf0_sx37")["sentence"] == labels["sentence"]


def test_regions_hold_the_responsive_electrodes_of_an_area(small_ecog):
    rois = TimitEcog(small_ecog).rois("ec01")

    # A ramp is higher after the onset than before, by the same in every sentence: not testable.
    assert rois.sel(roi="all").all()
    assert not rois.sel(roi="responsive").any()
    assert rois["area"].values.tolist() == ["STG", "A1", "STG", "insula"]
    assert rois["y"].values.tolist() == [1.0, 4.0, 7.0, 10.0]
    assert rois.attrs["space"] == "MNI152"


def test_responsive_electrodes_are_those_of_a_paired_test():
    generator = np.random.default_rng(0)
    before = generator.normal(size=(40, 300))
    after = before + generator.normal(size=(40, 300)) + np.repeat([0.9, 0.0, -0.9], 100)

    found = is_responsive(before, after)

    p = scipy.stats.ttest_rel(after, before, alternative="greater").pvalue
    np.testing.assert_array_equal(found, multipletests(p, 0.01, method="fdr_bh")[0])
    assert found[:100].mean() > 0.9
    assert found[100:200].mean() < 0.05
    assert not found[200:].any()


def test_electrodes_that_cannot_be_tested_do_not_respond():
    before = np.random.default_rng(0).normal(size=(20, 4))
    after = before + 5 + np.random.default_rng(1).normal(size=(20, 4))
    after[:, 1] = before[:, 1]
    after[3, 2] = np.nan

    assert is_responsive(before, after).tolist() == [True, False, False, True]
    assert not is_responsive(before[:1], after[:1]).any()


def test_timit_is_looked_for_within_beside_and_where_it_is_named(small_ecog, tmp_path):
    expected = TimitEcog(small_ecog).clock("fcjf0_sa1")
    elsewhere = tmp_path / "elsewhere"
    shutil.move(tmp_path / "timit", elsewhere)

    with pytest.raises(
        MissingData, match=r"neither in .* nor beside it.*Linguistic Data Consortium"
    ):
        TimitEcog(small_ecog).clock("fcjf0_sa1")
    np.testing.assert_array_equal(
        TimitEcog(small_ecog, timit=elsewhere).clock("fcjf0_sa1"), expected
    )
    shutil.move(elsewhere, small_ecog / "TIMIT")
    np.testing.assert_array_equal(TimitEcog(small_ecog).clock("fcjf0_sa1"), expected)


def test_names_that_are_not_there_are_told(small_ecog, tmp_path):
    ecog = TimitEcog(small_ecog)

    with pytest.raises(UnknownName, match=r"no listener 'ec1' .*did you mean 'ec01'"):
        ecog.stimuli_of("ec1")
    with pytest.raises(UnknownName, match="no sentence 'fcjf0_sa2'; did you mean 'fcjf0_sa1'"):
        ecog.clock("fcjf0_sa2")
    with pytest.raises(UnknownName, match="ec01 did not hear 'x'"):
        ecog.recording("ec01", ["x"])
    with pytest.raises(MissingData, match=r"holds no <listener>\.h5; write recordings with"):
        TimitEcog(tmp_path)


def test_sentences_that_timit_lacks_are_missing(small_ecog, tmp_path):
    (tmp_path / "timit/TEST/DR1/FELC0/SX37.WAV").unlink()
    ecog = TimitEcog(small_ecog)

    with pytest.raises(MissingData, match="heard 'felc0_sx37', which the copy of TIMIT lacks"):
        ecog.recording("ec01")
    assert list(ecog.recording("ec01", ["fcjf0_sa1"]).responses) == ["fcjf0_sa1"]


def test_responses_must_last_as_long_as_their_sound(small_ecog, tmp_path):
    path = tmp_path / "timit/TEST/DR1/FELC0/SX37.WAV"
    soundfile.write(path, np.zeros(16000), 16000, subtype="PCM_16", format="WAV")

    with pytest.raises(
        CorruptData, match=r"191 samples at 100 Hz, which is 1.910 s, but .* 1.700 s"
    ):
        TimitEcog(small_ecog).recording("ec01")


def test_nan_stays_where_it_was(small_ecog):
    with h5py.File(small_ecog / "ec01.h5", "r+") as file:
        file["sentences/fcjf0_sa1/hg"][0, 60, 1] = np.nan

    recording = TimitEcog(small_ecog).recording("ec01")

    assert recording.finite_units().tolist() == [True, False, True, True]
    assert np.isnan(recording.responses["fcjf0_sa1"].values).sum() == 1


def test_fingerprint_follows_content_and_durations(small_ecog, tmp_path):
    ecog = TimitEcog(small_ecog)
    before = ecog.fingerprint("ec01", ["fcjf0_sa1"])

    assert before == TimitEcog(small_ecog).fingerprint("ec01", ["fcjf0_sa1"])
    assert before != ecog.fingerprint("ec01", ["fcjf0_sa1", "fcjf0_sx37"])
    path = tmp_path / "timit/TRAIN/DR1/FCJF0/SA1.WAV"
    soundfile.write(path, np.zeros(20000), 16000, subtype="PCM_16", format="WAV")
    assert before != ecog.fingerprint("ec01", ["fcjf0_sa1"])
