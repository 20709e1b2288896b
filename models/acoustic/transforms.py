"""The signal processing, as pure functions of 25 ms frames.

Everything is computed in float64. No step lets one frame's rounding depend on
its neighbours: matrix products go through sparse rows, summed in a fixed order,
because BLAS changes its order with the number of frames.
"""

from __future__ import annotations

import functools

import numpy as np
import scipy.fft
import scipy.signal
import scipy.sparse

__all__ = [
    "FRAME",
    "HOP",
    "N_BINS",
    "N_COEFFICIENTS",
    "N_MELS",
    "N_SUMMED",
    "SAMPLE_RATE",
    "audible_log_mel",
    "deltas",
    "envelope",
    "log_mel",
    "log_spectrum",
    "mean_rise",
    "mel_filters",
    "mfcc",
    "power",
    "project",
    "rises",
    "summed_mean_rise",
    "summed_rises",
]

SAMPLE_RATE = 16_000
FRAME = 400
HOP = 160
N_BINS = FRAME // 2 + 1
N_MELS = 80
N_COEFFICIENTS = 13
POWER_FLOOR = 1e-10
AUDIBLE_FLOOR = 1e-6
"""Above digital silence and the rounding of 16-bit files, whose steps would pass for onsets."""
DELTA_REACH = 2
N_SUMMED = 10
"""Frames in the tenth of a second over which rises are summed."""

# Periodic, as in every short-time Fourier transform.
HANN: np.ndarray = scipy.signal.get_window("hann", FRAME, fftbins=True)

# Slaney's mel: linear below 1 kHz, then 27 steps for each factor of 6.4.
LINEAR_HZ_PER_MEL = 200 / 3
KNEE_HZ = 1000.0
KNEE_MEL = KNEE_HZ / LINEAR_HZ_PER_MEL
LOG_STEP = np.log(6.4) / 27


def log_spectrum(frames: np.ndarray) -> np.ndarray:
    """Return log10 of the power (frame, 201) of ``frames`` (frame, 400), floored at 1e-10."""
    return _log(power(frames))


def log_mel(frames: np.ndarray) -> np.ndarray:
    """Return log10 of the mel-band power (frame, 80) of ``frames`` (frame, 400)."""
    return _log(project(_mel_rows(), power(frames)))


def audible_log_mel(frames: np.ndarray) -> np.ndarray:
    """Return `log_mel` (frame, 80), floored at 1e-6: 83 dB below a full-scale tone."""
    return _log(project(_mel_rows(), power(frames)), AUDIBLE_FLOOR)


def mfcc(frames: np.ndarray) -> np.ndarray:
    """Return the first 13 cosine coefficients (frame, 13) of `log_mel`.

    The cosine transform is the orthonormal DCT-II over the 80 bands; the zeroth
    coefficient, the loudness, is kept, and nothing is liftered.
    """
    return project(_cosine_rows(), log_mel(frames))


def envelope(frames: np.ndarray) -> np.ndarray:
    """Return the root mean square (frame, 1) of ``frames`` (frame, 400) under a Hann window.

    A steady tone of amplitude A above 80 Hz gives A / sqrt(2).
    """
    mean_square = (np.square(frames) * HANN).sum(axis=-1, keepdims=True) / HANN.sum()
    return np.asarray(np.sqrt(mean_square))


def deltas(coefficients: np.ndarray) -> np.ndarray:
    """Return coefficients, slopes and slopes of slopes (time - 8, 3 unit) of (time, unit).

    The slope is the regression line's over five frames, the standard of speech
    recognition. The four frames at either end lack neighbours and are left out.
    """
    slopes = _slope(coefficients)
    reach = DELTA_REACH
    return np.concatenate(
        [
            coefficients[2 * reach : -2 * reach],
            slopes[reach:-reach],
            _slope(slopes),
        ],
        axis=-1,
    )


def rises(bands: np.ndarray) -> np.ndarray:
    """Return by how much each band rises (time - 1, band) from frame to frame; falls are 0."""
    return np.maximum(0, np.diff(bands, axis=0))


def mean_rise(bands: np.ndarray) -> np.ndarray:
    """Return the mean of `rises` over bands (time - 1, 1), known as spectral flux."""
    return np.asarray(rises(bands).mean(axis=1, keepdims=True))


def summed_rises(bands: np.ndarray) -> np.ndarray:
    """Return the sums of `rises` over ten frames (time - 10, band)."""
    rising = rises(bands)
    n_sums = len(rising) - N_SUMMED + 1
    return np.asarray(sum(rising[first : first + n_sums] for first in range(N_SUMMED)))


def summed_mean_rise(bands: np.ndarray) -> np.ndarray:
    """Return the mean of `summed_rises` over bands (time - 10, 1)."""
    return np.asarray(summed_rises(bands).mean(axis=1, keepdims=True))


def mel_filters(n_mels: int = N_MELS, n_points: int = FRAME) -> np.ndarray:
    """Return the triangular filters (mel, bin), each of unit area over its band in Hz.

    Bins are those of a transform of ``n_points`` samples.

    >>> mel_filters().shape
    (80, 201)
    """
    edges_hz = _mel_to_hz(np.linspace(0, _hz_to_mel(SAMPLE_RATE / 2), n_mels + 2))
    low, centre, high = edges_hz[:-2, None], edges_hz[1:-1, None], edges_hz[2:, None]
    bins_hz = np.fft.rfftfreq(n_points, 1 / SAMPLE_RATE)
    rising = (bins_hz - low) / (centre - low)
    falling = (high - bins_hz) / (high - centre)
    return np.asarray(np.maximum(0, np.minimum(rising, falling)) * 2 / (high - low))


def power(frames: np.ndarray, n_points: int = FRAME) -> np.ndarray:
    """Return the power (frame, bin) under a Hann window; more points interpolate between bins."""
    spectrum = np.fft.rfft(frames * HANN, n_points)
    return np.asarray(np.square(spectrum.real) + np.square(spectrum.imag))


def project(rows: scipy.sparse.csr_array, values: np.ndarray) -> np.ndarray:
    """Return (frame, row) for ``rows`` (row, column) and ``values`` (frame, column)."""
    return np.ascontiguousarray((rows @ np.ascontiguousarray(values.T)).T)


def _log(values: np.ndarray, floor: float = POWER_FLOOR) -> np.ndarray:
    return np.asarray(np.log10(np.maximum(values, floor)))


def _slope(coefficients: np.ndarray) -> np.ndarray:
    reach, n_frames = DELTA_REACH, len(coefficients)
    rise = sum(
        step
        * (
            coefficients[reach + step : n_frames - reach + step]
            - coefficients[reach - step : n_frames - reach - step]
        )
        for step in range(1, reach + 1)
    )
    return np.asarray(rise / (2 * sum(step * step for step in range(1, reach + 1))))


@functools.cache
def _mel_rows() -> scipy.sparse.csr_array:
    return scipy.sparse.csr_array(mel_filters())


@functools.cache
def _cosine_rows() -> scipy.sparse.csr_array:
    basis = scipy.fft.dct(np.eye(N_MELS), type=2, norm="ortho", axis=0)
    return scipy.sparse.csr_array(basis[:N_COEFFICIENTS])


def _hz_to_mel(frequency_hz: float) -> float:
    if frequency_hz < KNEE_HZ:
        return frequency_hz / LINEAR_HZ_PER_MEL
    return float(KNEE_MEL + np.log(frequency_hz / KNEE_HZ) / LOG_STEP)


def _mel_to_hz(mel: np.ndarray) -> np.ndarray:
    # The exponential of the linear part is thrown away; the clip keeps it small.
    logarithmic = KNEE_HZ * np.exp(LOG_STEP * np.maximum(mel - KNEE_MEL, 0))
    return np.where(mel < KNEE_MEL, mel * LINEAR_HZ_PER_MEL, logarithmic)
