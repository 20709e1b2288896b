"""Scoring: from a model and a benchmark to a Score.

`plan` resolves who is meant and lists the cells, `score` runs those that are
missing and gathers the result.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, overload

from heschl.cards import Seen
from heschl.cells import Cell
from heschl.contracts import Benchmark, Choosy, Dataset, Demanding
from heschl.engines import engine
from heschl.errors import InvalidInput
from heschl.execution import Executor, Silent, Watcher, batches, run_jobs
from heschl.registry import resolve_benchmark, resolve_model
from heschl.remembered import remembering
from heschl.runs import in_words
from heschl.score_jobs import ScoreJob
from heschl.scores import Score
from heschl.seen import Fairness, fair, fair_cells
from heschl.session import Session, open_session
from heschl.store import Store
from heschl.wording import counted

__all__ = ["Plan", "plan", "score"]

_HEARS = ("planned", "progressed", "finished")
"""What a watcher is told."""


@dataclass(frozen=True)
class Plan:
    """What a score would take."""

    benchmark: Benchmark
    session: Session
    cells: tuple[Cell, ...]
    fairness: Fairness = field(default_factory=Fairness)
    asked: Mapping[str, Any] | None = None
    """The arguments of `plan` but the store, where they are words that a file can keep."""
    seen: tuple[Seen, ...] = ()
    """What the model was tuned on."""

    def __repr__(self) -> str:
        """Name what would be scored on what, and how much of it is done."""
        return (
            f"<Plan of {self.session.model_id} on {self.benchmark.card.id} "
            f"({self.session.data_kind} data): {counted(len(self.cells), 'cell')}, "
            f"{self.n_cached} cached>"
        )

    def is_cached(self, cell: Cell) -> bool:
        """Return whether a cell has nothing left to do."""
        return not cell.missing(self.session.store)

    @property
    def n_cached(self) -> int:
        """How many cells have nothing left to do."""
        return sum(map(self.is_cached, self.cells))

    @property
    def together(self) -> tuple[tuple[Cell, ...], ...]:
        """The cells left to do whose work is shared, as one process takes them together."""
        found = batches(enumerate(self.cells), self.session.store, n_workers=1)
        return tuple(tuple(cell for _, cell in batch) for batch in found if len(batch) > 1)


def plan(
    model: Any,  # id, URI or live object
    benchmark: Any,
    *,
    layers: Sequence[str] | None = None,
    subjects: Sequence[str] | None = None,
    data: str | os.PathLike[str] | Dataset | None = None,
    device: str = "auto",
    seed: int = 0,
    store: Store | str | os.PathLike[str] | None = None,
    allow_seen: bool = False,
    beside: Any = None,
) -> Plan:
    """Return the cells of a score without running any; the arguments are those of `score`."""
    declaration: Benchmark = resolve_benchmark(benchmark).object
    _check_origin(declaration)
    used_store = store if isinstance(store, Store) else Store(store)
    with remembering(used_store.folder):
        also = () if beside is None else resolve_model(beside).card.seen
        session = open_session(
            model,
            declaration.card.dataset,
            layers=layers,
            subjects=subjects,
            data=data,
            device=device,
            seed=seed,
            store=used_store,
            require=declaration.require if isinstance(declaration, Demanding) else None,
        )
        if subjects is None and isinstance(declaration, Choosy):
            session = replace(session, subjects=declaration.listeners(session))
        declaration, fairness = fair(declaration, session, is_allowed=allow_seen, also=also)
        cells = tuple(declaration.cells(session))
        if fairness == Fairness():
            fairness = fair_cells(declaration, session, cells, is_allowed=allow_seen, also=also)
    asked = {
        "model": model,
        "benchmark": benchmark,
        "layers": layers and list(layers),
        "subjects": subjects and list(subjects),
        "data": data,
        "device": device,
        "seed": session.seed,
        "allow_seen": allow_seen,
        "beside": beside,
    }
    seen = session.model.get().card.seen
    return Plan(declaration, session, cells, fairness, in_words(asked), seen)


def _check_origin(benchmark: Benchmark) -> None:
    """Refuse, before any work, a declaration whose provenance could not be complete."""
    if not benchmark.card.protocol or not benchmark.rois:
        lacking = "protocol" if not benchmark.card.protocol else "regions"
        raise InvalidInput(
            f"the benchmark {benchmark.card.id!r} declares no {lacking}; every score says which "
            "protocol it follows (BenchmarkCard(protocol=...)) and which region it is of (rois=...)"
        )


@overload
def score(
    model: list[Any],
    benchmark: Any,
    *,
    layers: Sequence[str] | None = None,
    subjects: Sequence[str] | None = None,
    data: str | os.PathLike[str] | Dataset | None = None,
    device: str = "auto",
    executor: Executor | str | None = None,
    seed: int = 0,
    store: Store | str | os.PathLike[str] | None = None,
    watcher: Watcher | None = None,
    allow_seen: bool = False,
    beside: Any = None,
) -> list[Score]: ...


@overload
def score(
    model: Any,
    benchmark: list[Any],
    *,
    layers: Sequence[str] | None = None,
    subjects: Sequence[str] | None = None,
    data: str | os.PathLike[str] | Dataset | None = None,
    device: str = "auto",
    executor: Executor | str | None = None,
    seed: int = 0,
    store: Store | str | os.PathLike[str] | None = None,
    watcher: Watcher | None = None,
    allow_seen: bool = False,
    beside: Any = None,
) -> list[Score]: ...


@overload
def score(
    model: Any,
    benchmark: Any,
    *,
    layers: Sequence[str] | None = None,
    subjects: Sequence[str] | None = None,
    data: str | os.PathLike[str] | Dataset | None = None,
    device: str = "auto",
    executor: Executor | str | None = None,
    seed: int = 0,
    store: Store | str | os.PathLike[str] | None = None,
    watcher: Watcher | None = None,
    allow_seen: bool = False,
    beside: Any = None,
) -> Score: ...


def score(
    model: Any,
    benchmark: Any,
    *,
    layers: Sequence[str] | None = None,
    subjects: Sequence[str] | None = None,
    data: str | os.PathLike[str] | Dataset | None = None,
    device: str = "auto",
    executor: Executor | str | None = None,
    seed: int = 0,
    store: Store | str | os.PathLike[str] | None = None,
    watcher: Watcher | None = None,
    allow_seen: bool = False,
    beside: Any = None,
) -> Score | list[Score]:
    """Score a model on a benchmark.

    Finished cells are kept in the store, so an interrupted score goes on where
    it was when it is called again.

    Parameters
    ----------
    model, benchmark
        An id, a URI such as ``file:./my_model.py:my_net``, or a live object.
        A list of either gives a list of Scores, models outermost.
    layers, subjects
        Names to restrict to; all by default.
    data
        The dataset's root folder, ``"phantom"`` for its simulated twin
        (``"phantom:7"`` with another seed), a live dataset, or None for the
        folder that ``heschl fetch`` fills.
    device
        ``"cpu"``, ``"cuda"``, ... or ``"auto"``: for models that live on one, and for metrics that
        can multiply there. No result depends on it but by rounding, and no key at all.
    executor
        The name of an engine as `heschl.engines` reads it (``"processes:4"``), or anything
        shaped like `concurrent.futures.Executor`; in this process by default. Listeners who
        share a design are then cut into as many groups as it has workers.
    seed
        For every random choice of the benchmark: penalty folds, bootstraps.
    store
        The cache: a `Store` or its folder.
    watcher
        Hears of the plan and of every cell.
    allow_seen
        Test a tuned model even on what it was tuned on. The Score says so, and is never ranked.
    beside
        A tuned model to compare this one with: what that one saw is left out here too, so that
        both are fitted and tested on the same rows.

    Returns
    -------
    Score or list of Score

    Raises
    ------
    CellsFailed
        If cells failed. The others are done and kept.
    """
    lacking = [] if watcher is None else [n for n in _HEARS if not hasattr(watcher, n)]
    if lacking:
        raise InvalidInput(f"watcher={watcher!r} lacks {lacking}; see heschl.execution.Watcher")
    used_store = store if isinstance(store, Store) else Store(store)
    settings: dict[str, Any] = {
        "layers": layers,
        "subjects": subjects,
        "data": data,
        "device": device,
        "seed": seed,
        "store": used_store,
        "allow_seen": allow_seen,
        "beside": beside,
    }
    models = model if isinstance(model, list) else [model]
    benchmarks = benchmark if isinstance(benchmark, list) else [benchmark]
    with engine(executor, used_store.folder) as opened:
        scores = [
            _scored(partial(plan, m, b, **settings), used_store, opened, watcher or Silent())
            for m in models
            for b in benchmarks
        ]
    return scores if isinstance(model, list) or isinstance(benchmark, list) else scores[0]


def _scored(
    planning: Callable[[], Plan], store: Store, executor: Executor, watching: Watcher
) -> Score:
    job = ScoreJob(planning, executor, watching)
    for _ in run_jobs([job], store, executor, watching):
        pass
    assert job.score is not None  # noqa: S101  or it has raised
    return job.score
