"""The mel spectra that probes ask for: librosa's of 128 bands, and the filter bank of 40."""

from __future__ import annotations

import functools

import numpy as np
import scipy.signal
import scipy.sparse

from heschl.models.acoustic.transforms import (
    FRAME,
    POWER_FLOOR,
    mel_filters,
    power,
    project,
)

__all__ = ["LONG_FRAME", "LONG_HOP", "N_BANK", "N_LONG", "log_bank", "log_mel_long"]

LONG_FRAME, LONG_HOP = 2048, 512
"""librosa's defaults, in samples: at 16 kHz 128 ms every 32 ms."""
N_LONG = 128
N_BANK = 40


def log_mel_long(frames: np.ndarray) -> np.ndarray:
    """Return log10 of the mel-band power (frame, 128) of ``frames`` (frame, 2048)."""
    spectrum = np.fft.rfft(frames * _window())
    squares = np.square(spectrum.real) + np.square(spectrum.imag)
    return _log(project(_rows(N_LONG, LONG_FRAME), squares))


def log_bank(frames: np.ndarray) -> np.ndarray:
    """Return log10 of the mel-band power (frame, 40) of ``frames`` (frame, 400)."""
    return _log(project(_rows(N_BANK, FRAME), power(frames)))


@functools.cache
def _window() -> np.ndarray:
    return np.asarray(scipy.signal.get_window("hann", LONG_FRAME, fftbins=True))


@functools.cache
def _rows(n_mels: int, n_points: int) -> scipy.sparse.csr_array:
    return scipy.sparse.csr_array(mel_filters(n_mels, n_points))


def _log(values: np.ndarray) -> np.ndarray:
    return np.asarray(np.log10(np.maximum(values, POWER_FLOOR)))
