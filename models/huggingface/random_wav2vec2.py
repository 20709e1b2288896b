"""wav2vec 2.0 with random weights: what the architecture alone explains."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from typing import Any

import torch
import transformers

from heschl.cards import ModelCard
from heschl.contracts import Traits
from heschl.errors import InvalidInput, near_names
from heschl.models import huggingface
from heschl.models.huggingface.architectures import NARROW_SPEECH
from heschl.models.torch_module import TorchModel
from heschl.models.torchaudio_stub import importable_torchaudio

# Transformers imports it with its networks, where it is installed.
importable_torchaudio()
from transformers import Wav2Vec2Config, Wav2Vec2Model  # noqa: E402

__all__ = ["REDUCED", "base", "random_wav2vec2", "reduced"]

NUMERICS = 1
"""Raised whenever the same configuration and seed would give other outputs."""

SAMPLE_RATE = 16_000

ATTENTION = "sdpa"

VARIANCE_FLOOR = 1e-7
"""As in the feature extractor of the base checkpoint."""

TRAINING_ONLY: dict[str, Any] = {
    "apply_spec_augment": False,
    "mask_time_prob": 0.0,
    "mask_feature_prob": 0.0,
    "layerdrop": 0.0,
}

REDUCED: dict[str, Any] = dict(NARROW_SPEECH)

_NARROW = 128
"""Up to this many units one processor thread is as fast as several."""


def random_wav2vec2(card: ModelCard | str, *, seed: int = 0, **architecture: Any) -> TorchModel:
    """Return wav2vec 2.0 with weights drawn from ``seed``.

    Parameters
    ----------
    card
        The metadata, or an id of your choice; give each size and seed its own.
    seed
        The same seed gives the same weights; the global random state is left alone.
    **architecture
        Fields of `transformers.Wav2Vec2Config` that differ from the base size.

    Each window is standardised to zero mean and unit variance, as the base
    checkpoint's feature extractor does. Every layer depends on the whole
    window: through the attention, and in ``cnn`` through the group norm.

    >>> model = random_wav2vec2("tiny", seed=1, **(REDUCED | {"num_hidden_layers": 1}))
    >>> [layer.name for layer in model.layers]
    ['cnn', 'embed', 'block.0']
    """
    config = _config(architecture)
    taps = {"cnn": "feature_extractor", "embed": "encoder.dropout", "block.{i}": "encoder.layers"}
    if config.do_stable_layer_norm:
        taps["final"] = "encoder.layer_norm"
    receptive_field, stride = 1, 1
    for kernel, step in zip(config.conv_kernel, config.conv_stride, strict=True):
        receptive_field += (kernel - 1) * stride
        stride *= step
    return TorchModel(
        card,
        _network(config, seed),
        sample_rate=SAMPLE_RATE,
        taps=taps,
        channels_first={"cnn"},
        stride=stride,
        receptive_field=receptive_field,
        traits=Traits(),
        call=_standardised_call,
        digest=_digest(config, seed),
        n_threads=1 if config.hidden_size <= _NARROW else None,
        is_tested=True,
    )


def reduced() -> TorchModel:
    """Return ``wav2vec2-random``: the architecture at a width that a laptop can bear."""
    return random_wav2vec2(huggingface.WAV2VEC2_RANDOM, **REDUCED)


def base(seed: int = 0) -> TorchModel:
    """Return ``wav2vec2-base-random``: the base size, 95 million weights."""
    card = huggingface.WAV2VEC2_BASE_RANDOM
    if seed:
        card = dataclasses.replace(card, id=f"{card.id}@{seed}")
    return random_wav2vec2(card, seed=seed)


def _config(architecture: dict[str, Any]) -> Wav2Vec2Config:
    known = Wav2Vec2Config().to_dict()
    for name in architecture:
        if name not in known:
            raise InvalidInput(f"wav2vec 2.0 has no setting {name!r}; {near_names(name, known)}")
    settings = TRAINING_ONLY | architecture | {"attn_implementation": ATTENTION}
    try:
        return Wav2Vec2Config(**settings)
    except Exception as error:
        raise InvalidInput(
            f"transformers refuses the wav2vec 2.0 configuration {architecture}: {error}"
        ) from error


def _network(config: Wav2Vec2Config, seed: int) -> Wav2Vec2Model:
    if not isinstance(seed, int) or isinstance(seed, bool) or not 0 <= seed < 2**63:
        raise InvalidInput(f"seed={seed!r}; expected a whole number from 0 up")
    with torch.random.fork_rng(devices=[]), torch.device("cpu"):
        # torch.manual_seed would reach into the accelerators' random states too.
        torch.default_generator.manual_seed(seed)
        try:
            return Wav2Vec2Model(config)
        except Exception as error:
            raise InvalidInput(
                f"transformers cannot build this wav2vec 2.0: {error}; change the architecture"
            ) from error


def _digest(config: Wav2Vec2Config, seed: int) -> str:
    """Return a digest of the recipe: the same on every machine, unlike the last bits of weights."""
    settings = {
        name: value for name, value in config.to_dict().items() if name != "transformers_version"
    }
    recipe = {
        "numerics": NUMERICS,
        "architecture": settings,
        "attention": ATTENTION,
        "seed": seed,
        "waveform": {"standardised": "per window", "variance_floor": VARIANCE_FLOOR},
        "torch": torch.__version__.partition(".")[0],
        "transformers": transformers.__version__.partition(".")[0],
    }
    text = json.dumps(recipe, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _standardised_call(network: torch.nn.Module, waveforms: torch.Tensor) -> None:
    centred = waveforms - waveforms.mean(dim=1, keepdim=True)
    variance = centred.square().mean(dim=1, keepdim=True)
    network(centred / (variance + VARIANCE_FLOOR).sqrt())
