"""Dasheng: a transformer over patches of 64 mel bands by 40 ms.

As in the release, it hears ten seconds at a time, 252 patches: in a longer sound attention ends at
each multiple of 10.08 s.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from heschl.contracts import Traits
from heschl.errors import InvalidInput
from heschl.models.pretrained_audio.checkpoints import load_whole, part
from heschl.models.pretrained_audio.filterbanks import mel_triangles
from heschl.models.pretrained_audio.network import Clock, Described, Network

__all__ = ["ARCHITECTURES", "Dasheng", "from_checkpoint", "untrained"]

SAMPLE_RATE = 16_000
HOP, N_FFT, N_MELS, HIGH_HZ = 160, 512, 64, 8000.0
PATCH = 4
"""Frames of 10 ms in a patch."""
N_PATCHES = 252
"""Heard at a time: 1008 frames."""
EPSILON = 1e-6
POWER_FLOOR, DYNAMIC_RANGE_DB = 1e-10, 120.0

ARCHITECTURES: Mapping[str, Mapping[str, Any]] = {
    "base": {"width": 768, "depth": 12, "n_heads": 12},
    "06b": {"width": 1280, "depth": 32, "n_heads": 16},
    "12b": {"width": 1536, "depth": 40, "n_heads": 24},
}
_N_HEADS = {each["width"]: each["n_heads"] for each in ARCHITECTURES.values()}


class Dasheng(Network):
    """The encoder, with the names of the release."""

    def __init__(
        self,
        width: int,
        depth: int,
        n_heads: int,
        hidden: int | None = None,
        *,
        scaled: bool = False,
    ) -> None:
        super().__init__()
        mel: Any = torch.nn.Module()  # named as torchaudio's transform is
        mel.spectrogram, mel.mel_scale = torch.nn.Module(), torch.nn.Module()
        mel.spectrogram.register_buffer("window", torch.hann_window(N_FFT))
        mel.mel_scale.register_buffer("fb", _mel_bands())
        self.front_end = torch.nn.ModuleList([mel])
        self.init_bn = torch.nn.ModuleDict({"1": torch.nn.BatchNorm2d(N_MELS, momentum=0.01)})
        self.patch_embed = torch.nn.ModuleDict(
            {"proj": torch.nn.Conv2d(1, width, (N_MELS, PATCH), (N_MELS, PATCH))}
        )
        self.time_pos_embed = torch.nn.Parameter(0.02 * torch.randn(1, width, 1, N_PATCHES))
        self.freq_pos_embed = torch.nn.Parameter(0.02 * torch.randn(1, width, 1, 1))
        self.blocks = torch.nn.ModuleList(
            _Block(width, n_heads, hidden or 4 * width, scaled=scaled) for _ in range(depth)
        )
        self.norm = torch.nn.LayerNorm(width, EPSILON)

    def described(self) -> Described:
        """Return the clock of all layers: 25 frames a second."""
        clock = Clock(PATCH * HOP, N_FFT + (PATCH - 1) * HOP, N_FFT // 2)
        names = ("embed", *(f"block.{k}" for k in range(len(self.blocks))), "final")
        # The edges are mirrored, which takes more than half a frame of sound.
        return Described(SAMPLE_RATE, dict.fromkeys(names, clock), Traits())

    def layers(self, waveforms: torch.Tensor) -> dict[str, torch.Tensor]:
        """Return every layer (batch, time, unit)."""
        spectra = self.init_bn["1"](self._decibels(waveforms)[:, :, None])
        patches = self.patch_embed["proj"](spectra.transpose(1, 2))
        pieces = [self._piece(piece) for piece in patches.split(N_PATCHES, dim=3)]
        names = self.described().clocks
        return {
            name: torch.cat(pieces_of_one, dim=1)
            for name, pieces_of_one in zip(names, zip(*pieces, strict=True), strict=True)
        }

    def _piece(self, patches: torch.Tensor) -> list[torch.Tensor]:
        heard = patches + self.time_pos_embed[..., : patches.shape[3]] + self.freq_pos_embed
        heard = heard[:, :, 0].transpose(1, 2)
        found = [heard]
        for block in self.blocks:
            found.append(block(found[-1]))
        return [*found, self.norm(found[-1])]

    def _decibels(self, waveforms: torch.Tensor) -> torch.Tensor:
        """Return mel power in dB (batch, band, frame), down to 120 below the loudest."""
        mel: Any = self.front_end[0]
        spectra = torch.stft(
            waveforms, N_FFT, HOP, window=mel.spectrogram.window, return_complex=True
        )
        power = (spectra.abs() ** 2).transpose(1, 2) @ mel.mel_scale.fb
        levels = 10 * power.transpose(1, 2).clamp(min=POWER_FLOOR).log10()
        # The release takes the loudest of a whole batch; a waveform is heard here as alone.
        loudest = levels.amax(dim=(1, 2), keepdim=True)
        return torch.maximum(levels, loudest - DYNAMIC_RANGE_DB)


class _Attention(torch.nn.Module):
    def __init__(self, width: int, n_heads: int) -> None:
        super().__init__()
        self.n_heads = n_heads
        self.qkv = torch.nn.Linear(width, 3 * width)
        self.proj = torch.nn.Linear(width, width)

    def forward(self, heard: torch.Tensor) -> torch.Tensor:
        parts = self.qkv(heard).unflatten(2, (3, self.n_heads, -1)).permute(2, 0, 3, 1, 4)
        mixed = torch.nn.functional.scaled_dot_product_attention(*parts)
        return self.proj(mixed.transpose(1, 2).flatten(2))  # type: ignore[no-any-return]


class _Scale(torch.nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.gamma = torch.nn.Parameter(torch.full((width,), 1e-5))

    def forward(self, heard: torch.Tensor) -> torch.Tensor:
        return heard * self.gamma


class _Block(torch.nn.Module):
    def __init__(self, width: int, n_heads: int, hidden: int, *, scaled: bool) -> None:
        super().__init__()
        self.norm1 = torch.nn.LayerNorm(width, EPSILON)
        self.attn = _Attention(width, n_heads)
        self.ls1 = _Scale(width) if scaled else torch.nn.Identity()
        self.norm2 = torch.nn.LayerNorm(width, EPSILON)
        self.mlp = torch.nn.ModuleDict(
            {"fc1": torch.nn.Linear(width, hidden), "fc2": torch.nn.Linear(hidden, width)}
        )
        self.ls2 = _Scale(width) if scaled else torch.nn.Identity()

    def forward(self, heard: torch.Tensor) -> torch.Tensor:
        heard = heard + self.ls1(self.attn(self.norm1(heard)))
        inner = torch.nn.functional.gelu(self.mlp["fc1"](self.norm2(heard)))
        return heard + self.ls2(self.mlp["fc2"](inner))  # type: ignore[no-any-return]


def from_checkpoint(content: Mapping[str, Any], path: Path) -> Dasheng:
    """Return the encoder with the weights of ``dasheng_base.pt`` or of such a file."""
    state = part(content, "model", path, "a release of Dasheng: 'model' and 'config'")
    config = content.get("config")
    weight = state.get("patch_embed.proj.weight")
    if weight is None or weight.ndim != 4 or weight.shape[2:] != (N_MELS, PATCH):  # noqa: PLR2004
        raise InvalidInput(
            f"{path} has no patch_embed.proj.weight (width, 1, {N_MELS}, {PATCH}) among its "
            f"{len(state)} weights; expected the encoder of Dasheng"
        )
    width = weight.shape[0]
    # The releases leave the heads out of their settings: each size has its own number.
    n_heads = _N_HEADS.get(width) or dict(config or {}).get("num_heads")
    if not isinstance(n_heads, int) or n_heads < 1 or width % n_heads:
        raise InvalidInput(
            f"{path} is {width} units wide, and its config has num_heads={n_heads!r}; expected the "
            f"width of a release ({', '.join(map(str, _N_HEADS))}) or a number that divides it"
        )
    found = [re.match(r"blocks\.(\d+)\.", key) for key in state]
    depth = 1 + max((int(each[1]) for each in found if each), default=-1)
    hidden = state.get("blocks.0.mlp.fc1.weight")
    with torch.device("meta"):
        network = Dasheng(
            width,
            depth,
            n_heads,
            None if hidden is None else hidden.shape[0],
            scaled="blocks.0.ls1.gamma" in state,
        )
    load_whole(network, state, path, set_aside=("outputlayer.",))
    return network


def untrained(width: int, depth: int, n_heads: int, hidden: int | None = None) -> Dasheng:
    """Return the encoder before training: Xavier's uniform weights, biases of zero."""
    network = Dasheng(width, depth, n_heads, hidden)
    for module in network.modules():
        if isinstance(module, torch.nn.Linear):
            torch.nn.init.xavier_uniform_(module.weight)
            torch.nn.init.zeros_(module.bias)
    return network


def _mel_bands() -> torch.Tensor:
    bins_hz = np.linspace(0, SAMPLE_RATE / 2, N_FFT // 2 + 1)
    bands = mel_triangles(bins_hz, N_MELS, 0.0, HIGH_HZ, straight_in_hz=True)
    return torch.tensor(bands.T.astype(np.float32))
