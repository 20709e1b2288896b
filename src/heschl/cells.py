"""Cells: the small, atomic, repeatable pieces that a score is planned into."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np

from heschl.configuration import digest, plain
from heschl.errors import DiskRefused, EntryLost, InvalidInput
from heschl.leases import Onlooker, leased, leases_below
from heschl.remembered import remembering
from heschl.store import Store

__all__ = ["Cell", "Failure", "Outcome", "Report", "Shared", "run_cell", "run_together"]

Report = Callable[[float], None]
"""Called with the fraction of a cell that is done."""

Arrays = Mapping[str, np.ndarray]
Compute = Callable[[Sequence[int], Report], Iterator[tuple[int, Arrays]]]
"""Given the positions of the missing entries, yields each position with its arrays."""
ComputeMany = Callable[[Mapping[str, Sequence[int]], Report], Iterator[tuple[str, int, Arrays]]]
"""The same for several cells, each named by what it is about."""

_TRACE_TAIL_LINES = 12
_LOOK_AGAIN_S = 0.2
"""How long to wait for what another process makes, before looking whether it is there."""


@dataclass(frozen=True)
class Shared:
    """Work that cells of a stage have in common, so that it is best done for several at once.

    Which cells are done together follows from workers and from what is stored
    already: no entry may depend on the company in which it is made.
    """

    of: Hashable
    """The same for all cells that may be done together."""
    compute: ComputeMany = field(repr=False, compare=False)


@dataclass(frozen=True)
class Cell:
    """A piece of work that leaves entries in the store.

    ``configurations`` has one full configuration for each entry; its digest is
    the entry's key. ``compute`` is picklable and makes the entries that are
    missing, by itself or `Shared` with other cells. ``n_bytes`` is what they
    will take on disk, where that is known.
    """

    stage: str
    about: str
    """The stimulus or the listener that it is about."""
    label: str
    configurations: tuple[Mapping[str, Any], ...]
    compute: Compute | Shared = field(repr=False, compare=False)
    n_bytes: int | None = None
    heard: tuple[str, ...] = ()
    """The stimuli that the model hears in it."""
    uses_device: bool = False
    """Whether it is done on a graphics card where there is one."""
    where: Callable[[], str] | None = field(default=None, repr=False, compare=False)
    """Asked in the process that ran it, on which device the model is there."""
    memory: float | None = None
    """Bytes that it may take at its peak, for engines that ask; see `heschl.costs.with_memory`."""

    def __post_init__(self) -> None:
        """Write the configurations out, so that their digests are the same wherever it runs."""
        written = tuple(plain(configuration) for configuration in self.configurations)
        object.__setattr__(self, "configurations", written)

    # A score names the features of all stories and layers, each of many settings.
    @cached_property
    def keys(self) -> tuple[str, ...]:
        """The store's keys of the entries."""
        return tuple(digest(configuration) for configuration in self.configurations)

    def missing(self, store: Store) -> tuple[int, ...]:
        """Return the positions of the entries that the store lacks."""
        return tuple(i for i, key in enumerate(self.keys) if not store.has(key))


@dataclass(frozen=True)
class Failure:
    """Why a cell failed: a result like any other."""

    kind: str
    message: str
    trace: str
    log: str | None = None
    """What the worker that ran it writes to, where the engine says so."""

    @classmethod
    def of(cls, error: BaseException) -> Failure:
        """Describe an exception by its class, message and the tail of its trace."""
        lines = "".join(traceback.format_exception(error)).splitlines()
        return cls(type(error).__name__, str(error), "\n".join(lines[-_TRACE_TAIL_LINES:]))


@dataclass(frozen=True)
class Outcome:
    """What became of a cell."""

    status: Literal["cached", "done", "failed"]
    seconds: float
    """Of cells that were done together, each has an equal part of the time."""
    failure: Failure | None = None
    device: str | None = None
    """Where the model was, if one was at work."""

    @property
    def lacks_entry(self) -> bool:
        """Whether it failed for want of an entry that another cell makes."""
        return self.failure is not None and self.failure.kind == EntryLost.__name__


def run_cell(cell: Cell, store: Store, report: Report | None = None) -> Outcome:
    """Make a cell's missing entries, as `run_together` does."""
    return run_together([cell], store, report)[0]


def run_together(
    cells: Sequence[Cell], store: Store, report: Report | None = None
) -> list[Outcome]:
    """Make the missing entries of cells that share their work, each stored as soon as it is there.

    If that fails, the halves of what is left are tried, and theirs, so that in
    the end only those cells fail whose fault it is.

    Raises
    ------
    DiskRefused
        If the store cannot be used; every other error is a failed outcome.
    """
    if len({cell.about for cell in cells}) < len(cells):
        raise InvalidInput(
            f"cells of shared work are about {[cell.about for cell in cells]}; expected something "
            "else for each, by which it is named"
        )
    outcomes: dict[str, Outcome] = {}
    onlooker = Onlooker()
    while left := {
        cell.about: cell for cell in cells if cell.about not in outcomes and cell.missing(store)
    }:
        outcomes |= _of_unclaimed(left, store, report or _silent)
        for about, cell in left.items():
            if about not in outcomes:  # another process is at it
                onlooker.break_stale(leases_below(store.folder) / cell.keys[0])
        if not outcomes.keys() >= left.keys():
            time.sleep(_LOOK_AGAIN_S)
    return [outcomes.get(cell.about, Outcome("cached", 0.0)) for cell in cells]


def _of_unclaimed(cells: Mapping[str, Cell], store: Store, report: Report) -> dict[str, Outcome]:
    """Make the missing entries of those cells that no other process is at."""
    by_key = {cell.keys[0]: cell for cell in cells.values()}
    begin = time.perf_counter()
    with ExitStack() as stack:
        with store.usable():
            claimed = stack.enter_context(leased(leases_below(store.folder), by_key))
        # Whoever held a lease a moment ago has left its entries.
        todo = {by_key[key].about: by_key[key] for key in by_key if key in claimed}
        todo = {about: cell for about, cell in todo.items() if cell.missing(store)}
        with remembering(store.folder):
            failures = _failures(todo, store, report)
    seconds = (time.perf_counter() - begin) / max(1, len(todo))
    return {
        about: Outcome("failed", seconds, failures[about])
        if about in failures
        else Outcome("done", seconds, device=cell.where() if cell.where else None)
        for about, cell in todo.items()
    }


def _failures(cells: Mapping[str, Cell], store: Store, report: Report) -> dict[str, Failure]:
    """Make the missing entries of cells, by what they are about; return why some could not be."""
    left = {about: set(cell.missing(store)) for about, cell in cells.items()}
    try:
        for about, position, arrays in _computed(cells, left, report):
            store.write(cells[about].configurations[position], arrays)
            left[about].discard(position)
    except DiskRefused:
        # Whatever else is computed could not be kept either.
        raise
    except Exception as error:  # noqa: BLE001  a failed cell is a result and stops no other
        failure, is_of_all = Failure.of(error), isinstance(error, EntryLost)
    else:
        return {
            about: Failure.of(
                RuntimeError(f"the cell left {len(positions)} of its entries unwritten")
            )
            for about, positions in left.items()
            if positions
        }
    # Outside the handler, since the error's trace holds whatever was in memory.
    undone = [about for about, positions in left.items() if positions]
    if len(undone) <= 1 or is_of_all:
        return dict.fromkeys(undone, failure)
    failures: dict[str, Failure] = {}
    for half in (undone[: len(undone) // 2], undone[len(undone) // 2 :]):
        failures |= _failures({about: cells[about] for about in half}, store, report)
    return failures


def _computed(
    cells: Mapping[str, Cell], left: Mapping[str, set[int]], report: Report
) -> Iterator[tuple[str, int, Arrays]]:
    """Yield what a cell is about, the position of a missing entry, and its arrays."""
    missing = {about: sorted(positions) for about, positions in left.items() if positions}
    for about, positions in missing.items():
        compute = cells[about].compute
        if isinstance(compute, Shared):
            yield from compute.compute(missing, report)
            return
        for position, arrays in compute(positions, report):
            yield about, position, arrays


def _silent(_fraction: float) -> None:
    """Report nothing."""
