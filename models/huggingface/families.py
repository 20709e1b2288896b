"""The families: where each network's layers are, and where their frames lie on the samples.

No encoder may be padded: attention, statistics over time and mirrored edges all hear the zeros.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import torch

from heschl.errors import InvalidInput
from heschl.models.huggingface.clock import SAMPLES, Clock, at_most, in_whole
from heschl.models.huggingface.hearing import Hearing, PaddedSpectrum, Spectrum30, StackedSpectrum
from heschl.models.huggingface.mel import FRAME, HOP
from heschl.models.huggingface.network import Described, Place

__all__ = ["described"]

Encoder = Any  # a module of transformers, which has no types


def described(network: Encoder, hearing: Hearing, whose: str) -> Described:
    """Return the layers and clocks of a network of any family."""
    family = network.config.model_type
    if family == "whisper":
        return _whisper(network, hearing, whose)
    if family == "audio-spectrogram-transformer":
        return _spectrogram_transformer(network, hearing, whose)
    if family == "encodec":
        return _codec(network, hearing, whose)
    if family == "wav2vec2-bert":
        return _on_spectra(network, hearing, whose)
    if family in ("sew", "sew-d"):
        return _squeezing(network, hearing, whose)
    return _on_waveforms(network, hearing, whose)


def _on_waveforms(network: Encoder, hearing: Hearing, whose: str) -> Described:
    """wav2vec 2.0 and its kin: convolutions on the waveform, and blocks."""
    config, encoder = network.config, network.encoder
    clock = SAMPLES.all_convolved(config.conv_kernel, config.conv_stride)
    layers = {"cnn": _convolutions(network, clock), **_stack(encoder.layers, clock, whose)}
    if config.model_type == "wav2vec2-conformer" or getattr(config, "do_stable_layer_norm", False):
        layers["final"] = Place(encoder.layer_norm, clock)
    return Described(network, hearing, layers)


def _squeezing(network: Encoder, hearing: Hearing, whose: str) -> Described:
    """SEW and SEW-D: blocks at a fraction of the pace, which is restored behind them."""
    config, encoder = network.config, network.encoder
    factor = config.squeeze_factor
    clock = SAMPLES.all_convolved(config.conv_kernel, config.conv_stride)
    # The position codes that are added look farther, but do not place the frames.
    squeezed = clock.convolved(factor, factor)
    blocks = encoder.layers if config.model_type == "sew" else encoder.encoder.layer
    return Described(
        network,
        hearing,
        {
            "cnn": _convolutions(network, clock),
            **_stack(blocks, squeezed, whose),
            # Where the squeezing left a frame over, the network adds zeros; they are left out.
            "final": Place(encoder.upsample, clock, n_frames=in_whole(factor, squeezed)),
        },
    )


def _on_spectra(network: Encoder, hearing: Hearing, whose: str) -> Described:
    """wav2vec2-BERT: blocks on pairs of log-mel frames."""
    assert isinstance(hearing, StackedSpectrum)  # noqa: S101  its family takes no other
    _check_fit(
        whose, hearing.n_mels * hearing.group, "bands", network.config.feature_projection_input_dim
    )
    clock = Clock(HOP, FRAME).convolved(hearing.group, hearing.group)
    return Described(network, hearing, _stack(network.encoder.layers, clock, whose))


def _whisper(network: Encoder, hearing: Hearing, whose: str) -> Described:
    """Whisper: two convolutions and blocks, on 30 s of log-mel spectrum."""
    assert isinstance(hearing, Spectrum30)  # noqa: S101  as above
    encoder, config = network.encoder, network.config
    _check_fit(whose, hearing.n_mels, "bands", config.num_mel_bins)
    n_strides = encoder.conv1.stride[0] * encoder.conv2.stride[0]
    most = config.max_source_positions
    _check_fit(whose, hearing.n_samples // hearing.hop, "frames", most * n_strides)
    # A frame of the spectrum counts as sound if its centre is before the sound's end, and one
    # above it if it sees any that counts.
    side = hearing.n_fft // 2
    clock = Clock(hearing.hop, hearing.n_fft, (side, hearing.n_fft - side - 1))
    for convolution in (encoder.conv1, encoder.conv2):
        kernel, stride = convolution.kernel_size[0], convolution.stride[0]
        clock = clock.convolved(kernel, stride, (convolution.padding[0], kernel - 1))
    n_frames = at_most(most, clock)
    layers = {
        "cnn": Place(encoder.conv2, clock, read=_activated, n_frames=n_frames),
        **_stack(encoder.layers, clock, whose, n_frames=n_frames),
        "final": Place(encoder.layer_norm, clock, n_frames=n_frames),
    }
    return Described(encoder, hearing, layers, hearing.n_samples / hearing.sample_rate)


def _spectrogram_transformer(network: Encoder, hearing: Hearing, whose: str) -> Described:
    """AST: blocks on patches of a log-mel spectrum; the mean over frequency is a frame."""
    assert isinstance(hearing, PaddedSpectrum)  # noqa: S101  as above
    config = network.config
    _check_fit(whose, hearing.n_mels, "bands", config.num_mel_bins)
    _check_fit(whose, hearing.n_frames, "frames", config.max_length)
    n_high = (config.num_mel_bins - config.patch_size) // config.frequency_stride + 1
    n_long = (config.max_length - config.patch_size) // config.time_stride + 1
    whole = Clock(HOP, FRAME).convolved(config.patch_size, config.time_stride)
    # A patch counts as sound if its first frame is.
    clock = Clock(whole.stride, whole.receptive_field, (0, whole.receptive_field - FRAME))
    n_frames = at_most(n_long, clock)
    read = functools.partial(_over_frequency, n_high)
    # Transformers 5 has the blocks in the network itself.
    blocks = network.layers if hasattr(network, "layers") else network.encoder.layer
    layers = _stack(blocks, clock, whose, read=read, n_frames=n_frames)
    layers["final"] = Place(network.layernorm, clock, read=read, n_frames=n_frames)
    return Described(network, hearing, layers, config.max_length * HOP / hearing.sample_rate)


def _codec(network: Encoder, hearing: Hearing, whose: str) -> Described:
    """EnCodec: convolutions, a recurrent layer and one more convolution."""
    config, encoder = network.config, network.encoder
    _check_fit(whose, hearing.sample_rate, "Hz", config.sampling_rate)
    if config.audio_channels != 1 or config.chunk_length_s is not None or config.normalize:
        raise InvalidInput(
            f"{whose} hears {config.audio_channels} channels in chunks of "
            f"{config.chunk_length_s} s, normalize={config.normalize}; only encoders of one "
            "channel as it is, without chunks, are placed: EnCodec at 24 kHz"
        )
    clock, layers = SAMPLES, {}
    for part in encoder.layers:
        if hasattr(part, "lstm"):
            placed = clock.rounded_up()
            layers["cnn"] = Place(part, placed, "input", _channels_last)
            layers["block.0"] = Place(part, placed, "output", _channels_last)
        else:
            clock = _convolved_as(part, clock)
    layers["final"] = Place(encoder, clock.rounded_up(), "output", _channels_last)
    return Described(encoder, hearing, layers)


def _convolved_as(part: Encoder, clock: Clock) -> Clock:
    """Return the clock behind a part of EnCodec: a convolution, a residual block or an ELU."""
    if hasattr(part, "block"):
        for inner in part.block:
            clock = _convolved_as(inner, clock)
    elif hasattr(part, "padding_total"):
        kernel, stride = int(part.kernel_size), int(part.stride)
        after = 0 if part.causal else (kernel - stride) // 2
        clock = clock.convolved(kernel, stride, (kernel - stride - after, after))
    return clock


def _stack(
    blocks: Sequence[torch.nn.Module], clock: Clock, whose: str, **how: Any
) -> dict[str, Place]:
    """Return ``embed``, what goes into the first block, and what comes out of each."""
    if not len(blocks):
        raise InvalidInput(f"{whose} has no blocks; choose a network with at least one")
    layers = {"embed": Place(blocks[0], clock, "input", **how)}
    return layers | {f"block.{k}": Place(block, clock, **how) for k, block in enumerate(blocks)}


def _convolutions(network: Encoder, clock: Clock) -> Place:
    return Place(network.feature_extractor, clock, read=_channels_last)


def _channels_last(states: torch.Tensor) -> torch.Tensor:
    return states.transpose(1, 2)


def _over_frequency(n_high: int, states: torch.Tensor) -> torch.Tensor:
    # The first two tokens stand for the whole; time is the inner axis of the others.
    n_waveforms, _, width = states.shape
    return states[:, 2:].reshape(n_waveforms, n_high, -1, width).mean(dim=1)


def _activated(states: torch.Tensor) -> torch.Tensor:
    return torch.nn.functional.gelu(states).transpose(1, 2)


def _check_fit(whose: str, heard: int, what: str, expected: int) -> None:
    if heard != expected:
        raise InvalidInput(
            f"the preprocessor_config.json of {whose} promises {heard} {what}, its config.json "
            f"{expected}; give the two of one checkpoint"
        )
