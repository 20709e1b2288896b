"""Execution: cells run stage by stage, here or on any `concurrent.futures.Executor`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor, Future, as_completed
from dataclasses import replace
from functools import partial
from itertools import groupby
from operator import itemgetter
from typing import Any, Protocol, TypeVar

from heschl.cells import Cell, Failure, Outcome, run_cell
from heschl.errors import DiskRefused
from heschl.store import Store

__all__ = ["Executor", "SerialExecutor", "Silent", "Watcher", "lost_cells", "run_cells"]

Result = TypeVar("Result")
Numbered = tuple[int, Cell]
"""A cell and its place in the plan."""


class Executor(Protocol):
    """What scoring asks of an engine: take a call, promise its result."""

    def submit(self, call: Callable[..., Result], /, *args: Any) -> Future[Result]:
        """Schedule ``call(*args)``."""


class SerialExecutor:
    """Runs each call at once, in this process: the default, and the reference."""

    def submit(self, call: Callable[..., Result], /, *args: Any) -> Future[Result]:
        """Run ``call(*args)`` now and return its settled future."""
        future: Future[Result] = Future()
        try:
            future.set_result(call(*args))
        except Exception as error:  # noqa: BLE001  the future carries it to whoever asks
            future.set_exception(error)
        return future


class Watcher(Protocol):
    """Whoever wants to know how a run goes on."""

    def planned(self, cells: Sequence[Cell], n_cached: int) -> None:
        """Hear the plan before work starts."""

    def progressed(self, cell: Cell, fraction: float) -> None:
        """Hear how much of a cell is done; only from cells that run in this process."""

    def finished(self, cell: Cell, outcome: Outcome) -> None:
        """Hear what became of a cell."""


class Silent:
    """Watches without a word."""

    def planned(self, cells: Sequence[Cell], n_cached: int) -> None:
        """Say nothing."""

    def progressed(self, cell: Cell, fraction: float) -> None:
        """Say nothing."""

    def finished(self, cell: Cell, outcome: Outcome) -> None:
        """Say nothing."""


def run_cells(
    todo: Sequence[Numbered], store: Store, executor: Executor, watcher: Watcher
) -> Iterator[tuple[int, Cell, Outcome]]:
    """Run cells stage by stage: no stage begins before what it reads is there."""
    for _stage, numbered in groupby(todo, key=lambda pair: pair[1].stage):
        if isinstance(executor, SerialExecutor):
            for number, cell in numbered:
                # Only within this process can a cell tell how far it is.
                report = partial(watcher.progressed, cell)
                yield number, cell, _settled(executor.submit(run_cell, cell, store, report))
            continue
        futures = {_submitted(executor, cell, store): (number, cell) for number, cell in numbered}
        try:
            for future in as_completed(futures):
                yield (*futures[future], _settled(future))
        finally:
            # After an interruption nothing new begins.
            for future in futures:
                future.cancel()


def _submitted(executor: Executor, cell: Cell, store: Store) -> Future[Outcome]:
    """Return the future of a cell, settled if an engine that broke takes no more."""
    try:
        return executor.submit(run_cell, cell, store)
    except Exception as error:  # noqa: BLE001  as above
        future: Future[Outcome] = Future()
        future.set_exception(error)
        return future


def _settled(future: Future[Outcome]) -> Outcome:
    """Return what became of a cell, whatever became of the engine that ran it."""
    try:
        return future.result()
    except DiskRefused:
        raise
    except BrokenExecutor as error:
        failure = Failure.of(error)
        advice = "a worker died, most often for lack of memory; run the same again with fewer"
        return Outcome("failed", 0.0, replace(failure, message=f"{advice} ({failure.message})"))
    except Exception as error:  # noqa: BLE001  cells that do not pickle, engines that were closed
        return Outcome("failed", 0.0, Failure.of(error))


def lost_cells(
    cells: Sequence[Cell], store: Store, outcomes: Mapping[int, Outcome]
) -> list[Numbered]:
    """Return the cells to run again after an entry proved damaged or was removed meanwhile."""
    for cell in cells:
        for key in cell.keys:
            store.read(key)  # sets aside whatever else is damaged, all in one go
    gone, waiting, is_hopeless = [], [], False
    for number, cell in enumerate(cells):
        outcome = outcomes[number]
        if not cell.missing(store):
            continue
        if outcome.failure is None:
            gone.append((number, cell))
        elif outcome.lacks_entry:
            waiting.append((number, cell))
        else:
            is_hopeless = True
    # What a failed cell never made does not come by waiting.
    return [] if is_hopeless and not gone else sorted([*gone, *waiting], key=itemgetter(0))
