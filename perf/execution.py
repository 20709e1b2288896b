"""What it costs to run a cell, by engine, and how well two processes share work.

python perf/execution.py [--cells 200]
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from heschl.cells import Cell, Report
from heschl.engines import engine
from heschl.execution import Silent, run_cells
from heschl.store import Store


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


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cells", type=int, default=200)
    n_cells = parser.parse_args().cells
    print("engine          ms a cell that does nothing")
    for name in ("serial", "processes:2", "dask:2"):
        print(f"{name:<15} {1000 * seconds(name, n_cells, 1) / n_cells:.2f}")
    serial, pooled = seconds("serial", 60, 400), seconds("processes:2", 60, 400)
    print(f"60 cells of work: one process {serial:.2f} s, two {pooled:.2f} s, ", end="")
    print(f"efficiency {serial / pooled / 2:.0%}")


if __name__ == "__main__":
    main()
