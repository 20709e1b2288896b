"""`LanguageModel`: the layers of a causal or masked language model, word by word."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Literal

import numpy as np
import torch

from heschl.alignment import Alignment
from heschl.cards import ModelCard
from heschl.contracts import Events
from heschl.errors import InvalidInput
from heschl.models.inputs import chosen_layers
from heschl.models.text.contexts import Pass
from heschl.models.text.network import TextNetwork
from heschl.models.text.reading import Context, Reading, ReadWord
from heschl.models.text.tokens import WordTokens

__all__ = ["LanguageModel", "WordValue"]

NUMERICS = 1
"""Raised whenever an output changes for the same network and words."""

WordValue = Literal["first", "last", "mean"]


class LanguageModel:
    """A language model as a model that reads; keeps the `TextModel` contract.

    Parameters
    ----------
    card
        The metadata.
    network
        What reads; it belongs to the model from here on.
    context
        How much of the text each word is read with.
    word_value
        Which of a word's tokens stands for it. By default the last for a causal
        model, since it alone has seen the whole word, and the mean for a masked
        one.

    Layers are ``embed``, the input of the first block, ``block.k``, the output
    of block k, and ``final`` after a last normalisation where the architecture
    has one.
    """

    def __init__(
        self,
        card: ModelCard,
        network: TextNetwork,
        *,
        context: Context | None = None,
        word_value: WordValue | None = None,
    ) -> None:
        if word_value not in (None, "first", "last", "mean"):
            raise InvalidInput(f"words={word_value!r}; expected first, last or mean")
        self.card = card
        self._network = network
        self._context = context or Context()
        self._word_value = word_value or ("last" if network.kind == "causal" else "mean")
        self.layers = network.layers

    @property
    def digest(self) -> str:
        """A text that changes whenever the outputs would."""
        recipe = {
            "numerics": NUMERICS,
            "network": self._network.digest,
            "most": self._network.most,
            "context": [self._context.minimum, self._context.before],
            "word_value": self._word_value,
        }
        return hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()

    def to(self, device: str | torch.device) -> LanguageModel:
        """Move the network to ``device`` and return the model."""
        self._network.to(device)
        return self

    def words(self, alignment: Alignment) -> tuple[ReadWord, ...]:
        """Return each word as it is read: its times, its tokens and how many come before it."""
        return Reading(self._network, alignment, self._context).words()

    def read(self, alignment: Alignment, taps: Sequence[str]) -> dict[str, Events]:
        """Return ``{layer: Events}``, float32 values (word, unit) of one stimulus."""
        chosen = chosen_layers(self.card.id, self.layers, taps)
        if not chosen:
            return {}
        reading = Reading(self._network, alignment, self._context)
        values = {
            layer.name: np.empty((reading.n_events, layer.width), dtype=np.float32)
            for layer in chosen
        }
        for batch in reading.batches():
            heard = self._network.hidden(reading.passages(batch), list(values))
            for layer, states in heard.items():
                self._take(reading, batch, states, values[layer])
        return {layer: reading.events(rows) for layer, rows in values.items()}

    def _take(
        self, reading: Reading, batch: Sequence[Pass], states: torch.Tensor, values: np.ndarray
    ) -> None:
        """Write the words of some passes, whose ``states`` are (pass, token, unit)."""
        for number, each in enumerate(batch):
            found = list(reading.events_in(each))
            if found:
                vectors = torch.stack([self._vector(states[number], span) for _, span in found])
                values[[row for row, _ in found]] = vectors.float().cpu().numpy()

    def _vector(self, states: torch.Tensor, span: WordTokens) -> torch.Tensor:
        if self._word_value == "mean":
            return states[span.first : span.last + 1].mean(dim=0)
        return states[span.last if self._word_value == "last" else span.first]
