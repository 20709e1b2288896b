"""Show the runs, or the cells of one. Reads files alone, so it works beside a running score."""

from __future__ import annotations

import argparse
import time
from collections import Counter
from typing import Any

from heschl.cli.printing import print_json, print_table, print_text
from heschl.cli.scoring_arguments import add_store_argument
from heschl.runs import Run, list_runs, open_run
from heschl.store import Store


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's words."""
    parser.add_argument("run", nargs="?", help="a run's name or its beginning; default: all runs")
    add_store_argument(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print the states."""
    store = Store(arguments.store)
    if arguments.run:
        return _show_one(open_run(store, arguments.run), store, is_json=arguments.json)
    records = [_record(each, store) for each in list_runs(store)]
    if arguments.json:
        print_json(records)
    elif not records:
        print_text(f"no runs in {store.folder}; `heschl score` starts one")
    else:
        columns = ["run", "model", "benchmark", "data", "done", "failed", "pending", "started"]
        print_table(columns, [[str(record[column]) for column in columns] for record in records])
    return 0


def _record(each: Run, store: Store) -> dict[str, Any]:
    states = Counter(cell.state for cell in each.cells(store))
    started = time.strftime("%Y-%m-%d %H:%M", time.localtime(each.header["started"]))
    return {
        "run": each.name,
        "model": each.header.get("model", "?"),
        "benchmark": each.header.get("benchmark", "?"),
        "data": each.header.get("data_kind", "?"),
        **{state: states[state] for state in ("done", "failed", "pending")},
        "started": started,
    }


def _show_one(one: Run, store: Store, *, is_json: bool) -> int:
    cells = list(one.cells(store))
    if is_json:
        print_json(
            {
                **_record(one, store),
                "cells": [
                    {
                        "stage": cell.stage,
                        "label": cell.label,
                        "state": cell.state,
                        "keys": list(cell.keys),
                        "failure": vars(cell.failure) if cell.failure else None,
                    }
                    for cell in cells
                ],
            }
        )
        return 0
    print_table(["stage", "cell", "state"], [[c.stage, c.label, c.state] for c in cells])
    for cell in cells:
        if cell.failure:
            print_text(f"\n{cell.label}: {cell.failure.kind}: {cell.failure.message}")
            print_text(cell.failure.trace)
            if cell.failure.log:
                print_text(f"the log of its worker: {cell.failure.log}")
    return 0
