from __future__ import annotations

import numpy as np
import pytest
import scipy.signal

from heschl.alignment import Alignment
from heschl.errors import InvalidInput
from heschl.phantom.corpus import utterances
from heschl.phantom.features import (
    BAND_EDGES_HZ,
    LEXICAL_COLUMNS,
    PHONETIC_COLUMNS,
    frame_times,
    lexical,
    phonetic,
    spectral,
)


def test_spectral_equals_scipy():
    waveform = np.random.default_rng(0).standard_normal(4000)

    found = spectral(waveform)

    frequencies, _, power = scipy.signal.spectrogram(
        waveform, 16000, "hann", 400, 240, detrend=False, scaling="density"
    )
    edges = np.array(BAND_EDGES_HZ)
    for band in range(8):
        inside = (frequencies >= edges[band]) & (frequencies < edges[band + 1])
        if band == 7:
            inside |= frequencies == 8000
        # Bins are 40 Hz wide; scipy does not double the one at the Nyquist rate, we do.
        weight = np.where(frequencies == 8000, 2, 1) * inside * 40
        expected = np.log10(weight @ power + 1e-7)
        np.testing.assert_allclose(found[:, band], expected, rtol=1e-6)


@pytest.mark.parametrize("band", range(8))
def test_spectral_tone_has_its_power_in_its_band(band):
    frequency = np.sqrt(BAND_EDGES_HZ[band] * BAND_EDGES_HZ[band + 1])
    tone = 0.2 * np.sin(2 * np.pi * frequency * np.arange(16000) / 16000)

    values = spectral(tone)

    assert (values.argmax(axis=1) == band).all()
    assert 10 ** values[:, band].mean() == pytest.approx(0.2**2 / 2, rel=0.3)


def test_spectral_frames_see_their_own_samples_alone():
    waveform = np.random.default_rng(1).standard_normal((2, 3000))
    changed = waveform.copy()
    changed[:, 1600 + 400 :] = 0
    changed[:, :1600] = 0

    np.testing.assert_array_equal(spectral(changed)[:, 10], spectral(waveform)[:, 10])
    assert spectral(waveform).shape == (2, (3000 - 400) // 160 + 1, 8)


def test_spectral_click_is_largest_in_the_frame_that_is_centred_on_it():
    click = np.zeros(16000)
    click[8000] = 1.0

    energy = spectral(click).sum(axis=1)

    assert abs(frame_times(len(energy))[energy.argmax()] - 0.5) <= 0.005


def test_spectral_of_speech_does_not_depend_on_the_file_format():
    waveform = utterances()[0].sound.waveform(16000)
    rounded = np.round(waveform * 32768) / 32768

    assert np.abs(spectral(waveform) - spectral(rounded)).max() < 0.05


def test_spectral_refuses_less_than_a_frame():
    with pytest.raises(InvalidInput, match="at least 400"):
        spectral(np.zeros(399))


@pytest.mark.parametrize(
    ("phone", "columns"),
    [
        ("B", {"plosive", "voiced"}),
        ("CH", {"plosive", "fricative"}),
        ("S", {"fricative"}),
        ("NG", {"nasal", "voiced"}),
        ("L", {"approximant", "voiced"}),
        ("IY", {"high", "front"}),
        ("AH", {"mid"}),
        ("AW", {"low", "mid", "back"}),
        ("OY", {"mid", "high", "front", "back"}),
    ],
)
def test_phonetic_marks_the_articulation_of_the_table(phone, columns):
    values = phonetic(Alignment(phones=((0.0, 0.1, phone),))).values[0]

    marked = {column for column, value in zip(PHONETIC_COLUMNS, values, strict=True) if value == 1}
    assert marked == columns
    assert set(values) <= {0.0, 1.0}


def test_phonetic_knows_every_phone_of_the_corpus_and_keeps_the_times():
    alignment = utterances()[0].alignment

    events = phonetic(alignment)

    assert events.values.shape == (len(alignment.phones), len(PHONETIC_COLUMNS))
    assert events.values.any(axis=1).all()
    assert events.onsets_s.tolist() == [phone.onset_s for phone in alignment.phones]
    assert events.offsets_s.tolist() == [phone.offset_s for phone in alignment.phones]


@pytest.mark.parametrize("label", ["AH0", "ah", "sp", ""])
def test_phonetic_refuses_other_labels(label):
    with pytest.raises(InvalidInput, match="none of the 39"):
        phonetic(Alignment(phones=((0.0, 0.1, label),)))


def test_lexical_columns_follow_the_word():
    words = ((0.0, 0.2, "The"), (0.2, 0.9, "lighthouse"), (0.9, 1.0, "the"), (1.0, 1.1, "猫"))

    values = lexical(Alignment(words=words)).values

    assert len(LEXICAL_COLUMNS) == values.shape[1] == 4
    assert (values[:, 0] == 1).all()
    np.testing.assert_allclose(np.exp(values[:, 1]), [3, 10, 3, 1])
    assert values[:, 2].tolist() == [1, 0, 1, 0]
    np.testing.assert_array_equal(values[0], values[2])


def test_lexical_frequency_is_standard_normal_over_word_forms():
    words = tuple((float(i), i + 0.5, f"word{i}") for i in range(2000))

    frequency = lexical(Alignment(words=words)).values[:, 3]

    assert scipy.stats.kstest(frequency, "norm").pvalue > 0.01


def test_features_of_nothing_are_empty():
    assert phonetic(Alignment()).values.shape == (0, 10)
    assert lexical(Alignment()).values.shape == (0, 4)


def test_features_of_the_corpus_vary_in_every_column():
    spoken = utterances()

    phones = np.concatenate([phonetic(u.alignment).values for u in spoken])
    words = np.concatenate([lexical(u.alignment).values for u in spoken])
    bands = np.concatenate([spectral(u.sound.waveform(16000)) for u in spoken[:8]])

    assert ((phones.mean(axis=0) > 0.05) & (phones.mean(axis=0) < 0.6)).all()
    assert (words[:, 1:].std(axis=0) > 0.3).all()
    assert (bands.std(axis=0) > 0.3).all()
    # No column may be so nearly another that weights could not be told apart.
    for values in (phones, words[:, 1:], bands):
        assert np.linalg.cond((values - values.mean(0)) / values.std(0)) < 20
