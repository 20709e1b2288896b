"""Run a submission again from its provenance and report the first difference.

Everything is computed anew, in a store of its own, unless --store names one. Nothing of a
submission is executed: a model that is not registered here is named by --model.
"""

from __future__ import annotations

import argparse
import math
import tempfile
from pathlib import Path
from typing import Any

from heschl.cli.printing import print_json, print_text
from heschl.cli.scoring_arguments import add_store_argument
from heschl.cli.watching import watching
from heschl.errors import InvalidInput, MissingData, UnknownName, near_names
from heschl.leaderboard.reproduction import TOLERANCE, Difference, reproduce
from heschl.leaderboard.score_file import ScoreFile
from heschl.leaderboard.score_file_reading import read_score_file
from heschl.leaderboard.submissions import CARD_NAME, slug_of

_MISMATCH = 4


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's words."""
    parser.add_argument(
        "submission", help="a model's id or the folder of its submission; or one score file"
    )
    parser.add_argument(
        "benchmarks", nargs="*", metavar="benchmark", help="default: all that it has"
    )
    parser.add_argument("--from", dest="folder", default="submissions", help="default: submissions")
    parser.add_argument(
        "--model",
        default="",
        metavar="URI",
        help="how the model is found here, if not by its id, such as file:./my_model.py:my_net",
    )
    parser.add_argument(
        "--data", metavar="FOLDER", help="of real data; default: where `heschl fetch` puts it"
    )
    parser.add_argument("--kind", choices=("real", "phantom"), help="only scores of such data")
    parser.add_argument("--device", default="auto", help="cpu, cuda, ...; default: auto")
    parser.add_argument(
        "--tolerance",
        type=_tolerance,
        default=TOLERANCE,
        help=f"of numbers, per unit of them or of 1, whichever is more; default: {TOLERANCE:g}",
    )
    add_store_argument(parser)
    parser.add_argument("-q", "--quiet", action="store_true", help="no progress")


def _tolerance(text: str) -> float:
    """Return a tolerance; argparse makes its refusal a usage error."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no tolerance; give a number, 0 or above, such as {TOLERANCE:g}"
        )
    return value


def run(arguments: argparse.Namespace) -> int:
    """Run every score of the submission again; return 4 if one differs."""
    records = []
    for file in _files(arguments):
        with tempfile.TemporaryDirectory() as new, watching(is_quiet=arguments.quiet) as watcher:
            result = reproduce(
                file,
                Path(arguments.store or new),
                model=arguments.model,
                data=arguments.data,
                device=arguments.device,
                watcher=watcher,
                tolerance=arguments.tolerance,
            )
        records.append(_record(file, result.difference))
        if not arguments.json:
            print_text(_line(file, result.difference))
    if arguments.json:
        print_json({"tolerance": arguments.tolerance, "scores": records})
    return _MISMATCH if any(record["difference"] for record in records) else 0


def _files(arguments: argparse.Namespace) -> list[ScoreFile]:
    """Return the score files that are meant."""
    given = Path(arguments.submission)
    if given.suffix == ".json":
        return [read_score_file(given)]
    folder = given if given.is_dir() else Path(arguments.folder) / slug_of(arguments.submission)
    if not folder.is_dir():
        there = Path(arguments.folder)
        if given.is_file():
            raise InvalidInput(
                f"{given} is no submission; name a model's id, the folder of a submission or a "
                "score file in it (.json)"
            )
        if not there.is_dir():
            raise MissingData(
                f"there is no folder {there} with submissions; name it by --from, or name the "
                "folder of one submission"
            )
        known = [path.name for path in there.iterdir() if path.is_dir()]
        raise UnknownName(
            f"there is no submission {arguments.submission!r} in {there}; "
            + near_names(arguments.submission, known)
        )
    files = [read_score_file(path) for path in sorted(folder.glob("*.json"))]
    files = [
        file
        for file in files
        if file.status != "published" and arguments.kind in (None, file.data_kind)
    ]
    known = sorted({file.benchmark for file in files})
    for name in arguments.benchmarks:
        if name not in known:
            raise UnknownName(f"{folder} has no score of {name!r}; {near_names(name, known)}")
    wanted = arguments.benchmarks or known
    if not wanted:
        of_kind = f" of {arguments.kind} data" if arguments.kind else ""
        raise InvalidInput(
            f"{folder} has no score{of_kind} that can be run again; name another submission, a "
            f"folder with {CARD_NAME} and scores in it"
        )
    return [file for file in files if file.benchmark in wanted]


def _line(file: ScoreFile, difference: Difference | None) -> str:
    which = f"{file.model} on {file.benchmark} ({file.data_kind} data)"
    if difference is None:
        return f"{which}: the same"
    return (
        f"{which}: {difference.where} differs first: submitted {difference.submitted!r}, "
        f"found {difference.found!r}"
    )


def _record(file: ScoreFile, difference: Difference | None) -> dict[str, Any]:
    return {
        "model": file.model,
        "benchmark": file.benchmark,
        "data_kind": file.data_kind,
        "difference": None
        if difference is None
        else {
            "where": difference.where,
            "submitted": difference.submitted,
            "found": difference.found,
        },
    }
