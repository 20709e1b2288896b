"""The power spectra of 33.5 Hz bands against scipy, Parseval and closed forms."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.signal

from heschl.extraction import SlidingWindows, extract_frames
from heschl.models.acoustic.model import powspec_8k, powspec_448
from heschl.phantom.corpus import utterances
from heschl.sound import Sound, Stimulus

RATE = 33_500
CENTRES_HZ = 25 + 33.5 * np.arange(448)


def heard(waveform, make=powspec_448):
    return make().forward(waveform.astype(np.float32)[None], ["powspec"])["powspec"][0]


def tone(frequency_hz, amplitude=0.5, seconds=0.5):
    return amplitude * np.sin(2 * np.pi * frequency_hz * np.arange(round(RATE * seconds)) / RATE)


def test_bands_are_those_of_the_protocol():
    first, second = powspec_448().layers[0], powspec_8k().layers[0]

    assert CENTRES_HZ[-1] == 14_999.5
    # The last band that lies wholly below 8 kHz is number 237.
    assert second.width == 238 == int((CENTRES_HZ + 16.75 < 8000).sum())
    assert first.width == 448
    assert first.rate_hz == second.rate_hz == 100
    assert first.receptive_field_s == pytest.approx(4 / 33.5)
    assert powspec_448().sample_rate >= 30_100


def test_powspec_equals_scipy():
    sound = np.random.default_rng(0).standard_normal(RATE) * np.linspace(1e-4, 1, RATE)
    sound = sound.astype(np.float32)
    bins_hz, _, density = scipy.signal.spectrogram(
        sound.astype(np.float64), RATE, window="hann", nperseg=4000, noverlap=4000 - 335,
        detrend=False, scaling="density", mode="psd",
    )  # fmt: skip
    power = density * (bins_hz[1] - bins_hz[0])
    is_inside = np.abs(bins_hz - CENTRES_HZ[:, None]) < 16.75
    expected = np.log10(is_inside.astype(float) @ power + 1e-10).T

    found = heard(sound)

    assert (is_inside.sum(axis=1) == 4).all()
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=3e-7, atol=1e-6)


@pytest.mark.parametrize("band", [0, 1, 29, 237, 238, 447])
@pytest.mark.parametrize("amplitude", [1.0, 0.01])
def test_tone_gives_half_its_square_in_its_band(band, amplitude):
    # The centre is on the third of a band's four bins, so that all that Hann spreads is inside.
    found = heard(tone(CENTRES_HZ[band], amplitude))

    assert (found.argmax(axis=1) == band).all()
    np.testing.assert_allclose(10.0 ** found[:, band], amplitude**2 / 2, rtol=1e-3)


def test_bands_hold_all_the_power_there_is():
    # Parseval: what lies between the first band's and the last band's edges.
    noise = np.random.default_rng(1).standard_normal(2 * RATE)
    sos = scipy.signal.butter(12, [100, 12_000], "bandpass", fs=RATE, output="sos")
    sound = 0.1 * scipy.signal.sosfiltfilt(sos, noise)

    total = (10.0 ** heard(sound)).sum(axis=1).mean()

    assert total == pytest.approx((sound**2).mean(), rel=0.01)


def test_sweep_is_followed_band_by_band():
    seconds = np.arange(2 * RATE) / RATE
    found = heard(scipy.signal.chirp(seconds, 200, 2, 14_000))

    times_s = 2 / 33.5 + 0.01 * np.arange(len(found))
    expected_hz = 200 + 6900 * times_s
    # It passes 824 Hz within a frame, and the Hann window halves that.
    assert np.abs(CENTRES_HZ[found.argmax(axis=1)] - expected_hz).max() < 206


def test_click_is_flat_over_all_bands():
    sound = np.zeros(8000)
    sound[4000] = 1.0

    found = heard(sound)

    np.testing.assert_allclose(found, found[:, :1] * np.ones(448), atol=1e-3)
    frame = np.argmax(found[:, 0])
    hann = scipy.signal.get_window("hann", 4000)
    expected = 4 * 2 * hann[4000 - 335 * frame] ** 2 / (4000 * (hann**2).sum())
    assert 10 ** found[frame, 0] == pytest.approx(expected + 1e-10, rel=1e-3)


def test_silence_is_at_the_floor():
    assert (heard(np.zeros(4000)) == -10).all()


def test_8k_is_the_beginning_of_448():
    sound = np.random.default_rng(2).standard_normal(RATE)

    np.testing.assert_array_equal(heard(sound, powspec_8k), heard(sound)[:, :238])


def test_amplitude_modulation_is_in_the_time_course():
    seconds = np.arange(3 * RATE) / RATE
    carrier = np.random.default_rng(4).standard_normal(len(seconds))
    found = heard(carrier * (1 + 0.8 * np.cos(2 * np.pi * 3 * seconds))).mean(axis=1)

    spectrum = np.abs(np.fft.rfft(found[:200] - found[:200].mean()))
    assert np.fft.rfftfreq(200, 0.01)[spectrum.argmax()] == 3


def test_resampled_sound_of_16_khz_agrees_below_7_khz():
    # What powspec8k is for; above 7.3 kHz the resampler's filter falls off.
    spoken = utterances("en")[0].sound
    frames = [
        extract_frames(
            powspec_8k(),
            Stimulus("speech", Sound.from_samples(spoken.waveform(rate), rate)),
            ["powspec"],
            SlidingWindows(),
        )["powspec"]
        for rate in (22_050, 16_000)
    ]

    below_7_khz = [each.values[:, :207] for each in frames]
    assert np.abs(below_7_khz[0] - below_7_khz[1]).max() < 0.02
    np.testing.assert_array_equal(frames[0].times_s, frames[1].times_s)


def test_bands_beyond_a_recording_stay_at_the_floor():
    loud = 0.3 * np.random.default_rng(5).standard_normal(3 * 16_000)
    recorded = Stimulus("noise", Sound.from_samples(loud.astype(np.float32), 16_000))

    values = extract_frames(powspec_448(), recorded, ["powspec"], SlidingWindows())[
        "powspec"
    ].values

    # From 8.1 kHz on: what the resampler leaves there is far below 1e-10.
    np.testing.assert_allclose(values[:, CENTRES_HZ > 8100], -10, atol=1e-4)
    assert values[:, CENTRES_HZ < 7300].min() > -6
