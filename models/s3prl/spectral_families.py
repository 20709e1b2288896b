"""The families of s3prl that hear spectra: Kaldi's filterbanks, or s3prl's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from heschl.contracts import Traits
from heschl.errors import InvalidInput
from heschl.models.s3prl.clock import SAMPLE_RATE, Clock, kaldi_frames, own_frames
from heschl.models.s3prl.network import Described

__all__ = [
    "attending_spectra",
    "magnitudes",
    "masking",
    "patched",
    "reconstructing",
    "recurrent",
    "signal",
    "two_way",
]

Expert = Any  # a module of s3prl, which has no types


def recurrent(expert: Expert) -> Described:
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


def masking(expert: Expert) -> Described:
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


def reconstructing(expert: Expert) -> Described:
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


def signal(expert: Expert) -> Described:
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


def magnitudes(expert: Expert) -> Described:
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


def two_way(expert: Expert) -> Described:
    """DeCoAR: recurrent layers that run forth and back on Kaldi's filterbank.

    ``decoar`` shows the last of four layers alone, ``decoar_layers`` each of them.
    """
    clock, _ = _filterbank(expert.preprocessor)
    n_blocks = expert.model.encoder_layers
    shows_all = hasattr(expert.model, "forward_lstms")
    first = 0 if shows_all else n_blocks - 1
    return Described(
        clock=clock,
        states=tuple(f"block.{k}" for k in range(first, n_blocks)),
        traits=Traits(minimum_samples=clock.two_frames),
    )


def attending_spectra(expert: Expert) -> Described:
    """DeCoAR 2.0: attention over every other frame of Kaldi's filterbank."""
    every, _ = _filterbank(expert.preprocessor)
    blocks = [f"block.{k}" for k in range(len(expert.model.encoder.layers))]
    return Described(
        clock=Clock(2 * every.stride, every.receptive_field),
        states=("embed", *blocks),
        # The deviation is taken before every other frame is dropped.
        traits=Traits(minimum_samples=every.two_frames),
    )


def patched(expert: Expert) -> Described:
    """MAE-AST: attention over patches of a filterbank; those of one moment are side by side."""
    frames = kaldi_frames({})
    n_frames, step = expert.ast_kernel_size_time, expert.ast_kernel_stride_time
    if expert.sample_rate != SAMPLE_RATE:
        raise InvalidInput(
            f"this MAE-AST hears {expert.sample_rate} Hz; only those that hear {SAMPLE_RATE} Hz, "
            "as the released ones do, are placed"
        )
    blocks = [f"block.{k}" for k in range(len(expert.model.encoder.layers))]
    if expert.model.encoder.layer_norm_first:
        raise InvalidInput("this MAE-AST norms before its blocks; the released ones norm after")
    return Described(
        clock=Clock(step * frames.stride, frames.receptive_field + (n_frames - 1) * frames.stride),
        states=tuple(blocks),
    )
