"""The families of s3prl that hear waveforms, through convolutions of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from heschl.contracts import Traits
from heschl.errors import InvalidInput
from heschl.models.s3prl.clock import Clock, convolutions
from heschl.models.s3prl.network import Described, hidden_states

__all__ = [
    "attending",
    "contrastive",
    "convolving",
    "distilled",
    "example",
    "halving",
    "shrunk",
    "transformed",
]

Expert = Any  # a module of s3prl, which has no types


def attending(expert: Expert) -> Described:
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


def transformed(expert: Expert) -> Described:
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


def distilled(expert: Expert) -> Described:
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


def convolving(expert: Expert) -> Described:
    """wav2vec 1 and vq-wav2vec: the hidden states of the aggregator, whose edges are causal."""
    n_blocks = len(expert.model.feature_aggregator.conv_layers)
    return Described(
        clock=convolutions(expert.model.feature_extractor),
        states=("cnn", *(f"block.{k}" for k in range(n_blocks))),
    )


def contrastive(expert: Expert) -> Described:
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


def example(_expert: Expert) -> Described:
    """s3prl's toy: two linear maps of each sample, drawn from seed 0."""
    return Described(
        clock=Clock(1, 1),
        states=("block.0", "block.1"),
        traits=Traits(is_local=True, is_padding_safe=True),
    )


def shrunk(expert: Expert) -> Described:
    """LightHuBERT: the blocks that its subnet keeps of a once-for-all HuBERT."""
    model = expert.model
    return Described(
        clock=convolutions(model.feature_extractor),
        states=("projection", *(f"block.{k}" for k in range(model.sample_layer_num))),
        modules={"cnn": "model.feature_extractor"},
        channels_first=("cnn",),
    )


def halving(expert: Expert) -> Described:
    """MR-HuBERT: encoders at a falling pace, one in the middle, and decoders at a rising one.

    s3prl repeats the frames of the slower ones; here each keeps its own pace.
    """
    model = expert.model
    if any(up != 1 for up, _ in model.label_rate_ratios):
        raise InvalidInput(
            f"this MR-HuBERT changes its pace by {model.label_rate_ratios}; only whole steps down, "
            "as in the released ones, are placed"
        )
    first = convolutions(model.feature_extractor)
    paces = [int(stride) for stride in model.feature_ds_rates]
    stages = [
        *((f"down.{k}", model.encoders[k], paces[k]) for k in range(len(model.encoders))),
        ("middle", model.middle_encoder, paces[-1]),
        *((f"up.{k}", model.decoders[k], paces[-2 - k]) for k in range(len(model.decoders))),
    ]
    # What repeats the frames.
    expert.hook_postprocess = None
    clocks, states = {"cnn": first}, []
    for name, encoder, stride in stages:
        last = "final" if encoder.layer_norm_first else f"block.{len(encoder.layers) - 1}"
        layers = ["embed", *(f"block.{k}" for k in range(len(encoder.layers) - 1)), last]
        names = [f"{name}.{layer}" for layer in layers]
        clocks |= dict.fromkeys(names, Clock(stride, first.receptive_field))
        states += names
    return Described(
        clock=clocks,
        states=tuple(states),
        modules={"cnn": "model.feature_extractor"},
        channels_first=("cnn",),
        read=_HalvingStates(tuple(clocks[name] for name in states)),
    )


@dataclass(frozen=True)
class _HalvingStates:
    """Hidden states without the frames that even out lengths, at the end of each."""

    clocks: tuple[Clock, ...]

    def __call__(self, expert: Expert, waveforms: torch.Tensor) -> Sequence[torch.Tensor]:
        n_samples = waveforms.shape[1]
        states = hidden_states(expert, waveforms)
        return [
            state[:, : (n_samples - clock.receptive_field) // clock.stride + 1]
            for state, clock in zip(states, self.clocks, strict=True)
        ]
