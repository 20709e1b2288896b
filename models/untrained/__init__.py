"""``untrained:ID?seed=N``: the untrained twin of any trained model, from any seed.

``untrained:hubert-base-ls960?seed=3`` is the twin that the card of ``hubert-base-ls960`` names,
drawn from seed 3; its id is that of the twin with ``@3`` behind it. Five seeds, 0 to 4, are what
a comparison with training should show.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect

from heschl import registry
from heschl.cards import ModelCard
from heschl.errors import InvalidInput
from heschl.offers import Offer

__all__ = ["TWINS", "UntrainedTwins"]

N_SEEDS = 5


class UntrainedTwins:
    """What stands behind ``untrained:``."""

    def __call__(self, location: str) -> ModelCard:
        """Return the card of the twin of ``ID``, or of ``ID?seed=N``."""
        name, question, setting = location.partition("?")
        key, _, text = setting.partition("=")
        if question and (key != "seed" or not text.isdecimal() or int(text) >= 2**63):
            raise InvalidInput(
                f"'untrained:{location}' ends in {setting!r}; expected ?seed= and a whole number "
                "from 0 up"
            )
        trained = registry.models.card(name)
        if trained.untrained_twin is None:
            raise InvalidInput(
                f"the model {name!r} names no untrained twin; `heschl list models --scheme "
                "untrained` shows those that do"
            )
        twin = registry.models.card(trained.untrained_twin)
        seed = int(text or 0)
        if not seed:
            return twin
        make = twin.target()
        if "seed" not in inspect.signature(make).parameters:
            raise InvalidInput(f"the twin {twin.id!r} has one seed alone, 0; leave out ?seed=")
        return dataclasses.replace(
            twin,
            id=f"{twin.id}@{seed}",
            load=functools.partial(make, seed=seed),
            summary=f"{twin.summary}; from seed {seed}",
        )

    def offers(self) -> tuple[Offer, ...]:
        """Return every trained model that names its twin."""
        found = []
        for entry in registry.models.entries():
            card = entry.card
            if card is not None and card.untrained_twin is not None:
                missing = card.missing_requirements()
                state = f"needs {', '.join(missing)}" if missing else "ready"
                summary = f"{card.untrained_twin}, from ?seed=0 to ?seed={N_SEEDS - 1} or any other"
                found.append(Offer(f"untrained:{card.id}", state, summary))
        return tuple(found)


TWINS = UntrainedTwins()
