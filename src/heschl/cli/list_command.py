"""List what is registered. Reads cards alone: no model, data or heavy library is loaded."""

from __future__ import annotations

import argparse
from typing import Any

from heschl import registry
from heschl.cli.printing import print_json, print_table, print_text
from heschl.errors import InvalidInput
from heschl.offers import offers
from heschl.registry import Registry

_KINDS = ("models", "benchmarks", "metrics", "datasets")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's words."""
    parser.add_argument("kind", nargs="?", choices=_KINDS, help="one kind; default: all")
    parser.add_argument(
        "--scheme", metavar="NAME", help="what a scheme offers by name, such as s3prl, instead"
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
        rows = [[record["id"], record["state"], record["summary"]] for record in records]
        print_table(["id", "state", "summary"], rows, title=kind)
        print_text()
    return 0


def _list_scheme(arguments: argparse.Namespace) -> int:
    if arguments.kind not in (None, "models"):
        raise InvalidInput(f"--scheme lists models, not {arguments.kind}; leave one of them out")
    records = [vars(offer) for offer in offers(arguments.scheme)]
    if arguments.json:
        print_json({"models": records})
        return 0
    rows = [[record["id"], record["state"], record["summary"]] for record in records]
    print_table(["id", "state", "summary"], rows, title=f"models of {arguments.scheme}:")
    return 0


def _records(plugins: Registry[Any]) -> list[dict[str, Any]]:
    records = []
    claimed_twice = plugins.duplicates()
    for entry in plugins.entries():
        summary, state, missing = "", "broken", ()
        if entry.card is not None:
            missing = entry.card.missing_requirements()
            summary = entry.card.summary
            state = f"needs {', '.join(missing)}" if missing else "ready"
        elif entry.broken is not None:
            summary = entry.broken.reason
        if entry.name in claimed_twice:
            state = f"claimed {len(claimed_twice[entry.name])} times, see `heschl doctor`"
        records.append(
            {"id": entry.name, "state": state, "summary": summary, "origin": entry.origin}
        )
    return records
