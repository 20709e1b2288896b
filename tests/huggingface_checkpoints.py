"""Tiny checkpoints of the audio encoders of transformers, in the layout of their releases."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import torch
import transformers
from safetensors.torch import load_file, save_file

__all__ = [
    "KINDS",
    "ONE_EACH",
    "Kind",
    "assert_same",
    "change_json",
    "heard",
    "put_weights",
    "weights_of",
    "write_checkpoint",
]


class Kind(NamedTuple):
    """How one tiny checkpoint is made: names of classes of transformers, and their settings."""

    config: str
    settings: dict[str, Any]
    network: str
    extractor: str = "Wav2Vec2FeatureExtractor"
    hears: Mapping[str, Any] = MappingProxyType({})


SPEECH: dict[str, Any] = {
    "conv_dim": (8,) * 6 + (16,),
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 64,
    "num_conv_pos_embeddings": 16,
    "num_conv_pos_embedding_groups": 4,
    "vocab_size": 12,
}
STABLE: dict[str, Any] = {
    "do_stable_layer_norm": True,
    "feat_extract_norm": "layer",
    "conv_bias": True,
}
"""How the large models differ from the base ones."""
SQUEEZING = SPEECH | {
    "conv_dim": (8,) * 12 + (16,),
    "conv_stride": (5, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1),
    "conv_kernel": (10, 3, 1, 3, 1, 3, 1, 3, 1, 2, 1, 2, 1),
}
WAVEFORM = {"do_normalize": True}
UNSCALED = {"do_normalize": False}
WHISPER: dict[str, Any] = {
    "d_model": 32,
    "encoder_layers": 2,
    "encoder_attention_heads": 2,
    "encoder_ffn_dim": 64,
    "decoder_layers": 1,
    "decoder_attention_heads": 2,
    "decoder_ffn_dim": 64,
    "num_mel_bins": 20,
    "vocab_size": 50,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "decoder_start_token_id": 1,
}
SMALL = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 64,
}

KINDS: dict[str, Kind] = {
    "wav2vec2": Kind("Wav2Vec2Config", SPEECH, "Wav2Vec2ForPreTraining", hears=WAVEFORM),
    "wav2vec2+norm": Kind("Wav2Vec2Config", SPEECH | STABLE, "Wav2Vec2Model", hears=WAVEFORM),
    "hubert": Kind("HubertConfig", SPEECH, "HubertForCTC", hears=UNSCALED),
    "hubert+norm": Kind("HubertConfig", SPEECH | STABLE, "HubertModel", hears=WAVEFORM),
    "wavlm": Kind("WavLMConfig", SPEECH | {"num_buckets": 16}, "WavLMModel", hears=UNSCALED),
    "wavlm+norm": Kind(
        "WavLMConfig", SPEECH | STABLE | {"num_buckets": 16}, "WavLMForXVector", hears=WAVEFORM
    ),
    "unispeech": Kind(
        "UniSpeechConfig",
        SPEECH | {"num_ctc_classes": 12},
        "UniSpeechForPreTraining",
        hears=WAVEFORM,
    ),
    "unispeech-sat": Kind("UniSpeechSatConfig", SPEECH, "UniSpeechSatModel", hears=UNSCALED),
    "unispeech-sat+norm": Kind(
        "UniSpeechSatConfig", SPEECH | STABLE, "UniSpeechSatModel", hears=WAVEFORM
    ),
    "data2vec-audio": Kind(
        "Data2VecAudioConfig",
        SPEECH | {"num_conv_pos_embeddings": 2, "conv_pos_kernel_size": 5},
        "Data2VecAudioModel",
        hears=WAVEFORM,
    ),
    "wav2vec2-conformer": Kind(
        "Wav2Vec2ConformerConfig",
        SPEECH | {"position_embeddings_type": "relative"},
        "Wav2Vec2ConformerModel",
        hears=WAVEFORM,
    ),
    "wav2vec2-conformer+rotary": Kind(
        "Wav2Vec2ConformerConfig",
        SPEECH | {"position_embeddings_type": "rotary"},
        "Wav2Vec2ConformerForPreTraining",
        hears=WAVEFORM,
    ),
    "sew": Kind("SEWConfig", SQUEEZING, "SEWModel", hears=WAVEFORM),
    "sew-d": Kind(
        "SEWDConfig",
        SQUEEZING | {"position_buckets": 8, "max_position_embeddings": 16},
        "SEWDModel",
        hears=WAVEFORM,
    ),
    "wav2vec2-bert": Kind(
        "Wav2Vec2BertConfig",
        SMALL | {"feature_projection_input_dim": 40, "vocab_size": 12},
        "Wav2Vec2BertForCTC",
        "SeamlessM4TFeatureExtractor",
        {"feature_size": 20, "num_mel_bins": 20, "padding_value": 1.0},
    ),
    "whisper": Kind(
        "WhisperConfig",
        WHISPER,
        "WhisperForConditionalGeneration",
        "WhisperFeatureExtractor",
        {"feature_size": 20},
    ),
    "whisper+short": Kind(
        "WhisperConfig",
        WHISPER | {"max_source_positions": 150},
        "WhisperModel",
        "WhisperFeatureExtractor",
        {"feature_size": 20, "chunk_length": 3},
    ),
    "audio-spectrogram-transformer": Kind(
        "ASTConfig",
        SMALL | {"max_length": 256, "num_mel_bins": 48},
        "ASTForAudioClassification",
        "ASTFeatureExtractor",
        {"max_length": 256, "num_mel_bins": 48},
    ),
    "encodec": Kind(
        "EncodecConfig",
        {"num_filters": 4, "hidden_size": 16, "codebook_size": 16, "num_lstm_layers": 1,
         "target_bandwidths": (1.5,)},
        "EncodecModel",
        "EncodecFeatureExtractor",
        {"sampling_rate": 24_000},
    ),
}  # fmt: skip
"""Every family, and how its releases differ within it."""


ONE_EACH = {kind.partition("+")[0]: kind for kind in KINDS}
"""For each family, the smallest of its kinds."""


def write_checkpoint(folder: Path, kind: str, *, seed: int = 3, **changes: Any) -> Path:
    """Write a checkpoint whose weights are not those of any constructor, and return its folder."""
    made = KINDS[kind]
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        config = getattr(transformers, made.config)(**(made.settings | changes))
        network = getattr(transformers, made.network)(config)
        with torch.no_grad():
            for weight in network.parameters():
                weight.add_(0.05 * torch.randn(weight.shape))
    network.save_pretrained(folder)
    getattr(transformers, made.extractor)(**made.hears).save_pretrained(folder)
    return folder


def heard(model: Any) -> dict[str, torch.Tensor]:
    """Return every layer for half a second of noise."""
    noise = 0.1 * np.random.default_rng(0).standard_normal((1, model.sample_rate // 2))
    return model.forward(noise.astype(np.float32), [layer.name for layer in model.layers])


def assert_same(model: Any, other: Any) -> None:
    """Raise unless two models give the same numbers, bit for bit."""
    expected = heard(other)
    for name, states in heard(model).items():
        assert torch.equal(states, expected[name]), name


def change_json(path: Path, **changes: Any) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def weights_of(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(folder / "model.safetensors")


def put_weights(folder: Path, weights: dict[str, torch.Tensor]) -> None:
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
