"""VGGish: six convolutions and three fully connected layers on patches of 0.96 s.

As in the release, every patch of 96 log-mel frames is heard by itself, with zeros around it. The
convolutions also hear what is left after the last whole patch, so that their frames go on to the
end of the sound; the fully connected layers, one vector a patch, do not.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from heschl.contracts import Traits
from heschl.models.pretrained_audio.checkpoints import load_whole
from heschl.models.pretrained_audio.filterbanks import framed_spectra, mel_triangles
from heschl.models.pretrained_audio.network import Clock, Described, Network

__all__ = ["ARCHITECTURES", "VGGish", "from_checkpoint", "untrained"]

SAMPLE_RATE = 16_000
WINDOW, HOP, N_FFT = 400, 160, 512
N_MELS, LOW_HZ, HIGH_HZ = 64, 125.0, 7500.0
LOG_OFFSET = 0.01
PATCH = 96
_STAGES = ((0,), (1,), (2, 3), (4, 5))
"""Which convolutions stand before each maximum over two by two."""
_PLACES = (0, 3, 6, 8, 11, 13)
"""Where they stand in the release's list of layers."""

ARCHITECTURES: Mapping[str, Mapping[str, Any]] = {
    "vggish": {"channels": (64, 128, 256, 256, 512, 512), "hidden": 4096, "width": 128}
}


class VGGish(Network):
    """The network, with the names of torchvggish's release."""

    def __init__(self, channels: Sequence[int], hidden: int, width: int) -> None:
        super().__init__()
        parts: list[torch.nn.Module] = []
        below = 1
        for stage in _STAGES:
            for k in stage:
                parts += [torch.nn.Conv2d(below, channels[k], 3, padding=1), torch.nn.ReLU()]
                below = channels[k]
            parts.append(torch.nn.MaxPool2d(2, 2))
        self.features = torch.nn.ModuleList(parts)
        reduced = 2 ** len(_STAGES)
        self.embeddings = torch.nn.Sequential(
            torch.nn.Linear(below * (PATCH // reduced) * (N_MELS // reduced), hidden),
            torch.nn.ReLU(),
            torch.nn.Linear(hidden, hidden),
            torch.nn.ReLU(),
            torch.nn.Linear(hidden, width),
            torch.nn.ReLU(),
        )

    def described(self) -> Described:
        """Return the clocks: 100 frames a second, halved by each maximum, and one a patch."""
        clocks: dict[str, Clock] = {}
        stride, edge = 1, 0
        for level, stage in enumerate(_STAGES):
            for k in stage:
                edge += stride
                clocks[f"conv.{k}"] = _clock(stride, edge)
            stride *= 2
            clocks[f"pool.{level}"] = _clock(stride, edge)
        clocks |= dict.fromkeys(("fc.0", "fc.1", "fc.2"), _clock(PATCH, 0))
        return Described(SAMPLE_RATE, clocks, Traits())

    def layers(self, waveforms: torch.Tensor) -> dict[str, torch.Tensor]:
        """Return every layer (batch, time, unit); units of the convolutions are mel by mel."""
        spectra = _log_mel(waveforms)
        n_patches = spectra.shape[1] // PATCH
        whole, rest = spectra[:, : n_patches * PATCH], spectra[:, n_patches * PATCH :]
        n_batch = len(waveforms)
        whole = whole.reshape(n_batch * n_patches, 1, PATCH, N_MELS)
        found: dict[str, torch.Tensor] = {}
        names = iter([name for name in self.described().clocks if not name.startswith("fc")])
        rest = rest[:, None]
        for part in self.features:
            is_pool = isinstance(part, torch.nn.MaxPool2d)
            whole = part(whole)
            rest = (
                part(rest)
                if rest.shape[2] > is_pool
                else rest.new_empty(n_batch, whole.shape[1], 0, whole.shape[3])
            )
            if not isinstance(part, torch.nn.Conv2d):
                parts = (whole.unflatten(0, (n_batch, n_patches)), rest)
                found[next(names)] = torch.cat([_in_time(each) for each in parts], dim=1)
        heard = whole.permute(0, 2, 3, 1).flatten(1)
        for k in range(3):
            heard = self.embeddings[2 * k : 2 * k + 2](heard)
            found[f"fc.{k}"] = heard.unflatten(0, (n_batch, n_patches))
        return found


def from_checkpoint(content: Mapping[str, Any], path: Path) -> VGGish:
    """Return the network with the weights of ``vggish-10086976.pth`` or of such a file."""
    sizes = dict(ARCHITECTURES["vggish"])
    found = {key: len(value) for key, value in content.items() if key.endswith("weight")}
    # A file that lacks one of these is compared with the release, and says what it lacks.
    if all(f"features.{k}.weight" in found for k in _PLACES):
        sizes["channels"] = tuple(found[f"features.{k}.weight"] for k in _PLACES)
    for name, key in (("hidden", "embeddings.0.weight"), ("width", "embeddings.4.weight")):
        sizes[name] = found.get(key, sizes[name])
    with torch.device("meta"):
        network = VGGish(**sizes)
    load_whole(network, content, path)
    return network


def untrained(channels: Sequence[int], hidden: int, width: int) -> VGGish:
    """Return the network before training: normal weights of deviation 0.01, biases of zero."""
    network = VGGish(channels, hidden, width)
    for name, weight in network.named_parameters():
        if name.endswith("weight"):
            torch.nn.init.trunc_normal_(weight, std=0.01, a=-0.02, b=0.02)
        else:
            torch.nn.init.zeros_(weight)
    return network


def _clock(n_frames: int, edge: int) -> Clock:
    """Return the clock of what sees ``n_frames`` of 10 ms, and ``edge`` more on either side."""
    return Clock(n_frames * HOP, WINDOW + (n_frames - 1 + 2 * edge) * HOP, edge * HOP)


def _log_mel(waveforms: torch.Tensor) -> torch.Tensor:
    window, bands = (each.to(waveforms) for each in _constants())
    return (framed_spectra(waveforms, window, HOP, N_FFT) @ bands + LOG_OFFSET).log()


@functools.cache
def _constants() -> tuple[torch.Tensor, torch.Tensor]:
    bins_hz = np.linspace(0, SAMPLE_RATE / 2, N_FFT // 2 + 1)
    bands = mel_triangles(bins_hz, N_MELS, LOW_HZ, HIGH_HZ, straight_in_hz=False)
    return torch.hann_window(WINDOW), torch.from_numpy(bands.T.astype(np.float32))


def _in_time(states: torch.Tensor) -> torch.Tensor:
    """Return (batch, [patch,] channel, time, mel) as (batch, time, unit)."""
    ordered = states.movedim(-3, -1)
    return ordered.flatten(-2).flatten(1, -2) if ordered.ndim > 4 else ordered.flatten(2)  # noqa: PLR2004
