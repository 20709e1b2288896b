"""Log-mel spectra as checkpoints were trained on them: Kaldi's frames, and two banks of filters."""

from __future__ import annotations

import numpy as np
import torch

__all__ = ["FRAME", "HOP", "KaldiSpectrum", "finest", "kaldi_filters", "slaney_filters"]

FRAME = 400
HOP = 160
N_FFT = 512
PREEMPHASIS = 0.97
LOWEST_HZ = 20.0
FLOOR = 1.192092955078125e-07
"""Of the power before its logarithm: the resolution of float32."""

# Slaney's mel: linear below 1 kHz, then 27 steps for each factor of 6.4.
LINEAR_HZ_PER_MEL = 200 / 3
KNEE_HZ = 1000.0
KNEE_MEL = KNEE_HZ / LINEAR_HZ_PER_MEL
LOG_STEP = np.log(6.4) / 27


def finest(device: torch.device) -> torch.dtype:
    """Return the most precise type that a device computes in."""
    # Apple's processors have no float64.
    return torch.float32 if device.type == "mps" else torch.float64


def slaney_filters(n_mels: int, n_fft: int, sample_rate: int, highest_hz: float) -> np.ndarray:
    """Return triangles (bin, band) of unit area from 0 Hz up, evenly spaced on Slaney's mel.

    >>> slaney_filters(80, 400, 16_000, 8000.0).shape
    (201, 80)
    """
    highest = highest_hz / LINEAR_HZ_PER_MEL
    if highest_hz > KNEE_HZ:
        highest = KNEE_MEL + np.log(highest_hz / KNEE_HZ) / LOG_STEP
    mels = np.linspace(0, highest, n_mels + 2)
    # The exponential of the linear part is thrown away; the clip keeps it small.
    logarithmic = KNEE_HZ * np.exp(LOG_STEP * np.maximum(mels - KNEE_MEL, 0))
    edges_hz = np.where(mels < KNEE_MEL, mels * LINEAR_HZ_PER_MEL, logarithmic)
    bins_hz = np.linspace(0, sample_rate // 2, n_fft // 2 + 1)
    return np.asarray(_triangles(bins_hz, edges_hz) * 2 / (edges_hz[2:] - edges_hz[:-2]))


def kaldi_filters(n_mels: int, sample_rate: int) -> np.ndarray:
    """Return Kaldi's triangles (bin, band) from 20 Hz up, straight on its mel scale.

    >>> kaldi_filters(80, 16_000).shape
    (257, 80)
    """
    bins_hz = sample_rate / N_FFT * np.arange(N_FFT // 2 + 1)
    edges_hz = np.array([LOWEST_HZ, sample_rate // 2])
    low, high = 1127 * np.log1p(edges_hz / 700)
    return _triangles(1127 * np.log1p(bins_hz / 700), np.linspace(low, high, n_mels + 2))


def _triangles(bins: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Return triangles (bin, band) of height 1 between every third of the edges."""
    rising = (bins[:, None] - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - bins[:, None]) / (edges[2:] - edges[1:-1])
    return np.asarray(np.maximum(0, np.minimum(rising, falling)))


class KaldiSpectrum(torch.nn.Module):
    """Log-mel power of 25 ms frames every 10 ms, which begin and end within the sound.

    Parameters
    ----------
    n_mels
        Bands from 20 Hz up to half the sample rate.
    sample_rate
        Of the waveforms.
    power
        Of the Hann window: 1, or 0.85 for Povey's.
    scale
        What the samples are multiplied with: 2**15 for those of 16-bit files.
    """

    window: torch.Tensor
    filters: torch.Tensor

    def __init__(self, n_mels: int, sample_rate: int, *, power: float, scale: float) -> None:
        super().__init__()
        self.scale = scale
        window = torch.from_numpy(np.hanning(FRAME) ** power).float()
        self.register_buffer("window", window, persistent=False)
        filters = torch.from_numpy(kaldi_filters(n_mels, sample_rate)).float()
        self.register_buffer("filters", filters, persistent=False)

    def forward(self, waveforms: torch.Tensor) -> torch.Tensor:
        """Return (batch, frame, band) of ``waveforms`` (batch, sample), as precise as there is."""
        precision = finest(waveforms.device)
        frames = self.scale * waveforms.to(precision).unfold(1, FRAME, HOP)
        frames = frames - frames.mean(dim=-1, keepdim=True)
        before = torch.cat([frames[..., :1], frames[..., :-1]], dim=-1)
        windowed = (frames - PREEMPHASIS * before) * self.window
        spectrum = torch.fft.rfft(windowed, N_FFT)
        power = spectrum.real.square() + spectrum.imag.square()
        bands: torch.Tensor = power @ self.filters.to(precision)
        return bands.clamp(min=FLOOR).log()
