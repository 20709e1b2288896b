"""Tiny checkpoints with random weights, in the format in which each family was released."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch

CONVOLUTIONS = "[(8,10,5)] + [(8,3,2)] * 4 + [(16,2,2)] * 2"
"""Of the released kernels and strides, and narrow."""

TINY: dict[str, Any] = {
    "encoder_layers": 2,
    "encoder_embed_dim": 32,
    "encoder_ffn_embed_dim": 64,
    "encoder_attention_heads": 2,
    "conv_feature_layers": CONVOLUTIONS,
    "conv_pos": 16,
    "conv_pos_groups": 4,
}
LAYER_NORM: dict[str, Any] = {
    "layer_norm_first": True,
    "extractor_mode": "layer_norm",
    "conv_bias": True,
}
"""How the large models differ from the base ones."""


def varied(module: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Return the weights, none of them at the value that its constructor would choose again."""
    generator = torch.Generator().manual_seed(5)
    state = module.state_dict()
    for key, value in state.items():
        if value.is_floating_point() and not key.endswith(("running_var", "conv_mask")):
            value.add_(0.05 * torch.randn(value.shape, generator=generator))
    return state


def wav2vec2(**changes: Any) -> dict[str, Any]:
    from s3prl.upstream.wav2vec2.wav2vec2_model import Wav2Vec2Config, Wav2Vec2Model

    settings = TINY | {"final_dim": 16} | changes
    model = Wav2Vec2Model(Wav2Vec2Config(**settings))
    normalize = bool(changes.get("layer_norm_first"))
    return {
        "task_cfg": {"normalize": normalize},
        "model_cfg": settings,
        "model_weight": varied(model),
    }


def hubert(**changes: Any) -> dict[str, Any]:
    from s3prl.upstream.hubert.hubert_model import (
        HubertConfig,
        HubertModel,
        HubertPretrainingConfig,
    )

    settings = TINY | {"final_dim": 16, "label_rate": 50.0} | changes
    task = {"normalize": bool(changes.get("layer_norm_first")), "label_rate": 50.0}
    symbols = [["a", "b", "c"]]
    model = HubertModel(HubertConfig(**settings), HubertPretrainingConfig(**task), symbols)
    return {
        "task_cfg": task,
        "model_cfg": settings,
        "model_weight": varied(model),
        "dictionaries_symbols": symbols,
    }


def data2vec(**changes: Any) -> dict[str, Any]:
    from s3prl.upstream.data2vec.data2vec_model import Data2VecAudioConfig, Data2VecAudioModel

    settings = TINY | {"conv_pos": 8, "pos_conv_depth": 2} | changes
    model = Data2VecAudioModel(Data2VecAudioConfig(**settings))
    model.remove_pretraining_modules()
    normalize = bool(changes.get("layer_norm_first"))
    return {
        "task_cfg": {"normalize": normalize},
        "model_cfg": settings,
        "model_weight": varied(model) | {"_ema": {}},
    }


def wavlm(**changes: Any) -> dict[str, Any]:
    from s3prl.upstream.wavlm.WavLM import WavLM, WavLMConfig

    settings = (
        TINY
        | {"relative_position_embedding": True, "gru_rel_pos": True, "num_buckets": 16}
        | {"normalize": bool(changes.get("layer_norm_first"))}
        | changes
    )
    return {"cfg": settings, "model": varied(WavLM(WavLMConfig(settings)))}


def unispeech_sat(**changes: Any) -> dict[str, Any]:
    return wavlm(relative_position_embedding=False, gru_rel_pos=False, **changes)


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


def cpc(**changes: Any) -> dict[str, Any]:
    from s3prl.upstream.cpc.cpc_default_config import get_default_cpc_config
    from s3prl.upstream.cpc.feature_loader import getAR, getEncoder
    from s3prl.upstream.cpc.model import CPCModel

    settings = {"hiddenEncoder": 16, "hiddenGar": 16, "arMode": "LSTM", "nLevelsGRU": 2} | changes
    namespace = get_default_cpc_config()
    vars(namespace).update(settings)
    model = CPCModel(getEncoder(namespace), getAR(namespace))
    return {"config": settings, "weights": varied(model)}


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


def distiller() -> dict[str, Any]:
    from s3prl.upstream.distiller.model import DistillerConfig, DistillerModel

    settings = {
        "extractor_conv_feature_layers": CONVOLUTIONS,
        "conv_pos": 16,
        "conv_pos_groups": 4,
        "encoder_layers": 2,
        "encoder_embed_dim": 32,
        "encoder_ffn_embed_dim": 64,
        "encoder_attention_heads": 2,
        "final_dim": 32,
        "n_tasks": 2,
        "pred_layer_id": [4, 8],
        "task_emb_type": "expand-last",
        "out_layer_type": "expand-last",
    }
    model = DistillerModel(DistillerConfig(settings))
    return {"Config": {"distiller": settings}, "Distiller": varied(model)}


WAV2VEC: dict[str, Any] = {
    "infonce": True,
    "conv_feature_layers": "[(8,10,5),(8,8,4),(8,4,2),(8,4,2),(8,4,2),(8,1,1),(16,1,1)]",
    "conv_aggregator_layers": "[(16,2,1),(16,3,1),(16,4,1)]",
    "skip_connections_agg": True,
    "residual_scale": 0.5,
    "log_compression": True,
}


def wav2vec(**changes: Any) -> dict[str, Any]:
    from s3prl.upstream.wav2vec.wav2vec_model import Wav2VecConfig, Wav2VecModel

    settings = WAV2VEC | changes
    model = Wav2VecModel(Wav2VecConfig(**settings))
    return {
        "task_cfg": {"normalize": False},
        "model_cfg": settings,
        "model_weight": varied(model),
    }


def vq_wav2vec() -> dict[str, Any]:
    return wav2vec(vq_type="gumbel", vq_vars=8, vq_groups=2, combine_groups=True)


WIDTH = 64
"""Of the networks whose width s3prl writes out in its code, once they are `narrowed`."""


@contextmanager
def narrowed() -> Iterator[None]:
    """Make DeCoAR, DeCoAR 2.0 and LightHuBERT as narrow as the checkpoints that are written here.

    Nothing but sizes is changed: s3prl has them as constants, of some 50 million weights each.
    """
    from heschl.models.s3prl.compatibility import make_compatible

    make_compatible()
    import s3prl.upstream.decoar.decoar as recurrent
    import s3prl.upstream.decoar2.decoar2 as attending
    import s3prl.upstream.decoar_layers.decoar as layered
    from s3prl.upstream.lighthubert.lighthubert.lighthubert import LightHuBERTSupernetConfig

    class Narrow:
        Module, ModuleList = torch.nn.Module, torch.nn.ModuleList

        @staticmethod
        def Linear(width: int, _: int) -> torch.nn.Linear:  # noqa: N802  as torch has it
            return torch.nn.Linear(width, WIDTH)

        @staticmethod
        def LSTM(*, input_size: int, hidden_size: int, **settings: Any) -> torch.nn.LSTM:  # noqa: N802
            return torch.nn.LSTM(WIDTH, WIDTH, **settings)

    subnet = {
        "atten_dim": [WIDTH] * 12,
        "embed_dim": WIDTH,
        "ffn_embed": [2 * WIDTH] * 12,
        "heads_num": [1] * 12,
        "layer_num": 12,
        "slide_wsz": ["global"] * 12,
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recurrent, "nn", Narrow)
        patch.setattr(layered, "nn", Narrow)
        for name in ("subnet", "min_subnet", "max_subnet"):
            patch.setattr(LightHuBERTSupernetConfig, name, property(lambda _: subnet))
        attention = {"encoder_embed_dim": WIDTH, "encoder_ffn_embed_dim": 2 * WIDTH}
        attention |= {"encoder_attention_heads": 2, "encoder_layers": 2}
        for name, value in (attention | {"conv_pos": 16, "conv_pos_groups": 4}).items():
            patch.setitem(attending.args, name, value)
        yield


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


def lighthubert() -> dict[str, Any]:
    from s3prl.upstream.lighthubert.lighthubert import LightHuBERT, LightHuBERTConfig

    settings = {
        "_name": "student_hubert",
        "encoder_embed_dim": WIDTH,
        "encoder_ffn_embed_dim": 2 * WIDTH,
        "encoder_attention_heads": 1,
        "conv_feature_layers": CONVOLUTIONS,
        "conv_pos": 16,
        "conv_pos_groups": 4,
    }
    model = LightHuBERT(LightHuBERTConfig(settings))
    return {"cfg": {"model": settings}, "model": varied(model)}


def multires_hubert(**changes: Any) -> dict[str, Any]:
    from s3prl.upstream.multires_hubert.hubert_model import (
        MultiresHubertConfig,
        MultiresHubertModel,
        MultiresHubertPretrainingConfig,
    )

    settings = (
        TINY
        | {"final_dim": 16, "label_rate": 50.0, "label_rate_ratios": [1, 2]}
        | {"override_encoder_layers": "[2,1,2]"}
        | changes
    )
    task = {"normalize": bool(changes.get("layer_norm_first")), "label_rate": 50.0}
    symbols = [["a", "b", "c"]] * 2
    model = MultiresHubertModel(
        MultiresHubertConfig(**settings), MultiresHubertPretrainingConfig(**task), symbols
    )
    return {
        "task_cfg": task,
        "model_cfg": settings,
        "model_weight": varied(model),
        "dictionaries_symbols": symbols,
    }


MAKERS: dict[str, Callable[..., dict[str, Any]]] = {
    "apc_local": apc,
    "audio_albert_local": lambda: reconstructing(share_layer=True),
    "cpc_local": cpc,
    "data2vec_custom": data2vec,
    "decoar2_custom": decoar2,
    "decoar_custom": decoar,
    "decoar_layers_custom": decoar_layers,
    "distiller_local": distiller,
    "hubert_custom": hubert,
    "lighthubert_local": lighthubert,
    "mae_ast_local": mae_ast,
    "mockingjay_local": reconstructing,
    "multires_hubert_custom": multires_hubert,
    "npc_local": npc,
    "tera_local": reconstructing,
    "unispeech_sat_local": unispeech_sat,
    "vq_apc": vq_apc,
    "vq_wav2vec_custom": vq_wav2vec,
    "wav2vec2_custom": wav2vec2,
    "wav2vec_custom": wav2vec,
    "wavlm_local": wavlm,
}
"""For each upstream's name, what makes the content of its checkpoint."""


def write_checkpoint(folder: Path, name: str, **changes: Any) -> Path:
    """Write the checkpoint of the upstream ``name``, and return its path."""
    from heschl.models.s3prl.compatibility import make_compatible
    from heschl.models.s3prl.quiet import quiet_construction

    make_compatible()
    path = folder / f"{name}.ckpt"
    with quiet_construction(1):
        torch.save(MAKERS[name](**changes), path)
    return path


def write_transformers(folder: Path, kind: str, **changes: Any) -> Path:
    """Write a folder of transformers: ``kind`` is ``Wav2Vec2``, ``Hubert`` or another."""
    import transformers

    settings = {
        "conv_dim": (8,) * 5 + (16, 16),
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 64,
        "num_conv_pos_embeddings": 16,
        "num_conv_pos_embedding_groups": 4,
    } | changes
    config = getattr(transformers, f"{kind}Config")(**settings)
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(3)
        model = getattr(transformers, f"{kind}Model")(config)
    model.save_pretrained(folder)
    extractor = transformers.Wav2Vec2FeatureExtractor(
        feature_size=1, sampling_rate=16_000, do_normalize=True, return_attention_mask=False
    )
    extractor.save_pretrained(folder)
    return folder


__all__ = ["LAYER_NORM", "MAKERS", "narrowed", "write_checkpoint", "write_transformers"]
