"""The families of s3prl: what each one's hidden states are and where their frames lie.

Layers carry the names of the house: ``cnn`` is the raw output of the convolutions,
``embed`` the input of the first block, ``block.k`` the output of block ``k``, and
``final`` follows a last normalisation where the architecture has one. None but the
families that say so in their traits may be padded: attention, statistics over time
(group norm, cepstral mean) and mirrored edges all hear the zeros.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch

from heschl.contracts import Traits
from heschl.errors import InvalidInput
from heschl.models.s3prl.clock import Clock, convolutions, kaldi_frames, own_frames
from heschl.models.s3prl.network import Described

__all__ = ["FAMILIES"]

Expert = Any  # a module of s3prl, which has no types


def _attending(expert: Expert) -> Described:
    """wav2vec 2.0, HuBERT, data2vec, WavLM and UniSpeech-SAT in s3prl's own code."""
    encoder, extractor = expert.model.encoder, expert.model.feature_extractor
    blocks = [f"block.{k}" for k in range(len(encoder.layers))]
    if encoder.layer_norm_first:
        # Its hidden states leave the last block's output out in favour of what follows it.
        expert.add_hook("self.model.encoder.layers[-1]", _last_block, "the last block")
        blocks.append("final")
    return Described(
        clock=convolutions(extractor),
        states=("embed", *blocks),
        modules={"cnn": "model.feature_extractor"},
        channels_first=("cnn",),
    )


def _last_block(_inputs: Any, output: Any) -> torch.Tensor:  # what a hook of torch is given
    states: torch.Tensor = output[0]
    return states.transpose(0, 1)


def _transformers(expert: Expert) -> Described:
    """wav2vec 2.0 and HuBERT of the transformers library."""
    modules = {
        "cnn": "model.feature_extractor",
        "embed": "model.encoder.dropout",
        "block.{i}": "model.encoder.layers",
    }
    if expert.model.config.do_stable_layer_norm:
        # The last hidden state lies before this norm or behind it, as the version has it.
        modules["final"] = "model.encoder.layer_norm"
    return Described(
        clock=convolutions(expert.model.feature_extractor),
        modules=modules,
        channels_first=("cnn",),
    )


def _distilled(expert: Expert) -> Described:
    """DistilHuBERT: its projected convolutions, its blocks and its guesses at the teacher's."""
    model = expert.model.model
    if model.task_emb_type != "expand-last":
        raise InvalidInput(
            f"this distiller has task_emb_type={model.task_emb_type!r}; only the released kind, "
            "'expand-last', has one row a waveform"
        )
    blocks = [f"block.{k}" for k in range(model.config.encoder_layers)]
    guesses = [f"teacher.{layer}" for layer in model.config.pred_layer_id]
    return Described(
        clock=convolutions(model.feature_extractor),
        states=("projection", *blocks, *guesses),
        modules={"cnn": "model.model.feature_extractor"},
        channels_first=("cnn",),
    )


def _convolving(expert: Expert) -> Described:
    """wav2vec 1 and vq-wav2vec: the hidden states of the aggregator, whose edges are causal."""
    n_blocks = len(expert.model.feature_aggregator.conv_layers)
    return Described(
        clock=convolutions(expert.model.feature_extractor),
        states=("cnn", *(f"block.{k}" for k in range(n_blocks))),
    )


def _contrastive(expert: Expert) -> Described:
    """CPC: convolutions and a recurrent layer."""
    encoder, recurrent = expert.model.gEncoder, expert.model.gAR
    if type(encoder).__name__ != "CPCEncoder":
        raise InvalidInput(
            f"this CPC has a {type(encoder).__name__}; only one that hears the waveform is placed"
        )
    if getattr(recurrent, "keepHidden", False):
        # It would begin each sound where it ended the one before.
        recurrent.keepHidden, recurrent.hidden = False, None
    return Described(clock=convolutions(encoder), states=("cnn", "block.0"))


def _recurrent(expert: Expert) -> Described:
    """APC and VQ-APC: three recurrent layers on Kaldi's filterbank."""
    n_blocks = len(expert.model.rnn_layers)
    clock, normalised = _filterbank(expert.preprocessor)
    return Described(
        clock=clock,
        states=("block.0", "block.1", f"block.{n_blocks - 1}"),
        traits=Traits(
            is_causal=not normalised,
            is_padding_safe=not normalised,
            minimum_samples=clock.two_frames if normalised else 1,
        ),
    )


def _masking(expert: Expert) -> Described:
    """NPC: blocks, the convolutions around a mask that each feeds, and their sum."""
    clock, normalised = _filterbank(expert.preprocessor)
    names = []
    for k, masked in enumerate(expert.model.masked_convs):
        names += [f"block.{k}", *([f"masked.{k}"] if masked is not None else [])]
    return Described(
        clock=clock,
        states=(*names, "final"),
        traits=Traits(minimum_samples=clock.two_frames if normalised else 1),
    )


def _filterbank(preprocessor: Expert) -> tuple[Clock, bool]:
    return kaldi_frames(preprocessor.kwargs), bool(preprocessor.apply_cmvn)


def _reconstructing(expert: Expert) -> Described:
    """Mockingjay, TERA and Audio ALBERT: attention over spectra, in pieces of a training length."""
    transformer = expert.transformer
    audio = transformer.config["audio"]
    is_kaldi = "kaldi" in audio
    clock = kaldi_frames(_kaldi_settings(audio)) if is_kaldi else own_frames(audio)
    n_blocks = transformer.num_layers
    names = ("embed", *(f"block.{k}" for k in range(n_blocks)))
    if transformer.model_config.pre_layer_norm:
        names = tuple(f"norm.{k}" for k in range(n_blocks + 1))
    at_most = transformer.max_input_length
    # The checkpoint itself hangs on the module beside the weights that were copied from it.
    transformer.all_states = None
    return Described(
        clock=clock,
        states=names,
        traits=Traits(
            minimum_samples=max(clock.two_frames, clock.padding + 1),
            maximum_s=None if 0 < at_most <= _LONGEST_TABLE else _LONGEST_TABLE / 100,
        ),
    )


_LONGEST_TABLE = 24_000
"""Frames that s3prl has position codes for."""


def _signal(expert: Expert) -> Described:
    """Kaldi's features, or spectra of s3prl's own."""
    config = expert.config
    if "kaldi" in config:
        clock = kaldi_frames(_kaldi_settings(config))
        return Described(
            clock=clock,
            states=("features",),
            traits=Traits(minimum_samples=clock.two_frames),
        )
    clock = own_frames(config)
    return Described(
        clock=clock,
        states=("features",),
        traits=Traits(minimum_samples=max(clock.two_frames, clock.padding + 1)),
        read=_own_spectra,
    )


def _own_spectra(expert: Expert, waveforms: torch.Tensor) -> Sequence[torch.Tensor]:
    # The expert would cut zeros off the end of a sound, and have fewer frames than it.
    lengths = [waveforms.shape[1]] * len(waveforms)
    features: Sequence[torch.Tensor] = expert.extracter(waveforms[:, None], wavs_len=lengths)
    return features[:1]


def _kaldi_settings(config: Mapping[str, Any]) -> Mapping[str, Any]:  # of a YAML file
    kaldi: Mapping[str, Any] = config["kaldi"]
    settings: Mapping[str, Any] = kaldi[kaldi.get("feat_type", "fbank")]
    return settings


def _magnitudes(expert: Expert) -> Described:
    """Magnitudes of a short-time Fourier transform."""
    extracter = expert.extracter
    if not extracter.center:
        raise InvalidInput("its configuration says center: False; only centred frames are placed")
    window = extracter.window
    del extracter.window
    # As a buffer it goes where the model goes.
    extracter.register_buffer("window", window.cpu())
    clock = Clock(extracter.hop_length, extracter.n_fft, extracter.n_fft // 2)
    return Described(
        clock=clock, states=("features",), traits=Traits(minimum_samples=clock.padding + 1)
    )


def _example(_expert: Expert) -> Described:
    """s3prl's toy: two linear maps of each sample, drawn from seed 0."""
    return Described(
        clock=Clock(1, 1),
        states=("block.0", "block.1"),
        traits=Traits(is_local=True, is_padding_safe=True),
    )


FAMILIES: Mapping[str, Callable[[Expert], Described]] = {
    "apc": _recurrent,
    "audio_albert": _reconstructing,
    "baseline": _signal,
    "cpc": _contrastive,
    "data2vec": _attending,
    "distiller": _distilled,
    "example": _example,
    "hf_hubert": _transformers,
    "hf_wav2vec2": _transformers,
    "hubert": _attending,
    "log_stft": _magnitudes,
    "mockingjay": _reconstructing,
    "npc": _masking,
    "tera": _reconstructing,
    "unispeech_sat": _attending,
    "vq_apc": _recurrent,
    "vq_wav2vec": _convolving,
    "wav2vec": _convolving,
    "wav2vec2": _attending,
    "wavlm": _attending,
}
"""For each family, by the module that makes it, what describes its expert."""
