"""Runs: the plan of a score, written before work starts, and what became of its cells.

A run is a folder of small files below the store. Its name follows from what is
scored, so the same command finds its own run again; ``status`` reads files alone.
"""

from __future__ import annotations

import json
import os
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from heschl.cells import Cell, Failure, Outcome
from heschl.configuration import digest
from heschl.disk import write_atomically
from heschl.errors import UnknownName, near_names
from heschl.store import Store
from heschl.uris import anywhere

__all__ = ["PlannedCell", "Run", "in_words", "list_runs", "open_run", "start_run"]

_N_TOLD = 5
"""How many runs an error names."""


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
        for number, planned in enumerate(self._plan()):
            keys = tuple(planned["keys"])
            failure = None
            state: Literal["done", "failed", "pending"] = "pending"
            if all(store.has(key) for key in keys):
                state = "done"
            elif failure := self._failure(number):
                state = "failed"
            yield PlannedCell(planned["stage"], planned["label"], keys, state, failure)

    def record(self, number: int, outcome: Outcome) -> None:
        """Keep a failure on file; a success is its entries in the store."""
        path = self._record_of(number)
        if outcome.failure is None:
            path.unlink(missing_ok=True)
        else:
            write_atomically(path, json.dumps(asdict(outcome.failure), indent=1).encode())

    def is_readable(self) -> bool:
        """Return whether the files are whole."""
        try:
            started = float(self.header["started"])
            return started >= 0 and all(
                {"stage", "label", "keys"} <= planned.keys() for planned in self._plan()
            )
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return False

    def _plan(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.folder / "plan.jsonl").read_text().splitlines()]

    def _record_of(self, number: int) -> Path:
        return self.folder / "failures" / f"{number}.json"

    def _failure(self, number: int) -> Failure | None:
        try:
            return Failure(**json.loads(self._record_of(number).read_bytes()))
        except FileNotFoundError:
            return None
        except (ValueError, TypeError):
            return Failure("Unknown", "the record of this failure is damaged", "")


def in_words(asked: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return arguments as any process understands them, wherever it runs; None of live objects."""
    data = asked["data"]
    if data is not None and not str(data).startswith("phantom"):
        data = Path(data).expanduser().resolve() if isinstance(data, str | os.PathLike) else data
    named = {
        name: anywhere(asked[name])
        for name in ("model", "benchmark", "beside")
        if isinstance(asked.get(name), str)
    }
    words = {**asked, **named, "data": os.fspath(data) if isinstance(data, os.PathLike) else data}
    are_words = all(isinstance(words[name], str) for name in ("model", "benchmark"))
    are_words &= all(isinstance(words[name], str | None) for name in ("data", "beside"))
    return words if are_words else None


def start_run(
    store: Store,
    cells: Sequence[Cell],
    header: Mapping[str, Any],
    asked: Mapping[str, Any] | None = None,
) -> Run:
    """Write the plan, unless all of it is done, and return its run.

    ``asked`` are the arguments that give the same plan again, where they can be written down.
    """
    name = digest({"cells": [list(cell.keys) for cell in cells], **header})[:12]
    folder = store.folder / "runs" / name
    full_header = {**header, "asked": asked, "started": time.time()}
    # What is all there may lie in a store that nobody may write.
    if any(cell.missing(store) for cell in cells):
        lines = [
            json.dumps({"stage": cell.stage, "label": cell.label, "keys": cell.keys})
            for cell in cells
        ]
        with store.usable():
            write_atomically(folder / "plan.jsonl", ("\n".join(lines) + "\n").encode())
            write_atomically(folder / "run.json", json.dumps(full_header, indent=1).encode())
    return Run(folder, full_header)


def list_runs(store: Store) -> list[Run]:
    """Return all runs, the latest last; those whose files are damaged with a warning only."""
    runs = []
    for path in (store.folder / "runs").glob("*/run.json"):
        run = Run(path.parent, _header(path))
        if run.is_readable():
            runs.append(run)
        else:
            warnings.warn(
                f"the files of the run {run.name} are damaged; score the same again and they are "
                f"written anew, or remove {run.folder}",
                RuntimeWarning,
                stacklevel=2,
            )
    return sorted(runs, key=lambda run: float(run.header["started"]))


def _header(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_bytes()))
    except (OSError, ValueError, TypeError):
        return {}


def open_run(store: Store, prefix: str) -> Run:
    """Return the run whose name begins with ``prefix``."""
    runs = list_runs(store)
    matches = [run for run in runs if run.name.startswith(prefix)]
    if len(matches) == 1:
        return matches[0]
    if not runs:
        raise UnknownName(f"there are no runs in {store.folder}; `heschl score` starts one")
    how_many = f"{len(matches)} runs begin" if matches else "no run begins"
    names = [run.name for run in runs]
    hint = "" if matches else near_names(prefix, names)
    if not hint.startswith("did you mean"):
        # They are told apart by what they score, not by their names.
        latest = [_told(run) for run in (matches or runs)[: -_N_TOLD - 1 : -1]]
        hint = f"the latest {'of them' if matches else 'of all'}: {', '.join(latest)};"
    raise UnknownName(f"{how_many} with {prefix!r}; {hint} `heschl status` lists all")


def _told(run: Run) -> str:
    return f"{run.name} ({run.header.get('model', '?')} on {run.header.get('benchmark', '?')})"
