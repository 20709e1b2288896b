"""What the cells of ceilings do: from repeats of a stimulus, or from other listeners of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
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
from heschl.splits import Fold
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
        listeners = _own_and_others(benchmark, session, recording, kept, shared)
        del recording  # gigabytes that have told all
        found = _from_others(benchmark, session, listeners)
    elif callable(benchmark.ceiling):
        repeats = _tested_repeats(benchmark, session, recording, kept)
        del recording  # as above
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
        n_rows = len(recording.responses[stimulus][benchmark.rows(stimulus)])
        if not number:
            units = recording.units
            total = np.zeros((n_rows, len(units)), np.float32)
            count = np.zeros(len(units), np.int64)
        if n_rows != len(total) or not np.array_equal(recording.units, units):
            raise InvalidInput(
                f"{subject} has {n_rows} rows of {len(recording.units)} units for {stimulus!r}, "
                f"{subjects[0]} {len(total)} of {len(units)}; a shared ceiling needs the same rows "
                "and units for all listeners"
            )
        finite = _is_finite(recording, stimulus)
        for columns, responses in _in_parts(benchmark, recording, stimulus, finite):
            total[:, columns] += responses
        count += finite
        del recording  # before the next one is read
        report((number + 1) / len(subjects))
    yield 0, {"total": total, "count": count}


@dataclass(frozen=True)
class _Listeners:
    """A listener's responses, the mean of the others, and which units can be compared."""

    own: xr.DataArray
    """(time, unit) of the scored units."""
    others: np.ndarray
    """(time, unit) of the units that enough others have."""
    pairs: np.ndarray
    """(2, unit): places in ``own`` and in ``others`` of the units that both have."""
    folds: Sequence[Fold]


def _own_and_others(
    benchmark: EncodingBenchmark,
    session: Session,
    recording: Recording,
    kept: np.ndarray,
    shared: Mapping[str, str],
) -> _Listeners:
    """Return what a ceiling is made of; the sums of ``shared`` are let go one by one."""
    of_all = {
        name: stored(session, key, f"the listeners of {name}") for name, key in shared.items()
    }
    # Who is not finite in a unit is not in its sum.
    is_in = {name: _is_finite(recording, name) for name in shared}
    n_others = {name: of_all[name]["count"] - is_in[name] for name in shared}
    has_others = np.all([each >= MINIMUM_SUBJECTS - 1 for each in n_others.values()], axis=0)
    others = np.empty(
        (sum(len(each["total"]) for each in of_all.values()), has_others.sum()), np.float32
    )
    stop = 0
    for name in shared:
        mean = of_all.pop(name)["total"]
        for columns, responses in _in_parts(benchmark, recording, name, is_in[name]):
            mean[:, columns] -= responses
        mean /= np.maximum(n_others[name], 1)
        start, stop = stop, stop + len(mean)
        np.compress(has_others, mean, axis=1, out=others[start:stop])
        del mean  # of a whole brain, as large as what is kept of it
    own = stacked(
        {name: recording.responses[name].isel({TIME: benchmark.rows(name)}) for name in shared},
        kept=kept,
        standardise=benchmark.standardise,
    )
    clocks = {name: recording.responses[name][TIME].to_numpy() for name in shared}
    return _Listeners(
        own,
        others,
        np.stack([np.flatnonzero(has_others[kept]), np.flatnonzero(kept[has_others])]),
        benchmark.splitter.folds(labels_of_rows(benchmark, session.dataset.get(), clocks)),
    )


def _from_others(benchmark: EncodingBenchmark, session: Session, listeners: _Listeners) -> Arrays:
    """Return a listener's ceiling from the mean of the others, and that of each unit by itself.

    Both are NaN where too few others have a unit: that says nothing of what listeners share there.
    """
    own, others = listeners.own, listeners.others
    univariate = np.full(own.sizes[UNIT], np.nan)
    for first in range(0, listeners.pairs.shape[1], _UNITS_AT_ONCE):
        mine, theirs = listeners.pairs[:, first : first + _UNITS_AT_ONCE]
        univariate[mine] = SharedCorrelation().of_listener(own[:, mine], others[:, theirs])
    if isinstance(benchmark.ceiling, SharedCorrelation):
        return {"ceiling": univariate}
    found = cast("SharedCeiling", benchmark.ceiling).of_listener(
        own, others, listeners.folds, benchmark.metric, seed=session.seed
    )
    ceiling = np.full(own.sizes[UNIT], np.nan)
    ceiling[listeners.pairs[0]] = found[listeners.pairs[0]]
    return {"ceiling": ceiling, "univariate": univariate}


def _is_finite(recording: Recording, stimulus: str) -> np.ndarray:
    """Return which units (unit,) are finite in every row of one stimulus."""
    return np.asarray(np.isfinite(recording.responses[stimulus].to_numpy()).all(axis=0))


def _in_parts(
    benchmark: EncodingBenchmark, recording: Recording, stimulus: str, kept: np.ndarray
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield some of the kept columns, and the rows that enter as they are scored (row, column)."""
    rows = recording.responses[stimulus].isel({TIME: benchmark.rows(stimulus)})
    kept_columns = np.flatnonzero(kept)
    for first in range(0, len(kept_columns), _UNITS_AT_ONCE):
        columns = kept_columns[first : first + _UNITS_AT_ONCE]
        part = stacked({stimulus: rows[:, columns]}, standardise=benchmark.standardise)
        yield columns, part.to_numpy()
