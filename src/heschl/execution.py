"""Execution: cells run stage by stage, here or on any `concurrent.futures.Executor`.

Several jobs go on beside each other, so that no worker idles where one of them has little to do.
An engine is given batches: cells of shared work together, others one by one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Hashable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, wait
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from operator import itemgetter
from typing import Generic, Protocol, TypeVar

from heschl.cells import Cell, Outcome, Shared
from heschl.errors import DiskRefused
from heschl.executors import (
    Batch,
    Executor,
    Numbered,
    SerialExecutor,
    error_of,
    handed_over,
    n_ahead,
    n_workers_of,
    settled,
    submitted,
    takes_all,
)
from heschl.store import Store

__all__ = [
    "Executor",
    "Job",
    "SerialExecutor",
    "Silent",
    "Stages",
    "Watcher",
    "batches",
    "lost_cells",
    "run_cells",
    "run_jobs",
]

_TRIES = 4
"""How often a cell is handed out whose worker dies: not every death is its own fault."""

_TRIES_IN_COMPANY = 2
"""After so many it is tried while nothing else runs, so that it takes no other cell along."""

Stages = Generator[Sequence[Numbered], None, None]
"""Cells stage by stage; the next is asked for when all of the last have been told of."""


class Watcher(Protocol):
    """Whoever wants to know how a run goes on."""

    def planned(self, cells: Sequence[Cell], n_cached: int) -> None:
        """Hear the plan before work starts; of several scores, of each as it begins."""

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


class Job(Protocol):
    """Cells that follow each other, and what hears of each."""

    def stages(self) -> Stages:
        """Return the cells: no stage begins before what it reads is there."""

    def record(self, number: int, cell: Cell, outcome: Outcome) -> None:
        """Hear what became of a cell of the last stage that was given."""


JobT = TypeVar("JobT", bound=Job)


def run_jobs(
    jobs: Iterable[JobT], store: Store, executor: Executor, watcher: Watcher, *, at_once: int = 1
) -> Iterator[JobT]:
    """Run jobs, and yield each whenever cells of it were told of, and when it has ended.

    Others begin, up to ``at_once``, when those that have begun leave workers free; whatever the
    older can do goes first. In this process they run one after the other.
    """
    if not isinstance(executor, SerialExecutor):
        yield from _SideBySide(iter(jobs), store, executor, at_once).run()
        return
    for job in jobs:
        with closing(job.stages()) as stages:
            for batch in (batch for stage in stages for batch in batches(stage, store, 1)):
                # Only within this process can cells tell how far they are.
                report = partial(_progressed, watcher, batch)
                try:
                    for each in settled(submitted(executor, batch, store, report), batch):
                        job.record(*each)
                except DiskRefused as refusal:
                    _refuse(stages, refusal)
                    break
                yield job
        yield job


def run_cells(
    todo: Sequence[Numbered], store: Store, executor: Executor, watcher: Watcher
) -> Iterator[tuple[int, Cell, Outcome]]:
    """Run cells stage by stage, and yield what became of each."""
    told: list[tuple[int, Cell, Outcome]] = []
    for _ in run_jobs([_Told(todo, told)], store, executor, watcher):
        yield from told
        told.clear()


@dataclass
class _Told:
    todo: Sequence[Numbered]
    told: list[tuple[int, Cell, Outcome]]

    def stages(self) -> Stages:
        for _stage, numbered in groupby(self.todo, key=lambda pair: pair[1].stage):
            yield list(numbered)

    def record(self, number: int, cell: Cell, outcome: Outcome) -> None:
        self.told.append((number, cell, outcome))


@dataclass(eq=False)
class _Open(Generic[JobT]):
    """A job that has begun."""

    job: JobT
    stages: Stages
    waiting: deque[tuple[Batch, int]] = field(default_factory=deque)
    """Batches of its stage, each with how often it was tried, and will be with the next time."""
    n_left: int = 0
    """Cells of its stage that were not told of."""


class _SideBySide(Generic[JobT]):
    """Runs batches of several jobs; what goes down with a worker is tried again, in halves."""

    def __init__(
        self, jobs: Iterator[JobT], store: Store, executor: Executor, at_once: int
    ) -> None:
        self._jobs, self._store, self._executor, self._at_once = jobs, store, executor, at_once
        self._open: list[_Open[JobT]] = []
        self._ready: deque[_Open[JobT]] = deque()
        """Jobs whose stage is done."""
        self._running: dict[Future[list[Outcome]], tuple[_Open[JobT], Batch, int]] = {}
        self._suspects: deque[tuple[_Open[JobT], Batch, int]] = deque()
        self._parked: dict[str, list[tuple[_Open[JobT], Batch, int]]] = {}
        """Batches with an entry that another job's has in the making, by the name of its lease."""
        self._is_more = True

    def run(self) -> Iterator[JobT]:
        try:
            while True:
                self._hand_out()
                has_work = bool(self._ready) or self._may_begin()
                if not has_work and not self._running:
                    return
                # What is done is told of first; then a stage or a job is begun, one at a time.
                patience = 0 if has_work else None
                done = wait(self._running, timeout=patience, return_when=FIRST_COMPLETED).done
                for future in done:
                    # A job that was refused has taken its other calls along.
                    if future in self._running:
                        yield from self._told(future)
                if self._ready:
                    self._hand_out()
                    yield from self._go_on(self._ready.popleft())
                elif self._may_begin():
                    yield from self._begin()
        finally:
            # After an interruption nothing new begins.
            for future in self._running:
                future.cancel()
            for each in self._open:
                each.stages.close()

    def _hand_out(self) -> None:
        """Give the engine what it has room for, from the oldest job on."""
        room = None if takes_all(self._executor) else n_ahead(self._executor) - len(self._running)
        handed: list[tuple[_Open[JobT], Batch, int]] = []
        for each in self._open:
            while each.waiting and (room is None or len(handed) < room):
                item = (each, *each.waiting.popleft())
                if self._is_parked(item):
                    continue
                self._parked |= {cell.keys[0]: [] for _, cell in item[1]}
                handed.append(item)
        if not handed and not self._running and not self._ready and self._suspects:
            handed = [self._suspects.popleft()]
        futures = handed_over(self._executor, [batch for _, batch, _ in handed], self._store)
        self._running |= dict(zip(futures, handed, strict=True))

    def _is_parked(self, item: tuple[_Open[JobT], Batch, int]) -> bool:
        """Keep a batch back for which a worker would wait for another."""
        for _, cell in item[1]:
            if cell.keys[0] in self._parked:
                self._parked[cell.keys[0]].append(item)
                return True
        return False

    def _may_begin(self) -> bool:
        """Return whether there is room for the cells of one more job."""
        if not self._is_more or self._suspects or len(self._open) >= self._at_once:
            return False
        return len(self._running) < n_ahead(self._executor)

    def _begin(self) -> Iterator[JobT]:
        job = next(self._jobs, None)
        if job is None:
            self._is_more = False
            return
        self._open.append(_Open(job, job.stages()))
        yield from self._go_on(self._open[-1])

    def _go_on(self, each: _Open[JobT]) -> Iterator[JobT]:
        """Begin the next stage of a job, or end it."""
        stage = next(each.stages, None)
        if stage is None:
            self._open.remove(each)
            yield each.job
            return
        each.n_left = len(stage)
        found = batches(stage, self._store, n_workers_of(self._executor))
        each.waiting.extend((batch, 1) for batch in found)
        if not stage:
            self._ready.append(each)

    def _told(self, future: Future[list[Outcome]]) -> Iterator[JobT]:
        """Tell a job of a batch, or try it again."""
        each, batch, n_tries = self._running.pop(future)
        self._unpark(batch)
        if each not in self._open:
            return
        if n_tries < _TRIES and isinstance(error_of(future), BrokenExecutor):
            # Of several cells nobody knows yet which one it was.
            n_now = n_tries + (len(batch) == 1)
            # A queue that outlives its workers says itself whose fault a death is.
            if n_now > _TRIES_IN_COMPANY and not takes_all(self._executor):
                self._suspects.extend((each, half, n_now) for half in _halves(batch))
            else:
                each.waiting.extend((half, n_now) for half in _halves(batch))
            return
        try:
            for number, cell, outcome in settled(future, batch):
                each.job.record(number, cell, outcome)
        except DiskRefused as refusal:
            self._drop(each)
            _refuse(each.stages, refusal)
        else:
            each.n_left -= len(batch)
            if not each.n_left:
                self._ready.append(each)
        yield each.job

    def _unpark(self, batch: Batch) -> None:
        """Let go on what was kept back for the sake of a batch."""
        for _, cell in batch:
            for each, parked, n_tries in self._parked.pop(cell.keys[0], ()):
                each.waiting.appendleft((parked, n_tries))

    def _drop(self, each: _Open[JobT]) -> None:
        """Forget the cells of a job that cannot go on."""
        self._open.remove(each)
        self._suspects = deque(item for item in self._suspects if item[0] is not each)
        for future, (of, batch, _) in list(self._running.items()):
            if of is each and future.cancel():
                del self._running[future]
                self._unpark(batch)


def _refuse(stages: Stages, refusal: DiskRefused) -> None:
    """Let a job hear why it cannot go on; one that has no answer ends all."""
    try:
        stages.throw(refusal)
    except StopIteration:
        return
    raise refusal


def _halves(batch: Batch) -> list[Batch]:
    """Return two halves, so that in the end only the cell is lost that workers die of."""
    middle = -(-len(batch) // 2)
    return [half for half in (batch[:middle], batch[middle:]) if half]


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


def _progressed(watcher: Watcher, batch: Batch, fraction: float) -> None:
    """Tell of each cell of a batch how much is done, since all are as far."""
    for _, cell in batch:
        watcher.progressed(cell, fraction)


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
