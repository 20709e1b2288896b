"""Print a score's netCDF file as `heschl score` printed it."""

from __future__ import annotations

import argparse

from heschl.cli.printing import print_json, print_text
from heschl.cli.result import print_score, score_record
from heschl.scores import open_score


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's words."""
    parser.add_argument("file", help="a score, FILE.nc")
    parser.add_argument("--provenance", action="store_true", help="also what it was made from")


def run(arguments: argparse.Namespace) -> int:
    """Print the score."""
    score = open_score(arguments.file)
    if arguments.json:
        record = score_record(score)
        if arguments.provenance:
            record["provenance"] = {name: str(text) for name, text in score.provenance.items()}
        print_json(record)
        return 0
    print_score(score)
    if arguments.provenance:
        print_text()
        for name, text in score.provenance.items():
            print_text(f"{name}: {text}")
    return 0
