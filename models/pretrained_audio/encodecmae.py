"""EnCodecMAE on mel spectra: a transformer at 75 frames a second that hears up to four seconds.

The release cuts longer sounds into pieces of four seconds, whose frames do not join to one clock;
here the limit is a trait, and the windows of a benchmark keep to it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from heschl.contracts import Traits
from heschl.errors import InvalidInput
from heschl.models.pretrained_audio.checkpoints import load_whole, part
from heschl.models.pretrained_audio.filterbanks import kaldi_log_mel
from heschl.models.pretrained_audio.network import Clock, Described, Network

__all__ = ["ARCHITECTURES", "EnCodecMAE", "from_checkpoint", "untrained"]

SAMPLE_RATE = 24_000
WINDOW, HOP, N_MELS = 637, 318, 256
"""26.56 and 13.28 ms, as Kaldi cuts them off to whole samples."""
MEL_MEAN, MEL_DEVIATION = -6.12, 4.82
CODEC_HOP = 320
"""The release counts the frames of a sound by EnCodec's hop, and attends to no more."""
LONGEST_S = 4.0
N_HEADS, HIDDEN = 12, 4096
"""Of every size."""

ARCHITECTURES: Mapping[str, Mapping[str, Any]] = {
    "small": {"width": 768, "depth": 5},
    "base": {"width": 768, "depth": 10},
    "large": {"width": 1024, "depth": 20},
}
_TRAINING_ONLY = ("decoder.", "head.", "loss.", "target_encoder.", "visible_encoder.post_net.")


class EnCodecMAE(Network):
    """The encoder, with the names of the release."""

    def __init__(self, width: int, depth: int, hidden: int = HIDDEN) -> None:
        super().__init__()
        self.wav_encoder = torch.nn.ModuleDict({"post_net": torch.nn.Linear(N_MELS, width)})
        self.masker = torch.nn.ModuleDict({"positional_encoder": _Positions()})
        # One feed-forward network serves all blocks, and stands under the name of each.
        shared = torch.nn.Sequential(
            torch.nn.Linear(width, hidden), torch.nn.ReLU(), torch.nn.Linear(hidden, width)
        )
        self.visible_encoder = _VisibleEncoder(width, depth, shared)

    def described(self) -> Described:
        """Return the clock of all layers: 75.5 frames a second."""
        n_blocks = len(self.visible_encoder.encoder_layers)
        names = ("embed", *(f"block.{k}" for k in range(n_blocks)), "final")
        traits = Traits(maximum_s=LONGEST_S)
        return Described(SAMPLE_RATE, dict.fromkeys(names, Clock(HOP, WINDOW)), traits)

    def layers(self, waveforms: torch.Tensor) -> dict[str, torch.Tensor]:
        """Return every layer (batch, time, unit)."""
        spectra = kaldi_log_mel(
            waveforms,
            sample_rate=SAMPLE_RATE,
            window=WINDOW,
            hop=HOP,
            n_bands=N_MELS,
            window_kind="hanning",
        )
        heard = self.wav_encoder["post_net"]((spectra - MEL_MEAN) / MEL_DEVIATION)
        heard = self.masker["positional_encoder"](heard)
        is_heard = torch.arange(heard.shape[1], device=heard.device) < (
            waveforms.shape[1] // CODEC_HOP
        )
        found = [heard, *self.visible_encoder(heard, is_heard)]
        return dict(zip(self.described().clocks, found, strict=True))


class _VisibleEncoder(torch.nn.Module):
    def __init__(self, width: int, depth: int, shared: torch.nn.Module) -> None:
        super().__init__()
        self.encoder_layers = torch.nn.ModuleList(_Block(width, shared) for _ in range(depth))
        self.final_norm = torch.nn.LayerNorm(width)

    def forward(self, heard: torch.Tensor, is_heard: torch.Tensor) -> list[torch.Tensor]:
        found, unnormalised = [], heard
        for block in self.encoder_layers:
            heard, unnormalised = block(heard, unnormalised, is_heard)
            found.append(heard)
        return [*found, heard + self.final_norm(unnormalised)]


class _Positions(torch.nn.Module):
    """Sines and cosines of the frame's number, scaled as was learned."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = torch.nn.Parameter(torch.tensor(1.0))

    def forward(self, heard: torch.Tensor) -> torch.Tensor:
        _, n_frames, width = heard.shape
        even = torch.arange(0, width, 2, dtype=torch.float32, device=heard.device)
        pace = torch.exp(even * (-math.log(10_000.0) / width))
        phase = torch.arange(n_frames, device=heard.device)[:, None] * pace
        return heard + self.scale * torch.stack([phase.sin(), phase.cos()], dim=2).flatten(1)


class _Attention(torch.nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        inner = width // N_HEADS * N_HEADS
        self.wq = torch.nn.Linear(width, inner, bias=False)
        self.wk = torch.nn.Linear(width, inner, bias=False)
        self.wv = torch.nn.Linear(width, inner, bias=False)
        self.wo = torch.nn.Linear(inner, width, bias=False)

    def forward(self, heard: torch.Tensor, is_heard: torch.Tensor) -> torch.Tensor:
        query, key, value = (
            # The heads alternate from unit to unit.
            projection(heard).unflatten(2, (-1, N_HEADS)).permute(0, 3, 1, 2)
            for projection in (self.wq, self.wk, self.wv)
        )
        mixed = torch.nn.functional.scaled_dot_product_attention(
            query, key, value, attn_mask=is_heard[None]
        )
        return self.wo(mixed.permute(0, 2, 3, 1).flatten(2))  # type: ignore[no-any-return]


class _Block(torch.nn.Module):
    """A block with two paths: one normalised after each step, one that only adds up."""

    def __init__(self, width: int, shared: torch.nn.Module) -> None:
        super().__init__()
        self.att_layer = _Attention(width)
        self.ff_layer = shared
        self.norm1 = torch.nn.LayerNorm(width)
        self.norm2 = torch.nn.LayerNorm(width)

    def forward(
        self, heard: torch.Tensor, unnormalised: torch.Tensor, is_heard: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        attended = self.att_layer(heard, is_heard)
        heard, unnormalised = self.norm1(heard + attended), unnormalised + attended
        inner = self.ff_layer(heard)
        return self.norm2(heard + inner), unnormalised + inner


def from_checkpoint(content: Mapping[str, Any], path: Path) -> EnCodecMAE:
    """Return the encoder with the weights of ``mel256-ec-base.pt`` or of such a file."""
    state = part(content, "state_dict", path, "a release of EnCodecMAE: 'state_dict' and 'config'")
    weight = state.get("wav_encoder.post_net.weight")
    shape = tuple(getattr(weight, "shape", ()))
    if len(shape) != 2 or shape[1] != N_MELS:  # noqa: PLR2004
        raise InvalidInput(
            f"{path} has wav_encoder.post_net.weight of shape {shape}; expected (width, {N_MELS}): "
            "only the models named mel256-ec-* can be loaded, not those that hear EnCodec's own "
            "units or a spectrogram"
        )
    found = [re.match(r"visible_encoder\.encoder_layers\.(\d+)\.", key) for key in state]
    depth = 1 + max((int(each[1]) for each in found if each), default=-1)
    inner = state.get("visible_encoder.encoder_layers.0.ff_layer.0.weight")
    with torch.device("meta"):
        network = EnCodecMAE(shape[0], depth, HIDDEN if inner is None else inner.shape[0])
    load_whole(network, state, path, set_aside=_TRAINING_ONLY)
    return network


def untrained(width: int, depth: int, hidden: int = HIDDEN) -> EnCodecMAE:
    """Return the encoder before training: Xavier's uniform weights, biases of zero."""
    network = EnCodecMAE(width, depth, hidden)
    for module in network.modules():
        if isinstance(module, torch.nn.Linear):
            torch.nn.init.xavier_uniform_(module.weight)
            if module.bias is not None:
                torch.nn.init.zeros_(module.bias)
    return network
