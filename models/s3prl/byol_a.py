"""BYOL-A: three convolutions and two fully connected layers on log-mel spectra.

s3prl cuts a sound into seconds and pools each to one vector. Here the network runs
over the whole sound, and its layers keep their own pace: 50, 25 and 12.5 frames a
second. s3prl's vector of a second is the maximum over time plus the mean over time of
``fc.1`` within it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from heschl.contracts import Traits
from heschl.models.s3prl.clock import Clock
from heschl.models.s3prl.network import Described

__all__ = ["WIDTHS", "described_byol_a", "untrained_checkpoint"]

WIDTHS: Mapping[str, int] = {"byol_a_512": 512, "byol_a_1024": 1024, "byol_a_2048": 2048}

_N_CONVOLUTIONS = 3
_LAYERS_EACH = 4
"""Convolution, batch norm, rectifier and maximum over two by two."""

_HOP, _N_FFT = 160, 1024


def described_byol_a(_expert: Any) -> Described:  # a module of s3prl
    """Return the layers and clocks of any size of BYOL-A."""
    clocks: dict[str, Clock] = {}
    n_frames, edge, stride = 1, 0, 1
    for k in range(_N_CONVOLUTIONS):
        # Three frames of the layer below, then two of those side by side.
        n_frames, edge = n_frames + 3 * stride, edge + stride
        stride *= 2
        clocks[f"conv.{k}"] = Clock(
            stride * _HOP, _N_FFT + (n_frames - 1) * _HOP, _N_FFT // 2 + edge * _HOP
        )
    clocks |= dict.fromkeys(("fc.0", "fc.1"), clocks[f"conv.{_N_CONVOLUTIONS - 1}"])
    return Described(
        clock=clocks,
        states=tuple(clocks),
        traits=Traits(minimum_samples=max(_N_FFT // 2 + 1, stride * _HOP - _HOP)),
        read=_layers,
    )


def _layers(expert: Any, waveforms: torch.Tensor) -> Sequence[torch.Tensor]:  # as above
    spectra = (expert.to_melspec(waveforms) + torch.finfo(torch.float).eps).log()
    heard = expert.normalizer(spectra)[:, None]
    layers = []
    for k in range(_N_CONVOLUTIONS):
        heard = expert.model.features[_LAYERS_EACH * k : _LAYERS_EACH * (k + 1)](heard)
        # (batch, channel, mel, time) to (batch, time, unit), mel by mel as the next layer takes it
        layers.append(heard.permute(0, 3, 2, 1).flatten(2))
    first = expert.model.fc[:2](layers[-1])
    return [*layers, first, expert.model.fc[2:](first)]


def untrained_checkpoint(name: str, folder: Path) -> Path:
    """Write the weights that the architecture has before training, from the random state."""
    from s3prl.upstream.byol_a.byol_a import AudioNTT2020

    handle = tempfile.NamedTemporaryFile(dir=folder, suffix=".pth", delete=False)  # noqa: SIM115  closed by with
    with handle:
        torch.save(AudioNTT2020(d=WIDTHS[name]).state_dict(), handle)
    return Path(handle.name)
