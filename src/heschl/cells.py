"""Cells: the small, atomic, repeatable pieces that a score is planned into."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np

from heschl.configuration import digest, plain
from heschl.errors import DiskRefused, EntryLost
from heschl.remembered import remembering
from heschl.store import Store

__all__ = ["Cell", "Failure", "Outcome", "Report", "run_cell"]

Report = Callable[[float], None]
"""Called with the fraction of a cell that is done."""

Arrays = Mapping[str, np.ndarray]
Compute = Callable[[Sequence[int], Report], Iterator[tuple[int, Arrays]]]
"""Given the positions of the missing entries, yields each position with its arrays."""

_TRACE_TAIL_LINES = 12


@dataclass(frozen=True)
class Cell:
    """A piece of work that leaves entries in the store.

    ``configurations`` has one full configuration for each entry; its digest is
    the entry's key. ``compute`` is picklable and makes the entries that are
    missing. ``n_bytes`` is what they will take on disk, where that is known.
    """

    stage: str
    about: str
    """The stimulus or the listener that it is about."""
    label: str
    configurations: tuple[Mapping[str, Any], ...]
    compute: Compute = field(repr=False, compare=False)
    n_bytes: int | None = None

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
    failure: Failure | None = None

    @property
    def lacks_entry(self) -> bool:
        """Whether it failed for want of an entry that another cell makes."""
        return self.failure is not None and self.failure.kind == EntryLost.__name__


def run_cell(cell: Cell, store: Store, report: Report | None = None) -> Outcome:
    """Make a cell's missing entries, each stored as soon as it is there.

    Raises
    ------
    DiskRefused
        If the store cannot be used; every other error is a failed outcome.
    """
    begin = time.perf_counter()
    try:
        missing = cell.missing(store)
        if not missing:
            return Outcome("cached", 0.0)
        left = set(missing)
        with remembering(store.folder):
            for position, arrays in cell.compute(missing, report or _silent):
                store.write(cell.configurations[position], arrays)
                left.discard(position)
        if left:
            raise RuntimeError(f"the cell left {len(left)} of its entries unwritten")  # noqa: TRY301
    except DiskRefused:
        # Whatever else is computed could not be kept either.
        raise
    except Exception as error:  # noqa: BLE001  a failed cell is a result and stops no other
        return Outcome("failed", time.perf_counter() - begin, Failure.of(error))
    return Outcome("done", time.perf_counter() - begin)


def _silent(_fraction: float) -> None:
    """Report nothing."""
