"""Checkpoints of the families that hear spectra."""

from __future__ import annotations

from typing import Any

from s3prl_narrowed import varied

AUDIO = {"feat_type": "fbank", "feat_dim": 20, "frame_length": 25, "frame_shift": 10}


def apc(*, vq: dict[str, Any] | None = None, **audio: Any) -> dict[str, Any]:
    from s3prl.upstream.apc.apc import APC

    paras = {"hidden_size": 16, "num_layers": 3, "dropout": 0.1, "residual": True}
    if vq:
        paras["vq"] = vq
    return {
        "config": {"data": {"audio": AUDIO | audio}, "model": {"paras": paras}},
        "model": varied(APC(AUDIO["feat_dim"], **paras)),
    }


def vq_apc() -> dict[str, Any]:
    return apc(vq={"codebook_size": [8], "code_dim": [16], "gumbel_temperature": 0.5})


def npc(*, disable_cross_layer: bool = False) -> dict[str, Any]:
    from s3prl.upstream.npc.npc import NPC

    paras = {
        "hidden_size": 16,
        "n_blocks": 4,
        "dropout": 0.1,
        "residual": True,
        "kernel_size": 15,
        "mask_size": 5,
        "batch_norm": True,
        "activate": "relu",
        "disable_cross_layer": disable_cross_layer,
    }
    return {
        "config": {"data": {"audio": dict(AUDIO)}, "model": {"paras": paras}},
        "model": varied(NPC(AUDIO["feat_dim"], **paras)),
    }


def reconstructing(*, kaldi: bool = False, **changes: Any) -> dict[str, Any]:
    from s3prl.upstream.mockingjay.model import TransformerConfig, TransformerModel

    transformer = {
        "hidden_size": 32,
        "num_hidden_layers": 3,
        "num_attention_heads": 2,
        "hidden_act": "gelu",
        "intermediate_size": 64,
        "hidden_dropout_prob": 0.1,
        "attention_probs_dropout_prob": 0.1,
        "initializer_range": 0.02,
        "layer_norm_eps": 1.0e-12,
        "share_layer": False,
        "pre_layer_norm": False,
    } | changes
    feature = {"feat_type": "mel", "channel": 0, "log": True, "delta": 0, "cmvn": True}
    audio: dict[str, Any] = {
        "win_ms": 25,
        "hop_ms": 10,
        "n_freq": 201,
        "n_mels": 20,
        "n_mfcc": 13,
        "target_level": -25,
        "input": feature,
        "target": dict(feature),
    }
    width = 20
    if kaldi:
        audio = {
            "kaldi": {"feat_type": "fbank", "fbank": {"num_mel_bins": 20, "frame_shift": 10.0}},
            "delta": {"order": 1, "win_length": 5},
            "cmvn": {"use_cmvn": True},
        }
        width = 40
    model = TransformerModel(TransformerConfig(transformer), width)
    return {
        "Config": {
            "transformer": transformer,
            "audio": audio,
            "task": {"sequence_length": 1500},
        },
        "Transformer": varied(model),
    }


def decoar() -> dict[str, Any]:
    from s3prl.upstream.decoar.decoar import Decoar

    return {"model": varied(Decoar())}


def decoar_layers() -> dict[str, Any]:
    """Return four layers in one module; s3prl takes them apart."""
    return decoar()


def decoar2() -> dict[str, Any]:
    from s3prl.upstream.decoar2.decoar2 import Decoar2

    return {"model": varied(Decoar2())}


def mae_ast(*, patch: bool = False, **changes: Any) -> dict[str, Any]:
    from types import SimpleNamespace

    from s3prl.upstream.mae_ast.mae_ast import MAE_AST, MAE_AST_Config

    size = {"chan": 16, "time": 16} if patch else {"chan": 32, "time": 2}
    settings = vars(MAE_AST_Config()) | {
        "encoder_layers": 2,
        "encoder_embed_dim": 32,
        "encoder_ffn_embed_dim": 64,
        "encoder_attention_heads": 2,
        "decoder_embed_dim": 32,
        "enc_sine_pos": True,
        "max_token_length": 2000,
        "mask_selection": "static",
    }
    for axis, length in size.items():
        settings |= {f"ast_kernel_size_{axis}": length, f"ast_kernel_stride_{axis}": length}
    settings |= changes
    task = {
        "sample_rate": 16_000,
        "feature_dim": 32,
        "feature_rate": 100,
        "feature_type": "fbank",
        "mask_type": "random_mask",
    }
    model = MAE_AST(SimpleNamespace(**settings), SimpleNamespace(**task))
    return {"cfg": {"model": settings, "task": task}, "model": varied(model)}


MAKERS = {
    "apc_local": apc,
    "audio_albert_local": lambda: reconstructing(share_layer=True),
    "decoar2_custom": decoar2,
    "decoar_custom": decoar,
    "decoar_layers_custom": decoar_layers,
    "mae_ast_local": mae_ast,
    "mockingjay_local": reconstructing,
    "npc_local": npc,
    "tera_local": reconstructing,
    "vq_apc": vq_apc,
}
"""For each upstream's name, what makes the content of its checkpoint."""


__all__ = ["MAKERS"]
