"""From a location to a model that hears."""

from __future__ import annotations

import functools
import hashlib
import json
from typing import Any

import torch
import transformers

from heschl.cards import UNTRAINED, ModelCard, Training
from heschl.contracts import Traits
from heschl.models import huggingface
from heschl.models.huggingface.checkpoint import Checkpoint, found_checkpoint, loaded, untrained
from heschl.models.huggingface.families import described
from heschl.models.huggingface.hearing import hearing
from heschl.models.huggingface.network import Described, Network
from heschl.models.location import location_of, whole_number
from heschl.models.torch_module import TorchModel

__all__ = ["encoder"]

NUMERICS = 1
"""Raised whenever an output changes for the same checkpoint and sound."""

_BOOKKEEPING = {
    *("_name_or_path", "name_or_path", "_commit_hash", "transformers_version", "architectures"),
    *("dtype", "torch_dtype", "attn_implementation", "_attn_implementation_autoset"),
}
"""What a configuration says of files, versions and precision, which changes no number here."""

_NARROW = 128
"""Up to this many units one processor thread is as fast as several."""


def encoder(where: str, card: ModelCard | None = None) -> TorchModel:
    """Return the model behind ``hf:<where>``, under a card of its own or the one given."""
    location = location_of(where, "hf", ["random"])
    seed = whole_number(location, "random", 0)
    checkpoint = found_checkpoint(location)
    whose = repr(location.name)
    hears = hearing(checkpoint.family, checkpoint.preprocessor, whose)
    weights: Any  # a digest of files, or the recipe of a draw
    if seed is None:
        network, weights = loaded(checkpoint)
    else:
        # Which numbers a seed gives is up to the library's release.
        weights = {"seed": seed, "transformers": transformers.__version__}
        network = untrained(checkpoint, seed)
    found = described(network, hears, whose)
    module = Network(found)
    places = found.layers
    return TorchModel(
        card or _card(checkpoint, where, found),
        module,
        sample_rate=hears.sample_rate,
        taps=dict(zip(places, module.taps, strict=True)),
        stride={name: place.clock.stride for name, place in places.items()},
        receptive_field={name: place.clock.receptive_field for name, place in places.items()},
        padding={name: place.clock.padding for name, place in places.items()},
        n_frames={name: p.n_frames for name, p in places.items() if p.n_frames is not None},
        traits=Traits(maximum_s=found.fixed_s, fixed_s=found.fixed_s),
        digest=_digest(checkpoint, network.config, found, weights),
        n_threads=1 if network.config.hidden_size <= _NARROW else None,
        is_tested=True,
    )


def _card(checkpoint: Checkpoint, where: str, found: Described) -> ModelCard:
    location, family = checkpoint.location, checkpoint.family
    is_random = "random" in location.settings
    saved = (checkpoint.config.get("architectures") or [family.network])[0]
    weights = "random weights" if is_random else "the weights"
    return ModelCard(
        id=location.identifier("hf"),
        load=functools.partial(huggingface.open_encoder, where),
        summary=f"{family.title} with {weights} of {location.name}",
        requires=("torch", "transformers"),
        extra="speech",
        url="" if location.is_on_disk else f"https://huggingface.co/{location.name}",
        family=family.model_type,
        parameters=sum(weight.numel() for weight in found.encoder.parameters()),
        training=UNTRAINED if is_random else Training(f"{family.objective}; saved as {saved}"),
    )


def _digest(checkpoint: Checkpoint, config: Any, found: Described, weights: Any) -> str:
    """Return a digest of all that an output depends on; neither place nor time are part of it."""
    settings = {key: value for key, value in config.to_dict().items() if key not in _BOOKKEEPING}
    recipe = {
        "numerics": NUMERICS,
        "weights": weights,
        "config": settings,
        "hearing": found.hearing.settings,
        "layers": {
            name: [place.clock.stride, place.clock.receptive_field, place.clock.padding]
            for name, place in found.layers.items()
        },
        "attention": checkpoint.family.attention,
        "torch": torch.__version__.partition(".")[0],
        "transformers": transformers.__version__.partition(".")[0],
    }
    text = json.dumps(recipe, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()
