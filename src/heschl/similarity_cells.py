"""The cells of a similarity benchmark: what each is about, and everything that it depends on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from heschl.ceilings import NoCeiling
from heschl.cells import Cell
from heschl.encoding_cells import feature_cell
from heschl.encoding_rows import fingerprint_of, row_labels
from heschl.errors import InvalidInput
from heschl.session import Session
from heschl.similarity_work import (
    compute_comparison,
    compute_listener,
    compute_model,
    compute_topline,
)

if TYPE_CHECKING:
    from heschl.similarity import SimilarityBenchmark

__all__ = ["similarity_cells"]

_NUMERICS = 1
"""Raised whenever the same declaration and inputs give other numbers, by a change here or in
`similarity_work`."""


def similarity_cells(benchmark: SimilarityBenchmark, session: Session) -> list[Cell]:
    """Return the work of a benchmark, stage by stage.

    Features by stimulus; geometries by listener; those of the model, layer by layer; how alike
    listeners are to each other, in one cell; and each listener's comparison with the model.
    """
    stimuli = _stimuli(benchmark, session)
    features = {stimulus: feature_cell(benchmark, session, stimulus) for stimulus in stimuli}
    # A ceiling is a property of the data: those on disk give it, whoever is scored.
    has_ceiling = not isinstance(benchmark.ceiling, NoCeiling)
    heard = session.dataset.get().subjects() if has_ceiling else session.subjects
    listeners = {subject: _listener_cell(benchmark, session, stimuli, subject) for subject in heard}
    model = _model_cell(benchmark, session, features)
    topline = [_topline_cell(benchmark, session, stimuli, listeners)] if has_ceiling else []
    scores = [
        _score_cell(benchmark, session, stimuli, subject, model, listeners[subject])
        for subject in session.subjects
    ]
    return [*features.values(), *listeners.values(), model, *topline, *scores]


def _stimuli(benchmark: SimilarityBenchmark, session: Session) -> tuple[str, ...]:
    """Return the sounds that all listeners heard, in order, with one response of each."""
    dataset = session.dataset.get()
    heard = {subject: dataset.stimuli_of(subject) for subject in dataset.subjects()}
    first = next(iter(heard))
    for subject, stimuli in heard.items():
        if stimuli != heard[first]:
            raise InvalidInput(
                f"{subject} heard {len(stimuli)} sounds of {dataset.card.id} and {first} "
                f"{len(heard[first])}, not the same in the same order; {benchmark.card.id} "
                "compares geometries of the same sounds alone"
            )
    for stimulus in heard[first]:
        if len(dataset.clock(stimulus)) != 1:
            raise InvalidInput(
                f"{dataset.card.id} has {len(dataset.clock(stimulus))} responses to {stimulus!r}; "
                f"{benchmark.card.id} compares sounds that have one each"
            )
    return tuple(heard[first])


def _listener_cell(
    benchmark: SimilarityBenchmark, session: Session, stimuli: Sequence[str], subject: str
) -> Cell:
    configuration = {
        "stage": "geometries",
        "numerics": _NUMERICS,
        "metric": benchmark.metric,
        "rois": benchmark.rois,
        "recording": {
            "content": fingerprint_of(session.dataset.get(), subject, stimuli),
            "code": session.dataset_code,
        },
        "subject": subject,
        "stimuli": stimuli,
    }
    return Cell(
        "geometries",
        subject,
        f"geometries of {subject}",
        (configuration,),
        partial(compute_listener, benchmark, session, stimuli, subject),
    )


def _model_cell(
    benchmark: SimilarityBenchmark, session: Session, features: Mapping[str, Cell]
) -> Cell:
    keys = [
        {stimulus: cell.keys[position] for stimulus, cell in features.items()}
        for position in range(len(session.layers))
    ]
    # Names in a configuration are sorted: the order of the sounds, and of pairs, has to be said.
    shared = {
        "stage": "model",
        "numerics": _NUMERICS,
        "metric": benchmark.metric,
        "stimuli": tuple(features),
    }
    return Cell(
        "model",
        session.model_id,
        f"geometries of {session.model_id}",
        tuple({**shared, "features": of_layer} for of_layer in keys),
        partial(compute_model, benchmark, session, keys),
    )


def _topline_cell(
    benchmark: SimilarityBenchmark,
    session: Session,
    stimuli: Sequence[str],
    listeners: Mapping[str, Cell],
) -> Cell:
    keys = {subject: cell.keys[0] for subject, cell in listeners.items()}
    configuration = {
        "stage": "ceiling",
        "numerics": _NUMERICS,
        "metric": benchmark.metric,
        "ceiling": benchmark.ceiling,
        "listeners": keys,
        **_rows(benchmark, session, stimuli),
    }
    return Cell(
        "ceiling",
        "listeners",
        "listeners with each other",
        (configuration,),
        partial(compute_topline, benchmark, session, stimuli, keys),
    )


def _score_cell(
    benchmark: SimilarityBenchmark,
    session: Session,
    stimuli: Sequence[str],
    subject: str,
    model: Cell,
    listener: Cell,
) -> Cell:
    configuration = {
        "stage": "scores",
        "numerics": _NUMERICS,
        "metric": benchmark.metric,
        "model": model.keys,
        "listener": listener.keys[0],
        "seed": session.seed,
        **_rows(benchmark, session, stimuli),
    }
    return Cell(
        "scores",
        subject,
        f"{session.model_id} × {subject}",
        (configuration,),
        partial(compute_comparison, benchmark, session, stimuli, model.keys, listener.keys[0]),
    )


def _rows(
    benchmark: SimilarityBenchmark, session: Session, stimuli: Sequence[str]
) -> dict[str, Any]:
    """Return what decides the folds."""
    dataset = session.dataset.get()
    labels = {stimulus: row_labels(dataset, stimulus) for stimulus in stimuli}
    return {"splitter": benchmark.splitter, "stimuli": stimuli, "labels": labels}
