"""Score a model on a benchmark, print the result and write it as netCDF.

What is finished is kept: after an interruption the same command goes on where it was.
"""

from __future__ import annotations

import argparse

from heschl.cli.engine_arguments import add_engine_arguments
from heschl.cli.printing import print_json, print_text
from heschl.cli.result import print_score, score_record
from heschl.cli.score_files import file_of
from heschl.cli.scoring_arguments import add_scoring_arguments, scoring_settings
from heschl.cli.watching import watching
from heschl.scores import prepared_target
from heschl.scoring import score
from heschl.store import Store


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's words."""
    add_scoring_arguments(parser)
    parser.add_argument(
        "-o", "--output", metavar="FILE.nc", help="where to write; default: below the store"
    )
    add_engine_arguments(parser)
    parser.add_argument("-q", "--quiet", action="store_true", help="no progress")


def run(arguments: argparse.Namespace) -> int:
    """Score, print, write."""
    if arguments.output:
        prepared_target(arguments.output)  # so that no mistake in it shows after hours of work
    with watching(is_quiet=arguments.quiet) as watcher:
        result = score(
            arguments.model,
            arguments.benchmark,
            watcher=watcher,
            executor=arguments.engine,
            **scoring_settings(arguments),
        )
    path = result.save(
        arguments.output or file_of(result, Store(arguments.store).folder / "scores")
    )
    if arguments.json:
        print_json({**score_record(result), "file": str(path)})
    else:
        print_score(result)
        print_text(f"\nwritten to {path}")
    return 0
