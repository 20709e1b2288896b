"""Watching a run: one live line on a terminal, a plain line a cell elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from heschl.cells import Cell, Outcome
from heschl.execution import Watcher
from heschl.wording import counted

__all__ = ["telling", "watching"]

_QUIET_S = 15.0


@contextmanager
def watching(*, is_quiet: bool = False) -> Iterator[Watcher | None]:
    """Yield the watcher that suits where standard error goes."""
    if is_quiet:
        yield None
    elif not sys.stderr.isatty():
        yield LineWatcher()
    else:
        bar = BarWatcher()
        try:
            yield bar
        finally:
            bar.close()


_Item = TypeVar("_Item")


def telling(
    items: Iterable[_Item], what: str, n_items: int, *, is_quiet: bool = False
) -> Iterator[_Item]:
    """Yield the items, and say now and then how many there were, if they take long."""
    spoke = time.monotonic()
    for number, item in enumerate(items):
        if not is_quiet and time.monotonic() - spoke > _QUIET_S:
            spoke = time.monotonic()
            sys.stderr.write(f"{number} of {n_items} {what}\n")
            sys.stderr.flush()
        yield item


class LineWatcher:
    """A line when a cell is done, and now and then while it takes long."""

    def __init__(self) -> None:
        self._n_cells = self._n_finished = 0
        self._spoke = time.monotonic()

    def planned(self, cells: Sequence[Cell], n_cached: int) -> None:
        """Say how much there is to do, beside what other scores have left."""
        self._n_cells += len(cells)
        self._say(f"{counted(len(cells), 'cell')}, {n_cached} of them cached")

    def progressed(self, cell: Cell, fraction: float) -> None:
        """Say that a long cell is alive."""
        if time.monotonic() - self._spoke > _QUIET_S:
            self._say(f"        {cell.stage}: {cell.label}: {fraction:.0%}")

    def finished(self, cell: Cell, outcome: Outcome) -> None:
        """Say what became of a cell."""
        self._n_finished += 1
        tail = f" in {outcome.seconds:.1f} s" if outcome.status == "done" else ""
        if outcome.failure is not None:
            tail = f": {outcome.failure.kind}: {outcome.failure.message}"
        place = f"[{self._n_finished}/{self._n_cells}]"
        self._say(f"{place:>8} {cell.stage}: {cell.label} {outcome.status}{tail}")

    def _say(self, line: str) -> None:
        self._spoke = time.monotonic()
        sys.stderr.write(line + "\n")
        sys.stderr.flush()


class BarWatcher:
    """One live bar: cells done, what runs now, time left."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            Progress,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )

        self._progress = Progress(
            BarColumn(bar_width=30),
            TextColumn("{task.fields[count]}"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            TextColumn("{task.description}", markup=False),
            console=Console(stderr=True),
            transient=True,
        )
        self._progress.start()
        self._task = self._progress.add_task("", total=None, count="")
        self._n_cells = self._n_finished = self._n_failed = 0
        self._running: dict[str, float] = {}

    def planned(self, cells: Sequence[Cell], n_cached: int) -> None:  # noqa: ARG002  a Watcher's
        """Make the bar as long as all plans."""
        self._n_cells += len(cells)
        self._progress.update(
            self._task, total=self._n_cells, count=f"{self._n_finished}/{self._n_cells}"
        )

    def progressed(self, cell: Cell, fraction: float) -> None:
        """Move within a cell, or within several that are made together."""
        self._running[cell.label] = fraction
        completed = self._n_finished + sum(self._running.values())
        self._progress.update(self._task, completed=completed, description=cell.label)

    def finished(self, cell: Cell, outcome: Outcome) -> None:
        """Move to the next cell; failures stay on the screen."""
        self._running.pop(cell.label, None)
        self._n_finished += 1
        self._n_failed += outcome.failure is not None
        failed = f", {self._n_failed} failed" if self._n_failed else ""
        self._progress.update(
            self._task,
            completed=self._n_finished + sum(self._running.values()),
            description=cell.label,
            count=f"{self._n_finished}/{self._n_cells}{failed}",
        )
        if outcome.failure is not None:
            failure = f"{outcome.failure.kind}: {outcome.failure.message}"
            self._progress.console.print(f"failed: {cell.label}: {failure}", markup=False)

    def close(self) -> None:
        """Leave the screen as it was."""
        self._progress.stop()
