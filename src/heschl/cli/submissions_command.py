"""Check the leaderboard's submissions, and say how ranks change.

Everything that a file says is held against what can be known: its form, its ranges, its
provenance, the registered benchmark, and, with --scores, the netCDF file that it names. Against the
former state, nothing may be gone.
"""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from heschl.cli.printing import print_json, print_table, print_text
from heschl.leaderboard.submission_base import DEFAULT_REVISION, base_of
from heschl.leaderboard.submission_check import Remark, check, removed
from heschl.wording import counted

if TYPE_CHECKING:
    from heschl.leaderboard.rank_changes import RankChange

_MISMATCH = 4
_MOST_CHANGES = 60


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's words."""
    parser.add_argument("action", choices=["check"])
    parser.add_argument("folder", nargs="?", default="submissions", help="default: submissions")
    parser.add_argument(
        "--against",
        metavar="FOLDER_OR_REVISION",
        help="the former state, a folder or a revision of git; "
        f"default: {DEFAULT_REVISION}, if there is one",
    )
    parser.add_argument(
        "--scores", metavar="FOLDER", help="where the netCDF files are, to hold files against them"
    )


def run(arguments: argparse.Namespace) -> int:
    """Check, print, and return 4 if there is an error."""
    submissions, remarks = check(arguments.folder, arguments.scores)
    base = base_of(Path(arguments.folder), arguments.against)
    changes: list[RankChange] = []
    if base.submissions is not None:
        from heschl.leaderboard.rank_changes import rank_changes

        remarks += removed(base.submissions, submissions)
        changes = rank_changes(base.submissions, submissions)
    errors = [remark for remark in remarks if remark.severity == "error"]
    warnings = [remark for remark in remarks if remark.severity == "warning"]
    if arguments.json:
        print_json(
            {
                "models": len(submissions.cards),
                "scores": len(submissions.files),
                "errors": [dataclasses.asdict(remark) for remark in errors],
                "warnings": [dataclasses.asdict(remark) for remark in warnings],
                "against": base.name,
                "not_compared": base.why_not,
                "rank_changes": [dataclasses.asdict(change) for change in changes],
            }
        )
        return _MISMATCH if errors else 0
    for remark in (*warnings, *errors):
        print_text(_line(remark))
    if base.submissions is None:
        print_text(f"not compared with a former state: {base.why_not}")
    else:
        _print_changes(changes, base.name)
    print_text(
        f"{counted(len(submissions.cards), 'model')}, {counted(len(submissions.files), 'score')}: "
        f"{counted(len(errors), 'error')}, {counted(len(warnings), 'warning')}"
    )
    return _MISMATCH if errors else 0


def _line(remark: Remark) -> str:
    place = f"{remark.where}: " if remark.where else ""
    return f"{remark.severity}: {place}{remark.text}"


def _print_changes(changes: list[RankChange], base: str) -> None:
    if not changes:
        print_text(f"no rank changes against {base}")
        return
    print_table(
        ["model", "benchmark", "data", "before", "after"],
        [
            [change.model, change.benchmark, change.section, change.before, change.after]
            for change in changes[:_MOST_CHANGES]
        ],
        title=f"ranks that change against {base}",
    )
    if len(changes) > _MOST_CHANGES:
        print_text(f"and {len(changes) - _MOST_CHANGES} more; --json has all")
    print_text()
