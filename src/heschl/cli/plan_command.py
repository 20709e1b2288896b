"""Show what a score would take: cells, what is cached, download, disk, memory and time.

The model runs on one window and a little of the recordings is read, to measure rather than guess;
nothing else is computed. What cannot fit is refused, with exit code 1.
"""

from __future__ import annotations

import argparse

from heschl.capacity import n_workers_of
from heschl.cli.engine_arguments import add_engine_arguments
from heschl.cli.needs import dataset_and_stimuli, missing_files
from heschl.cli.plan_printing import (
    cost_record,
    readable_duration,
    refusals_of,
    sum_of,
    table_of,
)
from heschl.cli.printing import print_json, print_table, print_text
from heschl.cli.scoring_arguments import add_scoring_arguments, scoring_settings
from heschl.costs import estimate
from heschl.errors import MissingData
from heschl.progress import readable_size
from heschl.scoring import plan
from heschl.wording import counted, some

_CANNOT_FIT = 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's words."""
    add_scoring_arguments(parser)
    add_engine_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print the plan."""
    try:
        planned = plan(arguments.model, arguments.benchmark, **scoring_settings(arguments))
    except MissingData:
        if arguments.data is not None or not _print_download(arguments):
            raise
        return 0
    cost = estimate(planned, n_workers_of(arguments.engine))
    refusals = refusals_of(cost, planned.session.store, arguments.engine)
    # Only benchmarks whose metric has a choice say how they will solve.
    of_benchmark = getattr(planned.benchmark, "routes", None)
    routes: dict[str, list[str]] = of_benchmark(planned.session) if of_benchmark else {}
    if arguments.json:
        print_json(
            {
                "stages": [vars(stage) for stage in cost.stages],
                "cost": cost_record(cost),
                "together": [
                    {"stage": group[0].stage, "about": [cell.about for cell in group]}
                    for group in planned.together
                ],
                "routes": routes,
                "refusals": refusals,
            }
        )
        return _CANNOT_FIT if refusals else 0
    print_table(*table_of(cost))
    if planned.n_cached == len(planned.cells):
        print_text("all of it is in the store: `heschl score` only gathers it")
        return 0
    if cost.n_windows:
        print_text(
            f"the protocol {cost.protocol} lets the model hear each second "
            f"{cost.redundancy:.1f} times: {counted(cost.n_windows, 'window')} at "
            f"{1000 * cost.seconds_per_window:.1f} ms, "
            f"about {readable_duration(cost.seconds)} on {planned.session.device}"
        )
    for group in planned.together:
        print_text(
            f"the {group[0].stage} of {some([cell.about for cell in group])} are made together, "
            "since they share their designs; several workers get a part each"
        )
    for route, users in routes.items():
        print_text(f"{counted(len(users), 'design')}, as {users[0]}: {route}")
    print_text(sum_of([cost]))
    for refusal in refusals:
        print_text(f"this cannot be run here: {refusal}")
    return _CANNOT_FIT if refusals else 0


def _print_download(arguments: argparse.Namespace) -> bool:
    """Say what must be fetched first; False if there is nothing to fetch."""
    missing = missing_files(arguments.benchmark, arguments.subjects)
    if missing is None:
        return False
    record = {"download": {"n_files": len(missing.files), "n_bytes": missing.n_bytes}}
    if arguments.json:
        print_json(record)
        return True
    dataset_id, _ = dataset_and_stimuli(arguments.benchmark)
    print_text(
        f"{dataset_id} is not on disk: {counted(len(missing.files), 'file')}, "
        f"{readable_size(missing.n_bytes)} to fetch first (`heschl fetch {arguments.benchmark}`); "
        "the cells can be planned once it is there, or now for its twin (--data phantom)"
    )
    return True
