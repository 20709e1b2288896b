"""Show what a score would take: cells, what is cached, download, disk and the model's time.

The model runs on one window, to measure rather than guess; nothing else is computed.
"""

from __future__ import annotations

import argparse
from itertools import groupby

from heschl import registry
from heschl.cli.needs import dataset_and_stimuli
from heschl.cli.printing import print_json, print_table, print_text
from heschl.cli.scoring_arguments import add_scoring_arguments, scoring_settings
from heschl.costs import estimate
from heschl.data_folders import default_data_folder
from heschl.errors import MissingData
from heschl.manifest import Manifest
from heschl.progress import readable_size
from heschl.scoring import plan
from heschl.wording import counted, some


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's words."""
    add_scoring_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print the plan."""
    try:
        planned = plan(arguments.model, arguments.benchmark, **scoring_settings(arguments))
    except MissingData:
        if arguments.data is not None or not _print_download(arguments):
            raise
        return 0
    cost = estimate(planned)
    stages = [
        {
            "stage": stage,
            "n_cells": len(cells),
            "n_cached": sum(map(planned.is_cached, cells)),
            "n_bytes": sum(cell.n_bytes or 0 for cell in cells if not planned.is_cached(cell)),
        }
        for stage, group in groupby(planned.cells, key=lambda cell: cell.stage)
        for cells in [list(group)]
    ]
    # Only benchmarks whose metric has a choice say how they will solve.
    of_benchmark = getattr(planned.benchmark, "routes", None)
    routes: dict[str, list[str]] = of_benchmark(planned.session) if of_benchmark else {}
    if arguments.json:
        print_json(
            {
                "stages": stages,
                "cost": {**vars(cost), "seconds": cost.seconds},
                "together": [
                    {"stage": group[0].stage, "about": [cell.about for cell in group]}
                    for group in planned.together
                ],
                "routes": routes,
            }
        )
        return 0
    print_table(
        ["stage", "cells", "cached", "to store"],
        [
            [s["stage"], str(s["n_cells"]), str(s["n_cached"]), readable_size(s["n_bytes"])]
            for s in stages
        ],
    )
    if planned.n_cached == len(planned.cells):
        print_text("all of it is in the store: `heschl score` only gathers it")
        return 0
    if cost.n_windows:
        print_text(
            f"the protocol {cost.protocol} lets the model hear each second "
            f"{cost.redundancy:.1f} times: {counted(cost.n_windows, 'window')} at "
            f"{1000 * cost.seconds_per_window:.1f} ms, "
            f"about {_duration(cost.seconds)} on {planned.session.device}"
        )
    for group in planned.together:
        print_text(
            f"the {group[0].stage} of {some([cell.about for cell in group])} are made together, "
            "since they share their designs; several workers get a part each"
        )
    for route, users in routes.items():
        print_text(f"{counted(len(users), 'design')}, as {users[0]}: {route}")
    return 0


def _print_download(arguments: argparse.Namespace) -> bool:
    """Say what must be fetched first; False if there is nothing to fetch."""
    dataset_id, stories = dataset_and_stimuli(arguments.benchmark)
    card = registry.datasets.card(dataset_id)
    if not card.manifest:
        return False
    chosen = Manifest.read(card.manifest).select(subjects=arguments.subjects, stories=stories)
    missing = chosen.missing(default_data_folder(card.id))
    record = {"download": {"n_files": len(missing.files), "n_bytes": missing.n_bytes}}
    if arguments.json:
        print_json(record)
        return True
    print_text(
        f"{card.id} is not on disk: {counted(len(missing.files), 'file')}, "
        f"{readable_size(missing.n_bytes)} to fetch first (`heschl fetch {arguments.benchmark}`); "
        "the cells can be planned once it is there, or now for its twin (--data phantom)"
    )
    return True


def _duration(seconds: float) -> str:
    for unit, length in (("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds / length:.1f} {unit}"
    return f"{seconds:.0f} s"
