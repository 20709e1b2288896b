"""Registering and listing: one name, one origin, and nothing heavy imported."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import threading
from dataclasses import replace

import pytest

from heschl.cards import Card, MetricCard, ModelCard
from heschl.contracts import Metric, SpeechModel, TextModel
from heschl.errors import (
    DuplicateName,
    InvalidInput,
    UnknownName,
)
from heschl.registry import Registry, models

pytestmark = pytest.mark.usefixtures("fresh_session")


class Net:
    """A model."""


class OtherNet:
    """Another model."""


@pytest.fixture
def registry() -> Registry[ModelCard]:
    """No entry point belongs to this kind, so that tests see their own registrations alone."""
    return Registry("toy", ModelCard, (SpeechModel, TextModel))


def test_decorator_registers_and_returns_the_class_unchanged(registry):
    decorated = registry.register("my-net", licence="MIT")(Net)

    assert decorated is Net
    card, origin = registry.card_and_origin("my-net")
    assert card == ModelCard("my-net", Net, "A model.", licence="MIT")
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
        registry.register("my-net")(OtherNet)

    assert registry.card("my-net").load is Net


def test_two_lambdas_of_one_module_are_two_origins(registry):
    registry.register(ModelCard("my-net", lambda: Net(), "one"))  # noqa: PLW0108

    with pytest.raises(DuplicateName):
        registry.register(ModelCard("my-net", lambda: OtherNet(), "two"))  # noqa: PLW0108


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
