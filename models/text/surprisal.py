"""`Surprisal`: how little a causal language model expected each word, in bits."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

import numpy as np
import torch

from heschl.alignment import Alignment
from heschl.cards import ModelCard
from heschl.contracts import Events, Layer
from heschl.errors import InvalidInput
from heschl.models.inputs import chosen_layers
from heschl.models.text.network import TextNetwork
from heschl.models.text.reading import Context, Reading, ReadWord

__all__ = ["Surprisal"]

NUMERICS = 1
"""Raised whenever an output changes for the same network and words."""

WORD = "surprisal"
FIRST_TOKEN = "first_token"  # noqa: S105  no password


class Surprisal:
    """Surprisal as a model that reads; keeps the `TextModel` contract.

    Layer ``surprisal`` is ``-log2 p(word | what was read before)``, the sum over
    the word's tokens, and ``first_token`` that of its first token alone, which
    can be told before the word ends. The first word of a text is guessed from
    the token that begins a text. A word whose only token also holds the end of
    the word before is no news by itself: 0.

    Parameters
    ----------
    card
        The metadata.
    network
        A causal language model with its head; it belongs to this from here on.
    context
        How much of the text each word is read with.
    """

    layers = (Layer(WORD, width=1), Layer(FIRST_TOKEN, width=1))

    def __init__(
        self, card: ModelCard, network: TextNetwork, *, context: Context | None = None
    ) -> None:
        if network.kind != "causal":
            raise InvalidInput(
                f"{network.name!r} is a masked language model, which gives no probability to what "
                "comes next; expected a causal one, such as GPT-2"
            )
        if network.lacks_head:
            raise InvalidInput(
                f"the checkpoint {network.name!r} has no weights for guessing words, so they would "
                "be random; give one that was saved with its language-model head"
            )
        if not network.prefix:
            raise InvalidInput(
                f"the tokenizer of {network.name!r} has no token that begins or ends a text, so "
                "the first word would have no probability; set its bos_token and save it again"
            )
        self.card = card
        self._network = network
        self._context = context or Context()

    @property
    def digest(self) -> str:
        """A text that changes whenever the outputs would."""
        recipe = {
            "model": "surprisal",
            "numerics": NUMERICS,
            "network": self._network.digest,
            "most": self._network.most,
            "context": [self._context.minimum, self._context.before],
        }
        return hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()

    def to(self, device: str | torch.device) -> Surprisal:
        """Move the network to ``device`` and return the model."""
        self._network.to(device)
        return self

    def words(self, alignment: Alignment) -> tuple[ReadWord, ...]:
        """Return each word as it is read: its times, its tokens and how many come before it."""
        return Reading(self._network, alignment, self._context).words()

    def read(self, alignment: Alignment, taps: Sequence[str]) -> dict[str, Events]:
        """Return ``{layer: Events}``, values (word, 1) in bits."""
        chosen = chosen_layers(self.card.id, self.layers, taps)
        reading = Reading(self._network, alignment, self._context)
        values = {
            layer.name: np.zeros((reading.n_events, 1), dtype=np.float32) for layer in self.layers
        }
        for batch in reading.batches():
            bits = self._network.surprisal(reading.passages(batch)).cpu().numpy()
            for row_bits, each in zip(bits, batch, strict=True):
                for row, span in reading.events_in(each):
                    own = row_bits[span.start : span.stop]
                    values[WORD][row] = own.sum()
                    values[FIRST_TOKEN][row] = own[:1].sum()
        return {layer.name: reading.events(values[layer.name]) for layer in chosen}
