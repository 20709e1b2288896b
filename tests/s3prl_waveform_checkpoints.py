"""Checkpoints of the families that hear waveforms."""

from __future__ import annotations

from typing import Any

from s3prl_narrowed import WIDTH, varied

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


def cpc(**changes: Any) -> dict[str, Any]:
    from s3prl.upstream.cpc.cpc_default_config import get_default_cpc_config
    from s3prl.upstream.cpc.feature_loader import getAR, getEncoder
    from s3prl.upstream.cpc.model import CPCModel

    settings = {"hiddenEncoder": 16, "hiddenGar": 16, "arMode": "LSTM", "nLevelsGRU": 2} | changes
    namespace = get_default_cpc_config()
    vars(namespace).update(settings)
    model = CPCModel(getEncoder(namespace), getAR(namespace))
    return {"config": settings, "weights": varied(model)}


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


MAKERS = {
    "cpc_local": cpc,
    "data2vec_custom": data2vec,
    "distiller_local": distiller,
    "hubert_custom": hubert,
    "lighthubert_local": lighthubert,
    "multires_hubert_custom": multires_hubert,
    "unispeech_sat_local": unispeech_sat,
    "vq_wav2vec_custom": vq_wav2vec,
    "wav2vec2_custom": wav2vec2,
    "wav2vec_custom": wav2vec,
    "wavlm_local": wavlm,
}
"""For each upstream's name, what makes the content of its checkpoint."""


__all__ = ["LAYER_NORM", "MAKERS"]
