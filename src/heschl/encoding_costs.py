"""What the cells of an encoding benchmark will take, from shapes alone."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from heschl.cell_costs import CellCost
from heschl.cells import Cell
from heschl.encoding_rows import folds_of
from heschl.encoding_work import RESPONSES_BYTES
from heschl.session import Session

if TYPE_CHECKING:
    from heschl.encoding import EncodingBenchmark

__all__ = ["encoding_cost"]

_BYTES = 4
"""Of a response."""

_STACKED_BYTES_S = 100e6
"""Of responses checked, standardised and stacked in a second of a processor."""

_CEILING_BYTES_S = 20e6
"""Of responses whose ceiling is made in a second of a processor."""

_DESIGN_BYTES_S = 200e6
"""Of a design in float64 that is stacked, standardised and delayed in a second."""

_FIRST_S = 0.02
"""Seconds for the calls and files of a cell, however small it is."""

_COPIES = 4
"""Of a listener's responses in memory: as read, stacked, standardised in float64."""


def encoding_cost(
    benchmark: EncodingBenchmark, session: Session, cells: Sequence[Cell]
) -> CellCost | None:
    """Return the cost of cells of one stage that are made together; None if it is not known.

    All listeners are taken to have as many units as the first of them.
    """
    stage, listener = cells[0].stage, cells[0].about
    if stage == "shared":
        return _of_sum(benchmark, session, cells)
    if stage == "choice":
        n_bytes = sum(_numbers(benchmark, session, cell.about) for cell in cells)
        return CellCost(_FIRST_S * len(session.layers), n_bytes)
    n_bytes = _BYTES * _numbers(benchmark, session, listener)
    read_s = _reading(session).row_s * _n_rows(
        benchmark, session, benchmark.stimuli(session, listener)
    )
    if stage == "ceiling":
        return CellCost(_FIRST_S + read_s + n_bytes / _CEILING_BYTES_S, _COPIES * n_bytes)
    if stage == "scores":
        read_s += n_bytes / _STACKED_BYTES_S
        return _of_scores(benchmark, session, cells, n_bytes, read_s)
    return None


def _of_scores(
    benchmark: EncodingBenchmark,
    session: Session,
    cells: Sequence[Cell],
    n_bytes: float,
    read_s: float,
) -> CellCost | None:
    """Return the cost of unit scores, of listeners with so many bytes, each read in ``read_s``."""
    if not hasattr(benchmark.metric, "cost"):
        return None
    stimuli = benchmark.stimuli(session, cells[0].about)
    folds = folds_of(benchmark, session, stimuli)
    n_rows = _n_rows(benchmark, session, stimuli)
    n_units = _n_units(session)
    widths = {layer.name: layer.width for layer in session.model.get().layers}
    seconds = len(cells) * (_FIRST_S + read_s)
    largest = 0.0
    for position, layer in enumerate(session.layers):
        lacking = [cell for cell in cells if position in cell.missing(session.store)]
        if not lacking:
            continue
        n_features = widths[layer] * max(len(benchmark.delays), 1)
        solved = benchmark.metric.cost(
            n_rows, n_features, n_units * len(lacking), folds, seed=session.seed
        )
        if solved is None:
            return None
        design = 8.0 * n_rows * n_features
        seconds += solved[0] + _FIRST_S * len(lacking) + design / _DESIGN_BYTES_S
        largest = max(largest, solved[1] + 3 * design)
    held = min(len(cells) * n_bytes, max(RESPONSES_BYTES, n_bytes))
    return CellCost(seconds, held + (_COPIES - 1) * n_bytes + largest)


def _of_sum(
    benchmark: EncodingBenchmark, session: Session, cells: Sequence[Cell]
) -> CellCost | None:
    """Return the cost of adding up all who heard a stimulus."""
    dataset = session.dataset.get()
    seconds = memory = 0.0
    for cell in cells:
        heard = [name for name in dataset.subjects() if cell.about in dataset.stimuli_of(name)]
        n_rows = _n_rows(benchmark, session, (cell.about,))
        n_bytes = _BYTES * n_rows * _n_units(session)
        each_s = n_rows * _reading(session).row_s + n_bytes / _STACKED_BYTES_S
        seconds += _FIRST_S + len(heard) * each_s
        memory = max(memory, _COPIES * n_bytes)
    return CellCost(seconds, memory)


def _numbers(benchmark: EncodingBenchmark, session: Session, listener: str) -> float:
    """Return how many responses of a listener there are."""
    stimuli = benchmark.stimuli(session, listener)
    return float(_n_rows(benchmark, session, stimuli) * _n_units(session))


def _n_rows(benchmark: EncodingBenchmark, session: Session, stimuli: Sequence[str]) -> int:
    dataset = session.dataset.get()
    return sum(len(dataset.clock(name)[benchmark.rows(name)]) for name in stimuli)


def _n_units(session: Session) -> int:
    return _reading(session).n_units


@dataclass(frozen=True)
class _Reading:
    """How large a listener's recordings are, and how long they take to read."""

    dataset: Any
    """Held, so that its identity is not given twice."""
    n_units: int
    row_s: float


_known: dict[int, _Reading] = {}


def _reading(session: Session) -> _Reading:
    """Read a little of one listener's recordings: every format and disk has a pace of its own."""
    dataset, listener = session.dataset.get(), session.subjects[0]
    if id(dataset) not in _known:
        stimuli = dataset.stimuli_of(listener)
        # A file for each story, or one for all of hundreds of sounds.
        chosen = stimuli if all(len(dataset.clock(name)) == 1 for name in stimuli) else stimuli[:1]
        dataset.recording(listener, chosen)  # imports what reads
        begin = time.process_time()
        recording = dataset.recording(listener, chosen)
        seconds = time.process_time() - begin
        n_rows = sum(map(len, recording.responses.values()))
        _known.clear()
        _known[id(dataset)] = _Reading(dataset, len(recording.units), seconds / n_rows)
    return _known[id(dataset)]
