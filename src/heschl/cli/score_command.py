"""Score a model on a benchmark, print the result and write it as netCDF.

What is finished is kept: after an interruption the same command goes on where it was.
"""

from __future__ import annotations

import argparse
import hashlib
import re
from pathlib import Path

from heschl.cli.printing import print_json, print_text
from heschl.cli.result import print_score, score_record
from heschl.cli.scoring_arguments import add_scoring_arguments, scoring_settings
from heschl.cli.watching import watching
from heschl.scores import Score, prepared_target
from heschl.scoring import score
from heschl.store import Store

_LONGEST_WORD = 60


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's words."""
    add_scoring_arguments(parser)
    parser.add_argument(
        "-o", "--output", metavar="FILE.nc", help="where to write; default: below the store"
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--workers",
        metavar="N",
        dest="engine",
        type="processes:{}".format,
        help="so many processes of this machine; default: this one alone",
    )
    where.add_argument(
        "--dask",
        metavar="ADDRESS",
        dest="engine",
        type="dask:{}".format,
        help="a Dask cluster, tcp://host:8786, or so many workers of its own here",
    )
    where.add_argument(
        "--slurm",
        metavar="SETTINGS",
        dest="engine",
        type="slurm:{}".format,
        help="job arrays: partition=gpu,gpus_per_node=1,timeout_min=240,jobs=64",
    )
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
    path = result.save(arguments.output or _default_path(result, Store(arguments.store)))
    if arguments.json:
        print_json({**score_record(result), "file": str(path)})
    else:
        print_score(result)
        print_text(f"\nwritten to {path}")
    return 0


def _default_path(result: Score, store: Store) -> Path:
    """Return a place that names the score and that no other configuration shares."""
    digest = str(result.provenance["configuration_digest"])[:8]
    kind = str(result.tree.attrs["data_kind"])
    words = [result.model, result.benchmark, kind, digest]
    name = "--".join(_file_word(word) for word in words)
    return store.folder / "scores" / f"{name}.nc"


def _file_word(word: str) -> str:
    """Return a word as part of a file's name, none like another's and none too long for a disk."""
    plain = re.sub(r"[^A-Za-z0-9._@+-]+", "_", word)
    if plain == word and len(word) <= _LONGEST_WORD:
        return plain
    return f"{plain[-_LONGEST_WORD:]}~{hashlib.sha256(word.encode()).hexdigest()[:8]}"
