"""What the cells of an encoding benchmark do; they run wherever the executor puts them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from heschl.cells import Arrays, Cell, Report
from heschl.contracts import Metric, shares_designs
from heschl.dimensions import FEATURE, FOLD, REPEAT, STIMULUS, TIME, UNIT
from heschl.errors import EntryLost, InvalidInput, MissingData
from heschl.extraction import extract
from heschl.gathering import SubjectScores
from heschl.recording import Recording
from heschl.session import Session
from heschl.splits import Fold
from heschl.temporal import stacked

if TYPE_CHECKING:
    from heschl.encoding import EncodingBenchmark

__all__ = [
    "compute_ceiling",
    "compute_features",
    "compute_scores",
    "labels_of_rows",
    "subject_scores",
]

RESPONSES_BYTES = 2**30
"""Of listeners who are scored together, held in memory at once; one who needs more is alone."""


def compute_features(
    benchmark: EncodingBenchmark,
    session: Session,
    stimulus: str,
    missing: Sequence[int],
    report: Report,
) -> Iterator[tuple[int, Arrays]]:
    """Yield the missing layers of one stimulus, float32 (row, unit) on the recording's clock."""
    dataset = session.dataset.get()
    names = [session.layers[position] for position in missing]
    values = extract(
        session.model.get(),
        dataset.stimuli()[stimulus],
        names,
        benchmark.windowing,
        benchmark.resampler,
        dataset.clock(stimulus),
        event_stamp=benchmark.event_stamp,
        precision=benchmark.precision,
        report=report,
    )
    for position, name in zip(missing, names, strict=True):
        yield position, {"values": values[name]}


def compute_ceiling(
    benchmark: EncodingBenchmark,
    session: Session,
    subject: str,
    _missing: Sequence[int],
    _report: Report,
) -> Iterator[tuple[int, Arrays]]:
    """Yield the ceiling of one listener's finite units, on exactly the rows that are scored."""
    recording = session.dataset.get().recording(subject, benchmark.stimuli(session, subject))
    finite = recording.finite_units()
    tested = _tested_stimuli(benchmark, recording)
    repeated = {name: recording.repeats[name] for name in tested if name in recording.repeats}
    units = recording.units[finite]
    del recording  # gigabytes that have told all
    if not repeated:
        raise MissingData(
            f"{subject} has no single repeats of {', '.join(tested)}; the ceiling "
            f"{benchmark.ceiling.kind} needs them"
        )
    repeats = xr.concat(
        [
            each.isel({TIME: benchmark.rows(stimulus), UNIT: finite})
            for stimulus, each in repeated.items()
        ],
        TIME,
        join="exact",
    )
    ceiling = benchmark.ceiling(repeats, seed=session.seed)
    yield (
        0,
        {
            "ceiling": ceiling.to_numpy(),
            "unit": units,
            "n_repeats": np.asarray(repeats.sizes[REPEAT]),
            "n_units_dropped": np.asarray((~finite).sum()),
        },
    )


def _tested_stimuli(benchmark: EncodingBenchmark, recording: Recording) -> list[str]:
    """Return the stimuli with rows that are scored: a ceiling is of those rows alone."""
    labels = labels_of_rows(
        benchmark, {name: each[TIME].to_numpy() for name, each in recording.responses.items()}
    )
    folds = benchmark.splitter.folds(labels)
    tested = {str(name) for fold in folds for name in labels[STIMULUS][fold.test]}
    return [name for name in recording.responses if name in tested]


def labels_of_rows(
    benchmark: EncodingBenchmark, clocks: Mapping[str, np.ndarray]
) -> dict[str, Any]:
    """Return stimulus and time of every row that enters, from the times of each stimulus."""
    times = {name: clock[benchmark.rows(name)] for name, clock in clocks.items()}
    return {
        STIMULUS: np.concatenate([[name] * len(rows) for name, rows in times.items()]),
        TIME: np.concatenate(list(times.values())),
    }


def compute_scores(
    benchmark: EncodingBenchmark,
    session: Session,
    inputs: Sequence[Mapping[str, str]],
    missing: Mapping[str, Sequence[int]],
    report: Report,
) -> Iterator[tuple[str, int, Arrays]]:
    """Yield the unit scores of listeners who heard the same, a layer at a time.

    Parameters
    ----------
    benchmark, session
        What is scored.
    inputs
        For each layer the keys of the features of each stimulus, in the order of the rows.
    missing
        The listeners and, for each, the positions of the layers.
    report
        Hears of every layer.
    """
    n_done, n_all = 0, sum(map(len, missing.values()))
    for responses in _parts(benchmark, session, tuple(inputs[0]), missing):
        for found in _scores_of(benchmark, session, inputs, responses, missing):
            yield found
            n_done += 1
            report(n_done / n_all)


def _parts(
    benchmark: EncodingBenchmark, session: Session, stimuli: Sequence[str], subjects: Iterable[str]
) -> Iterator[dict[str, xr.DataArray]]:
    """Yield the responses of so many listeners at a time as memory is meant to hold.

    The next listener is expected to take as much as the largest before. What
    was yielded is let go before more is read.
    """
    part: dict[str, xr.DataArray] = {}
    largest = 0
    for subject in subjects:
        if part and sum(each.nbytes for each in part.values()) + largest > RESPONSES_BYTES:
            yield part
            part.clear()
        part[subject] = _responses(benchmark, session, stimuli, subject)
        largest = max(largest, part[subject].nbytes)
    yield part


def _responses(
    benchmark: EncodingBenchmark, session: Session, stimuli: Sequence[str], subject: str
) -> xr.DataArray:
    """Return one listener's responses (time, unit), z-scored, of the units that are finite."""
    dataset = session.dataset.get()
    recording = dataset.recording(subject, stimuli)
    for stimulus in stimuli:
        if not np.array_equal(recording.responses[stimulus][TIME], dataset.clock(stimulus)):
            raise InvalidInput(
                f"the recording of {subject} for {stimulus!r} is on another clock than "
                f"{dataset.card.id}.clock({stimulus!r})"
            )
    return stacked(
        {name: recording.responses[name].isel({TIME: benchmark.rows(name)}) for name in stimuli},
        kept=recording.finite_units(),
    )


def _scores_of(
    benchmark: EncodingBenchmark,
    session: Session,
    inputs: Sequence[Mapping[str, str]],
    responses: Mapping[str, xr.DataArray],
    missing: Mapping[str, Sequence[int]],
) -> Iterator[tuple[str, int, Arrays]]:
    """Yield the missing unit scores of some listeners, one design a layer."""
    rows = next(iter(responses.values()))
    folds = benchmark.splitter.folds({name: rows[name].to_numpy() for name in (STIMULUS, TIME)})
    for position, keys in enumerate(inputs):
        lacking = {name: each for name, each in responses.items() if position in missing[name]}
        if not lacking:
            continue
        design = _design(benchmark, session, keys)
        for subject, result in _scored(benchmark.metric, design, lacking, folds, session.seed):
            arrays = {
                "score": result["score"].mean(FOLD).to_numpy(),
                "alpha": result["alpha"].transpose(FOLD, UNIT).to_numpy(),
                "flag_constant": result["flag_constant"].astype(bool).any(FOLD).to_numpy(),
                "unit": responses[subject][UNIT].to_numpy(),
            }
            yield subject, position, arrays


def _scored(
    metric: Metric,
    design: xr.DataArray,
    recordings: Mapping[str, xr.DataArray],
    folds: Sequence[Fold],
    seed: int,
) -> Iterator[tuple[str, xr.Dataset]]:
    """Yield the scores of recordings that share a design, made at once if the metric can."""
    if shares_designs(metric):
        yield from metric.score_many(design, recordings, folds, seed=seed).items()
        return
    for subject, responses in recordings.items():
        yield subject, metric(design, responses, folds, seed=seed)


def _design(
    benchmark: EncodingBenchmark, session: Session, keys: Mapping[str, str]
) -> xr.DataArray:
    """Return the design (time, feature) of one layer from the features under ``keys``."""
    dataset = session.dataset.get()
    features = {}
    for stimulus, key in keys.items():
        values = _stored(session, key, f"the features of {stimulus}")["values"]
        on_clock = xr.DataArray(
            values.astype(np.float64), dims=(TIME, FEATURE), coords={TIME: dataset.clock(stimulus)}
        )
        features[stimulus] = on_clock.isel({TIME: benchmark.rows(stimulus)})
    return stacked(features, delays=benchmark.delays)


def _stored(session: Session, key: str, what: str) -> dict[str, np.ndarray]:
    arrays = session.store.read(key)
    if arrays is None:
        raise EntryLost(f"{what} ({key[:12]}) is not in {session.store}; run the same again")
    return arrays


def subject_scores(
    benchmark: EncodingBenchmark, session: Session, subject: str, ceiling: Cell, score: Cell
) -> SubjectScores:
    """Read one listener's results from the store."""
    stimuli, dataset = benchmark.stimuli(session, subject), session.dataset.get()
    labels = labels_of_rows(benchmark, {name: dataset.clock(name) for name in stimuli})
    folds = benchmark.splitter.folds(labels)
    noise = _stored(session, ceiling.keys[0], ceiling.label)
    layers = [_stored(session, key, score.label) for key in score.keys]
    return SubjectScores(
        subject=subject,
        unit=noise["unit"],
        score=np.stack([layer["score"] for layer in layers]),
        alpha=np.stack([layer["alpha"] for layer in layers]),
        flag_constant=np.stack([layer["flag_constant"] for layer in layers]),
        ceiling=noise["ceiling"],
        n_repeats=int(noise["n_repeats"]),
        n_units_dropped=int(noise["n_units_dropped"]),
        n_stimuli=len(stimuli),
        n_train=min(len(fold.train) for fold in folds),
        n_test=len(np.unique(np.concatenate([fold.test for fold in folds]))),
    )
