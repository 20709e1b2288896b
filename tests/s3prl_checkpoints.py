"""Tiny checkpoints with random weights, in the format in which each family was released."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import s3prl_spectral_checkpoints as spectral
import s3prl_waveform_checkpoints as waveform
import torch
from s3prl_narrowed import narrowed
from s3prl_waveform_checkpoints import LAYER_NORM

MAKERS: dict[str, Callable[..., dict[str, Any]]] = {**spectral.MAKERS, **waveform.MAKERS}
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
