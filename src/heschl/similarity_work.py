"""What the cells of a similarity benchmark do; they run wherever the executor puts them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from heschl.cells import Arrays, Report
from heschl.dimensions import UNIT
from heschl.encoding_rows import folds_of, stored
from heschl.errors import MissingData
from heschl.gathering import membership
from heschl.session import Session
from heschl.temporal import stacked

if TYPE_CHECKING:
    from heschl.similarity import SimilarityBenchmark

__all__ = ["compute_comparison", "compute_listener", "compute_model", "compute_topline"]

_MINIMUM_UNITS = 2
"""A pattern of one unit points nowhere."""

_MINIMUM_LISTENERS = 2


def compute_listener(
    benchmark: SimilarityBenchmark,
    session: Session,
    stimuli: Sequence[str],
    subject: str,
    _missing: Sequence[int],
    _report: Report,
) -> Iterator[tuple[int, Arrays]]:
    """Yield one listener's geometries (roi, pair), NaN where a region has fewer than two units."""
    dataset = session.dataset.get()
    recording = dataset.recording(subject, stimuli)
    finite = recording.finite_units()
    responses = stacked(
        {name: recording.responses[name] for name in stimuli}, kept=finite, standardise=False
    )
    patterns = responses.to_numpy()
    in_roi = membership(dataset, subject, responses[UNIT].to_numpy(), benchmark.rois)
    geometries = np.full((len(in_roi), _n_pairs(stimuli)), np.nan)
    for number, is_member in enumerate(in_roi):
        if is_member.sum() >= _MINIMUM_UNITS:
            geometries[number] = benchmark.metric.geometry(patterns[:, is_member])
    yield (
        0,
        {
            "geometry": geometries,
            "n_units": in_roi.sum(axis=1),
            "n_units_dropped": np.array(np.count_nonzero(~finite)),
        },
    )


def compute_model(
    benchmark: SimilarityBenchmark,
    session: Session,
    keys: Sequence[Mapping[str, str]],
    missing: Sequence[int],
    report: Report,
) -> Iterator[tuple[int, Arrays]]:
    """Yield the geometry (pair,) of each missing layer, of the features under ``keys``."""
    for n_done, position in enumerate(missing, start=1):
        patterns = np.concatenate(
            [
                stored(session, key, f"the features of {stimulus}")["values"]
                for stimulus, key in keys[position].items()
            ]
        )
        yield position, {"geometry": benchmark.metric.geometry(patterns.astype(np.float64))}
        report(n_done / len(missing))


def compute_topline(
    benchmark: SimilarityBenchmark,
    session: Session,
    stimuli: Sequence[str],
    keys: Mapping[str, str],
    _missing: Sequence[int],
    _report: Report,
) -> Iterator[tuple[int, Arrays]]:
    """Yield how alike each listener is to the mean of the others, ``ceiling`` (listener, roi)."""
    geometries = np.stack(
        [stored(session, key, f"geometries of {name}")["geometry"] for name, key in keys.items()]
    )
    is_there = np.isfinite(geometries).all(axis=2)
    folds = folds_of(benchmark, session, stimuli)
    ceiling = np.full(is_there.shape, np.nan)
    for roi, have in enumerate(is_there.T):
        if have.sum() >= _MINIMUM_LISTENERS:
            ceiling[have, roi] = benchmark.metric.topline(geometries[have, roi], folds)
    if np.isnan(ceiling[:, 0]).all():
        raise MissingData(
            f"{is_there[:, 0].sum()} listener has a geometry of {benchmark.rois[0]!r}, and the "
            f"topline of {benchmark.card.id} needs {_MINIMUM_LISTENERS}; fetch more listeners"
        )
    yield 0, {"ceiling": ceiling}


def compute_comparison(
    benchmark: SimilarityBenchmark,
    session: Session,
    stimuli: Sequence[str],
    models: Sequence[str],
    listener: str,
    _missing: Sequence[int],
    _report: Report,
) -> Iterator[tuple[int, Arrays]]:
    """Yield what the metric finds, with ``roi`` last, NaN where there is no geometry."""
    layers = np.stack([stored(session, key, "a layer's geometry")["geometry"] for key in models])
    parts = stored(session, listener, "a listener's geometries")["geometry"]
    is_there = np.isfinite(parts).all(axis=1)
    if not is_there.any():
        raise MissingData(
            f"no region of {', '.join(benchmark.rois)} has the {_MINIMUM_UNITS} units that a "
            "geometry takes; leave this listener out"
        )
    found = benchmark.metric.compare(
        layers,
        parts[is_there],
        folds_of(benchmark, session, stimuli),
        stimuli,
        seed=session.seed,
    )
    yield 0, {name: _in_all(np.asarray(values), is_there) for name, values in found.items()}


def _in_all(values: np.ndarray, is_there: np.ndarray) -> np.ndarray:
    """Return values (..., part) as (..., roi): -1 for no choice, False for no flag, or NaN."""
    absent = {"f": np.nan, "i": -1, "b": False}[values.dtype.kind]
    kind = np.float32 if values.ndim > 2 else values.dtype  # noqa: PLR2004  draws are many
    everywhere = np.full((*values.shape[:-1], len(is_there)), absent, dtype=kind)
    everywhere[..., is_there] = values
    return everywhere


def _n_pairs(stimuli: Sequence[str]) -> int:
    return len(stimuli) * (len(stimuli) - 1) // 2
