"""``audio2025:NAME``: the models that arXiv 2511.16849 compares, by the names of its code.

A name stands for a model of ours, or is refused with what keeps it away;
`heschl list models --scheme audio2025` shows all. Which size of wav2vec 2.0 the paper took, with
which fine-tuning, its code does not say; the base size fine-tuned on 960 hours stands for it.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping

from heschl import registry
from heschl.cards import ModelCard
from heschl.errors import BrokenPlugin, UnknownName, near_names
from heschl.models.tables import rows
from heschl.offers import Offer, state_of
from heschl.resolution import written_card

__all__ = ["MODELS", "PaperModels"]


class PaperModels:
    """What stands behind ``audio2025:``."""

    def __call__(self, name: str) -> ModelCard:
        """Return the card of the model that a name of the paper stands for."""
        if name not in _table():
            raise UnknownName(
                f"the paper has no model {name!r}; {near_names(name, _table())}; `heschl list "
                "models --scheme audio2025` shows all"
            )
        model, reason = _table()[name]
        card = written_card(registry.models, model) if model else None
        if card is None:
            raise BrokenPlugin(
                f"audio2025:{name} cannot be loaded: {reason}; write an adapter as "
                "CONTRIBUTING.md shows, or score a folder of its activations: features:./folder"
            )
        return card

    def offers(self) -> tuple[Offer, ...]:
        """Return the names of the paper, and what each stands for."""
        return tuple(
            Offer(
                f"audio2025:{name}",
                state_of(self(name)) if model else f"broken: {reason}",
                model or "–",
            )
            for name, (model, reason) in _table().items()
        )


@functools.cache
def _table() -> Mapping[str, tuple[str, str]]:
    table = rows("heschl.models.audio2025", "models.tsv")
    return {row["name"]: (row["model"], row["reason"]) for row in table}


MODELS = PaperModels()
