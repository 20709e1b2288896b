"""How the gain of tuning goes with the hours of stories, or with the size of the network.

Name the folders of models that were tuned on nested parts of the stories (`heschl tune --fraction`)
or from networks of several sizes, three at least for each listener; their scores lie below the
folder of --scores, as `heschl tune evaluate` leaves them.
"""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

from heschl.cli.printing import print_json, print_table, print_text
from heschl.wording import number


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's words."""
    parser.add_argument("folders", nargs="+", metavar="FOLDER", help="of tuned models")
    parser.add_argument(
        "--scores", required=True, metavar="FOLDER", help="below which their scores lie, as .nc"
    )
    parser.add_argument("-o", "--output", metavar="FOLDER", help="write scaling.csv and a figure")


def run(arguments: argparse.Namespace) -> int:
    """Print gains and their rank correlation with the size."""
    from heschl.braintuning.pairing import pairs_in
    from heschl.braintuning.scaling import scaling
    from heschl.braintuning.scaling_writing import write_scaling

    trends = scaling(pairs_in(arguments.folders, arguments.scores))
    written = write_scaling(trends, Path(arguments.output)) if arguments.output else []
    if arguments.json:
        print_json(
            {
                "trends": [dataclasses.asdict(each) for each in trends],
                "files": [str(path) for path in written],
            }
        )
        return 0
    print_table(
        [
            "benchmark",
            "model",
            "region",
            "over",
            "gains",
            "Spearman",
            "95 % of listeners' own",
            "n",
        ],
        [
            [
                each.benchmark,
                "tuned" if each.control == "none" else each.control,
                each.roi,
                f"{', '.join(f'{size:.3g}' for size in each.sizes)} {each.axis}",
                ", ".join(number(gain, 4) for gain in each.gains),
                number(each.rho),
                f"[{number(each.low)}, {number(each.high)}]",
                str(each.n),
            ]
            for each in trends
        ],
    )
    for path in written:
        print_text(f"wrote {path}")
    return 0
