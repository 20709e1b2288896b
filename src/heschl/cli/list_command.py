"""List what is registered. Reads cards alone: no model, data or heavy library is loaded."""

from __future__ import annotations

import argparse
import dataclasses
from typing import Any

from heschl import registry
from heschl.cards import ModelCard
from heschl.cli.printing import print_json, print_table, print_text
from heschl.errors import InvalidInput
from heschl.offers import offers, state_of
from heschl.registry import Registry

_KINDS = ("models", "benchmarks", "metrics", "datasets")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's words."""
    parser.add_argument("kind", nargs="?", choices=_KINDS, help="one kind; default: all")
    parser.add_argument(
        "--scheme", metavar="NAME", help="what a scheme offers by name, such as s3prl, instead"
    )
    parser.add_argument(
        "--twins",
        action="store_true",
        help="also the untrained twins of the models that are listed",
    )


def run(arguments: argparse.Namespace) -> int:
    """Print the listing."""
    if arguments.scheme:
        return _list_scheme(arguments)
    kinds = [arguments.kind] if arguments.kind else list(_KINDS)
    listing = {kind: _records(getattr(registry, kind)) for kind in kinds}
    if arguments.json:
        print_json(listing)
        return 0
    for kind, records in listing.items():
        # Each trained model says which twin is its own; in a table they would double its length.
        twins = {record.get("untrained_twin") for record in records} - {None}
        hidden = set() if arguments.twins else twins
        shown = [record for record in records if record["id"] not in hidden]
        columns = ["id", "state", *(_FACETS if kind == "models" else ()), "summary"]
        print_table(columns, [[_cell(each, name) for name in columns] for each in shown], kind)
        if len(shown) < len(records):
            print_text(f"and {len(records) - len(shown)} untrained twins, see --twins")
        print_text()
    return 0


_FACETS = ("weights", "hours")
_MILLION = 10**6


def _cell(record: dict[str, Any], column: str) -> str:
    if column == "weights":
        parameters = record.get("parameters")
        return f"{parameters / _MILLION:.0f} M" if parameters and parameters >= _MILLION else "–"
    if column == "hours":
        hours = (record.get("training") or {}).get("hours")
        return f"{hours:.0f}" if hours else "–"
    return str(record[column])


def _list_scheme(arguments: argparse.Namespace) -> int:
    if arguments.kind not in (None, "models"):
        raise InvalidInput(f"--scheme lists models, not {arguments.kind}; leave one of them out")
    records = [vars(offer) for offer in offers(arguments.scheme)]
    if arguments.json:
        print_json({"models": records})
        return 0
    rows = []
    for record in records:
        # A reason is a sentence: in the column of states it would make every row as long.
        state, _, reason = record["state"].partition(": ")
        rows.append([record["id"], state, reason or record["summary"]])
    print_table(["id", "state", "summary"], rows, title=f"models of {arguments.scheme}:")
    return 0


_SAID = ("modality", "family", "parameters", "licence", "untrained_twin")


def _records(plugins: Registry[Any]) -> list[dict[str, Any]]:
    records = []
    claimed_twice = plugins.duplicates()
    for entry in plugins.entries():
        summary, state = "", "broken"
        if entry.card is not None:
            summary, state = entry.card.summary, state_of(entry.card)
        elif entry.broken is not None:
            summary = entry.broken.reason
        if entry.name in claimed_twice:
            state = f"claimed {len(claimed_twice[entry.name])} times, see `heschl doctor`"
        facets = {}
        if isinstance(entry.card, ModelCard):
            facets = {name: getattr(entry.card, name) for name in _SAID} | {
                "training": dataclasses.asdict(entry.card.training)
            }
        records.append(
            {"id": entry.name, "state": state, "summary": summary, "origin": entry.origin} | facets
        )
    return records
