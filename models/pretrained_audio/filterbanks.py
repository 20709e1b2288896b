"""Mel spectra as Kaldi, torchaudio and the makers of VGGish compute them, in plain torch."""

from __future__ import annotations

import functools
import math

import numpy as np
import torch

__all__ = ["framed_spectra", "kaldi_log_mel", "mel_triangles"]

_BREAK_HZ = 700.0
_PREEMPHASIS = 0.97
_POVEY_POWER = 0.85


def mel_triangles(
    bins_hz: np.ndarray, n_bands: int, low_hz: float, high_hz: float, *, straight_in_hz: bool
) -> np.ndarray:
    """Return overlapping triangles (band, bin) of height 1, evenly spaced on HTK's mel scale.

    Kaldi and VGGish draw their sides straight over mel, torchaudio over Hz.

    >>> mel_triangles(np.array([0.0, 500.0, 1000.0]), 1, 0, 1000, straight_in_hz=False).shape
    (1, 3)
    """
    edges = np.linspace(_to_mel(low_hz), _to_mel(high_hz), n_bands + 2)
    bins = _to_mel(bins_hz)
    if straight_in_hz:
        edges, bins = _BREAK_HZ * np.expm1(edges), bins_hz
    low, centre, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    sides = np.minimum((bins - low) / (centre - low), (high - bins) / (high - centre))
    return np.asarray(np.maximum(0.0, sides))


def _to_mel(hz: float | np.ndarray) -> np.ndarray:
    # In units of 1127 mel, which cancel.
    return np.log1p(np.asarray(hz) / _BREAK_HZ)


def framed_spectra(
    waveforms: torch.Tensor, window: torch.Tensor, hop: int, n_fft: int
) -> torch.Tensor:
    """Return magnitudes (batch, frame, bin) of the frames that lie within the sound."""
    frames = waveforms.unfold(1, len(window), hop)
    spectra: torch.Tensor = torch.fft.rfft(frames * window, n_fft)
    return spectra.abs()


def kaldi_log_mel(
    waveforms: torch.Tensor,
    *,
    sample_rate: int,
    window: int,
    hop: int,
    n_bands: int,
    window_kind: str = "povey",
) -> torch.Tensor:
    """Return Kaldi's log mel power (batch, frame, band), without dither, edges snipped."""
    n_fft = 2 ** math.ceil(math.log2(window))
    frames = waveforms.unfold(1, window, hop)
    frames = frames - frames.mean(dim=2, keepdim=True)
    before = torch.cat([frames[..., :1], frames[..., :-1]], dim=2)
    shape = _window(window_kind, window).to(frames)
    spectra = torch.fft.rfft((frames - _PREEMPHASIS * before) * shape, n_fft).abs() ** 2
    mel: torch.Tensor = spectra @ _kaldi_bands(sample_rate, n_fft, n_bands).to(frames)
    return mel.clamp(min=torch.finfo(torch.float32).eps).log()


@functools.cache
def _window(kind: str, length: int) -> torch.Tensor:
    hann = torch.hann_window(length, periodic=False)
    return {"hanning": hann, "povey": hann**_POVEY_POWER}[kind]


@functools.cache
def _kaldi_bands(sample_rate: int, n_fft: int, n_bands: int) -> torch.Tensor:
    """Return the bands (bin, band) from 20 Hz to half the sample rate, whose bin is left out."""
    bins_hz = np.arange(n_fft // 2 + 1) * sample_rate / n_fft
    bands = mel_triangles(bins_hz, n_bands, 20.0, sample_rate / 2, straight_in_hz=False)
    bands[:, -1] = 0.0
    return torch.from_numpy(bands.T.astype(np.float32))
