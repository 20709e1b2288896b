"""The table of families: what transformers calls each, readable without torch or transformers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["FAMILIES", "Family"]

_RECOGNISING = frozenset({"lm_head", "classifier", "projector", "layer_weights"})
_VERIFYING = frozenset(
    # A linear layer on top has the name of the convolutions.
    {"tdnn", "objective", "feature_extractor.weight", "feature_extractor.bias"}
)
_TRAINING = frozenset({"quantizer", "project_q", "project_hid"})
_SPEAKERS = frozenset({"speaker_proj", "label_embeddings_concat", "layer_norm_for_extract"})
"""What sits on top of speech encoders: of recognition and classification, of speaker verification,
of training on masked frames, and of training on speakers."""


@dataclass(frozen=True)
class Family:
    """One architecture."""

    model_type: str
    """As ``config.json`` says it."""
    title: str
    network: str
    """The class of transformers that holds the encoder."""
    extractor: str
    """The class of transformers that prepares what it hears."""
    objective: str
    """How it is trained."""
    heads: frozenset[str]
    """The weights of a checkpoint that are no part of the encoder, by the first word of their
    names or by their whole names. All else must fit."""
    layers: tuple[str, ...] = ("cnn", "embed", "block.k", "final")
    """``final`` where a norm follows the last block; see `heschl.models.huggingface`."""
    attention: str = "sdpa"
    """Which implementation of attention runs; ``eager`` where not all versions have another."""


_CONTRASTIVE = "telling masked frames from distractors"
_CLUSTERS = "predicting clusters of masked frames"


def _speech(
    model_type: str,
    title: str,
    prefix: str,
    objective: str,
    heads: frozenset[str],
    attention: str = "sdpa",
) -> Family:
    return Family(
        model_type,
        title,
        network=f"{prefix}Model",
        extractor="Wav2Vec2FeatureExtractor",
        objective=objective,
        heads=_RECOGNISING | heads,
        attention=attention,
    )


FAMILIES: Mapping[str, Family] = {
    family.model_type: family
    for family in (
        _speech("wav2vec2", "wav2vec 2.0", "Wav2Vec2", _CONTRASTIVE, _TRAINING | _VERIFYING),
        _speech("hubert", "HuBERT", "Hubert", _CLUSTERS, frozenset()),
        _speech("wavlm", "WavLM", "WavLM", f"{_CLUSTERS}, in noise", _VERIFYING, "eager"),
        _speech(
            "unispeech",
            "UniSpeech",
            "UniSpeech",
            f"{_CONTRASTIVE}, and recognising phones",
            _TRAINING | {"ctc_proj"},
        ),
        _speech(
            "unispeech-sat",
            "UniSpeech-SAT",
            "UniSpeechSat",
            f"{_CLUSTERS}, and telling speakers apart",
            _TRAINING | _VERIFYING | _SPEAKERS,
        ),
        _speech(
            "data2vec-audio",
            "data2vec",
            "Data2VecAudio",
            "predicting a running average of itself",
            _VERIFYING,
        ),
        _speech(
            "wav2vec2-conformer",
            "wav2vec 2.0 with Conformer blocks",
            "Wav2Vec2Conformer",
            _CONTRASTIVE,
            _TRAINING | _VERIFYING,
            "eager",
        ),
        _speech("sew", "SEW", "SEW", _CONTRASTIVE, frozenset()),
        _speech("sew-d", "SEW-D", "SEWD", _CONTRASTIVE, frozenset(), "eager"),
        Family(
            "wav2vec2-bert",
            "wav2vec 2.0 with Conformer blocks on log-mel spectra",
            network="Wav2Vec2BertModel",
            extractor="SeamlessM4TFeatureExtractor",
            objective=f"{_CONTRASTIVE}, and predicting codes",
            heads=_RECOGNISING | _VERIFYING,
            layers=("embed", "block.k"),
            attention="eager",
        ),
        Family(
            "whisper",
            "the encoder of Whisper",
            network="WhisperModel",
            extractor="WhisperFeatureExtractor",
            objective="recognising and translating speech",
            heads=frozenset({"decoder", "proj_out", "projector", "classifier", "layer_weights"}),
        ),
        Family(
            "audio-spectrogram-transformer",
            "the Audio Spectrogram Transformer",
            network="ASTModel",
            extractor="ASTFeatureExtractor",
            objective="classifying sounds",
            heads=frozenset({"classifier"}),
            layers=("embed", "block.k", "final"),
        ),
        Family(
            "encodec",
            "the encoder of EnCodec",
            network="EncodecModel",
            extractor="EncodecFeatureExtractor",
            objective="reconstructing sound",
            heads=frozenset({"decoder", "quantizer"}),
            layers=("cnn", "block.0", "final"),
            attention="eager",
        ),
    )
}
"""Every family by the name that its configurations give."""
