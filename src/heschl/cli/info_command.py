"""Print everything that a card says."""

from __future__ import annotations

import argparse
import dataclasses
from typing import Any

from heschl import registry
from heschl.cards import Card
from heschl.cli.printing import print_json, print_text
from heschl.errors import UnknownName, near_names
from heschl.registry import Registry


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's words."""
    parser.add_argument("id", help="of a model, benchmark, metric or dataset")


def run(arguments: argparse.Namespace) -> int:
    """Print the card."""
    plugins = owner(arguments.id)
    card, origin = plugins.card_and_origin(arguments.id)
    record = {"kind": plugins.kind, "origin": origin, **_readable(card)}
    if arguments.json:
        print_json(record)
        return 0
    for name, value in record.items():
        if value in ("", None, [], {}):
            continue
        if isinstance(value, dict):
            value = "; ".join(f"{k}: {v}" for k, v in value.items() if v not in ("", None, []))  # noqa: PLW2901
        if isinstance(value, list):
            value = ", ".join(map(str, value))  # noqa: PLW2901
        separator = "\n" if "\n" in str(value) else " "
        print_text(f"{name + ':':<22}{separator}{value}".rstrip())
    return 0


def owner(name: str) -> Registry[Any]:
    """Return the registry that knows a name."""
    registries: tuple[Registry[Any], ...] = (
        registry.models,
        registry.benchmarks,
        registry.datasets,
        registry.metrics,
    )
    for plugins in registries:
        if plugins.has(name):
            return plugins
    known = [each for plugins in registries for each in plugins.names()]
    raise UnknownName(f"nothing is registered as {name!r}; {near_names(name, known)}")


def _readable(card: Card) -> dict[str, Any]:
    fields = dataclasses.asdict(card)
    for name, value in fields.items():
        if callable(value):
            fields[name] = f"{value.__module__}:{value.__qualname__}"
        elif isinstance(value, tuple):
            fields[name] = list(value)
        elif isinstance(value, dict):
            fields[name] = {k: list(v) if isinstance(v, tuple) else v for k, v in value.items()}
    return fields
