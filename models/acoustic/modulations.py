"""Spectro-temporal modulations: how fast and how finely the spectrum ripples.

A short-time spectrum in bands of a twelfth of an octave is the picture; a
column is the strength of one ripple in it, so many cycles a second along time
and so many cycles an octave along frequency, moving up or down. Scaled so that
a ripple whose log power swings by +-a gives a in its own column.
"""

from __future__ import annotations

import functools
import math

import numpy as np
import scipy.sparse

from heschl.models.acoustic.transforms import HOP, SAMPLE_RATE, power, project

__all__ = ["COLUMNS", "RATES_HZ", "REACH", "SCALES", "log_bands", "modulation_spectrum"]

RATES_HZ = (2.0, 4.0, 8.0, 16.0, 32.0)
SCALES = (0.5, 1.0, 2.0, 4.0)
"""Cycles per octave, beside 0: all frequencies together."""

LOWEST_HZ = 250.0
BANDS_PER_OCTAVE = 12
N_BANDS = 5 * BANDS_PER_OCTAVE
N_POINTS = 2048
"""Of the padded transform: its bins lie closer than the lowest bands."""
POWER_FLOOR = 1e-4
"""80 dB below a full-scale tone, so that silence does not depend on a recording's hiss."""

_FRAMES_PER_S = SAMPLE_RATE / HOP
REACH = math.ceil(_FRAMES_PER_S / RATES_HZ[0]) - 1
"""How many frames a column sees on either side: two cycles of the slowest ripple."""

COLUMNS = tuple(
    (rate_hz, scale, direction)
    for rate_hz in RATES_HZ
    for scale, direction in [
        (0.0, "none"),
        *((scale, direction) for scale in SCALES for direction in ("down", "up")),
    ]
)
"""Rate in Hz, scale in cycles per octave, and where the peaks of the ripple move."""


def log_bands(frames: np.ndarray) -> np.ndarray:
    """Return log10 of the mean power (frame, 60) of ``frames`` (frame, 400) in each band."""
    return np.asarray(
        np.log10(np.maximum(project(_band_rows(), power(frames, N_POINTS)), POWER_FLOOR))
    )


def modulation_spectrum(bands: np.ndarray) -> np.ndarray:
    """Return the strength of each ripple (time - 98, 45) in ``bands`` (time, 60).

    Along frequency the picture is weighted by a Hann window over the five
    octaves, along time by one over two cycles of each rate.
    """
    ripples = project(_ripple_rows(), bands)
    flat, real, imaginary = np.split(ripples, [1, 1 + len(SCALES)], axis=1)
    columns = []
    for rate_hz in RATES_HZ:
        columns.append(_magnitude(flat, rate_hz))
        down, up = (_magnitude(real + sign * 1j * imaginary, rate_hz) for sign in (1, -1))
        columns += [each for pair in zip(down.T, up.T, strict=True) for each in pair]
    return np.stack([column.reshape(-1) for column in columns], axis=1)


def _magnitude(ripples: np.ndarray, rate_hz: float) -> np.ndarray:
    """Return how strongly each of the ``ripples`` (time, scale) oscillates at a rate."""
    period = _FRAMES_PER_S / rate_hz
    steps = np.arange(-REACH, REACH + 1)
    steps = steps[np.abs(steps) < period]
    taps = _oscillation(np.cos(np.pi * steps / (2 * period)) ** 2, steps / period)
    n_times = len(ripples) - 2 * REACH
    # One tap after the other, because a matrix product would sum in an order of its own.
    total = np.zeros((n_times, ripples.shape[1]), dtype=complex)
    for step, tap in zip(steps, taps, strict=True):
        total += tap * ripples[REACH + step : REACH + step + n_times]
    return np.asarray(2 * np.abs(total))


def _oscillation(window: np.ndarray, cycles: np.ndarray) -> np.ndarray:
    """Return a wave under a window of sum 1, without answer to what is constant."""
    window = window / window.sum()
    wave = np.exp(-2j * np.pi * cycles)
    return np.asarray(window * (wave - (window * wave).sum()))


@functools.cache
def _band_rows() -> scipy.sparse.csr_array:
    """Return triangles on the axis of octaves (band, bin), each of sum 1."""
    bins_hz = np.fft.rfftfreq(N_POINTS, 1 / SAMPLE_RATE)[1:]
    centres_hz = LOWEST_HZ * 2 ** (np.arange(N_BANDS) / BANDS_PER_OCTAVE)
    distance = BANDS_PER_OCTAVE * np.abs(np.log2(bins_hz / centres_hz[:, None]))
    weights = np.maximum(0, 1 - distance)
    weights /= weights.sum(axis=1, keepdims=True)
    return scipy.sparse.csr_array(np.pad(weights, ((0, 0), (1, 0))))


@functools.cache
def _ripple_rows() -> scipy.sparse.csr_array:
    """Return (row, band): the mean, then real and imaginary parts of the waves of each scale."""
    place = np.arange(N_BANDS) + 0.5
    window = np.sin(np.pi * place / N_BANDS) ** 2
    octaves = (place - N_BANDS / 2) / BANDS_PER_OCTAVE
    waves = np.array([_oscillation(window, scale * octaves) for scale in SCALES])
    return scipy.sparse.csr_array(np.vstack([window / window.sum(), waves.real, waves.imag]))
