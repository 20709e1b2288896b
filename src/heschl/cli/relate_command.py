"""Relate sets of scores over models: whether those that do better at A do better at B.

Files are scores (FILE.nc, grouped by benchmark) or tables (FILE.tsv: model, value, family). The
sets before --with are z-scored over models and averaged; each of those after it is correlated with
the mean, and with every set by itself.
"""

from __future__ import annotations

import argparse
from typing import Any

from heschl.cli.printing import print_json, print_table, print_text
from heschl.cli.result import interval
from heschl.relation import Relation, relate
from heschl.score_sets import read_sets
from heschl.wording import counted, number


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's words."""
    parser.add_argument("first", nargs="+", metavar="A", help="scores or tables, such as of tasks")
    parser.add_argument(
        "--with",
        dest="second",
        nargs="+",
        required=True,
        metavar="B",
        help="scores or tables to correlate with them, each set by itself",
    )
    parser.add_argument("--seed", type=int, default=0, help="of the families drawn anew")


def run(arguments: argparse.Namespace) -> int:
    """Print a row for each two sets."""
    first = read_sets(arguments.first)
    second = read_sets(arguments.second, first)
    found = relate(first.sets, second.sets, second.families, seed=arguments.seed)
    lacking = [*first.without_value, *second.without_value]
    if arguments.json:
        print_json({"relations": [_record(each) for each in found], "without_value": lacking})
        return 0
    print_table(
        ["of", "with", "r", "families left out", "families drawn", "p", "models", "families"],
        [
            [
                each.of,
                each.to,
                number(each.r),
                interval(each.low, each.high),
                interval(each.drawn_low, each.drawn_high),
                number(each.p, 4),
                str(len(each.models)),
                str(len(each.without)),
            ]
            for each in found
        ],
    )
    print_text(
        "Intervals: 95 %, leaving out one family of models after the other, and with families "
        "drawn anew; – for fewer than four."
    )
    print_text("p: as if models of a family were independent, which they are not.")
    for each in found:
        if each.lacking:
            print_text(
                f"Not in {each.of} with {each.to}, for want of a value: {', '.join(each.lacking)}."
            )
    if lacking:
        print_text(
            f"{counted(len(lacking), 'score')} without a board number: {', '.join(lacking)}."
        )
    return 0


def _record(found: Relation) -> dict[str, Any]:
    return {
        "of": found.of,
        "with": found.to,
        "r": found.r,
        "p": found.p,
        "families_left_out": [found.low, found.high],
        "families_drawn": [found.drawn_low, found.drawn_high],
        "r_without_family": dict(found.without),
        "models": list(found.models),
        "lacking": list(found.lacking),
    }
