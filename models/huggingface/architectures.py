"""The architectures of the named checkpoints: what an untrained twin is built from, offline.

Each is what the ``config.json`` and ``preprocessor_config.json`` of the releases say, where they
differ from the defaults of transformers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["ARCHITECTURES", "NARROW", "NARROW_SPEECH", "Architecture"]


@dataclass(frozen=True)
class Architecture:
    """One architecture in one size."""

    title: str
    parameters: int
    """Of the encoder that is heard, with the vector that takes the place of masked frames."""
    config: Mapping[str, Any]
    preprocessor: Mapping[str, Any] = field(default_factory=dict)


def _waveform(*, is_standardised: bool) -> dict[str, Any]:
    return {
        "feature_extractor_type": "Wav2Vec2FeatureExtractor",
        "feature_size": 1,
        "sampling_rate": 16_000,
        "padding_value": 0.0,
        "do_normalize": is_standardised,
    }


def _speech(
    kind: str,
    title: str,
    parameters: int,
    *,
    is_standardised: bool = True,
    **config: Any,  # fields of a configuration of transformers
) -> Architecture:
    return Architecture(
        title,
        parameters,
        {"model_type": kind} | config,
        _waveform(is_standardised=is_standardised),
    )


def _blocks(n_blocks: int, width: int, n_heads: int = 16) -> dict[str, Any]:
    return {
        "num_hidden_layers": n_blocks,
        "hidden_size": width,
        "num_attention_heads": n_heads,
        "intermediate_size": 4 * width,
    }


_STABLE: dict[str, Any] = {"feat_extract_norm": "layer", "do_stable_layer_norm": True}
"""A norm over units in each convolution and before each block, in place of one over time."""


def _whisper(
    title: str,
    parameters: int,
    n_blocks: int,
    width: int,
    n_heads: int,
    n_mels: int = 80,
    **config: Any,  # as in `_speech`
) -> Architecture:
    return Architecture(
        title,
        parameters,
        {
            "model_type": "whisper",
            "d_model": width,
            "encoder_layers": n_blocks,
            "encoder_attention_heads": n_heads,
            "encoder_ffn_dim": 4 * width,
            "decoder_layers": n_blocks,
            "decoder_attention_heads": n_heads,
            "decoder_ffn_dim": 4 * width,
            "num_mel_bins": n_mels,
        }
        | config,
        {
            "feature_extractor_type": "WhisperFeatureExtractor",
            "feature_size": n_mels,
            "sampling_rate": 16_000,
            "n_fft": 400,
            "hop_length": 160,
            "chunk_length": 30,
            "padding_value": 0.0,
        },
    )


def _ast(title: str, parameters: int, **config: Any) -> Architecture:  # as in `_speech`
    return Architecture(
        title,
        parameters,
        {"model_type": "audio-spectrogram-transformer"} | config,
        {
            "feature_extractor_type": "ASTFeatureExtractor",
            "feature_size": 1,
            "sampling_rate": 16_000,
            "num_mel_bins": 128,
            "max_length": 1024,
            "do_normalize": True,
            "mean": -4.2677393,
            "std": 4.5689974,
            "padding_value": 0.0,
        },
    )


ARCHITECTURES: Mapping[str, Architecture] = {
    "wav2vec2-base": _speech("wav2vec2", "wav2vec 2.0 base", 94_371_712),
    "wav2vec2-large": _speech("wav2vec2", "wav2vec 2.0 large", 315_428_992, **_blocks(24, 1024)),
    "wav2vec2-large-lv60": _speech(
        "wav2vec2",
        "wav2vec 2.0 large with layer norms",
        315_438_720,
        conv_bias=True,
        **_STABLE,
        **_blocks(24, 1024),
    ),
    "wav2vec2-xls-r-1b": _speech(
        "wav2vec2",
        "wav2vec 2.0 XLS-R 1b",
        962_497_408,
        conv_bias=True,
        **_STABLE,
        **_blocks(48, 1280),
    ),
    "wav2vec2-xls-r-2b": _speech(
        "wav2vec2",
        "wav2vec 2.0 XLS-R 2b",
        2_159_259_648,
        conv_bias=True,
        **_STABLE,
        **_blocks(48, 1920),
    ),
    "hubert-base": _speech("hubert", "HuBERT base", 94_371_712),
    "hubert-large": _speech(
        "hubert", "HuBERT large", 315_438_720, conv_bias=True, **_STABLE, **_blocks(24, 1024)
    ),
    "hubert-xlarge": _speech(
        "hubert", "HuBERT extra large", 962_497_408, conv_bias=True, **_STABLE, **_blocks(48, 1280)
    ),
    "wavlm-base": _speech("wavlm", "WavLM base", 94_381_936, is_standardised=False),
    "wavlm-large": _speech("wavlm", "WavLM large", 315_453_120, **_STABLE, **_blocks(24, 1024)),
    "data2vec-audio-base": _speech("data2vec-audio", "data2vec base", 93_164_288),
    "data2vec-audio-large": _speech(
        "data2vec-audio", "data2vec large", 313_276_416, **_blocks(24, 1024)
    ),
    "whisper-tiny": _whisper("the encoder of Whisper tiny", 8_208_384, 4, 384, 6),
    "whisper-base": _whisper("the encoder of Whisper base", 20_590_592, 6, 512, 8),
    "whisper-small": _whisper("the encoder of Whisper small", 88_154_112, 12, 768, 12),
    "whisper-medium": _whisper("the encoder of Whisper medium", 307_216_384, 24, 1024, 16),
    "whisper-large": _whisper("the encoder of Whisper large", 636_784_640, 32, 1280, 20),
    "whisper-large-v3": _whisper("the encoder of Whisper large-v3", 636_968_960, 32, 1280, 20, 128),
    "ast": _ast("the Audio Spectrogram Transformer", 86_187_264),
}
"""By name; the untrained twin has the name with ``-random`` behind it."""

NARROW_SPEECH: Mapping[str, Any] = {
    # The first convolutions run at the highest rates and cost most, so they are the narrowest.
    "conv_dim": (8, 16, 32, 32, 64, 64, 64),
    **_blocks(3, 32, 1),  # heads have 64 units in the base size
    "num_conv_pos_embeddings": 32,
    # Keeps the gain of a random matrix at that of the base width: 0.02 sqrt(768 / 32).
    "initializer_range": 0.098,
}
"""A sliding window of 16.1 s costs some 12 ms of one CPU core, instead of 2 s."""

NARROW: Mapping[str, Architecture] = {
    "hubert-narrow": _speech("hubert", "HuBERT", 70_144, **NARROW_SPEECH),
    "wavlm-narrow": _speech("wavlm", "WavLM", 71_259, is_standardised=False, **NARROW_SPEECH),
    # 0.02 sqrt(768 / 64) for these two.
    "whisper-narrow": _whisper("the encoder of Whisper", 273_664, 3, 64, 1, init_std=0.069),
    "ast-narrow": _ast(
        "the Audio Spectrogram Transformer",
        244_352,
        **_blocks(3, 64, 1),
        initializer_range=0.069,
    ),
}
"""Sizes that a laptop can bear; nobody trained one, so that there are untrained models alone."""
