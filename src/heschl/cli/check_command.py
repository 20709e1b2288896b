"""Hold a plugin against its contract: what it promises, check by check.

A plugin is an id, or a URI such as file:./my_model.py:my_net. Datasets and
benchmarks are tried on their phantom, unless --data names a folder.
"""

from __future__ import annotations

import argparse
import dataclasses
from collections import Counter
from itertools import chain

from heschl.cli.printing import print_json, print_text
from heschl.errors import MissingExtra
from heschl.testing import Outcome, examine, kind_of, plugin_checks

_MISMATCH = 4


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's words."""
    parser.add_argument("plugin", help="an id, or a URI such as file:./my_model.py:my_net")
    parser.add_argument(
        "--kind",
        choices=("model", "dataset", "metric", "benchmark"),
        help="needed only where an id is of several kinds",
    )
    parser.add_argument("--data", metavar="FOLDER", help="of the dataset; default: its phantom")


def run(arguments: argparse.Namespace) -> int:
    """Print each check as it is done; exit 4 if one fails."""
    kind = kind_of(arguments.plugin, arguments.kind)
    checks = plugin_checks(arguments.plugin, kind, arguments.data)
    first = examine(checks[0])
    if first.verdict == "skipped":
        # What cannot even be loaded for want of a package was not checked at all.
        raise MissingExtra(first.reason)
    width = max(len(check.name) for check in checks)
    if not arguments.json:
        print_text(f"the {kind} {arguments.plugin}")
        print_text(f"{'check':<{width}}  {'result':<7}  {'seconds':>7}")
    outcomes = []
    for outcome in chain([first], map(examine, checks[1:])):
        outcomes.append(outcome)
        if not arguments.json:
            _print_row(outcome, width)
    counts = Counter(outcome.verdict for outcome in outcomes)
    if arguments.json:
        record = {"plugin": arguments.plugin, "kind": kind, "counts": dict(counts)}
        print_json({**record, "checks": [dataclasses.asdict(outcome) for outcome in outcomes]})
    else:
        print_text(", ".join(f"{counts[word]} {word}" for word in ("passed", "failed", "skipped")))
    return _MISMATCH if counts["failed"] else 0


def _print_row(outcome: Outcome, width: int) -> None:
    print_text(f"{outcome.check:<{width}}  {outcome.verdict:<7}  {outcome.seconds:>7.2f}")
    if outcome.verdict == "failed":
        print_text(f"    promised: {outcome.promise}")
    if outcome.reason:
        print_text(f"    {' '.join(outcome.reason.split())}")
