"""Ids, cards and live objects, each resolved or refused in one sentence."""

from __future__ import annotations

import numpy as np
import pytest

from heschl.cards import MetricCard, ModelCard
from heschl.contracts import Layer, SpeechModel, TextModel, Traits
from heschl.errors import (
    BrokenPlugin,
    InvalidInput,
    MissingData,
    MissingExtra,
)
from heschl.models.features_on_disk import write_features
from heschl.registry import Registry, resolve_model

pytestmark = pytest.mark.usefixtures("fresh_session")


class Net:
    """A model without a card of its own."""

    digest = "net-1"
    sample_rate = 16_000
    layers = (Layer("only", 2, 100.0),)
    traits = Traits()

    def forward(self, waveforms, taps):
        return {tap: np.zeros((len(waveforms), 1, 2), np.float32) for tap in taps}


class CardedNet(Net):
    def __init__(self, identifier="carded"):
        self.card = ModelCard(identifier, CardedNet, "a model with a card")


@pytest.fixture
def registry() -> Registry[ModelCard]:
    """No entry point belongs to this kind, so that tests see their own registrations alone."""
    return Registry("toy", ModelCard, (SpeechModel, TextModel))


def test_id_resolves_to_an_object_that_bears_the_registered_card(registry):
    registry.register("my-net")(Net)

    resolved = registry.resolve("my-net")

    assert type(resolved.object) is Net
    assert resolved.object.card is resolved.card is registry.card("my-net")
    assert resolved.source_digest is None


def test_arguments_reach_load(registry):
    registry.register("renamed")(CardedNet)

    assert registry.resolve("renamed", "renamed").card.id == "renamed"
    assert registry.resolve("renamed", identifier="renamed").object.card.id == "renamed"


def test_live_object_class_function_and_card_resolve(registry):
    net = CardedNet()

    assert registry.resolve(net).object is net
    assert registry.resolve(net).card is net.card
    assert type(registry.resolve(CardedNet).object) is CardedNet
    assert type(registry.resolve(lambda: net).object) is CardedNet
    assert registry.resolve(ModelCard("net", Net, "")).object.card.id == "net"


def test_registered_class_passed_itself_bears_its_card(registry):
    registry.register("my-net")(Net)

    assert registry.resolve(Net).card.id == "my-net"


def test_text_model_keeps_its_own_contract(registry):
    class Reader:
        card = ModelCard("reader", "a:b", "", modality="text")
        digest = "1"
        layers = ()

        def read(self, alignment, taps): ...

    assert registry.resolve(Reader()).card.id == "reader"


def test_check_does_not_run_properties(registry):
    class Costly(CardedNet):
        @property
        def digest(self):
            raise AssertionError("read all weights")

    assert registry.resolve(Costly()).card.id == "carded"


@pytest.mark.parametrize(
    ("thing", "message"),
    [
        (Net(), r"Net \(given as an object\) is no toy: it lacks 'card'; the SpeechModel of"),
        (3, "int .* lacks 'card', 'digest', 'layers', 'sample_rate', 'traits', 'forward'"),
        (None, "NoneType .* is no toy"),
        (
            type("Half", (), {"read": None, "card": None, "digest": "", "layers": ()})(),
            "Half .* lacks 'read'; the TextModel",
        ),
        (
            type("Odd", (CardedNet,), {"__init__": lambda self: setattr(self, "card", 3)})(),
            "the card of Odd .* is a int; expected a ModelCard",
        ),
        (MetricCard("m", "a:b", ""), "MetricCard .* is no toy"),
    ],
    ids=["no card", "number", "nothing", "not callable", "odd card", "other card"],
)
def test_object_that_keeps_no_contract_is_refused(registry, thing, message):
    with pytest.raises(InvalidInput, match=message):
        registry.resolve(thing)


def test_bare_network_is_told_what_makes_a_model_of_it():
    torch = pytest.importorskip("torch")

    with pytest.raises(InvalidInput, match=r"Conv1d .* no model: .*models.torch_module.TorchModel"):
        resolve_model(torch.nn.Conv1d(1, 8, 400))


def test_object_that_lacks_a_card_is_not_given_one(registry):
    net = Net()

    with pytest.raises(InvalidInput):
        registry.resolve(net)

    assert not hasattr(net, "card")


def test_ready_object_takes_no_settings(registry):
    with pytest.raises(InvalidInput, match="a ready CardedNet takes no arguments"):
        registry.resolve(CardedNet(), alpha=1)


def test_object_with_another_id_than_registered_is_refused(registry):
    registry.register("my-net")(CardedNet)

    with pytest.raises(BrokenPlugin, match=r"'my-net' makes a CardedNet .* the id 'carded'"):
        registry.resolve("my-net")


@pytest.mark.parametrize("fault", [ValueError("no weights"), SystemExit(1)], ids=["error", "exit"])
def test_failing_constructor_names_the_plugin(registry, fault):
    @registry.register("my-net")
    def make():
        raise fault

    with pytest.raises(BrokenPlugin, match=r"'my-net' .* cannot be made, ") as caught:
        registry.resolve("my-net")

    assert caught.value.__cause__ is fault


def test_missing_extra_keeps_its_class_and_command(registry):
    card = ModelCard("my-net", Net, "", requires=("no_such_package",), extra="speech")

    with pytest.raises(MissingExtra, match=r'pip install "heschl\[speech\]"'):
        registry.resolve(card)


def test_missing_module_of_a_card_names_the_plugin(registry):
    with pytest.raises(BrokenPlugin, match=r"'my-net' .* No module named 'no_such_module'"):
        registry.resolve(ModelCard("my-net", "no_such_module:Net", ""))


def test_folder_of_features_resolves_by_its_scheme(tmp_path):
    frames = {"story": {"block.0": (np.arange(4.0), np.ones((4, 2), np.float32))}}
    write_features(tmp_path, "from-elsewhere", frames)

    resolved = resolve_model(f"features:{tmp_path}")

    assert resolved.card.id == "from-elsewhere"
    assert resolved.object.frames("story", ["block.0"])["block.0"][1].shape == (4, 2)


def test_folder_of_features_that_is_not_there_says_so():
    with pytest.raises(MissingData, match="there is no folder nowhere"):
        resolve_model("features:nowhere")
