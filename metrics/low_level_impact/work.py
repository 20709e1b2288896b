"""What the cells of a low-level impact do beside those of its alignment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import xarray as xr

from heschl.cells import Arrays, Report
from heschl.dimensions import FEATURE, FOLD, STIMULUS, TIME
from heschl.encoding import EncodingBenchmark
from heschl.encoding_rows import folds_of, responses_of, stored
from heschl.encoding_work import compute_scores, design_of, on_clock
from heschl.errors import InvalidInput
from heschl.metrics.low_level_impact.metric import delayed_rows, only_fold
from heschl.metrics.low_level_impact.residuals import Residualiser, residualise
from heschl.metrics.ridge.banded import variance_partition
from heschl.metrics.ridge.banded.spaces import SPACE
from heschl.session import Session
from heschl.temporal import is_constant, stacked

__all__ = ["about", "compute_residual_scores", "compute_residuals", "compute_unique"]

Keys = Mapping[str, str]
"""The keys of features by stimulus."""


def about(feature: str, subject: str) -> str:
    """Return what a cell of one low-level space and one listener is about."""
    return f"{feature} × {subject}"


def compute_residuals(
    alignment: EncodingBenchmark,
    session: Session,
    residualiser: Residualiser,
    features: Sequence[Keys],
    low_level: Keys,
    missing: Sequence[int],
    report: Report,
) -> Iterator[tuple[int, Arrays]]:
    """Yield what a low-level space leaves of the missing layers, on the rows of all stimuli.

    The layers share the decompositions of the low-level features.
    """
    fold = only_fold(folds_of(alignment, session, tuple(low_level)))
    known = _live_rows(alignment, session, low_level)
    layers = [
        _rows(alignment, session, features[position]).to_numpy().astype(np.float32)
        for position in missing
    ]
    residuals = residualise(layers, known.to_numpy(), fold, residualiser)
    for number, (position, values) in enumerate(zip(missing, residuals, strict=True)):
        yield position, {"values": values}
        report((number + 1) / len(missing))


def compute_residual_scores(
    alignment: EncodingBenchmark,
    session: Session,
    feature: str,
    inputs: Sequence[Keys],
    missing: Mapping[str, Sequence[int]],
    report: Report,
) -> Iterator[tuple[str, int, Arrays]]:
    """Yield the unit scores of listeners who heard the same, from residuals.

    ``inputs`` has for each layer under every stimulus the one key of its residual.
    """
    of_subject = {name.removeprefix(about(feature, "")): rows for name, rows in missing.items()}
    found = compute_scores(alignment, session, inputs, of_subject, report, _design_of_residual)
    for subject, position, arrays in found:
        yield about(feature, subject), position, arrays


def compute_unique(
    alignment: EncodingBenchmark,
    session: Session,
    subject: str,
    features: Sequence[Keys],
    low_level: Mapping[str, Keys],
    missing: Sequence[int],
    report: Report,
) -> Iterator[tuple[int, Arrays]]:
    """Yield for the missing layers the R² of units that layer or low-level space explain alone.

    ``layer``, ``space`` and ``shared`` are (low_level, unit): the parts of `variance_partition`,
    with one penalty for both.
    """
    stimuli = tuple(features[0])
    responses = responses_of(alignment, session, stimuli, subject)
    folds = folds_of(alignment, session, stimuli)
    for number, position in enumerate(missing):
        of_layer = design_of(alignment, session, features[position])
        parts: dict[str, list[np.ndarray]] = {"layer": [], "space": [], "shared": []}
        for keys in low_level.values():
            rows = _live_rows(alignment, session, keys)
            beside = delayed_rows(rows.to_numpy(), rows[STIMULUS].to_numpy(), alignment.delays)
            both = np.hstack([of_layer.to_numpy(), beside])
            spaces = np.repeat(["layer", "space"], [of_layer.shape[1], beside.shape[1]])
            design = xr.DataArray(both, dims=(TIME, FEATURE), coords={SPACE: (FEATURE, spaces)})
            found = variance_partition(
                design,
                responses,
                folds,
                alignment.metric.estimator,  # type: ignore[attr-defined]  # of Ridge
                seed=session.seed,
            )["part"].mean(FOLD)
            for name, part in (("layer", "layer"), ("space", "space"), ("shared", "layer & space")):
                parts[name].append(found.sel(partition=part).to_numpy())
        yield position, {name: np.stack(values) for name, values in parts.items()}
        report((number + 1) / len(missing))


def _rows(alignment: EncodingBenchmark, session: Session, keys: Keys) -> xr.DataArray:
    """Return z-scored features of all stimuli (time, feature), as a design has them before lags."""
    features = {name: on_clock(alignment, session, name, key) for name, key in keys.items()}
    return stacked(features, standardise=alignment.standardise)


def _live_rows(alignment: EncodingBenchmark, session: Session, keys: Keys) -> xr.DataArray:
    """Return the same of the columns that vary within a stimulus; others would be all zero.

    Stimuli are read one at a time, twice: most of 59,319 triphones are never heard, and all of
    them for all stories would not fit.
    """
    live: np.ndarray = np.zeros(0, dtype=bool)
    for name, key in keys.items():
        varies = ~is_constant(on_clock(alignment, session, name, key).to_numpy())
        live = varies if not live.size else live | varies
    kept = live if live.any() else np.arange(len(live)) == 0
    features = {}
    for name, key in keys.items():
        features[name] = on_clock(alignment, session, name, key)[:, kept].copy()
    return stacked(features, standardise=alignment.standardise)


def _design_of_residual(alignment: EncodingBenchmark, session: Session, keys: Keys) -> xr.DataArray:
    """Return the design of a residual: delayed within stimuli, and not z-scored again.

    What is left of a unit that low-level features explain is next to nothing, and stays so.
    """
    (key,) = set(keys.values())
    values = stored(session, key, "residuals")["values"]
    dataset = session.dataset.get()
    clocks = {name: dataset.clock(name)[alignment.rows(name)] for name in keys}
    n_rows = sum(map(len, clocks.values()))
    if len(values) != n_rows:
        raise InvalidInput(
            f"the residuals have {len(values)} rows and the responses {n_rows}; an impact compares "
            "fits on the same rows of the same stories"
        )
    rows, stop = {}, 0
    for name, clock in clocks.items():
        start, stop = stop, stop + len(clock)
        rows[name] = xr.DataArray(
            values[start:stop].astype(np.float64), dims=(TIME, FEATURE), coords={TIME: clock}
        )
    return stacked(rows, standardise=False, delays=alignment.delays)
