"""What tuning changed: before against after, listener by listener, in tables and a figure.

Name the folders of tuned models and of their controls, a model for each listener. Scores of them
and of what they were tuned from (`heschl score BASE BENCHMARK --beside tuned:FOLDER`) lie below
the folder of --scores.
"""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

from heschl.cli.printing import print_json, print_table, print_text


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's words."""
    parser.add_argument("folders", nargs="+", metavar="FOLDER", help="of tuned models")
    parser.add_argument(
        "--scores", required=True, metavar="FOLDER", help="below which their scores lie, as .nc"
    )
    parser.add_argument(
        "-o", "--output", metavar="FOLDER", help="write tables, curves and methods.txt"
    )


def run(arguments: argparse.Namespace) -> int:
    """Print the changes and the methods paragraph, and write what was asked for."""
    return tell(arguments)


def tell(arguments: argparse.Namespace) -> int:
    """Do what `run` does, from ``folders``, ``scores``, ``output`` and ``json``."""
    from heschl.braintuning.pairing import pairs_in
    from heschl.braintuning.report import report
    from heschl.braintuning.report_writing import HEADER, methods, rows, write_report

    found = report(pairs_in(arguments.folders, arguments.scores))
    written = write_report(found, Path(arguments.output)) if arguments.output else []
    if arguments.json:
        changes = [dataclasses.asdict(each) for each in found.changes]
        files = [str(path) for path in written]
        print_json({"changes": changes, "methods": methods(found), "files": files})
        return 0
    print_table(list(HEADER), rows(found))
    print_text()
    print_text(methods(found))
    for path in written:
        print_text(f"wrote {path}")
    return 0
