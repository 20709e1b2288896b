"""Compare two models by the listeners who heard both: the first file minus the second.

Where a benchmark draws sounds, speakers or other samples for its error, the draws that both files
have are compared one by one, as the board does.
"""

from __future__ import annotations

import argparse
from typing import Any

from heschl.cli.printing import print_json, print_table, print_text
from heschl.cli.result import interval
from heschl.comparison import Comparison, compare
from heschl.dimensions import ROI
from heschl.layer_choice import LAYER_RULES
from heschl.scores import open_score
from heschl.wording import number, plural, with_error

_COLUMNS = ("difference", "error", "low", "high", "p", "adjusted", "n")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's words."""
    parser.add_argument("first", help="a score, FILE.nc")
    parser.add_argument("second", help="another model's score on the same benchmark")
    parser.add_argument(
        "--quantity",
        choices=("normalised", "score"),
        default="normalised",
        help="which number (default: normalised)",
    )
    parser.add_argument(
        "--rule",
        choices=tuple(LAYER_RULES),
        help="how layers become one number (default: as the benchmark does)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Print the contrast, region by region."""
    found = compare(
        open_score(arguments.first),
        open_score(arguments.second),
        quantity=arguments.quantity,
        rule=arguments.rule,
    )
    if arguments.json:
        print_json(_record(found))
        return 0
    print_text(f"{found.first} - {found.second}: {found.quantity}, {LAYER_RULES[found.rule]}")
    print_text()
    tested = [] if found.n_draws else ["p", "p adjusted", "n"]
    print_table(
        ["region", "difference", "95 % interval", *tested],
        [
            [
                str(row["roi"]),
                with_error(row["difference"], row["error"], 4),
                interval(row["low"], row["high"]),
                *([number(row["p"], 4), number(row["adjusted"], 4), str(row["n"])] * bool(tested)),
            ]
            for row in _record(found)["regions"]
        ],
    )
    for line in _basis(found):
        print_text(line)
    return 0


def _basis(found: Comparison) -> list[str]:
    """Return what errors, intervals and tests are over, in words."""
    if found.n_draws:
        return [
            f"± and interval: over {found.n_draws} draws of {plural(found.sample)}, the same ones "
            "for both models: a paired bootstrap,",
            "  as on the board. Models are told apart where the interval leaves out 0; there is no "
            "p.",
        ]
    lines = [
        f"p: Wilcoxon over the differences of {plural(found.sample)}, – where fewer than six leave "
        "it untestable;",
        "  adjusted over the regions (Benjamini and Hochberg).",
    ]
    return [*lines, f"not paired: {found.unpaired}"] if found.unpaired else lines


def _record(found: Comparison) -> dict[str, Any]:
    rows = [
        {"roi": roi, **{name: found.regions[name].sel({ROI: roi}).item() for name in _COLUMNS}}
        for roi in found.regions[ROI].to_numpy().tolist()
    ]
    listeners = {
        subject: found.listeners.sel(subject=subject).to_numpy().tolist()
        for subject in found.listeners["subject"].to_numpy().tolist()
    }
    return {
        "first": found.first,
        "second": found.second,
        "quantity": found.quantity,
        "rule": found.rule,
        "sample": found.sample,
        "n_draws": found.n_draws,
        "unpaired": found.unpaired,
        "regions": rows,
        "listeners": listeners,
    }
