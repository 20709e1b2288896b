"""BEATs: a transformer over patches of 16 mel bands by 160 ms, 8 of them beside each other.

Attention runs over all patches; a layer's frame is the mean over the eight patches of its time.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, cast

import torch

from heschl.errors import InvalidInput
from heschl.models.pretrained_audio.checkpoints import load_whole, part
from heschl.models.pretrained_audio.filterbanks import kaldi_log_mel
from heschl.models.pretrained_audio.network import Clock, Described, Network

__all__ = ["ARCHITECTURES", "BEATs", "Settings", "from_checkpoint", "untrained"]

SAMPLE_RATE = 16_000
WINDOW, HOP, N_MELS = 400, 160, 128
PCM_SCALE = 2.0**15
MEL_MEAN, MEL_DEVIATION = 15.41663, 6.55582
"""Of the log mel of AudioSet, which the release subtracts and divides by twice."""


@dataclass(frozen=True)
class Settings:
    """What a checkpoint says of its architecture; the names and defaults are the release's."""

    input_patch_size: int = 16
    embed_dim: int = 512
    encoder_layers: int = 12
    encoder_embed_dim: int = 768
    encoder_ffn_embed_dim: int = 3072
    encoder_attention_heads: int = 12
    conv_pos: int = 128
    conv_pos_groups: int = 16
    num_buckets: int = 320
    max_distance: int = 800


_FIXED = {
    "activation_fn": "gelu",
    "conv_bias": False,
    "deep_norm": True,
    "gru_rel_pos": True,
    "layer_norm_first": False,
    "relative_position_embedding": True,
}
"""What all releases have in common, and this network can only do so."""

ARCHITECTURES: Mapping[str, Mapping[str, Any]] = {"base": {}}


class BEATs(Network):
    """The network, with the names of the release."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.settings = settings
        width, size = settings.encoder_embed_dim, settings.input_patch_size
        self.patch_embedding = torch.nn.Conv2d(1, settings.embed_dim, size, size, bias=False)
        self.layer_norm = torch.nn.LayerNorm(settings.embed_dim)
        if settings.embed_dim != width:
            self.post_extract_proj = torch.nn.Linear(settings.embed_dim, width)
        self.encoder = _Encoder(settings)

    def described(self) -> Described:
        """Return the clock of all layers: 6.25 frames a second."""
        size = self.settings.input_patch_size
        clock = Clock(size * HOP, WINDOW + (size - 1) * HOP)
        names = ("cnn", "embed", *(f"block.{k}" for k in range(self.settings.encoder_layers)))
        return Described(SAMPLE_RATE, dict.fromkeys(names, clock))

    def layers(self, waveforms: torch.Tensor) -> dict[str, torch.Tensor]:
        """Return every layer (batch, time, unit), averaged over the patches of one time."""
        spectra = kaldi_log_mel(
            waveforms * PCM_SCALE, sample_rate=SAMPLE_RATE, window=WINDOW, hop=HOP, n_bands=N_MELS
        )
        spectra = (spectra - MEL_MEAN) / (2 * MEL_DEVIATION)
        patches = self.patch_embedding(spectra[:, None])
        n_beside = patches.shape[3]
        cnn = patches.flatten(2).transpose(1, 2)
        heard = self.layer_norm(cnn)
        if hasattr(self, "post_extract_proj"):
            heard = self.post_extract_proj(heard)
        found = [cnn, *self.encoder(heard)]
        return {
            name: states.unflatten(1, (-1, n_beside)).mean(dim=2)
            for name, states in zip(self.described().clocks, found, strict=True)
        }


class _Encoder(torch.nn.Module):
    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.pos_conv = torch.nn.ModuleList([_PositionalConvolution(settings)])
        self.layer_norm = torch.nn.LayerNorm(settings.encoder_embed_dim)
        # One table of biases, which stands under the name of each layer in a checkpoint.
        bias = torch.nn.Embedding(settings.num_buckets, settings.encoder_attention_heads)
        self.layers = torch.nn.ModuleList(
            _Layer(settings, bias) for _ in range(settings.encoder_layers)
        )

    def forward(self, heard: torch.Tensor) -> list[torch.Tensor]:
        found = [self.layer_norm(heard + self.pos_conv[0](heard))]
        first = cast("_Layer", self.layers[0])
        bias = first.self_attn.position_bias(heard.shape[1], heard.device)
        for layer in self.layers:
            found.append(layer(found[-1], bias))
        return found


class _PositionalConvolution(torch.nn.Module):
    """A convolution whose weight is kept as a direction and a length."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        width, self.n_groups = settings.encoder_embed_dim, settings.conv_pos_groups
        shape = (width, width // self.n_groups, settings.conv_pos)
        self.bias = torch.nn.Parameter(torch.zeros(width))
        self.weight_g = torch.nn.Parameter(torch.ones(1, 1, settings.conv_pos))
        self.weight_v = torch.nn.Parameter(torch.ones(shape))

    def forward(self, heard: torch.Tensor) -> torch.Tensor:
        length = self.weight_v.norm(dim=(0, 1), keepdim=True)
        reach = self.weight_v.shape[2]
        placed = torch.nn.functional.conv1d(
            heard.transpose(1, 2),
            self.weight_g * self.weight_v / length,
            self.bias,
            padding=reach // 2,
            groups=self.n_groups,
        )
        # An even convolution with as much on both sides gives one frame too many.
        return torch.nn.functional.gelu(placed[..., : heard.shape[1]]).transpose(1, 2)


class _Attention(torch.nn.Module):
    """Attention whose bias by distance is weighted for each query by two gates."""

    def __init__(self, settings: Settings, bias: torch.nn.Embedding) -> None:
        super().__init__()
        width, self.n_heads = settings.encoder_embed_dim, settings.encoder_attention_heads
        self.max_distance = settings.max_distance
        self.relative_attention_bias = bias
        self.k_proj = torch.nn.Linear(width, width)
        self.v_proj = torch.nn.Linear(width, width)
        self.q_proj = torch.nn.Linear(width, width)
        self.out_proj = torch.nn.Linear(width, width)
        self.grep_linear = torch.nn.Linear(width // self.n_heads, 8)
        self.grep_a = torch.nn.Parameter(torch.ones(1, self.n_heads, 1, 1))

    def position_bias(self, n_patches: int, device: torch.device) -> torch.Tensor:
        """Return the bias (head, query, key): near distances one by one, far ones by their log."""
        place = torch.arange(n_patches, device=device)
        distance = place[None, :] - place[:, None]
        n_each = self.relative_attention_bias.num_embeddings // 2
        n_near = n_each // 2
        far = distance.abs().clamp(min=1)
        steps = torch.log(far / n_near) / math.log(self.max_distance / n_near)
        beyond = (n_near + (steps * (n_each - n_near)).long()).clamp(max=n_each - 1)
        bucket = torch.where(distance.abs() < n_near, distance.abs(), beyond)
        return self.relative_attention_bias(bucket + n_each * (distance > 0)).permute(2, 0, 1)  # type: ignore[no-any-return]

    def forward(self, heard: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
        query, key, value = (
            projection(heard).unflatten(2, (self.n_heads, -1)).transpose(1, 2)
            for projection in (self.q_proj, self.k_proj, self.v_proj)
        )
        gates = torch.sigmoid(self.grep_linear(query).unflatten(3, (2, 4)).sum(dim=4))
        update, reset = gates.chunk(2, dim=3)
        mixed = torch.nn.functional.scaled_dot_product_attention(
            query, key, value, attn_mask=(update * (reset * self.grep_a - 1.0) + 2.0) * bias
        )
        return self.out_proj(mixed.transpose(1, 2).flatten(2))  # type: ignore[no-any-return]


class _Layer(torch.nn.Module):
    def __init__(self, settings: Settings, bias: torch.nn.Embedding) -> None:
        super().__init__()
        width, hidden = settings.encoder_embed_dim, settings.encoder_ffn_embed_dim
        self.kept = (2 * settings.encoder_layers) ** 0.25
        self.self_attn = _Attention(settings, bias)
        self.self_attn_layer_norm = torch.nn.LayerNorm(width)
        self.fc1 = torch.nn.Linear(width, hidden)
        self.fc2 = torch.nn.Linear(hidden, width)
        self.final_layer_norm = torch.nn.LayerNorm(width)

    def forward(self, heard: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
        heard = self.self_attn_layer_norm(self.kept * heard + self.self_attn(heard, bias))
        inner = self.fc2(torch.nn.functional.gelu(self.fc1(heard)))
        return self.final_layer_norm(self.kept * heard + inner)  # type: ignore[no-any-return]


def from_checkpoint(content: Mapping[str, Any], path: Path) -> BEATs:
    """Return the network with the weights of ``BEATs_iter3.pt`` or of such a file."""
    release = "a release of BEATs: 'cfg' and 'model'"
    config, state = part(content, "cfg", path, release), part(content, "model", path, release)
    for name, wanted in _FIXED.items():
        if config.get(name, wanted) != wanted:
            raise InvalidInput(
                f"{path} has {name}={config[name]!r}; only {wanted!r} can be loaded, as in every "
                "release of BEATs"
            )
    names = {each.name for each in fields(Settings)}
    if lacking := names - config.keys():
        raise InvalidInput(
            f"the settings of {path} lack {', '.join(sorted(lacking))}; expected {release}"
        )
    with torch.device("meta"):
        network = BEATs(Settings(**{name: config[name] for name in names}))
    # A tagger of AudioSet, in the fine-tuned releases, sits on top of the last block.
    load_whole(network, state, path, set_aside=("predictor.",))
    return network


def untrained(**settings: int) -> BEATs:
    """Return the network before training, drawn as deep networks of this kind begin."""
    network = BEATs(Settings(**settings))
    chosen, encoder = network.settings, cast("Any", network.encoder)
    gain = (8 * chosen.encoder_layers) ** -0.25
    for layer in encoder.layers:
        attention = layer.self_attn
        for linear in (attention.k_proj, attention.q_proj):
            torch.nn.init.xavier_normal_(linear.weight)
        for linear in (attention.v_proj, attention.out_proj, layer.fc1, layer.fc2):
            torch.nn.init.xavier_normal_(linear.weight, gain)
        torch.nn.init.normal_(attention.grep_linear.weight, std=0.02)
        for linear in layer.modules():
            if isinstance(linear, torch.nn.Linear):
                torch.nn.init.zeros_(linear.bias)
    torch.nn.init.normal_(encoder.layers[0].self_attn.relative_attention_bias.weight, std=0.02)
    placed = encoder.pos_conv[0]
    deviation = math.sqrt(4 / (chosen.conv_pos * chosen.encoder_embed_dim))
    torch.nn.init.normal_(placed.weight_v, std=deviation)
    with torch.no_grad():
        placed.weight_g.copy_(placed.weight_v.norm(dim=(0, 1), keepdim=True))
    return network
