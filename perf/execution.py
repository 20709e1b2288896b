"""What it costs to run a cell, by engine; how well two processes share work; how good a plan is.

python perf/execution.py [--cells 200] [--only cells|work|suites|plans]
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

import heschl
from heschl import suites
from heschl.cells import Cell, Outcome, Report
from heschl.costs import estimate
from heschl.engines import engine
from heschl.execution import Silent, run_cells
from heschl.store import Store
from heschl.suites import Suite

PLANS = (
    ("logmel", "lebel_moth-ridge"),
    ("mfcc", "narratives-ridge"),
    ("wav2vec2-random", "nh2015_components-ridge"),
)
SUITE = (
    ("logmel", "mfcc", "fbank-40", "mel-128"),
    ("timit-phonemes", "timit-sentence_type", "crema_d-emotion"),
)
"""Models and benchmarks: few cells of features and one of scores for each two."""

STATED_FACTOR = 2.0
"""Within which the whole of a plan is meant to be right."""


def compute(
    number: int, side: int, missing: Sequence[int], _report: Report
) -> Iterator[tuple[int, Mapping[str, np.ndarray]]]:
    """Multiply matrices for a while and leave a few numbers."""
    values = np.random.default_rng(number).standard_normal((side, side))
    with threadpool_limits(1):
        for _ in range(20 if side > 1 else 0):
            values = np.tanh(values @ values / side)
    for position in missing:
        yield position, {"values": values[:1]}


def seconds(name: str, n_cells: int, side: int) -> float:
    """Return how long an engine takes for cells, once it is warm."""
    with tempfile.TemporaryDirectory() as folder, engine(name, Path(folder)) as opened:
        store = Store(folder)

        def run(first: int, count: int) -> float:
            cells = [
                Cell(
                    "perf",
                    str(number),
                    str(number),
                    ({"number": number, "side": side},),
                    partial(compute, number, side),
                )
                for number in range(first, first + count)
            ]
            begin = time.perf_counter()
            for _, cell, outcome in run_cells(list(enumerate(cells)), store, opened, Silent()):
                if outcome.failure:
                    raise RuntimeError(f"{cell.label}: {outcome.failure}")
            return time.perf_counter() - begin

        run(0, 8)
        return run(8, n_cells)


def bare_seconds(n_workers: int, n_cells: int, side: int) -> float:
    """Return how long bare processes take for the same work: what this machine has to give."""
    context = get_context("spawn")
    ready, done = context.Barrier(n_workers + 1), context.Barrier(n_workers + 1)
    workers = [
        context.Process(target=_work, args=(ready, done, n_cells // n_workers, side))
        for _ in range(n_workers)
    ]
    for worker in workers:
        worker.start()
    ready.wait()
    begin = time.perf_counter()
    done.wait()
    taken = time.perf_counter() - begin
    for worker in workers:
        worker.join()
    return taken


def _work(ready: Any, done: Any, n_cells: int, side: int) -> None:  # barriers of a context
    list(compute(0, side, [0], print))
    ready.wait()
    for number in range(n_cells):
        list(compute(number, side, [0], print))
    done.wait()


class Clock(Silent):
    """Adds up processor seconds by stage."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()
        self._last = time.process_time()

    def planned(self, _cells: Sequence[Cell], _n_cached: int) -> None:
        """Start."""
        self._last = time.process_time()

    def finished(self, cell: Cell, _outcome: Outcome) -> None:
        """Take the time since the last cell."""
        now = time.process_time()
        self.seconds[cell.stage] += now - self._last  # type: ignore[assignment]  # floats add up
        self._last = now


def compare_plan(model: str, benchmark: str) -> None:
    """Print what a plan says beside what the run took, by stage."""
    with tempfile.TemporaryDirectory() as folder:
        cost = estimate(heschl.plan(model, benchmark, data="phantom", store=folder))
        clock = Clock()
        heschl.score(model, benchmark, data="phantom", store=folder, watcher=clock)
    print(f"\n{model} on {benchmark} (phantom)   planned  processor")
    for stage in cost.stages:
        planned = f"{stage.seconds:9.2f}" if stage.seconds is not None else "        –"
        print(f"  {stage.stage:<32}{planned} {clock.seconds[stage.stage]:9.2f} s")
    taken = sum(clock.seconds[stage.stage] for stage in cost.stages if stage.seconds is not None)
    ratio = (cost.processor_s + cost.device_s) / taken
    verdict = "within" if 1 / STATED_FACTOR < ratio < STATED_FACTOR else "NOT within"
    print(f"  planned / taken {ratio:.2f}, {verdict} a factor of {STATED_FACTOR:g}", flush=True)


def suite_seconds(at_once: int) -> float:
    """Return how long two warm processes take for a suite of which so many scores go on at once."""
    suite = Suite(*SUITE, dict.fromkeys(SUITE[1], "phantom"))
    suites._AT_ONCE = at_once  # noqa: SLF001  what is measured
    with tempfile.TemporaryDirectory() as folder, engine("processes:2", Path(folder)) as opened:
        store = Store(folder)
        warm = Suite(("envelope",), SUITE[1], suite.data)
        found = [score for *_, score in suites.run_suite(warm, store, executor=opened)]
        begin = time.perf_counter()
        found += [score for *_, score in suites.run_suite(suite, store, executor=opened)]
        taken = time.perf_counter() - begin
    for score in found:
        if isinstance(score, Exception):
            raise score
    return taken


def main() -> None:
    """Print tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cells", type=int, default=200)
    parser.add_argument("--only", choices=("cells", "work", "suites", "plans"))
    chosen = parser.parse_args()
    if chosen.only in (None, "cells"):
        print("engine          ms a cell that does nothing   cells a second")
        for name in ("serial", "processes:2", "dask:2"):
            each = seconds(name, chosen.cells, 1) / chosen.cells
            print(f"{name:<15} {1000 * each:27.2f} {1 / each:16.0f}", flush=True)
    if chosen.only in (None, "work"):
        serial, pooled = seconds("serial", 60, 400), seconds("processes:2", 60, 400)
        print(f"60 cells of work: one process {serial:.2f} s, two {pooled:.2f} s, ", end="")
        bare = bare_seconds(1, 60, 400) / bare_seconds(2, 60, 400) / 2
        efficiency = serial / pooled / 2
        print(f"efficiency {efficiency:.0%}; bare processes reach {bare:.0%}", flush=True)
    if chosen.only in (None, "suites"):
        one, beside = suite_seconds(1), suite_seconds(8)
        print(
            f"{len(SUITE[0]) * len(SUITE[1])} scores of few cells each on two processes: ", end=""
        )
        print(f"one after another {one:.1f} s, beside each other {beside:.1f} s", flush=True)
    if chosen.only in (None, "plans"):
        for model, benchmark in PLANS:
            compare_plan(model, benchmark)


if __name__ == "__main__":
    main()
