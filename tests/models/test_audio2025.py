"""The models of the comparison of audio models, by the names of its code."""

from __future__ import annotations

import pytest

from heschl import registry
from heschl.errors import BrokenPlugin, UnknownName
from heschl.models.audio2025 import MODELS
from heschl.offers import state_of
from heschl.resolution import written_card

OFFERS = {offer.id.partition(":")[2]: offer for offer in MODELS.offers()}


def test_all_names_of_the_code_are_there():
    assert len(OFFERS) == 37  # the paper counts 36


@pytest.mark.parametrize("name", OFFERS)
def test_a_name_is_a_model_or_says_what_keeps_it_away(name):
    offer = OFFERS[name]
    if offer.state.startswith("broken: "):
        with pytest.raises(BrokenPlugin, match=r"features:\./folder"):
            registry.resolve_model(offer.id)
    else:
        card = written_card(registry.models, offer.id)
        assert (card.id, state_of(card)) == (offer.summary, offer.state)


def test_a_misspelt_name_is_told():
    with pytest.raises(UnknownName, match="BEATs_iter3"):
        registry.resolve_model("audio2025:BEATS_iter3")
