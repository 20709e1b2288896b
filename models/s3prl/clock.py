"""Where the frames of an upstream lie on the samples."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch

from heschl.errors import InvalidInput

__all__ = ["SAMPLE_RATE", "Clock", "convolutions", "kaldi_frames", "own_frames"]

SAMPLE_RATE = 16_000


@dataclass(frozen=True)
class Clock:
    """Frame ``k`` covers ``receptive_field`` samples from ``k * stride - padding`` on."""

    stride: int
    receptive_field: int
    padding: int = 0
    """Before and after the sound, each."""

    @property
    def two_frames(self) -> int:
        """The shortest sound with two frames; the deviation of a single one is no number."""
        return self.receptive_field - 2 * self.padding + self.stride


def convolutions(network: torch.nn.Module) -> Clock:
    """Return the clock of the one-dimensional convolutions in ``network``, in their order.

    >>> net = torch.nn.Sequential(torch.nn.Conv1d(1, 4, 10, 5), torch.nn.Conv1d(4, 4, 8, 4))
    >>> convolutions(net)
    Clock(stride=20, receptive_field=45, padding=0)
    """
    stride, field, padding = 1, 1, 0
    for part in network.modules():
        if isinstance(part, torch.nn.Conv1d):
            field += (part.kernel_size[0] - 1) * part.dilation[0] * stride
            padding += int(part.padding[0]) * stride
            stride *= part.stride[0]
    return Clock(stride, field, padding)


def kaldi_frames(settings: Mapping[str, Any]) -> Clock:  # keyword arguments of torchaudio's kaldi
    """Return the clock of Kaldi's frames, which begin with the sound and end within it."""
    if not settings.get("snip_edges", True):
        raise InvalidInput("its features have snip_edges=False; only snipped edges are placed")
    return Clock(
        stride=round(settings.get("frame_shift", 10.0) * SAMPLE_RATE / 1000),
        receptive_field=round(settings.get("frame_length", 25.0) * SAMPLE_RATE / 1000),
    )


def own_frames(settings: Mapping[str, Any]) -> Clock:  # those of s3prl's OnlinePreprocessor
    """Return the clock of s3prl's own spectra, centred on whole strides by mirrored edges."""
    n_fft = 2 * (settings.get("n_freq", 201) - 1)
    return Clock(
        stride=round(settings.get("hop_ms", 10) * SAMPLE_RATE / 1000),
        receptive_field=n_fft,
        padding=n_fft // 2,
    )
