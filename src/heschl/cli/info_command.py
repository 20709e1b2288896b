"""Print everything that a card says."""

from __future__ import annotations

import argparse
import dataclasses
from typing import Any

from heschl import registry
from heschl.cards import Card
from heschl.cli.printing import print_json, print_text
from heschl.registry import Registry
from heschl.resolution import written_card


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's words."""
    parser.add_argument(
        "plugin",
        help="the id of a model, benchmark, metric or dataset, or a URI such as "
        "file:./my_model.py:my_net",
    )


def run(arguments: argparse.Namespace) -> int:
    """Print the card."""
    kind, card, origin = described(arguments.plugin)
    record = {"kind": kind, "origin": origin, **_readable(card)}
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


def described(plugin: str) -> tuple[str, Any, str]:
    """Return the kind, the card and the origin of an id or a URI."""
    for plugins in (registry.models, registry.benchmarks, registry.datasets, registry.metrics):
        if plugins.has(plugin):
            return (plugins.kind, *plugins.card_and_origin(plugin))
    # Only what is no id is worth loading the suites, which can tell what a file holds.
    from heschl.testing.kinds import card_of, kind_of

    kind = kind_of(plugin)
    owner: Registry[Any] = getattr(registry, f"{kind}s")
    # Weights may have to be fetched before a model can be made.
    card = card_of(owner, plugin) or written_card(owner, plugin)
    if card is not None:
        return kind, card, plugin
    resolved = owner.resolve(plugin)
    return kind, resolved.card, resolved.origin


def _readable(card: Card) -> dict[str, Any]:
    fields = dataclasses.asdict(card)
    for name, value in fields.items():
        if callable(value):
            target = getattr(value, "func", value)  # what a functools.partial calls
            fields[name] = f"{target.__module__}:{target.__qualname__}"
        elif isinstance(value, tuple):
            fields[name] = list(value)
        elif isinstance(value, dict):
            fields[name] = {k: list(v) if isinstance(v, tuple) else v for k, v in value.items()}
    return fields
