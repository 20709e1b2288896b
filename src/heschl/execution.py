"""Execution: cells run stage by stage, here or on any `concurrent.futures.Executor`.

An engine is given batches: cells of shared work together, others one by one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Future, wait
from dataclasses import replace
from functools import partial
from itertools import groupby
from operator import itemgetter
from typing import Any, Protocol, TypeVar

from heschl.cells import Cell, Failure, Outcome, Report, Shared, run_together
from heschl.errors import DiskRefused
from heschl.store import Store

__all__ = ["Executor", "SerialExecutor", "Silent", "Watcher", "batches", "lost_cells", "run_cells"]

Result = TypeVar("Result")
Numbered = tuple[int, Cell]
"""A cell and its place in the plan."""
Batch = Sequence[Numbered]
"""Cells that are handed to an engine in one call."""

_TRIES = 4
"""How often a cell is handed out whose worker dies: not every death is its own fault."""

_TRIES_IN_COMPANY = 2
"""After so many it is tried while nothing else runs, so that it takes no other cell along."""

_MANY = 1000
"""How many batches to hand to an engine that does not say how many workers it has."""


class Executor(Protocol):
    """What scoring asks of an engine: take a call, promise its result.

    It may say in ``n_workers`` how many calls it runs at once, as pools of
    `concurrent.futures` do in their way: cells of shared work are then put
    together into so many calls. Without it, each goes by itself. An engine
    with a queue of its own has ``submit_all(call, arguments)``, which returns a
    future for each. What fails with a `BrokenExecutor` is tried again. A future
    may say in ``log`` which file its worker writes to.
    """

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
        of_stage = batches(numbered, store, _n_workers(executor))
        if isinstance(executor, SerialExecutor):
            for batch in of_stage:
                # Only within this process can cells tell how far they are.
                report = partial(_progressed, watcher, batch)
                yield from _settled(_submitted(executor, batch, store, report), batch)
            continue
        yield from _concurrently(of_stage, executor, store)


def _concurrently(
    of_stage: Iterable[Batch], executor: Executor, store: Store
) -> Iterator[tuple[int, Cell, Outcome]]:
    """Run batches on an engine; what goes down with a worker is tried again, in halves."""
    waiting, suspects = deque((batch, 1) for batch in of_stage), deque[tuple[Batch, int]]()
    running: dict[Future[list[Outcome]], tuple[Batch, int]] = {}
    try:
        while waiting or suspects or running:
            n_free = len(waiting) if _takes_all(executor) else _n_ahead(executor) - len(running)
            handed = [waiting.popleft() for _ in range(min(n_free, len(waiting)))]
            if not handed and not running:
                handed = [suspects.popleft()]
            futures = _handed_over(executor, [batch for batch, _ in handed], store)
            running |= dict(zip(futures, handed, strict=True))
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                batch, n_tries = running.pop(future)
                if n_tries < _TRIES and isinstance(_error_of(future), BrokenExecutor):
                    # Of several cells nobody knows yet which one it was.
                    n_now = n_tries + (len(batch) == 1)
                    # A queue that outlives its workers says itself whose fault a death is.
                    is_suspect = n_now > _TRIES_IN_COMPANY and not _takes_all(executor)
                    again = suspects if is_suspect else waiting
                    again.extend((half, n_now) for half in _halves(batch))
                else:
                    yield from _settled(future, batch)
    finally:
        # After an interruption nothing new begins.
        for future in running:
            future.cancel()


def _halves(batch: Batch) -> list[Batch]:
    """Return two halves, so that in the end only the cell is lost that workers die of."""
    middle = -(-len(batch) // 2)
    return [half for half in (batch[:middle], batch[middle:]) if half]


def _takes_all(executor: Executor) -> bool:
    """Return whether an engine wants a stage at once: it has a queue that outlives its workers."""
    return hasattr(executor, "submit_all")


def _n_ahead(executor: Executor) -> int:
    """Return how many batches to hand out: few, since all of them go down with a broken pool."""
    n_workers = _n_workers(executor)
    return _MANY if n_workers is None else 2 * n_workers


def _error_of(future: Future[Any]) -> BaseException | None:
    return CancelledError() if future.cancelled() else future.exception()


def batches(numbered: Iterable[Numbered], store: Store, n_workers: int | None) -> list[Batch]:
    """Put unfinished cells of shared work together, as even as can be, so that no worker idles.

    Every other cell is a batch by itself; so are all if the number of workers is not known.
    """
    alone: list[Batch] = []
    together: dict[Hashable, list[Numbered]] = {}
    for number, cell in numbered:
        if isinstance(cell.compute, Shared) and cell.missing(store):
            together.setdefault((cell.stage, cell.compute.of), []).append((number, cell))
        else:
            alone.append([(number, cell)])
    n_cells = sum(map(len, together.values()))
    largest = -(-n_cells // n_workers) if n_workers else 1
    cut = [
        of_one[start :: -(-len(of_one) // largest)]
        for of_one in together.values()
        for start in range(-(-len(of_one) // largest))
    ]
    return [*alone, *cut]


def _n_workers(executor: Executor) -> int | None:
    """Return how many calls an engine runs at once, where it can be known."""
    if isinstance(executor, SerialExecutor):
        return 1
    # The pools of the standard library have no public word for it.
    return getattr(executor, "n_workers", None) or getattr(executor, "_max_workers", None)


def _progressed(watcher: Watcher, batch: Batch, fraction: float) -> None:
    """Tell of each cell of a batch how much is done, since all are as far."""
    for _, cell in batch:
        watcher.progressed(cell, fraction)


def _handed_over(
    executor: Executor, of_stage: Sequence[Batch], store: Store
) -> list[Future[list[Outcome]]]:
    """Return the futures of batches."""
    if not of_stage or not _takes_all(executor):
        return [_submitted(executor, batch, store) for batch in of_stage]
    arguments = [([cell for _, cell in batch], store) for batch in of_stage]
    return list(executor.submit_all(run_together, arguments))  # type: ignore[attr-defined]  # asked


def _submitted(
    executor: Executor, batch: Batch, store: Store, *report: Report
) -> Future[list[Outcome]]:
    """Return the future of a batch, settled if an engine that broke takes no more."""
    try:
        return executor.submit(run_together, [cell for _, cell in batch], store, *report)
    except Exception as error:  # noqa: BLE001  as above
        future: Future[list[Outcome]] = Future()
        future.set_exception(error)
        return future


def _settled(future: Future[list[Outcome]], batch: Batch) -> Iterator[tuple[int, Cell, Outcome]]:
    """Yield what became of the cells of a batch, whatever became of the engine that ran it."""
    try:
        outcomes = future.result()
    except DiskRefused:
        raise
    except BrokenExecutor as error:
        failure = Failure.of(error)
        advice = "a worker died, most often for lack of memory; run the same again with fewer"
        failure = replace(failure, message=f"{advice} ({failure.message})")
        outcomes = [Outcome("failed", 0.0, failure)] * len(batch)
    except Exception as error:  # noqa: BLE001  cells that do not pickle, engines that were closed
        outcomes = [Outcome("failed", 0.0, Failure.of(error))] * len(batch)
    log = getattr(future, "log", None)
    for (number, cell), outcome in zip(batch, outcomes, strict=True):
        logged = outcome.failure and replace(outcome.failure, log=log)
        yield number, cell, replace(outcome, failure=logged) if logged else outcome


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
