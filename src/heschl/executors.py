"""Executors: what an engine is asked, and what becomes of the calls that it is handed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, CancelledError, Future
from dataclasses import replace
from typing import Any, Protocol, TypeVar

from heschl.cells import Cell, Failure, Outcome, Report, run_together
from heschl.errors import DiskRefused
from heschl.store import Store

__all__ = [
    "Batch",
    "Executor",
    "Numbered",
    "SerialExecutor",
    "error_of",
    "handed_over",
    "n_ahead",
    "n_workers_of",
    "settled",
    "submitted",
    "takes_all",
]

Result = TypeVar("Result")
Numbered = tuple[int, Cell]
"""A cell and its place in the plan."""
Batch = Sequence[Numbered]
"""Cells that are handed to an engine in one call."""

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


def takes_all(executor: Executor) -> bool:
    """Return whether an engine wants a stage at once: it has a queue that outlives its workers."""
    return hasattr(executor, "submit_all")


def n_ahead(executor: Executor) -> int:
    """Return how many batches to hand out: few, since all of them go down with a broken pool."""
    n_workers = n_workers_of(executor)
    return _MANY if n_workers is None else 2 * n_workers


def n_workers_of(executor: Executor) -> int | None:
    """Return how many calls an engine runs at once, where it can be known."""
    if isinstance(executor, SerialExecutor):
        return 1
    # The pools of the standard library have no public word for it.
    return getattr(executor, "n_workers", None) or getattr(executor, "_max_workers", None)


def handed_over(
    executor: Executor, batches: Sequence[Batch], store: Store
) -> list[Future[list[Outcome]]]:
    """Return the futures of batches."""
    if not batches or not takes_all(executor):
        return [submitted(executor, batch, store) for batch in batches]
    arguments = [([cell for _, cell in batch], store) for batch in batches]
    return list(executor.submit_all(run_together, arguments))  # type: ignore[attr-defined]  # asked


def submitted(
    executor: Executor, batch: Batch, store: Store, *report: Report
) -> Future[list[Outcome]]:
    """Return the future of a batch, settled if an engine that broke takes no more."""
    try:
        return executor.submit(run_together, [cell for _, cell in batch], store, *report)
    except Exception as error:  # noqa: BLE001  as above
        future: Future[list[Outcome]] = Future()
        future.set_exception(error)
        return future


def error_of(future: Future[Any]) -> BaseException | None:
    """Return what ended a call that was not finished."""
    return CancelledError() if future.cancelled() else future.exception()


def settled(future: Future[list[Outcome]], batch: Batch) -> Iterator[tuple[int, Cell, Outcome]]:
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
