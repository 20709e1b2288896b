"""The form of a model: what can be told of its promises before it hears anything."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from heschl.contracts import Layer, Traits
from heschl.errors import BrokenPlugin

__all__ = ["check_model"]


def check_model(model: Any, model_id: str) -> None:
    """Refuse a model whose members are not what its contract says."""
    layers = model.layers
    is_list = isinstance(layers, Sequence) and not isinstance(layers, str)
    if not is_list or not layers or not all(isinstance(layer, Layer) for layer in layers):
        raise BrokenPlugin(
            f"the model {model_id!r} has layers={layers!r}; expected at least one "
            "heschl.contracts.Layer, in a tuple"
        )
    names = [layer.name for layer in layers]
    if len(set(names)) < len(names):
        raise BrokenPlugin(f"the model {model_id!r} names its layers {names}; use each name once")
    if not hasattr(model, "forward"):
        return
    rate, traits = model.sample_rate, model.traits
    if isinstance(rate, bool) or not isinstance(rate, int) or not 0 < rate <= _HIGHEST_RATE:
        raise BrokenPlugin(
            f"the model {model_id!r} has sample_rate={rate!r}; expected a whole number of Hz up to "
            f"{_HIGHEST_RATE}"
        )
    if not isinstance(traits, Traits):
        raise BrokenPlugin(
            f"the model {model_id!r} has traits={traits!r}; expected heschl.contracts.Traits()"
        )
    paceless = [layer.name for layer in layers if layer.rate_hz is None]
    if paceless:
        raise BrokenPlugin(
            f"the layers {paceless} of {model_id!r} have no rate_hz; a model that hears says how "
            "many frames each layer gives a second"
        )


_HIGHEST_RATE = 768_000
