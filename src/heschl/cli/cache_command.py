"""Look into the store: ls (what is there), why (what makes two entries differ), gc (make room)."""

from __future__ import annotations

import argparse
import math
import re
import time
from dataclasses import asdict

from heschl.cli.printing import print_json, print_table, print_text
from heschl.cli.scoring_arguments import add_store_argument
from heschl.errors import InvalidInput
from heschl.progress import readable_size
from heschl.store import Store
from heschl.wording import counted

_DECIMAL = {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
_BINARY = {"KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40}
_UNITS = _DECIMAL | _BINARY
_WIDTH, _LEAD = 40, 8


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's words."""
    commands = parser.add_subparsers(dest="action", required=True, metavar="ls | why | gc")
    listing = commands.add_parser("ls", help="list the entries, the longest unused first")
    why = commands.add_parser("why", help="name the fields that make two entries different")
    why.add_argument("first", help="a key or its beginning")
    why.add_argument("second", help="another one")
    gc = commands.add_parser("gc", help="remove entries and phantoms, the longest unused first")
    gc.add_argument(
        "--max-size", metavar="SIZE", type=_size, help="until the rest is no larger, such as 20GB"
    )
    gc.add_argument(
        "--unused-days", metavar="DAYS", type=_days, help="those that were not used for so long"
    )
    for command in (listing, why, gc):
        add_store_argument(command)
        # Without a default of its own, which would undo a --json before the action.
        command.add_argument(
            "--json", action="store_true", default=argparse.SUPPRESS, help="print JSON"
        )
    parser.add_argument("--json", action="store_true", help=argparse.SUPPRESS)


def run(arguments: argparse.Namespace) -> int:
    """Do what the action says."""
    store = Store(arguments.store)
    return {"ls": _list, "why": _why, "gc": _gc}[arguments.action](store, arguments)


def _list(store: Store, arguments: argparse.Namespace) -> int:
    entries, phantoms = list(store.entries()), list(store.phantoms())
    n_notes, n_bytes_of_notes = store.learned_size()
    if arguments.json:
        print_json(
            {
                "entries": [asdict(entry) for entry in entries],
                "phantoms": [asdict(phantom) for phantom in phantoms],
                "learned": {"n_notes": n_notes, "n_bytes": n_bytes_of_notes},
            }
        )
        return 0
    if entries:
        print_table(
            ["key", "stage", "size", "last used"],
            [
                [
                    entry.key[:12],
                    str(entry.configuration.get("stage", "")),
                    readable_size(entry.n_bytes),
                    time.strftime("%Y-%m-%d %H:%M", time.localtime(entry.used)),
                ]
                for entry in entries
            ],
        )
    total = sum(entry.n_bytes for entry in entries)
    print_text(f"{counted(len(entries), 'entry')}, {readable_size(total)} in {store.folder}")
    of_phantoms = sum(phantom.n_bytes for phantom in phantoms)
    print_text(
        f"beside them {counted(len(phantoms), 'phantom')}, {readable_size(of_phantoms)}, and "
        f"{counted(n_notes, 'note')} on files that were read, {readable_size(n_bytes_of_notes)}"
    )
    return 0


def _why(store: Store, arguments: argparse.Namespace) -> int:
    fields = store.why(arguments.first, arguments.second)
    if arguments.json:
        print_json([{"field": f, "first": a, "second": b} for f, a, b in fields])
    elif not fields:
        print_text("they are the same entry")
    else:
        rows = [[field, *_excerpts(str(one), str(other))] for field, one, other in fields]
        print_table(["field", "first", "second"], rows)
    return 0


def _excerpts(one: str, other: str) -> tuple[str, str]:
    """Return two texts shortened to where they differ; ``--json`` has them whole.

    >>> _excerpts("0" * 99 + "1", "short")
    ('000000000000000000000000000000000000000…', 'short')
    >>> _excerpts("0" * 99 + "1", "0" * 99 + "2")
    ('…000000001', '…000000002')
    """
    start = 0
    if max(len(one), len(other)) > _WIDTH:
        pairs = enumerate(zip(one, other, strict=False))
        differing = (place for place, (mine, yours) in pairs if mine != yours)
        start = max(0, next(differing, min(len(one), len(other))) - _LEAD)
    return _excerpt(one, start), _excerpt(other, start)


def _excerpt(text: str, start: int) -> str:
    shown = f"…{text[start:]}" if start else text
    return shown if len(shown) <= _WIDTH else f"{shown[: _WIDTH - 1]}…"


def _gc(store: Store, arguments: argparse.Namespace) -> int:
    if arguments.max_size is None and arguments.unused_days is None:
        raise InvalidInput("gc needs a limit: give --max-size, --unused-days or both")
    n_removed, n_bytes = store.gc(max_bytes=arguments.max_size, unused_days=arguments.unused_days)
    if arguments.json:
        print_json({"n_removed": n_removed, "n_bytes_removed": n_bytes})
    else:
        print_text(f"removed {n_removed} (entries and phantoms), {readable_size(n_bytes)}")
    return 0


def _size(text: str) -> int:
    """Return the bytes of a size; argparse makes its refusal a usage error."""
    # The B may be left out where a letter before it says what is meant.
    units = {name.casefold(): n for unit, n in _UNITS.items() for name in (unit, unit[:-1]) if name}
    match = re.fullmatch(r"(\d{1,15}(?:\.\d+)?)\s*([a-z]+)", text.strip(), re.IGNORECASE)
    if match and match[2].casefold() in units:
        return int(float(match[1]) * units[match[2].casefold()])
    if text.strip() == "0":
        return 0
    raise argparse.ArgumentTypeError(
        f"{text!r} is no size; give a number and a unit ({', '.join(_UNITS)}), such as 5GB or "
        "500MB, or 0"
    )


def _days(text: str) -> float:
    """Return a number of days; argparse makes its refusal a usage error."""
    try:
        days = float(text)
    except ValueError:
        days = math.nan
    if not days >= 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of days; give 0 or more, as in 30")
    return days
