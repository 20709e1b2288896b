"""Score jobs: a score from its plan to its end, beside others or alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from itertools import groupby
from typing import TYPE_CHECKING

from heschl.cells import Cell, Outcome
from heschl.errors import CellsFailed, EntryLost
from heschl.execution import Executor, Stages, Watcher, lost_cells
from heschl.remembered import remembering
from heschl.runs import Run, start_run
from heschl.score_gathering import gathered
from heschl.scores import Score
from heschl.uses import using
from heschl.wording import counted

if TYPE_CHECKING:
    from heschl.scoring import Plan

__all__ = ["ScoreJob"]

_ROUNDS = 3
"""How often a score goes through its cells, if entries vanish under its hands."""


class ScoreJob:
    """One score on its way, as `heschl.execution` runs jobs: planned, made and gathered.

    Parameters
    ----------
    planning
        Returns the plan; called when there is room for its cells.
    executor, watching
        As of `score`.
    is_apart
        Whether the model is needed in workers alone, so that it takes no memory here.
    """

    def __init__(
        self,
        planning: Callable[[], Plan],
        executor: Executor,
        watching: Watcher,
        *,
        is_apart: bool = False,
    ) -> None:
        self.score: Score | None = None
        self._planning, self._watching, self._is_apart = planning, watching, is_apart
        self._wants_memory = getattr(executor, "wants_memory", False)
        self._outcomes: dict[int, Outcome] = {}
        self._seconds: Counter[str] = Counter()
        self._run: Run | None = None

    def stages(self) -> Stages:
        """Yield the missing cells stage by stage; at the end there is a score, or an error."""
        planned = self._planning()
        if self._wants_memory:
            from heschl.costs import with_memory  # which measures plans

            planned = with_memory(planned)
        if self._is_apart:
            planned.session.model.let_go()
        keys = (key for cell in planned.cells for key in cell.keys)
        self._store = planned.session.store
        with using(self._store.folder, keys):
            yield from self._rounds(planned)

    def record(self, number: int, cell: Cell, outcome: Outcome) -> None:
        """Keep what became of a cell."""
        assert self._run is not None  # noqa: S101  since a cell was given
        with self._store.usable():
            self._run.record(number, outcome)
        self._watching.finished(cell, outcome)
        self._outcomes[number] = outcome
        self._seconds[cell.stage] += outcome.seconds  # type: ignore[assignment]  # Counter adds floats well

    def _rounds(self, planned: Plan) -> Stages:
        session, outcomes = planned.session, self._outcomes
        header = {
            "model": session.model_id,
            "benchmark": planned.benchmark.card.id,
            "data_kind": session.data_kind,
            "seed": session.seed,
        }
        todo = list(enumerate(planned.cells))
        for _ in range(_ROUNDS):
            cells = [cell for _, cell in todo]
            self._watching.planned(cells, sum(map(planned.is_cached, cells)))
            self._run = start_run(session.store, planned.cells, header, planned.asked)
            for _stage, numbered in groupby(todo, key=lambda pair: pair[1].stage):
                yield list(numbered)
            if not any(outcome.lacks_entry for outcome in outcomes.values()):
                _raise_failures(planned, outcomes, self._run)
                with suppress(EntryLost), remembering(session.store.folder):
                    found = list(outcomes.values())
                    self.score = gathered(planned, found, dict(self._seconds))
                    return
            todo = lost_cells(planned.cells, session.store, outcomes)
            if not todo:
                _raise_failures(planned, outcomes, self._run)
        raise EntryLost(
            f"entries of {session.store} vanish as fast as they are made; end what removes them "
            "(`heschl cache gc`), check its disk, and run the same again"
        )


def _raise_failures(planned: Plan, outcomes: Mapping[int, Outcome], run: Run) -> None:
    failed = [
        (cell, failure)
        for number, cell in enumerate(planned.cells)
        # Another process may have done it meanwhile.
        if (failure := outcomes[number].failure) and not planned.is_cached(cell)
    ]
    if not failed:
        return
    cell, failure = failed[0]
    kept = "the others are kept; " if len(failed) < len(planned.cells) else ""
    raise CellsFailed(
        f"{len(failed)} of {counted(len(planned.cells), 'cell')} failed, {kept}the first, "
        f"{cell.label}: {failure.kind}: {failure.message}. `heschl status {run.name}` shows all; "
        f"`heschl retry-failed {run.name}`, or the same command again, runs the failed ones alone"
    )
