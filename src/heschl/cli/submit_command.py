"""Put scores on the leaderboard: a small file for each, and a card for a model that is new.

Files of scores stay where they are; what the board shows of them is written. Nothing is sent
anywhere: a submission is a folder, and a pull request makes it public.
"""

from __future__ import annotations

import argparse

from heschl.cli.printing import print_json, print_text
from heschl.leaderboard.submitting import STATUSES, Submitted, submit
from heschl.wording import counted, with_error


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's words."""
    parser.add_argument(
        "scores", nargs="+", metavar="FILE.nc", help="scores, as `heschl score` writes them"
    )
    parser.add_argument(
        "--to", default="submissions", metavar="FOLDER", help="default: submissions"
    )
    parser.add_argument(
        "--name", default="", help="what the board calls the model; default: its id"
    )
    parser.add_argument("--by", default="", help="who submits it")
    parser.add_argument(
        "--status",
        choices=STATUSES,
        help="default: self-reported, and features-only for features:",
    )
    parser.add_argument(
        "--model",
        default="",
        metavar="URI",
        help="where the card of a model is that is not registered, such as "
        "file:./my_model.py:my_net",
    )


def run(arguments: argparse.Namespace) -> int:
    """Write and say what to do next."""
    found = submit(
        arguments.scores,
        arguments.to,
        name=arguments.name,
        submitted_by=arguments.by,
        status=arguments.status,
        model=arguments.model,
    )
    if arguments.json:
        print_json({"submitted": [_record(each) for each in found]})
        return 0
    for each in found:
        board = each.file.primary.normalised
        print_text(
            f"{each.path}: {each.file.model} on {each.file.benchmark} ({each.file.data_kind} "
            f"data), {with_error(board.value, board.error)}, {each.file.status}{_maps(each)}"
            f"{_former(each)}"
        )
    for path in dict.fromkeys(each.card_path for each in found if each.is_new_card):
        print_text(f"{path}: new; read it, and say there what it does not know")
    elsewhere = "" if arguments.to == "submissions" else f" {arguments.to}"
    print_text("\nnext:")
    print_text(f"  heschl submissions check{elsewhere}")
    print_text(f"  heschl board serve{elsewhere}")
    return 0


def _maps(each: Submitted) -> str:
    """Return how many maps of the cortex go with a score, in words."""
    n = len(each.file.maps)
    return f", with {counted(n, 'map')} of the cortex" if n else ""


def _former(each: Submitted) -> str:
    """Return what was replaced, in words."""
    if each.replaced is None:
        return ""
    version, status = each.replaced.benchmark_version, each.replaced.status
    older = f" of version {version}" if version < each.file.benchmark_version else ""
    badge = f" that was {status}" if status != each.file.status else ""
    return f"; replaces a score{older}{badge}"


def _record(each: Submitted) -> dict[str, object]:
    return {
        "file": str(each.path),
        "card": str(each.card_path),
        "is_new_card": each.is_new_card,
        "model": each.file.model,
        "benchmark": each.file.benchmark,
        "benchmark_version": each.file.benchmark_version,
        "data_kind": each.file.data_kind,
        "status": each.file.status,
        "value": each.file.primary.normalised.value,
        "error": each.file.primary.normalised.error,
        "maps": [surface_map.name for surface_map in each.file.maps],
        "replaced": each.replaced is not None,
    }
