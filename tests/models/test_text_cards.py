"""The cards of GPT-2, and the schemes that open models that read."""

from __future__ import annotations

import subprocess
import sys

import pytest
import text_checkpoints

from heschl.errors import MissingExtra, UnknownName
from heschl.models import text
from heschl.models.location import location_of
from heschl.registry import resolve_model


@pytest.fixture(scope="module")
def gpt2(tmp_path_factory):
    return text_checkpoints.gpt2(tmp_path_factory.mktemp("tiny") / "gpt2")


def test_cards_are_light():
    code = (
        "import sys, heschl.models.text as m; assert len(m.CARDS) == 8; "
        "print([n for n in ('numpy', 'scipy', 'torch', 'transformers') if n in sys.modules])"
    )

    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert shown.stdout.strip() == "[]"


def test_every_trained_card_has_a_twin_of_the_same_commit():
    cards = {card.id: card for card in text.CARDS}
    trained = [card for card in text.CARDS if card.training.is_trained]

    assert [card.id for card in trained] == ["gpt2", "gpt2-medium", "gpt2-large", "gpt2-xl"]
    for card in trained:
        twin = cards[card.untrained_twin]
        assert twin.training.is_trained is False
        assert twin.parameters == card.parameters
        assert twin.load.args[1] == f"{card.load.args[1]}?random=0"
        assert len(location_of(card.load.args[1], "lm", []).revision) == 40


def test_a_card_names_the_model_that_it_loads(gpt2):
    model = text._named("gpt2", str(gpt2))

    assert model.card is text.GPT2
    assert text._named("gpt2-random", f"{gpt2}?random=0").digest != model.digest


@pytest.mark.parametrize("scheme", ["lm", "surprisal"])
def test_schemes_open_a_folder(scheme, gpt2):
    resolved = resolve_model(f"{scheme}:{gpt2}?tokens=32")

    assert resolved.card.id == f"{scheme}:gpt2+tokens-32"
    assert resolved.card.modality == "text"
    assert resolved.card.target()().digest == resolved.object.digest


def test_vectors_are_opened_by_their_scheme(tmp_path):
    (tmp_path / "glove.txt").write_text("the 1 2\n")

    assert resolve_model(f"vectors:{tmp_path / 'glove.txt'}").card.id == "vectors:glove.txt"


def test_a_scheme_that_is_misspelt_is_told():
    with pytest.raises(UnknownName):
        resolve_model("lms:./gpt2")


@pytest.mark.parametrize("opener", [text.open_language_model, text.open_surprisal])
def test_what_is_not_installed_is_named_with_its_command(opener, monkeypatch):
    monkeypatch.setitem(sys.modules, "transformers", None)
    monkeypatch.setattr("heschl.cards.importlib.util.find_spec", lambda name: None)

    with pytest.raises(MissingExtra, match=r'pip install "heschl\[speech\]"'):
        opener("./gpt2")


def test_ids_hold_nothing_that_a_disk_refuses(tmp_path):
    folder = tmp_path / "my model (v2)..x"
    folder.mkdir()

    assert location_of(f"{folder}", "lm", []).identifier("lm") == "lm:my_model_v2_x"
    pinned = location_of(f"openai-community/gpt2@{'0' * 40}?before=3", "lm", ["before"])
    assert pinned.identifier("lm") == "lm:openai-community/gpt2+before-3"
