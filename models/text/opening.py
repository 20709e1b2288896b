"""From locations and cards to models that read."""

from __future__ import annotations

import functools
from typing import cast

from heschl.cards import UNTRAINED, ModelCard, Training
from heschl.models import text
from heschl.models.location import Location, location_of, whole_number
from heschl.models.text.checkpoint import load_checkpoint
from heschl.models.text.language_model import LanguageModel, WordValue
from heschl.models.text.network import TextNetwork
from heschl.models.text.reading import Context
from heschl.models.text.surprisal import Surprisal

__all__ = ["language_model", "surprisal"]

_READING = ("tokens", "minimum", "before", "random")
_OBJECTIVES = {"causal": "causal language modelling", "masked": "masked language modelling"}


def language_model(where: str, card: ModelCard | None = None) -> LanguageModel:
    """Return the model behind ``lm:<where>``, under a card of its own or the one given."""
    location = location_of(where, "lm", (*_READING, "words"))
    network, context = _network(location, "lm", card)
    return LanguageModel(
        card or _card(location, "lm", network),
        network,
        context=context,
        word_value=cast("WordValue | None", location.settings.get("words")),
    )


def surprisal(where: str, card: ModelCard | None = None) -> Surprisal:
    """Return the model behind ``surprisal:<where>``."""
    location = location_of(where, "surprisal", _READING)
    network, context = _network(location, "surprisal", card)
    return Surprisal(card or _card(location, "surprisal", network), network, context=context)


def _network(
    location: Location, scheme: str, card: ModelCard | None
) -> tuple[TextNetwork, Context]:
    context = Context(
        minimum=whole_number(location, "minimum", 0), before=whole_number(location, "before", 0)
    )
    most = whole_number(location, "tokens", 1)
    checkpoint = load_checkpoint(location, whole_number(location, "random", 0))
    name = card.id if card else location.identifier(scheme)
    return TextNetwork(checkpoint, name, most), context


def _card(location: Location, scheme: str, network: TextNetwork) -> ModelCard:
    where = location.name + (f"@{location.revision}" if location.revision else "")
    settings = "&".join(f"{key}={value}" for key, value in location.settings.items())
    opener = {"lm": text.open_language_model, "surprisal": text.open_surprisal}[scheme]
    what = {"lm": "the layers", "surprisal": "the surprisal"}[scheme]
    is_random = "random" in location.settings
    weights = "random weights" if is_random else "the weights"
    return ModelCard(
        id=location.identifier(scheme),
        load=functools.partial(opener, where + (f"?{settings}" if settings else "")),
        summary=f"{what} of {network.architecture} with {weights} of {location.name}",
        requires=("torch", "transformers"),
        extra="speech",
        modality="text",
        family=network.architecture,
        parameters=network.n_parameters,
        training=UNTRAINED if is_random else Training(objective=_OBJECTIVES[network.kind]),
    )
