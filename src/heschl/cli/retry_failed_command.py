"""Run the failed cells of runs again, and no others.

Cells that were never tried stay so: `heschl score` or `heschl run` goes on with those.
"""

from __future__ import annotations

import argparse

from heschl.cli.engine_arguments import add_engine_arguments
from heschl.cli.printing import print_json, print_table, print_text
from heschl.cli.scoring_arguments import add_store_argument
from heschl.cli.watching import watching
from heschl.engines import engine
from heschl.retrying import retry_failed
from heschl.runs import Run, list_runs, open_run
from heschl.store import Store

_CELLS_FAILED = 3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's words."""
    parser.add_argument(
        "run", nargs="?", help="a run's name or its beginning; default: all that have failed cells"
    )
    add_store_argument(parser)
    add_engine_arguments(parser)
    parser.add_argument("-q", "--quiet", action="store_true", help="no progress")


def run(arguments: argparse.Namespace) -> int:
    """Retry, and say what became of it."""
    store = Store(arguments.store)
    # Runs of live objects are for Python to go on with.
    every = [each for each in list_runs(store) if each.header.get("asked")]
    found = [open_run(store, arguments.run)] if arguments.run else every
    chosen = [each for each in found if _n_failed(each, store)]
    records = []
    with (
        engine(arguments.engine, store.folder) as executor,
        watching(is_quiet=arguments.quiet) as watcher,
    ):
        for each in chosen:
            outcomes = retry_failed(each, store, executor, watcher)
            failed = {label: o.failure for label, o in outcomes.items() if o.failure}
            records.append(
                {
                    "run": each.name,
                    "model": each.header.get("model", "?"),
                    "benchmark": each.header.get("benchmark", "?"),
                    "retried": len(outcomes),
                    "failed": len(failed),
                    "failures": {label: failure.message for label, failure in failed.items()},
                }
            )
    if arguments.json:
        print_json(records)
    elif not records:
        print_text(f"no failed cells in the runs of {store.folder}")
    else:
        columns = ["run", "model", "benchmark", "retried", "failed"]
        print_table(columns, [[str(record[column]) for column in columns] for record in records])
        for record in records:
            for label, message in record["failures"].items():
                print_text(f"\n{label}: {message}")
    return _CELLS_FAILED if any(record["failed"] for record in records) else 0


def _n_failed(each: Run, store: Store) -> int:
    return sum(cell.state == "failed" for cell in each.cells(store))
