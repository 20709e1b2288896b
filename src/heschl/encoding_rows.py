"""The rows of an encoding benchmark: their labels, their folds, and the responses in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol, cast

import numpy as np
import xarray as xr

from heschl.contracts import Dataset, Labelling
from heschl.dimensions import REPEAT, ROI, STIMULUS, TIME, UNIT
from heschl.errors import (
    BrokenPlugin,
    EntryLost,
    InvalidInput,
    MissingData,
    UnknownName,
    near_names,
)
from heschl.recording import Recording
from heschl.session import Session
from heschl.splits import Fold, Splitter
from heschl.temporal import stacked
from heschl.wording import some

if TYPE_CHECKING:
    from heschl.encoding import EncodingBenchmark

__all__ = [
    "fingerprint_of",
    "folds_of",
    "labels_of_rows",
    "repeats_of",
    "responses_of",
    "row_labels",
    "stored",
    "units_of",
]


def fingerprint_of(dataset: Dataset, subject: str, stimuli: Sequence[str]) -> str:
    """Return a dataset's fingerprint, without which other data would pass for these."""
    fingerprint = dataset.fingerprint(subject, stimuli)
    if not isinstance(fingerprint, str) or not fingerprint:
        raise BrokenPlugin(
            f"{dataset.card.id}.fingerprint({subject!r}, ...) gave {fingerprint!r}; expected a "
            "text that changes with every byte that is read, such as a hash of the files"
        )
    return fingerprint


def row_labels(dataset: Dataset, stimulus: str) -> dict[str, str]:
    """Return what a dataset says of all rows of a stimulus, such as its category or speaker."""
    if not hasattr(dataset, "row_labels"):
        return {}
    labels = cast("Labelling", dataset).row_labels(stimulus)
    reserved = {STIMULUS, TIME, UNIT} & set(labels)
    if reserved or not all(isinstance(value, str) for value in labels.values()):
        raise BrokenPlugin(
            f"{dataset.card.id}.row_labels({stimulus!r}) gave {dict(labels)!r}; expected texts, "
            f"under other names than {STIMULUS}, {TIME} and {UNIT}"
        )
    return dict(labels)


class Split(Protocol):
    """What of a benchmark decides which rows train and which test."""

    @property
    def splitter(self) -> Splitter:
        """Cuts labelled rows into folds."""

    def rows(self, stimulus: str) -> slice:
        """Return the rows of a stimulus that enter."""


def labels_of_rows(
    benchmark: Split, dataset: Dataset, clocks: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """Return stimulus, time and the dataset's labels of every row that enters (row,)."""
    times = {name: clock[benchmark.rows(name)] for name, clock in clocks.items()}
    labels = {name: {STIMULUS: name, **row_labels(dataset, name)} for name in times}
    found: dict[str, np.ndarray] = {TIME: np.concatenate(list(times.values()))}
    first, own = next(iter(labels.items()))
    for name, of_stimulus in labels.items():
        if of_stimulus.keys() != own.keys():
            raise BrokenPlugin(
                f"{dataset.card.id}.row_labels names {sorted(of_stimulus)} for {name!r} and "
                f"{sorted(own)} for {first!r}; name the same for every stimulus"
            )
    for label in own:
        found[label] = np.concatenate(
            [[labels[name][label]] * len(rows) for name, rows in times.items()]
        )
    return found


def folds_of(benchmark: Split, session: Session, stimuli: Sequence[str]) -> tuple[Fold, ...]:
    """Return the folds of the rows of stimuli."""
    dataset = session.dataset.get()
    clocks = {name: dataset.clock(name) for name in stimuli}
    return benchmark.splitter.folds(labels_of_rows(benchmark, dataset, clocks))


def responses_of(
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
        kept=units_of(benchmark, session, recording),
        standardise=benchmark.standardise,
    )


def units_of(benchmark: EncodingBenchmark, session: Session, recording: Recording) -> np.ndarray:
    """Return which of a listener's units are scored, as booleans (unit,)."""
    finite = recording.finite_units()
    if benchmark.units is None:
        return finite
    membership = session.dataset.get().rois(recording.subject)
    known = membership[ROI].to_numpy().tolist()
    if benchmark.units not in known:
        raise UnknownName(
            f"{benchmark.card.id} scores the units of {benchmark.units!r}, a region that "
            f"{recording.subject} has not; {near_names(benchmark.units, known)}"
        )
    inside = membership.sel({ROI: benchmark.units, UNIT: recording.units}).to_numpy().astype(bool)
    if not (finite & inside).any():
        raise MissingData(
            f"no unit of {recording.subject} in {benchmark.units!r} has finite responses; leave "
            "this listener out"
        )
    return np.asarray(finite & inside)


def repeats_of(
    benchmark: EncodingBenchmark, session: Session, stimuli: Sequence[str], subject: str
) -> xr.DataArray:
    """Return one listener's single presentations (repeat, time, unit), row for row as responses."""
    recording = session.dataset.get().recording(subject, stimuli)
    lacking = [name for name in stimuli if name not in recording.repeats]
    n_repeats = {each.sizes[REPEAT] for each in recording.repeats.values()}
    if lacking or len(n_repeats) != 1:
        raise MissingData(
            f"{subject} has no single presentations of {some(lacking)}; the metric needs them"
            if lacking
            else f"{subject} heard stimuli {sorted(n_repeats)} times; the metric needs all "
            "stimuli as often"
        )
    kept = units_of(benchmark, session, recording)
    return xr.concat(
        [
            stacked(
                {
                    name: recording.repeats[name].isel({REPEAT: number, TIME: benchmark.rows(name)})
                    for name in stimuli
                },
                kept=kept,
                standardise=benchmark.standardise,
            )
            for number in range(n_repeats.pop())
        ],
        REPEAT,
    )


def stored(session: Session, key: str, what: str) -> dict[str, np.ndarray]:
    """Return the arrays of an entry of the store, which a cell before this one made."""
    arrays = session.store.read(key)
    if arrays is None:
        raise EntryLost(f"{what} ({key[:12]}) is not in {session.store}; run the same again")
    return arrays
