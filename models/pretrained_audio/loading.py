"""From a family and its weights, or a seed, to a model."""

from __future__ import annotations

import hashlib
import importlib
import json
from pathlib import Path
from typing import Any

import torch

from heschl.cards import ModelCard
from heschl.errors import InvalidInput
from heschl.models.pretrained_audio.checkpoints import read_checkpoint
from heschl.models.pretrained_audio.network import as_model, drawn_from
from heschl.models.torch_module import TorchModel

__all__ = ["trained", "untrained"]

NUMERICS = 1
"""Raised whenever the same architecture and seed would give other outputs."""


def trained(card: ModelCard, family: str, path: Path, *, is_trusted: bool = False) -> TorchModel:
    """Return a model with the weights of a file in the format of the family's releases."""
    content = read_checkpoint(path, is_trusted=is_trusted)
    return as_model(card, _module(family).from_checkpoint(content, path))


def untrained(card: ModelCard, family: str, architecture: str, seed: int = 0) -> TorchModel:
    """Return a model with weights drawn from ``seed`` as they are before training."""
    if not isinstance(seed, int) or isinstance(seed, bool) or not 0 <= seed < 2**63:
        raise InvalidInput(f"seed={seed!r}; expected a whole number from 0 up")
    module = _module(family)
    settings = dict(module.ARCHITECTURES[architecture])
    with drawn_from(seed):
        network = module.untrained(**settings)
    # The recipe is the same on every machine, unlike the last bits of drawn weights.
    recipe = {
        "numerics": NUMERICS,
        "family": family,
        "settings": settings,
        "seed": seed,
        "torch": torch.__version__.partition(".")[0],
    }
    digest = hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()
    return as_model(card, network, digest)


def _module(family: str) -> Any:  # one of this package, chosen at run time
    return importlib.import_module(f"heschl.models.pretrained_audio.{family}")
