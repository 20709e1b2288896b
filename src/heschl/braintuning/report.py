"""Before against after: what tuning changed, listener by listener, region by region.

Each listener has a model that was tuned on that listener, and one number before and one after for
each benchmark, layer and region: moussa2025.alignment, .low_level_impact, .downstream and
.semantic_phonetic, with the scalars of moussa2025h. What a benchmark says of no listener is one
number of the base, against which each listener's tuned model is set.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from heschl.braintuning.pairing import Pair, by_benchmark, check_one_base, curve_of
from heschl.dimensions import LAYER, ROI, SUBJECT
from heschl.errors import InvalidInput
from heschl.statistics import bootstrap_interval, standard_error, testability_floor, wilcoxon

__all__ = ["SCALARS", "Change", "Curves", "Report", "late_slope", "reduced", "report"]

SCALARS = {
    "mean": "over layers",
    "last layer": "its value",
    "slope": "over the later half of layers, per layer",
    "peak layer": "the number of the layer with the largest value, from 1",
}
"""What is compared, and what it is."""


@dataclass(frozen=True)
class Change:
    """What tuning, or a control of it, changed in one scalar and region."""

    benchmark: str
    control: str
    """``none`` is the tuned model."""
    roi: str
    scalar: str
    before: float
    after: float
    difference: float
    error: float
    low: float
    high: float
    p: float
    n: int
    floor: float
    """The smallest p that so many listeners can reach."""


@dataclass(frozen=True, eq=False)
class Curves:
    """The values (when, subject, layer, roi) before and after, of one benchmark and control."""

    benchmark: str
    control: str
    values: xr.DataArray


@dataclass(frozen=True, eq=False)
class Report:
    """All that is told of some tuned models."""

    changes: tuple[Change, ...]
    curves: tuple[Curves, ...]
    cards: tuple[Mapping[str, Any], ...]
    data_kind: str

    @property
    def benchmarks(self) -> tuple[str, ...]:
        """What the models were scored on."""
        return tuple(dict.fromkeys(each.benchmark for each in self.curves))


def late_slope(curve: np.ndarray) -> np.ndarray:
    """Return the least-squares slope over the later half of layers (layer, ...), per layer.

    Of twelve layers these are 7 to 12.

    >>> float(late_slope(np.arange(12.0) / 4))
    0.25
    """
    late = curve[len(curve) - len(curve) // 2 :]
    if len(late) < 2:  # noqa: PLR2004
        return np.full(curve.shape[1:], np.nan)
    steps = np.arange(len(late)) - (len(late) - 1) / 2
    return np.asarray(np.tensordot(steps, late, axes=1) / np.square(steps).sum())


def report(pairs: Sequence[Pair]) -> Report:
    """Return what tuning changed.

    Parameters
    ----------
    pairs
        A tuned model for each listener, each control and each benchmark.

    Raises
    ------
    InvalidInput
        If the models have not one base and dataset, a benchmark's Scores not one version, the same
        rows, layers and regions, or a listener has two models of one kind.
    """
    of_benchmarks = by_benchmark(pairs)
    check_one_base(pairs)
    curves = tuple(
        Curves(benchmark, control, _curves(of_control))
        for benchmark, of_benchmark in of_benchmarks.items()
        for control, of_control in _by_control(of_benchmark).items()
    )
    changes = tuple(
        _change(each, roi, scalar)
        for benchmark in of_benchmarks
        for roi in next(c for c in curves if c.benchmark == benchmark).values[ROI].to_numpy()
        for each in curves
        if each.benchmark == benchmark
        for scalar in _told(each.values.sizes[LAYER])
    )
    cards = {(pair.control, pair.subject): pair.card for pair in pairs}
    return Report(
        changes, curves, tuple(cards.values()), str(pairs[0].after.tree.attrs["data_kind"])
    )


def _told(n_layers: int) -> tuple[str, ...]:
    """Return the scalars that say something of so many layers."""
    if n_layers == 1:
        return ("mean",)
    return tuple(name for name in SCALARS if name != "slope" or n_layers // 2 > 1)


def _by_control(pairs: Sequence[Pair]) -> dict[str, dict[str, Pair]]:
    """Return each control's pairs by listener, the tuned models first."""
    found: dict[str, dict[str, Pair]] = {}
    for pair in pairs:
        of_control = found.setdefault(pair.control, {})
        if pair.subject in of_control:
            raise InvalidInput(
                f"two models of {pair.subject} have the control {pair.control!r}; name one"
            )
        of_control[pair.subject] = pair
    return {name: found[name] for name in sorted(found, key=lambda name: (name != "none", name))}


def _curves(pairs: Mapping[str, Pair]) -> xr.DataArray:
    """Return the values (when, subject, layer, roi) of one benchmark and control."""
    rows = [curve_of(pair).expand_dims({SUBJECT: [name]}) for name, pair in pairs.items()]
    return xr.concat(rows, SUBJECT, join="exact").transpose("when", SUBJECT, LAYER, ROI)


def _change(curves: Curves, roi: str, scalar: str) -> Change:
    """Return what changed in one region, over the listeners who have the region."""
    values = curves.values.sel({ROI: roi}).to_numpy()
    values = values[:, np.isfinite(values).all(axis=(0, 2))]
    before, after = reduced(np.moveaxis(values, 2, 0), scalar)
    difference, nothing = after - before, float("nan")
    n = len(difference)
    # None have the region, or there are too few layers for a slope.
    is_known = n > 0 and bool(np.isfinite(difference).all())
    low, high = bootstrap_interval(difference) if is_known else (nothing, nothing)
    return Change(
        curves.benchmark,
        curves.control,
        str(roi),
        scalar,
        before=float(before.mean()) if is_known else nothing,
        after=float(after.mean()) if is_known else nothing,
        difference=float(difference.mean()) if is_known else nothing,
        error=float(standard_error(difference)) if is_known and n > 1 else nothing,
        low=float(low),
        high=float(high),
        p=wilcoxon(difference).p if is_known else nothing,
        n=n,
        floor=testability_floor(n) if n else nothing,
    )


def reduced(curves: np.ndarray, scalar: str) -> np.ndarray:
    """Return one number (when, subject) for each curve (layer, when, subject)."""
    if scalar == "mean":
        return np.asarray(curves.mean(axis=0))
    if scalar == "last layer":
        return np.asarray(curves[-1])
    return late_slope(curves) if scalar == "slope" else curves.argmax(axis=0) + 1.0
