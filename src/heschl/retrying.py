"""Retrying: the failed cells of a run once more, and no others, from what its files say."""

from __future__ import annotations

from collections.abc import Mapping

from heschl.cells import Cell, Outcome
from heschl.errors import InvalidInput
from heschl.execution import Executor, Silent, Watcher, run_cells
from heschl.runs import Run
from heschl.scoring import Plan, plan
from heschl.store import Store
from heschl.uses import using

__all__ = ["retry_failed"]


def retry_failed(
    run: Run, store: Store, executor: Executor, watcher: Watcher | None = None
) -> Mapping[str, Outcome]:
    """Run the failed cells of a run again, and return what became of them by their labels.

    Those that lacked what another failed cell makes come after it, as in the plan.
    """
    planned_before = list(run.cells(store))
    if not any(cell.state == "failed" for cell in planned_before):
        return {}
    planned = _planned_again(run, store)
    if [cell.keys for cell in planned.cells] != [cell.keys for cell in planned_before]:
        raise InvalidInput(
            f"the run {run.name} would have other cells now, as its model, its data or Heschl has "
            "changed since; score the same again with `heschl score`"
        )
    failed = [
        (number, cell)
        for number, (cell, before) in enumerate(zip(planned.cells, planned_before, strict=True))
        if before.state == "failed"
    ]
    watching = watcher or Silent()
    watching.planned([cell for _, cell in failed], 0)
    outcomes: dict[str, Outcome] = {}
    with using(store.folder, _keys(planned.cells)):
        for number, cell, outcome in run_cells(failed, store, executor, watching):
            with store.usable():
                run.record(number, outcome)
            watching.finished(cell, outcome)
            outcomes[cell.label] = outcome
    return outcomes


def _planned_again(run: Run, store: Store) -> Plan:
    asked = run.header.get("asked")
    if not isinstance(asked, dict):
        raise InvalidInput(
            f"the run {run.name} was given live objects, which no file keeps; call heschl.score "
            "with them again, which runs the failed cells alone"
        )
    return plan(**asked, store=store)


def _keys(cells: tuple[Cell, ...]) -> list[str]:
    return [key for cell in cells for key in cell.keys]
