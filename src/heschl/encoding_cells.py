"""The cells of an encoding benchmark: what each is about, and everything that it depends on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from heschl.ceiling_work import compute_ceiling, compute_shared
from heschl.cells import Cell, Shared
from heschl.choice_work import compute_choice
from heschl.configuration import array_digest, canonical_json, describe
from heschl.contracts import AnyModel, Dataset, SpeechModel, TextModel, Traits
from heschl.encoding_rows import fingerprint_of, row_labels
from heschl.encoding_work import Hearing, compute_features, compute_scores
from heschl.errors import BrokenPlugin, InvalidInput, MissingData
from heschl.event_rendering import EventStamp
from heschl.passes import planned_windows
from heschl.session import Session
from heschl.shared_ceilings import MINIMUM_SUBJECTS
from heschl.sound import RESAMPLING, Stimulus
from heschl.unheard import required_alignment
from heschl.windowing import Windowing

if TYPE_CHECKING:
    from heschl.encoding import EncodingBenchmark

__all__ = [
    "check_can_take",
    "encoding_cells",
    "feature_cell",
    "heard_input",
    "listeners",
    "on_device",
    "promises",
    "score_cell",
]

_NUMERICS = 1
"""Raised whenever the same declaration and inputs give other numbers, by a change here or in
`encoding_work`, `extraction`, `passes` or `temporal`, so that nothing older is served."""

_LONGEST_PAUSE_S = 60.0
"""How long before or after a sound a response to it may have been taken."""

_SHARED_CEILING_NUMERICS = 2
"""The same of ceilings from other listeners; 1 had 0 where too few others have a unit."""


def encoding_cells(benchmark: EncodingBenchmark, session: Session) -> list[Cell]:
    """Return the work of a benchmark, stage by stage.

    Features by stimulus; where listeners share a ceiling, their sums by stimulus; then ceilings,
    scores and, where layers are chosen for each unit, choices by listener. The metric multiplies on
    the device asked for, which no key depends on.
    """
    benchmark = on_device(benchmark, session.asked_device)
    heard = {subject: benchmark.stimuli(session, subject) for subject in session.subjects}
    _check_rows(benchmark, session, heard)
    stimuli = tuple(dict.fromkeys(name for names in heard.values() for name in names))
    features = {stimulus: feature_cell(benchmark, session, stimulus) for stimulus in stimuli}
    sums = _shared_cells(benchmark, session, stimuli)
    ceilings = [_ceiling_cell(benchmark, session, *each, sums) for each in heard.items()]
    scores = {
        subject: score_cell(benchmark, session, subject, inputs, shared)
        for names, subjects in listeners(benchmark, session).items()
        for inputs in [_inputs(session, names, features)]
        # Who heard the same shares every design.
        for shared in [Shared(names, partial(compute_scores, benchmark, session, inputs))]
        for subject in subjects
    }
    of_listeners = [scores[subject] for subject in session.subjects]
    choices = (
        [_choice_cell(benchmark, session, cell) for cell in of_listeners]
        if benchmark.layer_rule != "nested"
        else []
    )
    return [*features.values(), *sums.values(), *ceilings, *of_listeners, *choices]


def _check_rows(
    benchmark: EncodingBenchmark, session: Session, heard: Mapping[str, Sequence[str]]
) -> None:
    """Refuse z-scores and delays within stimuli that are too short for them: all would be zero."""
    dataset = session.dataset.get()
    names = dict.fromkeys(name for of_listener in heard.values() for name in of_listener)
    most = max(len(dataset.clock(name)[benchmark.rows(name)]) for name in names)
    if benchmark.standardise and most == 1:
        raise InvalidInput(
            f"{benchmark.card.id} z-scores over the rows of each stimulus, of which none of "
            f"{dataset.card.id} has more than one; give standardise=False"
        )
    nearest = min(map(abs, benchmark.delays), default=0)
    if most and nearest >= most:
        raise InvalidInput(
            f"{benchmark.card.id} delays features by {nearest} rows or more within each stimulus, "
            f"of which none of {dataset.card.id} has more than {most}; give delays=()"
        )


def listeners(benchmark: EncodingBenchmark, session: Session) -> dict[tuple[str, ...], list[str]]:
    """Return the listeners by the stimuli that they heard."""
    found: dict[tuple[str, ...], list[str]] = {}
    for subject in session.subjects:
        found.setdefault(benchmark.stimuli(session, subject), []).append(subject)
    return found


def on_device(benchmark: EncodingBenchmark, device: str) -> EncodingBenchmark:
    """Return a benchmark with its metric on a device, if that can be moved."""
    metric = benchmark.metric
    if not hasattr(metric, "on"):
        return benchmark
    moved = metric.on(device)
    if canonical_json(moved) != canonical_json(metric):
        raise BrokenPlugin(
            f"the metric {metric.card.id!r} has another configuration on {device!r}; keep out of "
            "it where the metric multiplies, so that results are found again"
        )
    return replace(benchmark, metric=moved)


def check_can_take(model: AnyModel, stimulus: Stimulus, windowing: Windowing) -> None:
    """Refuse, before any work, a stimulus that a model cannot hear or read."""
    if hasattr(model, "forward"):
        planned_windows(cast("SpeechModel", model), stimulus, windowing)
    elif hasattr(model, "read"):
        required_alignment(cast("TextModel", model), stimulus)


def _check_clock(dataset: Dataset, stimulus: str, clock: np.ndarray) -> None:
    """Refuse times that cannot be seconds of the sound: rows that no frame reaches are zeros."""
    duration_s = dataset.stimuli()[stimulus].sound.duration_s
    is_near = (clock > -_LONGEST_PAUSE_S) & (clock < duration_s + _LONGEST_PAUSE_S)
    if len(clock) and is_near.mean() < 0.5:  # noqa: PLR2004  most of them
        raise InvalidInput(
            f"{dataset.card.id}.clock({stimulus!r}) has times from {clock[0]:g} to {clock[-1]:g}, "
            f"though the sound lasts {duration_s:g} s; give seconds from its beginning, neither "
            "milliseconds nor samples"
        )


def feature_cell(benchmark: Hearing, session: Session, stimulus: str) -> Cell:
    """Return the cell of one stimulus, which all benchmarks that hear it alike share."""
    dataset, model = session.dataset.get(), session.model.get()
    clock = dataset.clock(stimulus)
    _check_clock(dataset, stimulus, clock)
    check_can_take(model, dataset.stimuli()[stimulus], benchmark.windowing)
    layers = {layer.name: layer for layer in model.layers}
    shared = {
        "stage": "features",
        "numerics": _NUMERICS,
        "model": session.model_version,
        "input": heard_input(model, dataset.stimuli()[stimulus], benchmark.event_stamp),
        "windowing": benchmark.windowing,
        "event_stamp": benchmark.event_stamp,
        "precision": benchmark.precision,
        "frame_scaling": benchmark.frame_scaling,
        "resampler": benchmark.resampler,
        "clock": array_digest(clock),
        **promises(model),
    }
    return Cell(
        "features",
        stimulus,
        f"{session.model_id} × {stimulus}",
        tuple({**shared, "layer": describe(layers[name])} for name in session.layers),
        partial(compute_features, benchmark, session, stimulus),
        n_bytes=sum(4 * len(clock) * layers[name].width for name in session.layers),
        heard=(stimulus,),
        uses_device=session.may_use_device,
        where=session.device_here,
    )


def _shared_cells(
    benchmark: EncodingBenchmark, session: Session, stimuli: Sequence[str]
) -> dict[str, Cell]:
    """Return the cells that add up the responses of all who heard a stimulus, if there are enough.

    They are the listeners on disk, whoever is scored: a ceiling is a property of the data.
    """
    if not hasattr(benchmark.ceiling, "of_listener"):
        return {}
    dataset = session.dataset.get()
    heard = {
        subject: set(dataset.stimuli_of(subject))
        for subject in dataset.subjects()
        if subject not in benchmark.left_out
    }
    cells = {}
    for stimulus in stimuli:
        subjects = tuple(subject for subject, names in heard.items() if stimulus in names)
        if len(subjects) < MINIMUM_SUBJECTS:
            continue
        configuration = {
            "stage": "shared",
            "numerics": _NUMERICS,
            "stimulus": stimulus,
            "subjects": subjects,
            "skipped_rows": benchmark.skipped_rows,
            "standardise": benchmark.standardise,
            "recordings": {
                subject: fingerprint_of(dataset, subject, (stimulus,)) for subject in subjects
            },
            "code": session.dataset_code,
        }
        cells[stimulus] = Cell(
            "shared",
            stimulus,
            f"listeners of {stimulus}",
            (configuration,),
            partial(compute_shared, benchmark, session, stimulus, subjects),
        )
    return cells


def _ceiling_cell(
    benchmark: EncodingBenchmark,
    session: Session,
    subject: str,
    stimuli: Sequence[str],
    sums: Mapping[str, Cell],
) -> Cell:
    configuration = {
        "stage": "ceiling",
        "numerics": _NUMERICS,
        "ceiling": benchmark.ceiling,
        "units": benchmark.units,
        "splitter": benchmark.splitter,
        "labels": _labels(session, stimuli),
        "skipped_rows": benchmark.skipped_rows,
        "recording": _recording(session, subject, stimuli),
        "subject": subject,
        "stimuli": stimuli,
        "seed": session.seed,
    }
    shared: dict[str, str] = {}
    if hasattr(benchmark.ceiling, "of_listener"):
        shared = {name: sums[name].keys[0] for name in stimuli if name in sums}
        if not shared:
            raise MissingData(
                f"the ceiling {benchmark.ceiling.kind} of {benchmark.card.id} needs "
                f"{MINIMUM_SUBJECTS} listeners of a stimulus, and {subject} heard none that as "
                "many heard; fetch more listeners"
            )
        configuration |= {
            "numerics": _SHARED_CEILING_NUMERICS,
            "shared": shared,
            "metric": benchmark.metric,
        }
    return Cell(
        "ceiling",
        subject,
        f"ceiling of {subject}",
        (configuration,),
        partial(compute_ceiling, benchmark, session, subject, shared),
    )


def score_cell(
    benchmark: EncodingBenchmark,
    session: Session,
    subject: str,
    inputs: Sequence[Mapping[str, str]],
    compute: Shared,
) -> Cell:
    """Return the cell of one listener's unit scores, an entry for each layer.

    ``inputs`` has for each layer the keys of what its design is made of, by stimulus.
    """
    # Ceilings and regions come in when unit scores are gathered, and change none of them; nor does
    # who else is scored.
    settings = {
        name: value
        for name, value in benchmark.configuration().items()
        if name not in ("ceiling", "rois", "unit_average", "left_out")
    }
    stimuli = tuple(inputs[0])
    shared = {
        "stage": "scores",
        "numerics": _NUMERICS,
        "benchmark": settings,
        "labels": _labels(session, stimuli),
        "unit_of_uncertainty": benchmark.card.unit_of_uncertainty,
        "recording": _recording(session, subject, stimuli),
        "subject": subject,
        # Rows and folds go by the order of stimuli, and names of mappings are sorted in keys.
        "stimuli": stimuli,
        "seed": session.seed,
    }
    return Cell(
        "scores",
        subject,
        f"{session.model_id} × {subject}",
        tuple({**shared, "features": keys} for keys in inputs),
        compute,
    )


def _choice_cell(benchmark: EncodingBenchmark, session: Session, scores: Cell) -> Cell:
    configuration = {
        "stage": "choice",
        "numerics": _NUMERICS,
        "rule": benchmark.layer_rule,
        "fold_average": benchmark.fold_average,
        "seed": session.seed,
        "scores": scores.keys,
    }
    return Cell(
        "choice",
        scores.about,
        f"layers of {scores.about}",
        (configuration,),
        partial(compute_choice, benchmark, session, scores.about, scores.keys),
    )


def _labels(session: Session, stimuli: Sequence[str]) -> dict[str, dict[str, str]]:
    dataset = session.dataset.get()
    return {name: row_labels(dataset, name) for name in stimuli}


def _recording(session: Session, subject: str, stimuli: Sequence[str]) -> dict[str, str | None]:
    """Return digests of what a listener's responses are read from, and of what reads them."""
    fingerprint = fingerprint_of(session.dataset.get(), subject, stimuli)
    return {"content": fingerprint, "code": session.dataset_code}


def _inputs(
    session: Session, stimuli: Sequence[str], features: Mapping[str, Cell]
) -> list[dict[str, str]]:
    """Return for each layer the keys of the features of each stimulus."""
    return [
        {stimulus: features[stimulus].keys[position] for stimulus in stimuli}
        for position in range(len(session.layers))
    ]


def heard_input(
    model: AnyModel, stimulus: Stimulus, event_stamp: EventStamp = "repeat"
) -> dict[str, Any]:
    """Return digests of what a model gets to hear or to read, or the name that it looks up."""
    if hasattr(model, "forward"):
        return {"sound": stimulus.sound.digest, "resampling": RESAMPLING}
    if hasattr(model, "frames"):
        return {"name": stimulus.identifier}
    alignment = stimulus.alignment
    read: dict[str, Any] = {"alignment": alignment.digest if alignment else None}
    if event_stamp in ("hold", "repeat"):
        # Frames go on, in silence, from the last word to the end of the sound.
        read["duration_s"] = stimulus.sound.duration_s
    return read


def promises(model: AnyModel) -> dict[str, Any]:
    """Return those of a model's traits that decide how it is called, as far as it has any.

    A promise that was not kept has given other numbers than those after it was taken back.
    """
    if not hasattr(model, "forward"):
        return {}
    traits = cast("SpeechModel", model).traits
    made = {
        name: getattr(traits, name)
        for name in ("is_local", "is_padding_safe", "minimum_samples")
        if getattr(traits, name) != getattr(Traits(), name)
    }
    return {"promises": made} if made else {}
