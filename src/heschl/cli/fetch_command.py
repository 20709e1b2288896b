"""Download a dataset, or part of it: verified, resumed where it stopped, never twice.

A mirror with the same relative paths, $HESCHL_MIRROR, is asked first.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from heschl import registry
from heschl.cli.needs import add_choices, choices, dataset_and_stimuli
from heschl.cli.printing import print_json, print_table, print_text
from heschl.data_folders import default_data_folder
from heschl.errors import InvalidInput
from heschl.manifest import Manifest
from heschl.progress import choose_progress, readable_size


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's words."""
    parser.add_argument(
        "what", help="a dataset such as lebel_moth, or a benchmark for what it needs of one"
    )
    parser.add_argument("--to", metavar="FOLDER", help="where to; default: the user's data folder")
    add_choices(parser)
    parser.add_argument("--verify", action="store_true", help="check the hashes of what is there")
    parser.add_argument("--dry-run", action="store_true", help="say what would be fetched, no more")


def run(arguments: argparse.Namespace) -> int:
    """Fetch what is missing."""
    chosen_by = choices(arguments)
    if registry.benchmarks.has(arguments.what):
        dataset_id, included = dataset_and_stimuli(arguments.what)
        chosen_by["stories"] = chosen_by["stories"] or included
    else:
        dataset_id = arguments.what
    card = registry.datasets.card(dataset_id)
    if not card.manifest:
        raise InvalidInput(f"{card.id} cannot be fetched ({card.access}): {card.how_to_get}")
    root = Path(arguments.to).expanduser() if arguments.to else default_data_folder(card.id)
    chosen = Manifest.read(card.manifest).select(**chosen_by)
    missing = chosen.missing(root, verify=arguments.verify)
    record = {
        "dataset": card.id,
        "folder": str(root),
        "n_files": len(chosen.files),
        "n_bytes": chosen.n_bytes,
        "n_missing": len(missing.files),
        "n_bytes_missing": missing.n_bytes,
    }
    if not arguments.dry_run:
        quiet = arguments.json
        chosen.fetch(root, progress=None if quiet else choose_progress(), verify=arguments.verify)
    if arguments.json:
        print_json(record)
        return 0
    print_table(
        ["", "files", "size"],
        [
            ["chosen", str(len(chosen.files)), readable_size(chosen.n_bytes)],
            ["not yet there", str(len(missing.files)), readable_size(missing.n_bytes)],
        ],
    )
    done = "would go to" if arguments.dry_run else "all of it is at"
    print_text(f"{card.id} {done} {root}")
    return 0
