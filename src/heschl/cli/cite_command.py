"""Print the BibTeX of what a score uses: model, benchmark, dataset and metric."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence

from heschl import registry
from heschl.cards import BenchmarkCard, Card
from heschl.cli.info_command import described
from heschl.cli.printing import print_json, print_text
from heschl.errors import InvalidInput


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's words."""
    parser.add_argument(
        "plugins",
        nargs="+",
        metavar="plugin",
        help="ids or URIs of models, benchmarks, datasets, ...",
    )


def run(arguments: argparse.Namespace) -> int:
    """Print each entry once."""
    cards = _cards(arguments.plugins)
    entries: dict[str, str] = {}
    for card in cards:
        for entry in re.split(r"(?m)^(?=@)", card.citation):
            if entry.strip():
                entries.setdefault(entry.split("{", 1)[1].split(",", 1)[0].strip(), entry.strip())
    without = [card.id for card in cards if not card.citation]
    if arguments.json:
        print_json({"bibtex": list(entries.values()), "without": without})
        return 0
    if entries:
        print_text("\n\n".join(entries.values()))
    for name in without:
        print_text(f"% {name} names nothing to cite")
    return 0


def _cards(plugins: Sequence[str]) -> list[Card]:
    """Return the cards of plugins, and of what benchmarks are made of."""
    cards: list[Card] = []
    for name in plugins:
        if name.endswith(".nc"):
            raise InvalidInput(
                f"{name} is a file, and cite takes ids; `heschl show {name}` names the model and "
                "the benchmark to give"
            )
        _, card, _ = described(name)
        cards.append(card)
        if isinstance(card, BenchmarkCard):
            cards.append(registry.datasets.card(card.dataset))
            # A metric that only a benchmark's file knows is cited by that file.
            if registry.metrics.has(card.metric):
                cards.append(registry.metrics.card(card.metric))
    return cards
