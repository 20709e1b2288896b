"""Look into the store: ls (what is there), why (what makes two entries differ), gc (make room)."""

from __future__ import annotations

import argparse
import re
import time

from heschl.cli.printing import print_json, print_table, print_text
from heschl.cli.scoring_arguments import add_store_argument
from heschl.errors import InvalidInput
from heschl.progress import readable_size
from heschl.store import Store

_UNITS = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's words."""
    commands = parser.add_subparsers(dest="action", required=True, metavar="ls | why | gc")
    listing = commands.add_parser("ls", help="list the entries, the longest unused first")
    why = commands.add_parser("why", help="name the fields that make two entries different")
    why.add_argument("first", help="a key or its beginning")
    why.add_argument("second", help="another one")
    gc = commands.add_parser("gc", help="remove entries, the longest unused first")
    gc.add_argument("--max-size", help="until the rest is no larger, such as 20G")
    gc.add_argument("--unused-days", type=float, help="those not read for so long")
    for command in (listing, why, gc):
        add_store_argument(command)
        command.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--json", action="store_true", help=argparse.SUPPRESS)


def run(arguments: argparse.Namespace) -> int:
    """Do what the action says."""
    store = Store(arguments.store)
    return {"ls": _list, "why": _why, "gc": _gc}[arguments.action](store, arguments)


def _list(store: Store, arguments: argparse.Namespace) -> int:
    entries = list(store.entries())
    if arguments.json:
        print_json(
            [
                {
                    "key": entry.key,
                    "n_bytes": entry.n_bytes,
                    "created": entry.created,
                    "used": entry.used,
                    "configuration": dict(entry.configuration),
                }
                for entry in entries
            ]
        )
        return 0
    rows = [
        [
            entry.key[:12],
            str(entry.configuration.get("stage", "")),
            readable_size(entry.n_bytes),
            time.strftime("%Y-%m-%d %H:%M", time.localtime(entry.used)),
        ]
        for entry in entries
    ]
    print_table(["key", "stage", "size", "last used"], rows)
    total = sum(entry.n_bytes for entry in entries)
    print_text(f"{len(entries)} entries, {readable_size(total)} in {store.folder}")
    return 0


def _why(store: Store, arguments: argparse.Namespace) -> int:
    fields = store.why(arguments.first, arguments.second)
    if arguments.json:
        print_json([{"field": f, "first": a, "second": b} for f, a, b in fields])
    elif not fields:
        print_text("they are the same entry")
    else:
        print_table(["field", "first", "second"], [[f, str(a), str(b)] for f, a, b in fields])
    return 0


def _gc(store: Store, arguments: argparse.Namespace) -> int:
    if arguments.max_size is None and arguments.unused_days is None:
        raise InvalidInput("gc needs a limit: give --max-size, --unused-days or both")
    max_bytes = None if arguments.max_size is None else _parse_size(arguments.max_size)
    n_removed, n_bytes = store.gc(max_bytes=max_bytes, unused_days=arguments.unused_days)
    if arguments.json:
        print_json({"n_removed": n_removed, "n_bytes_removed": n_bytes})
    else:
        print_text(f"removed {n_removed} entries, {readable_size(n_bytes)}")
    return 0


def _parse_size(text: str) -> int:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMGT]?)(?:i?B)?", text.strip(), re.IGNORECASE)
    if match is None:
        raise InvalidInput(f"--max-size {text!r} is no size; write it like 500M or 20G")
    return int(float(match[1]) * _UNITS[match[2].upper()])
