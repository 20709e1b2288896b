"""Refuse checkpoints that s3prl would load in part, leaving the rest to chance.

Most families load strictly. Those below drop or leave out weights without a word, or
load whatever they are given into one fixed class.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import torch

from heschl.errors import InvalidInput, MissingData

__all__ = ["CHECKS", "check_before"]

Expert = Any  # a module of s3prl, which has no types


def check_before(family: str, checkpoint: Path) -> None:
    """Refuse what is not of the kind that the family loads, before it is loaded."""
    if family in _TRANSFORMERS:
        _check_transformers(_TRANSFORMERS[family], checkpoint)
    elif not checkpoint.is_file():
        kind = "a folder" if checkpoint.is_dir() else "nothing"
        where = "" if checkpoint.is_absolute() else f" (absolute: {checkpoint.absolute()})"
        raise MissingData(f"there is {kind} at {checkpoint}{where}; expected a checkpoint's file")


_TRANSFORMERS = {"hf_hubert": "hubert", "hf_wav2vec2": "wav2vec2"}


def _check_transformers(expected: str, folder: Path) -> None:
    description = folder / "config.json"
    for needed in (description, folder / "preprocessor_config.json"):
        if not needed.is_file():
            # Without the latter s3prl would take another model's way of hearing.
            raise MissingData(
                f"there is no {needed}; give the folder of a checkpoint of transformers with its "
                "config.json, preprocessor_config.json and weights"
            )
    found = json.loads(description.read_text("utf-8")).get("model_type")
    if found != expected:
        raise InvalidInput(
            f"{folder} holds a {found!r}; expected a {expected!r}, into which its weights would "
            "fit only in part: load it by the hf: scheme"
        )
    import transformers

    kind = {"hubert": "HubertModel", "wav2vec2": "Wav2Vec2Model"}[expected]
    model, info = getattr(transformers, kind).from_pretrained(folder, output_loading_info=True)
    lacking = [str(key) for key in (*info["missing_keys"], *info["mismatched_keys"])]
    parts = {name.partition(".")[0] for name in model.state_dict()}
    # A head for training or recognition is no part of the encoder.
    unused = [
        key
        for key in info["unexpected_keys"]
        if key.removeprefix(f"{expected}.").partition(".")[0] in parts
    ]
    if lacking or unused:
        _refuse(folder, lacking, unused)


def _check_cpc(expert: Expert, checkpoint: Path) -> None:
    saved = torch.load(checkpoint, map_location="cpu", weights_only=True)["weights"]
    _compare(checkpoint, expert.model.state_dict(), saved)


def _check_reconstructing(expert: Expert, checkpoint: Path) -> None:
    saved = expert.transformer.all_states["Transformer"]
    renamed = [key.replace("gamma", "weight").replace("beta", "bias") for key in saved]
    _compare(checkpoint, expert.transformer.model.state_dict(), renamed)


def _check_loose(expert: Expert, checkpoint: Path) -> None:
    _compare(checkpoint, expert.model.state_dict(), _model_weights(checkpoint))


def _check_decoar_layers(expert: Expert, checkpoint: Path) -> None:
    # Four layers in one module become four modules.
    renamed = [
        re.sub(r"(forward|backward)_lstm\.(.+)(\d)$", r"\1_lstms.\3.\g<2>0", key)
        for key in _model_weights(checkpoint)
    ]
    _compare(checkpoint, expert.model.state_dict(), renamed)


def _model_weights(checkpoint: Path) -> Iterable[str]:
    saved = torch.load(checkpoint, map_location="cpu", mmap=True, weights_only=True)
    weights: Mapping[str, Any] = saved["model"]
    return weights.keys()


def _compare(checkpoint: Path, model: Mapping[str, Any], saved: Iterable[str]) -> None:
    names = set(saved)
    parts = {name.partition(".")[0] for name in model}
    unused = [name for name in names - model.keys() if name.partition(".")[0] in parts]
    lacking = model.keys() - names
    if lacking or unused:
        _refuse(checkpoint, lacking, unused)


def _refuse(checkpoint: Path, lacking: Iterable[str], unused: Iterable[str]) -> None:
    found = "; ".join(
        f"{what} {', '.join(sorted(names)[:_NAMED])}{', ...' * (len(names) > _NAMED)}"
        for what, names in (("missing:", [*lacking]), ("unused:", [*unused]))
        if names
    )
    raise InvalidInput(
        f"{checkpoint} does not fit the architecture that it describes ({found}); give a whole "
        "checkpoint of this family, since weights would be left to chance otherwise"
    )


_NAMED = 3

CHECKS: Mapping[str, Callable[[Expert, Path], None]] = {
    "audio_albert": _check_reconstructing,
    "cpc": _check_cpc,
    "decoar": _check_loose,
    "decoar2": _check_loose,
    "decoar_layers": _check_decoar_layers,
    "lighthubert": _check_loose,
    "mockingjay": _check_reconstructing,
    "tera": _check_reconstructing,
}
"""For each family that loads loosely, what compares its expert with the checkpoint afterwards."""
