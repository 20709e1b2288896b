"""From resampled features to rows of a design: trimming, z-scoring, delays, stacking.

Every step works within one stimulus, before stimuli are stacked, so that no
row ever depends on another stimulus.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import xarray as xr

from heschl.clocks import Average, HemodynamicResponse, Lanczos, Resampler
from heschl.dimensions import STIMULUS, TIME
from heschl.errors import InvalidInput

__all__ = [
    "Average",
    "HemodynamicResponse",
    "Lanczos",
    "Resampler",
    "Trim",
    "delayed",
    "is_constant",
    "stacked",
    "zscore",
]

Rows = TypeVar("Rows", np.ndarray, xr.DataArray)

_CONSTANT = 1e-13
"""A spread this small beside the values themselves is rounding, not signal."""


_COLUMNS_AT_ONCE = 4096
"""Bounds the memory of intermediate results; it changes no number."""


@dataclass(frozen=True)
class Trim:
    """Rows to drop at each end of a stimulus.

    >>> Trim(start=2, end=1)(np.arange(6)).tolist()
    [2, 3, 4]
    """

    start: int = 0
    end: int = 0

    def __post_init__(self) -> None:
        """Refuse negative counts, which would drop the wrong end."""
        if self.start < 0 or self.end < 0:
            raise InvalidInput(f"Trim({self.start}, {self.end}); both are counts, 0 or more")

    def __call__(self, values: Rows) -> Rows:
        """Return the rows that are left of ``values`` (row, ...)."""
        n_rows = len(values)
        if n_rows <= self.start + self.end:
            raise InvalidInput(
                f"a stimulus has {n_rows} rows, of which {self.start} + {self.end} are to be "
                "trimmed; leave it out or trim less"
            )
        return values[self.start : n_rows - self.end]


def is_constant(values: np.ndarray) -> np.ndarray:
    """Return which columns of ``values`` (row, ...) do not vary beyond rounding."""
    spread = values.max(axis=0) - values.min(axis=0)
    return np.asarray(spread <= _CONSTANT * np.abs(values).max(axis=0))


def zscore(values: np.ndarray) -> np.ndarray:
    """Return float64 ``values`` (row, ...) with mean 0 and population sd 1 over rows.

    Constant columns become 0.

    >>> zscore(np.array([[1.0, 5.0], [3.0, 5.0]])).tolist()
    [[-1.0, 0.0], [1.0, 0.0]]
    """
    # One layout, so that sums are in one order and units may be permuted without a change.
    standard = np.array(values, dtype=np.float64, order="C")
    if not len(standard) or not np.isfinite(standard).all():
        raise InvalidInput(
            f"values of shape {standard.shape} to z-score hold no row or a non-finite number; "
            "drop such columns first"
        )
    is_flat = is_constant(standard)
    standard -= standard.mean(axis=0)
    # Squares of very small or large columns would leave the range of floats.
    standard /= np.where(is_flat, 1.0, np.abs(standard).max(axis=0))
    standard /= np.where(is_flat, 1.0, standard.std(axis=0))
    standard[:, is_flat] = 0.0
    return standard


def delayed(values: np.ndarray, delays: Sequence[int]) -> np.ndarray:
    """Return copies of one stimulus, shifted later by each delay and filled with zeros.

    Parameters
    ----------
    values
        Rows of one stimulus (row, feature).
    delays
        In rows; negative ones look into the future.

    Returns
    -------
    np.ndarray
        (row, delay x feature): all features at the first delay, then at the next.

    >>> delayed(np.array([[1.0], [2.0], [3.0]]), delays=(0, 1)).tolist()
    [[1.0, 0.0], [2.0, 1.0], [3.0, 2.0]]
    """
    try:
        n_rows, n_features = values.shape
    except ValueError:
        raise InvalidInput(
            f"values to delay have shape {values.shape}; expected (row, feature)"
        ) from None
    if not delays or len(set(delays)) < len(delays) or any(d != int(d) for d in delays):
        raise InvalidInput(f"delays {tuple(delays)}; expected different whole numbers of rows")
    shifted = np.zeros((n_rows, len(delays), n_features), dtype=values.dtype)
    for position, delay in enumerate(delays):
        if delay >= 0:
            shifted[delay:, position] = values[: max(n_rows - delay, 0)]
        else:
            shifted[:delay, position] = values[-delay:]
    return shifted.reshape(n_rows, len(delays) * n_features)


def stacked(
    stories: Mapping[str, xr.DataArray],
    *,
    kept: np.ndarray | None = None,
    trim: Trim | None = None,
    standardise: bool = True,
    delays: Sequence[int] = (),
) -> xr.DataArray:
    """Stack stimuli after trimming, z-scoring and delaying each by itself, in this order.

    Serves designs and responses alike, so that their rows match. Memory: beside
    ``stories``, the result and, where there are delays, copies of one stimulus.

    Parameters
    ----------
    stories
        For each stimulus, in the order wanted, (time, column) with the
        coordinate ``time`` in seconds.
    kept
        Which columns to keep, as booleans (column,); all by default.
    trim
        Rows to drop at the ends of each stimulus; none by default.
    standardise
        Whether to z-score each column of each stimulus.
    delays
        FIR delays in rows (see `delayed`); none by default.

    Returns
    -------
    xr.DataArray
        (time, column) in float64, or in float32 if all stimuli are (computed in
        float64 all the same), with the coordinates ``time`` (seconds of its
        own stimulus) and ``stimulus`` for each row, those of the columns, and
        ``delay`` for each column where delays are given.
    """
    columns = _checked_columns(stories)
    numbers = np.arange(len(columns)) if kept is None else np.flatnonzero(kept)
    columns = columns[numbers]
    trimmed = {name: (trim or Trim())(story) for name, story in stories.items()}
    lengths = [len(story) for story in trimmed.values()]
    copies = max(len(delays), 1)
    # The responses of a whole brain, loaded in float32, would not fit twice in float64.
    is_single = all(story.dtype == np.float32 for story in trimmed.values())
    rows = np.empty((sum(lengths), copies * len(columns)), np.float32 if is_single else np.float64)
    stop = 0
    for story in trimmed.values():
        values = story.to_numpy()
        start, stop = stop, stop + len(values)
        if delays:
            whole = values[:, numbers]
            rows[start:stop] = delayed(zscore(whole) if standardise else whole, delays)
            continue
        # A story of an hour of a whole brain would not fit twice, nor once in float64.
        for first in range(0, len(numbers), _COLUMNS_AT_ONCE):
            block = slice(first, first + _COLUMNS_AT_ONCE)
            part = values[:, numbers[block]]
            rows[start:stop, block] = zscore(part) if standardise else part
    dimension = str(columns.name)
    coordinates: dict[str, tuple[str, np.ndarray]] = {
        TIME: (TIME, np.concatenate([story[TIME].to_numpy() for story in trimmed.values()])),
        STIMULUS: (TIME, np.repeat(np.array(list(stories)), lengths)),
        dimension: (dimension, np.tile(columns.to_numpy(), copies)),
    }
    if delays:
        coordinates["delay"] = (dimension, np.repeat(np.array(delays), len(columns)))
    return xr.DataArray(rows, dims=(TIME, dimension), coords=coordinates)


def _checked_columns(stories: Mapping[str, xr.DataArray]) -> xr.DataArray:
    """Return the column labels that all stimuli share."""
    if not stories:
        raise InvalidInput("there is no stimulus to stack; give at least one")
    columns: list[xr.DataArray] = []
    for name, story in stories.items():
        if story.dims[:-1] != (TIME,) or TIME not in story.coords:
            raise InvalidInput(
                f"stimulus {name!r} has dims {story.dims} and coordinates {list(story.coords)}; "
                "expected (time, column) with the coordinate time in seconds"
            )
        # Where there are no labels, xarray numbers the columns.
        columns.append(story[story.dims[-1]])
        first, last = columns[0], columns[-1]
        if last.name != first.name or not np.array_equal(last, first):
            raise InvalidInput(
                f"stimulus {name!r} has {len(last)} columns along {last.name!r} that are not the "
                f"{len(first)} along {first.name!r} of the first; "
                "stack features of one layer, or responses of one listener"
            )
    return columns[0]
