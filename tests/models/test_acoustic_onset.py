"""Acoustic onsets against librosa's spectral flux, and where they must stand."""

from __future__ import annotations

import librosa
import numpy as np
import pytest
import scipy.signal

from heschl.models.acoustic.model import onset

RATE = 16_000


def heard(waveform):
    outputs = onset().forward(waveform.astype(np.float32)[None], ["onset", "onset_bands"])
    return outputs["onset"][0, :, 0], outputs["onset_bands"][0]


def times_s(values):
    return onset().layers[1].offset_s + 0.01 * np.arange(len(values))


def test_onset_equals_librosa():
    generator = np.random.default_rng(3)
    sound = scipy.signal.chirp(np.arange(2 * RATE) / RATE, 100, 2, 7000)
    sound = 0.5 * sound * (scipy.signal.square(np.arange(2 * RATE) / RATE * 20) > 0)
    sound = (sound + 0.01 * generator.standard_normal(2 * RATE)).astype(np.float32)
    power = librosa.feature.melspectrogram(
        y=sound.astype(np.float64), sr=RATE, n_fft=400, hop_length=160, center=False, n_mels=80
    )
    log_mel = np.log10(np.maximum(power, 1e-6))
    # Its first value is a padding of its own.
    expected = librosa.onset.onset_strength(S=log_mel, sr=RATE, hop_length=160, center=False)[1:]
    bands_expected = np.clip(np.diff(log_mel, axis=1), 0, None).T

    flux, bands = heard(sound)

    np.testing.assert_allclose(flux, expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(bands, bands_expected, rtol=1e-5, atol=1e-6)
    assert flux.max() > 1


def test_sums_miss_no_rise_when_asked_ten_times_a_second():
    sound = np.random.default_rng(2).standard_normal(2 * RATE) * 0.1
    names = ["onset_bands", "onset_bands_100ms", "onset", "onset_100ms"]
    outputs = onset().forward(sound.astype(np.float32)[None], names)

    for every, summed in (names[:2], names[2:]):
        asked = outputs[summed][0, ::10]
        rises = outputs[every][0, : 10 * len(asked)]
        expected = rises.reshape(len(asked), 10, -1).astype(np.float64).sum(axis=1)
        np.testing.assert_allclose(asked, expected, rtol=1e-6, atol=1e-6)
    first, second = onset().layers[0], onset().layers[2]
    # The middle of ten frames is four and a half after the first.
    assert second.offset_s - first.offset_s == pytest.approx(0.045)


def test_click_rises_where_it_is_and_nowhere_else():
    sound = np.zeros(RATE)
    sound[8000] = 0.5

    flux, _ = heard(sound)

    times = times_s(flux)
    assert (flux[np.abs(times - 0.5) > 0.0175] == 0).all()
    # It rises when the window comes upon it, the window's half before it is centred.
    assert abs(times[np.argmax(flux)] - 0.5) < 0.0175
    assert flux.max() > 1


def band_of(frequency_hz):
    centres_hz = librosa.mel_frequencies(82, fmin=0, fmax=8000)[1:-1]
    return int(np.argmin(np.abs(centres_hz - frequency_hz)))


def test_tone_sets_in_in_its_own_band_and_leaves_it_without_a_trace():
    seconds = np.arange(RATE) / RATE
    is_on = (seconds >= 0.3) & (seconds < 0.7)
    ramp = scipy.signal.windows.tukey(int(is_on.sum()), 0.2)
    sound = np.zeros(RATE)
    sound[is_on] = 0.5 * ramp * np.sin(2 * np.pi * 1000 * seconds[is_on])

    flux, bands = heard(sound)

    times = times_s(flux)
    own = bands[:, band_of(1000)]
    is_start = (times > 0.28) & (times < 0.36)
    assert own[is_start].sum() > 5
    assert bands[:, band_of(4000)].sum() < 0.2 * own.sum()
    assert own[~is_start].sum() < 0.01 * own[is_start].sum()
    assert flux[(times > 0.36) & (times < 0.64)].max() < 0.01 * flux.max()
    np.testing.assert_allclose(flux, bands.mean(axis=1), rtol=1e-6)


@pytest.mark.parametrize("gain", [0.5, 0.1])
def test_rises_do_not_depend_on_loudness_above_the_floor(gain):
    sound = 0.5 * np.random.default_rng(0).standard_normal(RATE)

    np.testing.assert_allclose(heard(gain * sound)[0], heard(sound)[0], atol=2e-5)


def test_rounding_of_16_bits_is_silence():
    dither = np.random.default_rng(0).integers(-1, 2, RATE) / 2**15

    assert (heard(dither)[0] == 0).all()
    assert (heard(np.zeros(RATE))[0] == 0).all()


def test_louder_tone_rises_by_its_gain_in_decades():
    sound = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(RATE) / RATE)
    sound[:8000] *= 0.01

    _, bands = heard(sound)

    # By 40 dB, four decades of power, in whatever frames the step falls.
    assert bands[:, band_of(1000)].sum() == pytest.approx(4, abs=0.01)
