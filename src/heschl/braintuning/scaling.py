"""How the gain of tuning goes with the size of the network, or the hours it was tuned on.

moussa2025.scaling: gain = after - before, and Spearman's correlation with the size. The rank
correlation of the mean gains is what the paper speaks of; that of each listener's own gains has an
interval over listeners.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import scipy.stats

from heschl.braintuning.pairing import Pair, by_benchmark, check_one_base, curve_of
from heschl.braintuning.report import reduced
from heschl.dimensions import ROI
from heschl.errors import InvalidInput
from heschl.statistics import bootstrap_interval, standard_error

__all__ = ["Axis", "Trend", "axis_of", "scaling", "spearman"]

Axis = Literal["hours", "weights"]
"""The hours of sound of the training stories, or the number of weights of the network."""

_LEAST = 3
"""Sizes: two are always in some order."""


@dataclass(frozen=True)
class Trend:
    """The gains of one benchmark, control and region over sizes."""

    benchmark: str
    control: str
    roi: str
    axis: Axis
    sizes: tuple[float, ...]
    gains: tuple[float, ...]
    """Of the mean over layers, each the mean over listeners."""
    errors: tuple[float, ...]
    rho: float
    """Spearman's correlation of the gains with the sizes."""
    low: float
    high: float
    """The 95 % interval of the mean of the listeners' own correlations."""
    n: int
    """Of listeners."""


def spearman(sizes: Sequence[float], gains: Sequence[float] | np.ndarray) -> float:
    """Return the rank correlation of gains with sizes; NaN where all gains are the same.

    >>> spearman([1, 2, 4, 8], [0.4, 0.3, 0.2, 0.1])
    -1.0
    """
    if len(set(np.asarray(gains).tolist())) < 2 or not np.isfinite(gains).all():  # noqa: PLR2004
        return float("nan")
    return round(float(scipy.stats.spearmanr(sizes, gains).statistic), 12)


def scaling(pairs: Sequence[Pair]) -> tuple[Trend, ...]:
    """Return how gains go with what the models differ in.

    Parameters
    ----------
    pairs
        Models of several sizes, or tuned on several parts of the stories, for each listener; the
        same for each, and three at least.

    Raises
    ------
    InvalidInput
        If models differ in both or in neither, parts of the stories are not nested, or a listener
        lacks a size.
    """
    found = []
    for benchmark, of_benchmark in _alike(pairs).items():
        axis = axis_of(of_benchmark)
        for control in dict.fromkeys(pair.control for pair in of_benchmark):
            chosen = [pair for pair in of_benchmark if pair.control == control]
            sizes, table_of = _by_size(chosen, axis)
            regions = curve_of(chosen[0])[ROI].to_numpy().tolist()
            gains = np.stack([[_gains(pair) for pair in row] for row in table_of])
            found += [
                _trend(benchmark, control, roi, axis, sizes, gains[:, :, number])
                for number, roi in enumerate(regions)
            ]
    return tuple(found)


def _alike(pairs: Sequence[Pair]) -> Mapping[str, list[Pair]]:
    """Return the pairs of each benchmark; networks of other sizes have other layers."""
    for base in dict.fromkeys(pair.card["base_digest"] for pair in pairs):
        check_one_base([pair for pair in pairs if pair.card["base_digest"] == base])
    return by_benchmark(pairs, has_same_layers=False)


def axis_of(pairs: Sequence[Pair]) -> Axis:
    """Return what the models differ in."""
    bases = {pair.card["base_digest"] for pair in pairs}
    by_listener: dict[str, set[tuple[str, ...]]] = {}
    for pair in pairs:
        stories = tuple(pair.card["plan"]["stories"]["training"])
        by_listener.setdefault(pair.subject, set()).add(stories)
    is_of_hours = any(len(each) > 1 for each in by_listener.values())
    if is_of_hours == (len(bases) > 1):
        what = "both in their bases and in" if is_of_hours else "neither in their bases nor in"
        raise InvalidInput(
            f"the models differ {what} the stories they were tuned on; a scaling curve is over one "
            "of them: tune one base with several --fraction, or several bases on the same stories"
        )
    return "hours" if is_of_hours else "weights"


def _by_size(pairs: Sequence[Pair], axis: Axis) -> tuple[tuple[float, ...], list[list[Pair]]]:
    """Return the sizes, and for each listener the pairs in their order."""
    of_listeners: dict[str, dict[Any, Pair]] = {}
    for pair in pairs:
        what = _part(pair) if axis == "hours" else pair.card["base_digest"]
        row = of_listeners.setdefault(pair.subject, {})
        if what in row:
            raise InvalidInput(
                f"two models of {pair.subject} have the same base and stories; name one of each"
            )
        row[what] = pair
    rows = []
    for subject, row in of_listeners.items():
        # Bases of one size stand in the same order for every listener.
        ordered = sorted(
            row.values(), key=lambda pair: (_size(pair, axis), str(pair.card["base_digest"]))
        )
        rows.append(ordered)
        if axis == "hours":
            for small, large in itertools.pairwise(ordered):
                if not _part(small) < _part(large):
                    raise InvalidInput(
                        f"of {subject} the stories of one model are no part of those of the next "
                        "larger one; tune on nested parts: the same --stories and --seed, and "
                        "several --fraction"
                    )
    counts = {len(row) for row in rows}
    if len(counts) > 1 or min(counts) < _LEAST:
        raise InvalidInput(
            f"listeners have {', '.join(map(str, sorted(counts)))} models; a scaling curve needs "
            f"{_LEAST} sizes or more, the same for each listener"
        )
    if axis == "weights":
        _check_same_bases(of_listeners)
    sizes = np.mean([[_size(pair, axis) for pair in row] for row in rows], axis=0)
    return tuple(sizes.tolist()), rows


def _check_same_bases(of_listeners: Mapping[str, Mapping[str, Pair]]) -> None:
    """Refuse listeners with models of other bases, whose gains no mean over listeners has."""
    (first, wanted), *others = of_listeners.items()
    for subject, row in others:
        if row.keys() != wanted.keys():
            ours, theirs = (
                ", ".join(sorted(str(pair.card["base"]) for pair in each.values()))
                for each in (wanted, row)
            )
            raise InvalidInput(
                f"{first} has models of {ours}, and {subject} of {theirs}; a scaling curve needs "
                "the same bases for each listener"
            )


def _part(pair: Pair) -> frozenset[str]:
    return frozenset(pair.card["plan"]["stories"]["training"])


def _size(pair: Pair, axis: Axis) -> float:
    name = "training_hours" if axis == "hours" else "n_weights"
    if name not in pair.card:
        raise InvalidInput(
            f"the card of the model of {pair.subject} does not tell {name}, as it is of an older "
            "release; tune again"
        )
    return float(pair.card[name])


def _gains(pair: Pair) -> np.ndarray:
    """Return what the mean over layers gained (roi,)."""
    curve = curve_of(pair).to_numpy()  # (when, layer, roi)
    before, after = reduced(np.moveaxis(curve, 1, 0), "mean")
    return np.asarray(after - before)


def _trend(
    benchmark: str,
    control: str,
    roi: str,
    axis: Axis,
    sizes: tuple[float, ...],
    gains: np.ndarray,  # (listener, size)
) -> Trend:
    gains = gains[np.isfinite(gains).all(axis=1)]
    n, nothing = len(gains), float("nan")
    own = np.array([spearman(sizes, row) for row in gains])
    low, high = bootstrap_interval(own) if n and np.isfinite(own).all() else (nothing, nothing)
    mean = gains.mean(axis=0) if n else np.full(len(sizes), nothing)
    errors = standard_error(gains) if n > 1 else np.full(len(sizes), nothing)
    return Trend(
        benchmark,
        control,
        str(roi),
        axis,
        sizes,
        tuple(mean.tolist()),
        tuple(np.asarray(errors).tolist()),
        spearman(sizes, mean),
        float(low),
        float(high),
        n,
    )
