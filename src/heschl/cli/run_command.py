"""Run a suite: every model of a file on every benchmark of it, and write the scores.

What is finished is kept, and a score that fails stops no other: run the same again for the rest.
Exit code 3 where one failed, or with --plan would be refused.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from heschl.capacity import n_workers_of, refused_memory
from heschl.cli.engine_arguments import add_engine_arguments
from heschl.cli.needs import dataset_and_stimuli, missing_files
from heschl.cli.plan_printing import cost_record, readable_duration, sum_of
from heschl.cli.printing import print_json, print_table, print_text
from heschl.cli.score_files import file_of
from heschl.cli.scoring_arguments import add_store_argument
from heschl.cli.watching import telling, watching
from heschl.costs import Cost, PassTimes, estimate
from heschl.disk import made_folder
from heschl.engines import engine
from heschl.errors import HeschlError, InvalidInput, MissingData
from heschl.progress import readable_size
from heschl.scoring import Plan
from heschl.store import Store
from heschl.suites import Needs, Suite, plan_suite, read_suite, run_suite
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
    # Asked for before anything is scored, so that no mistake in it shows after hours of work.
    folder = made_folder(arguments.output) if arguments.output else store.folder / "scores"
    pairs, needs = _planned(suite, store, arguments)
    records = []
    with (
        needs.keeping(),
        engine(arguments.engine, store.folder) as executor,
        watching(is_quiet=arguments.quiet) as watcher,
    ):
        # A cluster can be asked once it is there.
        _refuse(pairs, arguments.engine)
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
    # Scores come as they end.
    order = list(suite.pairs)
    records.sort(key=lambda record: order.index((record["model"], record["benchmark"])))
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


@dataclass(frozen=True)
class _Planned:
    """What is left of a plan, which is too large to be held for each score."""

    model: str
    benchmark: str
    refusal: HeschlError | None
    cost: Cost | None
    device: str = ""


def _planned(
    suite: Suite, store: Store, arguments: argparse.Namespace
) -> tuple[list[_Planned], Needs]:
    """Return what all scores would take; refuse what the disk has no room for."""
    needs, n_workers, times = Needs(store), n_workers_of(arguments.engine), PassTimes()
    found: list[_Planned] = []
    pairs = plan_suite(suite, store, device=arguments.device)
    n_pairs = len(suite.models) * len(suite.benchmarks)
    for pair in telling(pairs, "scores planned", n_pairs, is_quiet=arguments.quiet):
        names = pair.model, pair.benchmark
        if pair.plan is None:
            found.append(_Planned(*names, pair.refusal, None))
            continue
        needs.add(pair.plan)
        cost = _cost(pair.plan, n_workers, times)
        found.append(_Planned(*names, None, cost, pair.plan.session.device))
    return found, needs


def _cost(planned: Plan, n_workers: int, times: PassTimes) -> Cost | None:
    """Return what a score would take; None if that cannot be measured."""
    try:
        return estimate(planned, n_workers, times=times)
    except Exception:  # noqa: BLE001  what breaks here breaks cells, which leave a record
        return None


def _refuse(pairs: Sequence[_Planned], engine_name: str | None) -> None:
    """Refuse what does not fit into the memory of a worker."""
    largest = max((pair.cost.memory for pair in pairs if pair.cost), default=0.0)
    if refusal := refused_memory(largest, engine_name):
        raise InvalidInput(refusal)


def _show_plan(suite: Suite, store: Store, arguments: argparse.Namespace) -> int:
    pairs, needs = _planned(suite, store, arguments)
    records = [_record(pair) for pair in pairs]
    downloads = {
        dataset: n_bytes_missing
        for pair in pairs
        for dataset, n_bytes_missing in [_download(suite, pair)]
        if n_bytes_missing
    }
    n_missing = sum(downloads.values())
    if arguments.json:
        print_json({"scores": records, "n_bytes": needs.n_bytes, "n_bytes_to_fetch": n_missing})
    else:
        columns = ["model", "benchmark", "cells", "cached", "to store", "time", "memory", "on"]
        print_table(columns, [_row(record) for record in records])
        print_text(
            f"{counted(len(pairs), 'score')}: {readable_size(n_missing)} to fetch, "
            f"{readable_size(needs.n_bytes)} to store; "
            f"{sum_of([pair.cost for pair in pairs if pair.cost])}"
        )
        for record in records:
            if "message" in record:
                print_text(f"\n{record['model']} on {record['benchmark']}: {record['message']}")
    _refuse(pairs, arguments.engine)
    # What is only to be fetched first is no failure, as for `heschl plan`.
    failed = [pair for pair in pairs if pair.refusal and not _download(suite, pair)[1]]
    return _CELLS_FAILED if failed else 0


def _download(suite: Suite, pair: _Planned) -> tuple[str, int]:
    """Return a dataset and what of it is to be fetched, if that is why a score has no plan."""
    if not isinstance(pair.refusal, MissingData) or suite.data[pair.benchmark] is not None:
        return "", 0
    missing = missing_files(pair.benchmark)
    return dataset_and_stimuli(pair.benchmark)[0], missing.n_bytes if missing else 0


def _record(pair: _Planned) -> dict[str, Any]:
    record: dict[str, Any] = {"model": pair.model, "benchmark": pair.benchmark}
    if pair.refusal is not None:
        return record | {"error": type(pair.refusal).__name__, "message": str(pair.refusal)}
    if pair.cost is None:
        message = "the model or the data broke while they were timed; a run would tell of which"
        return record | {"error": "NotMeasured", "message": message}
    return record | cost_record(pair.cost) | {"device": pair.device}


def _row(record: dict[str, Any]) -> list[str]:
    if "message" in record:
        return [record["model"], record["benchmark"], *("–",) * 5, record["error"]]
    return [
        record["model"],
        record["benchmark"],
        str(record["n_cells"]),
        str(record["n_cached"]),
        readable_size(record["n_bytes_stored"]),
        readable_duration(record["processor_s"] + record["device_s"]),
        readable_size(record["memory"]),
        record["device"],
    ]
