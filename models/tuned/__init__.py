"""``tuned:<folder>``: what `heschl tune` left in a folder, a model like any other.

The folder holds ``card.json`` (what it was tuned from and on) and ``weights.safetensors``, those
weights alone that learned; the others come from the model it was tuned from, whose digest is
checked. Nothing in the folder is code.
"""

from __future__ import annotations

from heschl.cards import ModelCard

__all__ = ["TUNED", "open_tuned"]


def open_tuned(location: str) -> ModelCard:
    """Return the card of the model in a folder; its weights are read when it is made."""
    from heschl.models.tuned.opening import tuned_card

    return tuned_card(location)


TUNED = open_tuned
