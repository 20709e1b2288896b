"""Look at the folder of a dataset: `heschl data check DATASET` compares it with the manifest.

Exit code 4 where a file's content is not the published one, or where nothing of the dataset is
there. Some missing files are no fault of a folder: a part of a dataset is enough for a part of the
work.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from heschl import registry
from heschl.cli.needs import add_choices, choices
from heschl.cli.printing import print_json, print_table, print_text
from heschl.data_folders import default_data_folder
from heschl.errors import InvalidInput, MissingData
from heschl.folder_check import FolderCheck, check_folder
from heschl.manifest import Manifest
from heschl.progress import choose_progress

_MISMATCH = 4
_SHOWN = 10
"""Of a longer list this many are printed; `--all` prints the rest, `--json` has all of them."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's words."""
    parser.add_argument("action", choices=["check"], help="what to do")
    parser.add_argument("dataset", help="a dataset such as lebel_moth")
    parser.add_argument("--data", metavar="FOLDER", help="its folder; default: the fetched one")
    parser.add_argument("--root", dest="data", help=argparse.SUPPRESS)  # its former name
    add_choices(parser)
    parser.add_argument("--sizes", action="store_true", help="compare sizes alone: seconds")
    parser.add_argument("--all", action="store_true", help="print every file that differs")


def run(arguments: argparse.Namespace) -> int:
    """Compare, and print what differs."""
    card = registry.datasets.card(arguments.dataset)
    if not card.manifest:
        raise InvalidInput(
            f"{card.id} has no manifest to compare with ({card.access}): {card.how_to_get}"
        )
    manifest = Manifest.read(card.manifest).select(**choices(arguments))
    root = Path(arguments.data).expanduser() if arguments.data else default_data_folder(card.id)
    way_on = f"name its folder (--data ...), or run `heschl fetch {card.id}`"
    if not arguments.data and not root.is_dir():
        raise MissingData(f"{card.id} is not at {root}; {way_on}")
    found = check_folder(
        manifest,
        root,
        hashes=not arguments.sizes,
        progress=None if arguments.json else choose_progress("checking"),
    )
    if arguments.json:
        print_json(_record(found))
    else:
        _print(found, None if arguments.all else _SHOWN)
        if found.is_empty:
            print_text(f"\nnothing of {card.id} is there; {way_on}")
    return 0 if found.is_right and not found.is_empty else _MISMATCH


def _record(found: FolderCheck) -> dict[str, Any]:
    wrong = {
        name: [vars(each) for each in files]
        for name, files in (("wrong_size", found.wrong_size), ("wrong_hash", found.wrong_hash))
    }
    return {
        "root": str(found.root),
        "is_hashed": found.is_hashed,
        "n_right": len(found.right),
        "missing": list(found.missing),
        **wrong,
        "unlisted": list(found.unlisted),
        "extra": list(found.extra),
    }


def _print(found: FolderCheck, at_most: int | None) -> None:
    compared = "size and hash" if found.is_hashed else "size alone"
    lists: list[tuple[str, str, Sequence[str]]] = [
        ("missing", "listed, and not there", found.missing),
        ("wrong size", "not the published content", _told(found.wrong_size)),
        ("wrong hash", "not the published content", _told(found.wrong_hash)),
        ("unverifiable", "belong here, but no hash of them is published", found.unlisted),
        ("extra", "the manifest knows nothing of them", found.extra),
    ]
    rows = [["right", str(len(found.right)), f"by {compared}"]]
    rows += [[name, str(len(files)), meaning if files else ""] for name, meaning, files in lists]
    print_table(["", "files", ""], rows, title=str(found.root))
    for name, _, files in lists:
        if not files:
            continue
        print_text()
        print_text(f"{name}:")
        for line in files[:at_most]:
            print_text(f"  {line}")
        if at_most and len(files) > at_most:
            print_text(f"  and {len(files) - at_most} more (--all)")


def _told(files: Sequence[Any]) -> list[str]:
    return [f"{each.path}: expected {each.expected}, found {each.found}" for each in files]
