"""What the cells of ceilings do: from repeats of a stimulus, or from other listeners of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, cast

import numpy as np
import xarray as xr

from heschl.cells import Arrays, Report
from heschl.dimensions import REPEAT, STIMULUS, TIME, UNIT
from heschl.encoding_rows import labels_of_rows, stored, units_of
from heschl.errors import InvalidInput, MissingData
from heschl.recording import Recording
from heschl.session import Session
from heschl.shared_ceilings import MINIMUM_SUBJECTS, SharedCeiling, SharedCorrelation
from heschl.temporal import stacked

if TYPE_CHECKING:
    from heschl.encoding import EncodingBenchmark

__all__ = ["compute_ceiling", "compute_shared"]

_UNITS_AT_ONCE = 4096
"""Bounds the memory of intermediate results; it changes no number."""


def compute_ceiling(
    benchmark: EncodingBenchmark,
    session: Session,
    subject: str,
    shared: Mapping[str, str],
    _missing: Sequence[int],
    _report: Report,
) -> Iterator[tuple[int, Arrays]]:
    """Yield the ceiling of one listener's scored units, on exactly the rows that are scored.

    ``shared`` are the keys of what `compute_shared` made of the stimuli.
    """
    recording = session.dataset.get().recording(subject, benchmark.stimuli(session, subject))
    kept = units_of(benchmark, session, recording)
    arrays: dict[str, np.ndarray] = {
        "unit": recording.units[kept],
        "n_units_dropped": np.asarray((~recording.finite_units()).sum()),
        "n_repeats": np.asarray(1),
    }
    if hasattr(benchmark.ceiling, "of_listener"):
        found = _from_others(benchmark, session, recording, kept, shared)
    elif callable(benchmark.ceiling):
        repeats = _tested_repeats(benchmark, session, recording, kept)
        del recording  # gigabytes that have told all
        ceiling = benchmark.ceiling(repeats, seed=session.seed)
        found = {
            "ceiling": ceiling.to_numpy(),
            "n_repeats": np.asarray(repeats.sizes[REPEAT]),
        }
    else:
        found = {"ceiling": np.ones(kept.sum())}
    yield 0, {**arrays, **found}


def _tested_repeats(
    benchmark: EncodingBenchmark, session: Session, recording: Recording, kept: np.ndarray
) -> xr.DataArray:
    """Return the repeats (repeat, time, unit) of the rows that are scored and were repeated."""
    tested = _tested_stimuli(benchmark, session, recording)
    repeated = {name: recording.repeats[name] for name in tested if name in recording.repeats}
    if not repeated:
        raise MissingData(
            f"{recording.subject} has no single repeats of {', '.join(tested)}; the ceiling "
            f"{benchmark.ceiling.kind} needs them"
        )
    # Where stimuli were heard more or less often, the rectangle that tells most of the noise.
    counts = {name: each.sizes[REPEAT] for name, each in repeated.items()}
    n_repeats = max(
        set(counts.values()),
        key=lambda n: (n - 1) * sum(len(repeated[name][0]) for name in counts if counts[name] >= n),
    )
    return xr.concat(
        [
            each.isel({REPEAT: slice(n_repeats), TIME: benchmark.rows(stimulus), UNIT: kept})
            for stimulus, each in repeated.items()
            if counts[stimulus] >= n_repeats
        ],
        TIME,
        join="exact",
    )


def _tested_stimuli(
    benchmark: EncodingBenchmark, session: Session, recording: Recording
) -> list[str]:
    """Return the stimuli with rows that are scored: a ceiling is of those rows alone."""
    clocks = {name: each[TIME].to_numpy() for name, each in recording.responses.items()}
    labels = labels_of_rows(benchmark, session.dataset.get(), clocks)
    folds = benchmark.splitter.folds(labels)
    tested = {str(name) for fold in folds for name in labels[STIMULUS][fold.test]}
    return [name for name in recording.responses if name in tested]


def compute_shared(
    benchmark: EncodingBenchmark,
    session: Session,
    stimulus: str,
    subjects: Sequence[str],
    _missing: Sequence[int],
    report: Report,
) -> Iterator[tuple[int, Arrays]]:
    """Yield the sum over listeners of their responses to one stimulus, and how many are in it.

    ``total`` is float32 (row, unit) and ``count`` (unit,): a unit that is not finite in a listener
    has that one left out.
    """
    total, count, units = np.empty(0), np.empty(0), np.empty(0)
    for number, subject in enumerate(subjects):
        recording = session.dataset.get().recording(subject, (stimulus,))
        if not number:
            units = recording.units
            n_rows = len(recording.responses[stimulus][benchmark.rows(stimulus)])
            total = np.zeros((n_rows, len(units)), np.float32)
            count = np.zeros(len(units), np.int64)
        finite = _is_finite(recording, stimulus)
        responses = _rows(benchmark, recording, (stimulus,), finite)
        if len(responses) != len(total) or not np.array_equal(recording.units, units):
            raise InvalidInput(
                f"{subject} has {len(responses)} rows of {len(recording.units)} units for "
                f"{stimulus!r}, {subjects[0]} {len(total)} of {len(units)}; a shared ceiling needs "
                "the same rows and units for all listeners"
            )
        total[:, finite] += responses.to_numpy()
        count += finite
        report((number + 1) / len(subjects))
    yield 0, {"total": total, "count": count}


def _from_others(
    benchmark: EncodingBenchmark,
    session: Session,
    recording: Recording,
    kept: np.ndarray,
    shared: Mapping[str, str],
) -> Arrays:
    """Return a listener's ceiling from the mean of the others, and that of each unit by itself."""
    of_all = {
        name: stored(session, key, f"the listeners of {name}") for name, key in shared.items()
    }
    # Who is not finite in a unit is not in its sum.
    is_in = {name: _is_finite(recording, name) for name in shared}
    n_others = {name: of_all[name]["count"] - is_in[name] for name in shared}
    has_others = np.all([each >= MINIMUM_SUBJECTS - 1 for each in n_others.values()], axis=0)
    rest = []
    for name in shared:
        mean = of_all.pop(name)["total"]
        mean[:, is_in[name]] -= _rows(benchmark, recording, (name,), is_in[name]).to_numpy()
        mean /= np.maximum(n_others[name], 1)
        rest.append(mean[:, has_others])
        del mean  # of a whole brain, as large as what is kept of it
    others = np.concatenate(rest)
    del rest
    own = _rows(benchmark, recording, tuple(shared), kept)
    clocks = {name: recording.responses[name][TIME].to_numpy() for name in shared}
    folds = benchmark.splitter.folds(labels_of_rows(benchmark, session.dataset.get(), clocks))
    usable, comparable = has_others[kept], kept[has_others]
    univariate = np.zeros(kept.sum())
    pairs = np.stack([np.flatnonzero(usable), np.flatnonzero(comparable)])
    for first in range(0, pairs.shape[1], _UNITS_AT_ONCE):
        mine, theirs = pairs[:, first : first + _UNITS_AT_ONCE]
        univariate[mine] = SharedCorrelation().of_listener(own[:, mine], others[:, theirs])
    if isinstance(benchmark.ceiling, SharedCorrelation):
        return {"ceiling": univariate}
    ceiling = cast("SharedCeiling", benchmark.ceiling).of_listener(
        own, others, folds, benchmark.metric, seed=session.seed
    )
    return {"ceiling": np.where(usable, ceiling, 0), "univariate": univariate}


def _is_finite(recording: Recording, stimulus: str) -> np.ndarray:
    """Return which units (unit,) are finite in every row of one stimulus."""
    return np.asarray(np.isfinite(recording.responses[stimulus].to_numpy()).all(axis=0))


def _rows(
    benchmark: EncodingBenchmark,
    recording: Recording,
    stimuli: Sequence[str],
    kept: np.ndarray,
) -> xr.DataArray:
    """Return a listener's responses (time, unit) of the rows that enter, as they are scored."""
    return stacked(
        {name: recording.responses[name].isel({TIME: benchmark.rows(name)}) for name in stimuli},
        kept=kept,
        standardise=benchmark.standardise,
    )
