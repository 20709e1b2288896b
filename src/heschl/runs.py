"""Runs: the plan of a score, written before work starts, and what became of its cells.

A run is a folder of small files below the store. Its name follows from what is
scored, so the same command finds its own run again; ``status`` reads files alone.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from heschl.cells import Cell, Failure, Outcome
from heschl.configuration import digest
from heschl.errors import UnknownName, near_names
from heschl.store import Store, write_atomically

__all__ = ["PlannedCell", "Run", "list_runs", "open_run", "start_run"]


@dataclass(frozen=True)
class PlannedCell:
    """One line of the plan, with its state as the files tell it."""

    stage: str
    label: str
    keys: tuple[str, ...]
    state: Literal["done", "failed", "pending"]
    failure: Failure | None = None


@dataclass(frozen=True)
class Run:
    """A planned score."""

    folder: Path
    header: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The run's name, as ``heschl status`` takes it."""
        return self.folder.name

    def cells(self, store: Store) -> Iterator[PlannedCell]:
        """Yield every planned cell with its state."""
        for number, line in enumerate((self.folder / "plan.jsonl").read_text().splitlines()):
            planned = json.loads(line)
            keys = tuple(planned["keys"])
            record = self.folder / "failures" / f"{number}.json"
            failure = None
            state: Literal["done", "failed", "pending"] = "pending"
            if all(store.has(key) for key in keys):
                state = "done"
            elif record.exists():
                state, failure = "failed", Failure(**json.loads(record.read_bytes()))
            yield PlannedCell(planned["stage"], planned["label"], keys, state, failure)

    def record(self, number: int, outcome: Outcome) -> None:
        """Keep a failure on file; a success is its entries in the store."""
        path = self.folder / "failures" / f"{number}.json"
        if outcome.failure is None:
            path.unlink(missing_ok=True)
        else:
            write_atomically(path, json.dumps(asdict(outcome.failure), indent=1).encode())


def start_run(store: Store, cells: Sequence[Cell], header: Mapping[str, Any]) -> Run:
    """Write the plan and return its run."""
    name = digest({"cells": [list(cell.keys) for cell in cells], **header})[:12]
    folder = store.folder / "runs" / name
    lines = [
        json.dumps({"stage": cell.stage, "label": cell.label, "keys": cell.keys}) for cell in cells
    ]
    write_atomically(folder / "plan.jsonl", ("\n".join(lines) + "\n").encode())
    full_header = {**header, "started": time.time()}
    write_atomically(folder / "run.json", json.dumps(full_header, indent=1).encode())
    return Run(folder, full_header)


def list_runs(store: Store) -> list[Run]:
    """Return all runs, the latest last."""
    runs = [
        Run(path.parent, json.loads(path.read_bytes()))
        for path in (store.folder / "runs").glob("*/run.json")
    ]
    return sorted(runs, key=lambda run: float(run.header["started"]))


def open_run(store: Store, prefix: str) -> Run:
    """Return the run whose name begins with ``prefix``."""
    runs = list_runs(store)
    matches = [run for run in runs if run.name.startswith(prefix)]
    if len(matches) != 1:
        hint = near_names(prefix, [run.name for run in runs])
        raise UnknownName(f"{len(matches)} runs begin with {prefix!r}; {hint}")
    return matches[0]
