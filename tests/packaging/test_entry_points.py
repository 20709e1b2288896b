"""Every card in the plugin folders is an entry point, and every entry point a card."""

from __future__ import annotations

import configparser
import importlib
import importlib.metadata

import pytest
from tests.packaging.conftest import ROOT

from heschl.cards import BenchmarkCard, Card, DatasetCard, MetricCard, ModelCard

KINDS = {
    "models": ("heschl.models", ModelCard),
    "metrics": ("heschl.metrics", MetricCard),
    "data_registry": ("heschl.datasets", DatasetCard),
    "benchmarks": ("heschl.benchmarks", BenchmarkCard),
}


def declared(group: str) -> dict[str, str]:
    parser = configparser.ConfigParser(delimiters="=")
    parser.optionxform = str
    parser.read(ROOT / "setup.cfg")
    lines = parser["options.entry_points"].get(group, "").strip().splitlines()
    return {name.strip(): target.strip() for name, _, target in (x.partition("=") for x in lines)}


@pytest.mark.parametrize("folder", KINDS)
def test_every_card_of_a_plugin_folder_is_declared(folder):
    group, card_type = KINDS[folder]
    names = {
        "heschl." + ".".join(path.relative_to(ROOT).parent.parts)
        for path in (ROOT / folder).glob("*/**/__init__.py")
    }
    names |= {target.partition(":")[0] for target in declared(group).values()}
    modules = [importlib.import_module(name) for name in sorted(names)]

    # Cards that are made from a table are in no module's variables, but in its directory.
    things = [getattr(module, name) for module in modules for name in dir(module)]
    cards = {thing.id: thing for thing in things if isinstance(thing, Card)}

    assert cards.keys() == declared(group).keys()
    assert all(isinstance(card, card_type) for card in cards.values())


@pytest.mark.parametrize("group", [*(group for group, _ in KINDS.values()), "heschl.schemes"])
def test_what_is_declared_is_what_is_installed(group):
    installed = {
        entry_point.name: entry_point.value
        for entry_point in importlib.metadata.distribution("heschl").entry_points
        if entry_point.group == group
    }

    assert installed == declared(group), "setup.cfg has changed since: pip install -e ."


@pytest.mark.parametrize(
    ("name", "target"),
    [
        (name, target)
        for group in [*(group for group, _ in KINDS.values()), "heschl.schemes"]
        for name, target in declared(group).items()
    ],
)
def test_declared_target_exists(name, target):
    module, _, attribute = target.partition(":")

    thing = getattr(importlib.import_module(module), attribute)

    assert thing.id == name if isinstance(thing, Card) else callable(thing)
