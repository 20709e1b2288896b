"""Run a suite: every model of a file on every benchmark of it, and write the scores.

What is finished is kept, and a score that fails stops no other: run the same again for the rest.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from heschl.cli.engine_arguments import add_engine_arguments
from heschl.cli.printing import print_json, print_table, print_text
from heschl.cli.score_files import file_of
from heschl.cli.scoring_arguments import add_store_argument
from heschl.cli.watching import watching
from heschl.costs import estimate
from heschl.engines import engine
from heschl.errors import HeschlError
from heschl.progress import readable_size
from heschl.store import Store
from heschl.suites import PlannedPair, Suite, check_room, keeping, plan_suite, read_suite, run_suite
from heschl.wording import counted, with_error

_CELLS_FAILED = 3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's words."""
    parser.add_argument("suite", metavar="SUITE.yaml", help="models and benchmarks")
    parser.add_argument("--plan", action="store_true", help="show what it would take, and end")
    parser.add_argument(
        "-o", "--output", metavar="FOLDER", help="where to write scores; default: below the store"
    )
    parser.add_argument("--device", default="auto", help="cpu, cuda, ...; default: auto")
    add_store_argument(parser)
    add_engine_arguments(parser)
    parser.add_argument("-q", "--quiet", action="store_true", help="no progress")


def run(arguments: argparse.Namespace) -> int:
    """Plan, and unless that is all, score and write."""
    suite, store = read_suite(arguments.suite), Store(arguments.store)
    if arguments.plan:
        return _show_plan(suite, store, arguments)
    pairs = list(plan_suite(suite, store, device=arguments.device))
    check_room(pairs, store)
    folder = Path(arguments.output) if arguments.output else store.folder / "scores"
    records = []
    with (
        keeping(pairs, store),
        engine(arguments.engine, store.folder) as executor,
        watching(is_quiet=arguments.quiet) as watcher,
    ):
        for model, benchmark, found in run_suite(
            suite, store, executor=executor, watcher=watcher, device=arguments.device
        ):
            record: dict[str, Any] = {"model": model, "benchmark": benchmark}
            if isinstance(found, HeschlError):
                record |= {"error": type(found).__name__, "message": str(found)}
            else:
                path = found.save(file_of(found, folder))
                record |= {"value": found.value, "sem": found.error, "file": str(path)}
            records.append(record)
    failed = [record for record in records if "message" in record]
    if arguments.json:
        print_json(records)
    else:
        rows = [
            [
                str(record["model"]),
                str(record["benchmark"]),
                "failed" if "message" in record else with_error(record["value"], record["sem"]),
                str(record.get("file", "")),
            ]
            for record in records
        ]
        print_table(["model", "benchmark", "score", "file"], rows)
        for record in failed:
            print_text(f"\n{record['model']} on {record['benchmark']}: {record['message']}")
    return _CELLS_FAILED if failed else 0


def _show_plan(suite: Suite, store: Store, arguments: argparse.Namespace) -> int:
    pairs = list(plan_suite(suite, store, device=arguments.device))
    n_bytes = check_room(pairs, store)
    records = [_record(pair) for pair in pairs]
    if arguments.json:
        print_json({"scores": records, "n_bytes": n_bytes})
        return 0
    columns = ["model", "benchmark", "cells", "cached", "to store", "model's time", "on"]
    print_table(columns, [_row(record) for record in records])
    seconds = sum(record.get("seconds", 0.0) for record in records)
    print_text(
        f"{counted(len(pairs), 'score')}: {readable_size(n_bytes)} to store, the models about "
        f"{seconds / 3600:.2f} h"
    )
    for record in records:
        if "message" in record:
            print_text(f"\n{record['model']} on {record['benchmark']}: {record['message']}")
    return 0


def _record(pair: PlannedPair) -> dict[str, Any]:
    record: dict[str, Any] = {"model": pair.model, "benchmark": pair.benchmark}
    if pair.plan is None:
        return record | {"error": type(pair.refusal).__name__, "message": str(pair.refusal)}
    cost = estimate(pair.plan)
    return record | {
        "n_cells": cost.n_cells,
        "n_cached": cost.n_cached,
        "n_bytes": cost.n_bytes_stored,
        "seconds": cost.seconds,
        "device": pair.plan.session.device,
    }


def _row(record: dict[str, Any]) -> list[str]:
    if "message" in record:
        return [record["model"], record["benchmark"], "–", "–", "–", "–", record["error"]]
    return [
        record["model"],
        record["benchmark"],
        str(record["n_cells"]),
        str(record["n_cached"]),
        readable_size(record["n_bytes"]),
        f"{record['seconds']:.0f} s",
        record["device"],
    ]
