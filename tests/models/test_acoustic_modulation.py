"""Modulations: each ripple in its own column, against a plain sum and closed forms."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.signal

from heschl.models.acoustic.model import modulation
from heschl.models.acoustic.modulations import (
    COLUMNS,
    RATES_HZ,
    REACH,
    log_bands,
    modulation_spectrum,
)

RATE = 16_000
CENTRES_HZ = 250 * 2 ** (np.arange(60) / 12)
DIRECTIONS = ("down", "up")


def heard(waveform):
    outputs = modulation().forward(waveform.astype(np.float32)[None], ["modulation"])
    return outputs["modulation"][0]


def ripple(rate_hz, scale, direction, n_frames=300):
    """Return a picture (frame, band) whose peaks move as named, with a swing of +-1."""
    seconds, octaves = np.arange(n_frames)[:, None] / 100, np.arange(60) / 12
    # Downwards: the peak, where the phase is constant, falls as time goes on.
    sign = 1 if direction == "down" else -1
    return np.cos(2 * np.pi * (rate_hz * seconds + sign * scale * octaves) + 0.3)


def rippling_sound(rate_hz, scale, direction, swing, seconds=3.0):
    """Return tones a twenty-fourth of an octave apart with a rippling log power."""
    generator = np.random.default_rng(5)
    times_s = np.arange(round(seconds * RATE)) / RATE
    sign = 1 if direction == "down" else -1
    sound = np.zeros(len(times_s))
    for octaves in np.arange(0, 5, 1 / 24):
        log_power = swing * np.cos(2 * np.pi * (rate_hz * times_s + sign * scale * octaves))
        phase = generator.uniform(0, 2 * np.pi)
        sound += 10 ** (log_power / 2) * np.sin(2 * np.pi * 250 * 2**octaves * times_s + phase)
    return 0.02 * sound


def test_columns_are_every_ripple_once():
    assert len(COLUMNS) == len(set(COLUMNS)) == 5 * (1 + 2 * 4) == 45
    assert COLUMNS[:3] == ((2.0, 0.0, "none"), (2.0, 0.5, "down"), (2.0, 0.5, "up"))
    assert modulation().layers[0].receptive_field_s == pytest.approx(0.025 + 0.98)


def test_bands_equal_a_padded_transform():
    frames = np.random.default_rng(0).standard_normal((20, 400))
    _, _, spectrum = scipy.signal.stft(
        frames, RATE, window="hann", nperseg=400, noverlap=0, nfft=2048, boundary=None,
        padded=False, scaling="spectrum",
    )  # fmt: skip
    power = np.abs(spectrum[..., 0] * scipy.signal.get_window("hann", 400).sum()) ** 2
    bins_hz = np.fft.rfftfreq(2048, 1 / RATE)
    expected = []
    for centre in CENTRES_HZ:
        # A triangle over the octave, a twelfth to either side.
        weights = np.interp(
            np.log2(np.maximum(bins_hz, 1)), np.log2(centre) + np.array([-1, 0, 1]) / 12, [0, 1, 0]
        )
        expected.append(np.log10(power @ weights / weights.sum()))

    np.testing.assert_allclose(log_bands(frames), np.transpose(expected), atol=1e-9)


def test_modulations_equal_a_plain_sum():
    picture = np.random.default_rng(1).standard_normal((2 * REACH + 4, 60))
    octaves = (np.arange(60) - 29.5) / 12
    over_bands = np.sin(np.pi * (np.arange(60) + 0.5) / 60) ** 2
    expected = np.empty((4, 45))
    for column, (rate_hz, scale, direction) in enumerate(COLUMNS):
        seconds = np.arange(-REACH, REACH + 1) / 100
        over_time = np.where(
            np.abs(seconds) < 1 / rate_hz, (1 + np.cos(np.pi * seconds * rate_hz)) / 2, 0
        )
        kernel_t = over_time * np.exp(-2j * np.pi * rate_hz * seconds)
        kernel_t -= over_time * kernel_t.sum() / over_time.sum()
        sign = 1 if direction == "up" else -1
        kernel_f = over_bands * np.exp(2j * np.pi * sign * scale * octaves)
        if scale:
            kernel_f -= over_bands * kernel_f.sum() / over_bands.sum()
        kernel = np.outer(kernel_t / over_time.sum(), kernel_f / over_bands.sum())
        # correlate conjugates its second argument
        answer = scipy.signal.correlate2d(picture, kernel.conj(), mode="valid")
        expected[:, column] = 2 * np.abs(answer[:, 0])

    np.testing.assert_allclose(modulation_spectrum(picture), expected, atol=1e-12)


@pytest.mark.parametrize(
    "column", range(45), ids=lambda column: "{}Hz-{}-{}".format(*COLUMNS[column])
)
def test_ripple_has_its_size_in_its_own_column(column):
    rate_hz, scale, direction = COLUMNS[column]
    found = modulation_spectrum(0.7 * ripple(rate_hz, scale, direction)).mean(axis=0)

    assert found.argmax() == column
    # The slowest scale has little more than two cycles on the axis; 32 Hz has seven taps.
    assert found[column] == pytest.approx(0.7, rel=0.12)
    opposite = {"down": "up", "up": "down"}.get(direction)
    if opposite:
        assert found[COLUMNS.index((rate_hz, scale, opposite))] < 0.1 * found[column]


def test_what_does_not_change_has_no_modulation():
    spectrum = np.random.default_rng(2).standard_normal(60)

    assert modulation_spectrum(np.tile(spectrum, (200, 1))).max() < 1e-12


@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_modulated_noise_peaks_at_its_rate_in_all_bands_together(rate_hz):
    seconds = np.arange(8 * RATE) / RATE
    noise = 0.1 * np.random.default_rng(3).standard_normal(len(seconds))

    found = heard(noise * (1 + 0.9 * np.cos(2 * np.pi * rate_hz * seconds))).mean(axis=0)

    assert COLUMNS[int(found.argmax())] == (rate_hz, 0.0, "none")


@pytest.mark.parametrize("depth", [0.25, 0.5, 0.75])
def test_depth_of_modulated_tones_follows_from_its_logarithm(depth):
    seconds = np.arange(4 * RATE) / RATE
    modulation_of_amplitude = 1 + depth * np.cos(2 * np.pi * 4 * seconds)
    found = heard(modulation_of_amplitude * rippling_sound(4, 0, "down", 0, seconds=4.0))

    # ln(1 + m cos) = ... + 2 b cos + ..., b = (1 - sqrt(1 - m^2)) / m; power has twice that.
    swing = 4 * (1 - np.sqrt(1 - depth**2)) / depth / np.log(10)
    assert found.mean(axis=0)[COLUMNS.index((4.0, 0.0, "none"))] == pytest.approx(swing, rel=0.05)


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize(("rate_hz", "scale"), [(4.0, 0.5), (8.0, 1.0), (2.0, 2.0), (16.0, 0.5)])
def test_rippling_sound_peaks_in_its_own_column(rate_hz, scale, direction):
    found = heard(rippling_sound(rate_hz, scale, direction, swing=0.8)).mean(axis=0)

    assert COLUMNS[int(found.argmax())] == (rate_hz, scale, direction)


@pytest.mark.parametrize(
    ("first_hz", "last_hz", "direction"), [(300, 7000, "up"), (7000, 300, "down")]
)
def test_sweep_moves_as_it_sounds(first_hz, last_hz, direction):
    sound = 0.5 * scipy.signal.chirp(np.arange(2 * RATE) / RATE, first_hz, 2, last_hz, "log")
    found = heard(sound + 0.001 * np.random.default_rng(0).standard_normal(len(sound))).sum(axis=0)

    along, against = (
        sum(found[i] for i, column in enumerate(COLUMNS) if column[2] == way)
        for way in (direction, *[other for other in DIRECTIONS if other != direction])
    )
    assert along > 1.3 * against


def test_click_is_fast_and_flat():
    sound = 0.001 * np.random.default_rng(0).standard_normal(2 * RATE)
    sound[RATE] = 1.0

    found = heard(sound)

    at_click = found[np.argmin(np.abs(0.5025 + 0.01 * np.arange(len(found)) - 1.0))]
    assert COLUMNS[int(at_click.argmax())][:2] == (32.0, 0.0)


def test_steady_tone_and_silence_have_no_modulation():
    tone = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(2 * RATE) / RATE)

    assert heard(tone).max() < 1e-3
    assert heard(np.zeros(2 * RATE)).max() < 1e-12


def test_loudness_above_the_floor_does_not_matter():
    noise = np.random.default_rng(6).standard_normal(2 * RATE)

    np.testing.assert_allclose(heard(0.3 * noise), heard(0.03 * noise), atol=2e-4)
