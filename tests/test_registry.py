"""Names, cards, files and live objects, each resolved or refused in one sentence."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import textwrap
import threading
from dataclasses import replace

import numpy as np
import pytest

from heschl.cards import Card, MetricCard, ModelCard
from heschl.contracts import Layer, Metric, SpeechModel, TextModel, Traits
from heschl.errors import (
    BrokenPlugin,
    DuplicateName,
    InvalidInput,
    MissingData,
    MissingExtra,
    UnknownName,
)
from heschl.registry import Registry, models, resolve_model
from heschl.source_files import SourceFile

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


@pytest.fixture
def model_file(tmp_path):
    def write(body: str, name: str = "my_model.py"):
        path = tmp_path / name
        path.write_text(
            "from heschl import Layer, ModelCard, Traits, register_model\n" + textwrap.dedent(body)
        )
        return path

    return write


NET = """
class {name}:
    digest = "1"
    sample_rate = 16000
    layers = (Layer("only", 2, 100.0),)
    traits = Traits()
    def forward(self, waveforms, taps): ...
"""


# Registering


def test_decorator_registers_and_returns_the_class_unchanged(registry):
    decorated = registry.register("my-net", licence="MIT")(Net)

    assert decorated is Net
    card, origin = registry.card_and_origin("my-net")
    assert card == ModelCard("my-net", Net, "A model without a card of its own.", licence="MIT")
    assert f"{__file__}:" in origin
    assert registry.names() == ("my-net",)


def test_function_without_docstring_is_summarised_by_its_name(registry):
    @registry.register("made")
    def make_net():
        return Net()

    assert registry.card("made").summary.endswith("make_net")


def test_ready_card_registers(registry):
    card = ModelCard("ready", Net, "a ready card")

    assert registry.register(card) is card
    assert registry.card("ready") is card


def test_same_cell_run_again_replaces_silently(registry):
    cell = textwrap.dedent("""
        @registry.register("my-net")
        class MyNet:
            "Version {version}."
        """)
    notebook = {"registry": registry, "__name__": "__main__"}

    exec(compile(cell.format(version=1), "<cell 1>", "exec"), notebook)  # noqa: S102
    exec(compile(cell.format(version=2), "<cell 2>", "exec"), notebook)  # noqa: S102

    assert registry.card("my-net").summary == "Version 2."
    assert registry.card("my-net").load is notebook["MyNet"]


def test_another_origin_is_refused_naming_both(registry):
    registry.register("my-net")(Net)

    with pytest.raises(DuplicateName, match=r"test_registry.py:\d+ and by .*test_registry.py:\d+"):
        registry.register("my-net")(CardedNet)

    assert registry.card("my-net").load is Net


def test_two_lambdas_of_one_module_are_two_origins(registry):
    registry.register(ModelCard("my-net", lambda: Net(), "one"))  # noqa: PLW0108

    with pytest.raises(DuplicateName):
        registry.register(ModelCard("my-net", lambda: CardedNet(), "two"))  # noqa: PLW0108


def test_registering_an_installed_id_is_refused(install):
    install("stranger", "2.1", "[heschl.models]\ntheir-net = nowhere:CARD\n")

    with pytest.raises(DuplicateName, match=r"stranger 2\.1 \(nowhere:CARD\) and by this session"):
        models.register("their-net")(Net)


@pytest.mark.parametrize(
    ("misuse", "message"),
    [
        (lambda registry: registry.register(Net), '@register_toy."my-toy".'),
        (
            lambda registry: registry.register(MetricCard("m", "a:b", "")),
            "was given MetricCard.* expected a ModelCard",
        ),
        (
            lambda registry: registry.register("x", license="MIT"),
            "cannot set 'license' .* did you mean 'licence'",
        ),
        (lambda registry: registry.register("x", load="a:b"), "cannot set 'load'"),
        (lambda registry: registry.register("no spaces")(Net), "'no spaces' cannot be used"),
        (lambda registry: registry.register("x")(Net()), "decorates a Net; expected a class"),
        (
            lambda registry: registry.register(ModelCard("x", Net, ""), licence="MIT"),
            "licence came beside the card of 'x'",
        ),
    ],
    ids=["no id", "other card", "misspelt field", "load", "bad id", "object", "card and fields"],
)
def test_misuse_of_register_is_refused(registry, misuse, message):
    with pytest.raises(InvalidInput, match=message):
        misuse(registry)

    assert registry.names() == ()


def test_concurrent_registrations_of_one_id_leave_one_winner(registry):
    start = threading.Barrier(8)
    refused = []

    def register(number):
        start.wait()
        try:
            registry.register(ModelCard("contested", f"module_{number}:Net", ""))
        except DuplicateName:
            refused.append(number)

    threads = [threading.Thread(target=register, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(refused) == 7
    assert len(registry.entries()) == 1


# Ids, cards and objects


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
        (3, "int .* lacks 'card', 'digest', 'sample_rate', 'layers', 'traits', 'forward'"),
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


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("my-nett", "did you mean 'my-net'"),
        ("", "no toy is registered as ''"),
        ("flie:./my_model.py", "'flie' is no scheme either, did you mean 'file'"),
        ("./my_model.py", "a file is given as 'file:./my_model.py'"),
    ],
)
def test_unknown_name_gives_the_way_on(registry, name, hint):
    registry.register("my-net")(Net)

    with pytest.raises(UnknownName, match=hint) as caught:
        registry.resolve(name)

    assert "`heschl list toys` shows all" in str(caught.value)


# Files


def test_file_gives_its_only_class(model_file):
    path = model_file(NET.format(name="MyNet"))

    resolved = resolve_model(f"file:{path}")

    assert type(resolved.object).__name__ == "MyNet"
    assert resolved.card.id == "file:my_model.py:MyNet"
    assert resolved.origin == str(path)
    assert resolved.source_digest == hashlib.sha256(path.read_bytes()).hexdigest()


def test_file_path_counts_from_the_working_directory(model_file, monkeypatch):
    monkeypatch.chdir(model_file(NET.format(name="MyNet")).parent)

    assert resolve_model("file:./my_model.py:MyNet").card.id == "file:my_model.py:MyNet"
    assert resolve_model("file:my_model.py").card.id == "file:my_model.py:MyNet"


@pytest.mark.parametrize(
    ("definition", "identifier"),
    [
        ("thing = MyNet", "file:my_model.py:thing"),
        ("def thing(): return MyNet()", "file:my_model.py:thing"),
        ("thing = ModelCard('carded', MyNet, '')", "carded"),
        ("thing = MyNet(); thing.card = ModelCard('live', MyNet, '')", "live"),
        ("thing = register_model('registered')(MyNet)", "registered"),
    ],
    ids=["class", "factory", "card", "object", "registered class"],
)
def test_file_attribute_may_be_class_factory_object_or_card(model_file, definition, identifier):
    path = model_file(NET.format(name="MyNet") + definition)

    resolved = resolve_model(f"file:{path}:thing")

    assert type(resolved.object).__name__ == "MyNet"
    assert resolved.card.id == resolved.object.card.id == identifier
    assert resolved.source_digest is not None


def test_file_prefers_what_it_registers(model_file):
    path = model_file(
        NET.format(name="Helper") + '\n@register_model("chosen")' + NET.format(name="Chosen")
    )

    assert resolve_model(f"file:{path}").card.id == "chosen"
    assert resolve_model("chosen").card.id == "chosen"


def test_file_does_not_mistake_a_name_for_a_registered_id(model_file):
    models.register("other")(Net)
    path = model_file(NET.format(name="other"))

    assert resolve_model(f"file:{path}").card.id == "file:my_model.py:other"


def test_file_with_several_candidates_lists_them(model_file):
    path = model_file(NET.format(name="First") + NET.format(name="Second"))

    with pytest.raises(InvalidInput, match="holds 2 models: First, Second; expected one"):
        resolve_model(f"file:{path}")
    assert resolve_model(f"file:{path}:Second").card.id == "file:my_model.py:Second"


def test_file_without_candidates_says_so(model_file):
    path = model_file("import math\nclass Unrelated: ...\n")

    with pytest.raises(InvalidInput, match="holds 0 models; expected one"):
        resolve_model(f"file:{path}")


def test_edited_file_is_imported_anew_even_within_one_clock_tick(model_file):
    path = model_file('\n@register_model("my-net", summary="one")' + NET.format(name="MyNet"))
    before = resolve_model(f"file:{path}")
    assert resolve_model(f"file:{path}").object.__class__ is before.object.__class__

    model_file('\n@register_model("my-net", summary="two")' + NET.format(name="MyNet"))
    after = resolve_model(f"file:{path}")

    assert (before.card.summary, after.card.summary) == ("one", "two")
    assert before.source_digest != after.source_digest


def test_two_files_that_register_one_id_are_refused(model_file):
    body = '\n@register_model("my-net")' + NET.format(name="MyNet")
    resolve_model(f"file:{model_file(body, 'one.py')}")

    with pytest.raises(BrokenPlugin, match=r"DuplicateName: .*one\.py:\d+ and by .*two\.py:\d+"):
        resolve_model(f"file:{model_file(body, 'two.py')}")


def test_file_never_takes_a_bare_module_name(model_file):
    path = model_file(NET.format(name="MyNet"), "models.py")

    resolve_model(f"file:{path}")

    assert "models" not in sys.modules
    assert not list(path.parent.glob("__pycache__"))


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("import sys; sys.exit(1)", "SystemExit: 1"),
        ("def (:", "SyntaxError"),
        ("import no_such_sibling", "No module named 'no_such_sibling'; .*imported alone"),
        ("\0", "null bytes"),
    ],
    ids=["fault", "exit", "syntax", "sibling", "null byte"],
)
def test_file_that_cannot_be_imported_is_broken(model_file, source, message):
    path = model_file(source)

    with pytest.raises(BrokenPlugin, match=message):
        resolve_model(f"file:{path}")

    assert SourceFile(str(path)).module_name not in sys.modules


@pytest.mark.parametrize(
    ("location", "error", "message"),
    [
        ("nowhere.py", MissingData, "No such file"),
        (".py", MissingData, "Is a directory|No such file"),
        ("my_model.txt:Net", InvalidInput, "names no Python file"),
        ("my_model.py:", InvalidInput, "names no Python file"),
        ("my_model.py:Net.inner", InvalidInput, "names no Python file"),
        ("", InvalidInput, "names no Python file"),
    ],
)
def test_malformed_file_location_is_refused(monkeypatch, tmp_path, location, error, message):
    monkeypatch.chdir(tmp_path)

    with pytest.raises(error, match=message):
        resolve_model(f"file:{location}")


def test_misspelt_name_in_a_file_is_hinted_at(model_file):
    path = model_file(NET.format(name="MyNet"))

    with pytest.raises(UnknownName, match="has no 'MyNett'; did you mean 'MyNet'"):
        resolve_model(f"file:{path}:MyNett")


# Everything that is built in


def test_cards_import_nothing_heavy():
    program = (
        "import sys; from heschl import registry\n"
        "for each in (registry.models, registry.benchmarks, registry.metrics, registry.datasets):\n"
        "    assert not each.broken(), each.broken()\n"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout.split()

    heavy = {"torch", "transformers", "xarray", "nilearn", "pandas", "sklearn", "h5py", "scipy"}
    assert heavy.isdisjoint(loaded)


def test_registries_are_generic_over_any_card():
    registry = Registry("thing", Card, (Metric,))
    registry.register(replace(Card("thing", "a:b", ""), url="https://example.org"))

    assert registry.card("thing").url == "https://example.org"
