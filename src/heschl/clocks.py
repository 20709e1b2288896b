"""From a model's clock to the scanner's: resamplers, as sparse linear maps.

A resampler depends on times alone, so its matrix is built once for a stimulus
and applied to features block by block while they are extracted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol, get_args

import numpy as np
import scipy.sparse

from heschl.configuration import describe
from heschl.errors import InvalidInput, MissingExtra

__all__ = ["Average", "HemodynamicResponse", "Lanczos", "Resampler"]

_REGULARITY = 1e-3
"""How far one interval of a clock may be from the mean; times in float32 stay well within."""

HemodynamicModel = Literal["glover", "spm"]


class Resampler(Protocol):
    """Maps frames of features to the times of responses."""

    def configuration(self) -> Mapping[str, Any]:
        """Return every setting, defaults included, and the numerics version."""

    def matrix(
        self, frame_times_s: np.ndarray, target_times_s: np.ndarray, frame_duration_s: float
    ) -> scipy.sparse.csr_array:
        """Return the map (target, frame) as float64.

        ``frame_times_s`` (frame,) are the centres: frame k lasts from
        ``t_k - frame_duration_s / 2`` to ``t_k + frame_duration_s / 2``.
        """


@dataclass(frozen=True)
class Lanczos:
    """Lanczos interpolation, cut off at the rate of the target clock.

    The rows are not normalised: events become rates per target interval, and
    the gain of a dense clock is removed by the z-scoring that follows.

    Parameters
    ----------
    lobes
        Half-width of the kernel in target intervals.

    >>> to_scans = Lanczos(lobes=3).matrix(np.array([2.0]), np.array([1.0, 2.0, 3.0]), 0.0)
    >>> to_scans.toarray().round(12).ravel().tolist()
    [0.0, 1.0, 0.0]
    """

    lobes: int = 3

    def __post_init__(self) -> None:
        """Refuse a kernel without lobes."""
        if self.lobes < 1:
            raise InvalidInput(f"lobes={self.lobes}; a Lanczos kernel needs at least 1, usually 3")

    def configuration(self) -> Mapping[str, Any]:
        """Return every setting and the numerics version."""
        return {**describe(self), "numerics": 1}

    def matrix(
        self, frame_times_s: np.ndarray, target_times_s: np.ndarray, frame_duration_s: float
    ) -> scipy.sparse.csr_array:
        """Return the map (target, frame); a frame's duration plays no part in it."""
        frames, targets = _checked_clocks(frame_times_s, target_times_s, frame_duration_s)
        interval_s = np.diff(targets).mean()
        reach_s = self.lobes * interval_s
        first = np.searchsorted(frames, targets - reach_s, side="left")
        stop = np.searchsorted(frames, targets + reach_s, side="right")
        row, column, starts = _bands(first, stop)
        lag = (targets[row] - frames[column]) / interval_s
        weights = np.sinc(lag) * np.sinc(lag / self.lobes)
        # The band is found in seconds, the kernel ends in intervals: rounding may differ.
        weights[np.abs(lag) > self.lobes] = 0.0
        return _sparse(weights, column, starts, len(frames))


@dataclass(frozen=True)
class HemodynamicResponse:
    """Convolution with a haemodynamic response, sampled at the target times.

    The map equals ``nilearn.glm.first_level.compute_regressor`` with one event
    a frame, its rounding to the oversampled grid included.

    Parameters
    ----------
    model
        nilearn's ``"glover"`` or ``"spm"``.
    oversampling
        Grid points in one target interval.
    min_onset_s
        Where the grid begins, relative to the first target time; no frame may
        begin before it.
    slice_time_ref
        Where within an interval of the target clock, whose times are its middles,
        the response is sampled: 0 its beginning, which is nilearn's default for
        volumes that begin at multiples of the interval; .5 the middle.
    """

    model: HemodynamicModel = "glover"
    oversampling: int = 50
    min_onset_s: float = -24.0
    slice_time_ref: float = 0.5

    def __post_init__(self) -> None:
        """Refuse settings that nilearn would misread."""
        if self.model not in get_args(HemodynamicModel):
            allowed = " or ".join(repr(model) for model in get_args(HemodynamicModel))
            raise InvalidInput(f"haemodynamic model {self.model!r}; expected {allowed}")
        if self.oversampling < 1:
            raise InvalidInput(f"oversampling={self.oversampling}; expected at least 1, usually 50")
        if not (np.isfinite(self.min_onset_s) and self.min_onset_s <= 0):
            raise InvalidInput(
                f"min_onset_s={self.min_onset_s}; the grid must begin at or before the first "
                "target time, so give 0 or a negative number of seconds"
            )
        if not 0 <= self.slice_time_ref <= 1:
            raise InvalidInput(
                f"slice_time_ref={self.slice_time_ref}; expected a share of an interval, 0 to 1"
            )

    def configuration(self) -> Mapping[str, Any]:
        """Return every setting and the numerics version."""
        return {**describe(self), "numerics": 1}

    def matrix(
        self, frame_times_s: np.ndarray, target_times_s: np.ndarray, frame_duration_s: float
    ) -> scipy.sparse.csr_array:
        """Return the map (target, frame)."""
        frames, middles = _checked_clocks(frame_times_s, target_times_s, frame_duration_s)
        targets = middles + (self.slice_time_ref - 0.5) * np.diff(middles).mean()
        onsets = frames - frame_duration_s / 2
        grid = self._grid(targets)
        if onsets[0] < grid[0]:
            raise InvalidInput(
                f"the first frame begins at {onsets[0]:.6g} s, before the haemodynamic grid at "
                f"{grid[0]:.6g} s; lower min_onset_s from {self.min_onset_s} by at least "
                f"{grid[0] - onsets[0]:.6g}"
            )

        # Frame k fills grid points on[k] to off[k] - 1, one at least.
        last = len(grid) - 1
        on = np.minimum(np.searchsorted(grid, onsets), last)
        off = np.minimum(np.searchsorted(grid, onsets + frame_duration_s), last)
        off = np.where((off == on) & (off < last), off + 1, off)

        # The response at point g to a box from on to off is C(g - on) - C(g - off), where C is
        # the cumulated kernel, zero before 0 and constant after its end.
        cumulated = np.concatenate([[0.0], np.cumsum(self._kernel(targets))])
        reach = len(cumulated) - 1
        above = np.clip(np.searchsorted(grid, targets), 1, last)
        row, column, starts = _bands(
            np.searchsorted(off, above - reach, side="right"),
            np.searchsorted(on, above, side="right"),
        )

        def response(point: np.ndarray) -> np.ndarray:
            since_on = np.clip(point[row] - on[column] + 1, 0, reach)
            since_off = np.clip(point[row] - off[column] + 1, 0, reach)
            return np.asarray(cumulated[since_on] - cumulated[since_off])

        share = (targets - grid[above - 1]) / (grid[above] - grid[above - 1])
        weights = (1 - share[row]) * response(above - 1) + share[row] * response(above)
        return _sparse(weights, column, starts, len(frames))

    def _grid(self, targets: np.ndarray) -> np.ndarray:
        """Return nilearn's oversampled times, in its order of operations."""
        if targets[-1] < 0:
            raise InvalidInput(
                f"the target times end at {targets[-1]:.6g} s, before the sound begins at 0; "
                "give times in seconds of the sound"
            )
        steps = len(targets) - 1
        end = targets[-1] * (1 + 1.0 / steps)
        n_points = steps * 1.0 / (targets[-1] - targets[0])
        n_points *= (end - targets[0] - self.min_onset_s) * self.oversampling
        return np.linspace(
            targets[0] + self.min_onset_s, end, np.rint(n_points + 1).astype(int), dtype=np.float64
        )

    def _kernel(self, targets: np.ndarray) -> np.ndarray:
        """Return nilearn's kernel (grid point,), which sums to 1."""
        try:
            from nilearn.glm.first_level import glover_hrf, spm_hrf
        except ImportError as error:
            raise MissingExtra(
                "haemodynamic responses need nilearn, which is not installed; "
                'run pip install "heschl[brain]"'
            ) from error
        kernel = {"glover": glover_hrf, "spm": spm_hrf}[self.model]
        return np.asarray(kernel(float(np.diff(targets).min()), self.oversampling))


@dataclass(frozen=True)
class Average:
    """The mean of the frames that lie around each target time.

    Parameters
    ----------
    width_s
        How much of the sound, centred on a target time, is averaged; frames that lie in it in
        part count in part, and where it holds none the nearest frame stands for it. Events without
        duration, such as word impulses, are summed and divided by the width instead: rates. None
        averages the whole sound, for responses that are one number a sound.

    >>> frames = np.array([0.5, 1.5, 2.5])
    >>> Average().matrix(frames, np.array([1.5]), 1.0).toarray().round(3).tolist()
    [[0.333, 0.333, 0.333]]
    >>> Average(width_s=1.0).matrix(frames, np.array([1.0, 2.5]), 1.0).toarray().tolist()
    [[0.5, 0.5, 0.0], [0.0, 0.0, 1.0]]
    """

    width_s: float | None = None

    def __post_init__(self) -> None:
        """Refuse a width that is none."""
        if self.width_s is not None and not (np.isfinite(self.width_s) and self.width_s > 0):
            raise InvalidInput(f"width_s={self.width_s}; expected seconds above 0, or None")

    def configuration(self) -> Mapping[str, Any]:
        """Return every setting and the numerics version."""
        return {**describe(self), "numerics": 1}

    def matrix(
        self, frame_times_s: np.ndarray, target_times_s: np.ndarray, frame_duration_s: float
    ) -> scipy.sparse.csr_array:
        """Return the map (target, frame)."""
        frames, targets = _checked_times(frame_times_s, target_times_s, frame_duration_s)
        if self.width_s is None:
            if len(targets) != 1:
                raise InvalidInput(
                    f"a whole sound is averaged into 1 response, but there are {len(targets)} "
                    "target times; name a width_s"
                )
            return scipy.sparse.csr_array(np.full((1, len(frames)), 1 / len(frames)))
        half_s = (self.width_s + frame_duration_s) / 2
        first = np.searchsorted(frames, targets - half_s, side="left")
        stop = np.searchsorted(frames, targets + half_s, side="left")
        if frame_duration_s == 0:
            row, column, starts = _bands(first, stop)
            weights = np.full(len(column), 1 / self.width_s)
            return scipy.sparse.csr_array((weights, column, starts), (len(targets), len(frames)))
        row, column, _ = _bands(first, stop)
        distance_s = np.abs(frames[column] - targets[row])
        weights = np.minimum(half_s - distance_s, min(self.width_s, frame_duration_s))
        # A sliver is rounding, and would stand for the row if it were all there is.
        is_real = weights > _REGULARITY * frame_duration_s
        row, column, weights = row[is_real], column[is_real], weights[is_real]
        empty = np.setdiff1d(np.arange(len(targets)), row)
        row = np.concatenate([row, empty])
        column = np.concatenate([column, _nearest(frames, targets[empty])])
        weights = np.concatenate([weights, np.ones(len(empty))])
        weights /= np.bincount(row, weights)[row]
        return scipy.sparse.csr_array((weights, (row, column)), (len(targets), len(frames)))


def _nearest(frames: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Return the numbers of the frames that lie nearest to some times."""
    after = np.clip(np.searchsorted(frames, times), 1, max(len(frames) - 1, 1))
    before = after - 1
    after = np.minimum(after, len(frames) - 1)
    return np.where(times - frames[before] <= frames[after] - times, before, after)


def _checked_clocks(
    frame_times_s: np.ndarray, target_times_s: np.ndarray, frame_duration_s: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return both clocks as float64 if they are usable, and the targets regular."""
    frames, targets = _checked_times(frame_times_s, target_times_s, frame_duration_s)
    if len(targets) == 1:
        raise InvalidInput(
            "there is 1 target time, which has no interval; give the times of at least 2 responses"
        )
    intervals = np.diff(targets)
    if np.ptp(intervals) > _REGULARITY * intervals.mean():
        raise InvalidInput(
            f"the target times are irregular, {intervals.min():.6g} to {intervals.max():.6g} s "
            "apart; give one regular clock and drop responses after resampling"
        )
    return frames, targets


def _checked_times(
    frame_times_s: np.ndarray, target_times_s: np.ndarray, frame_duration_s: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the times of frames and targets as float64 if they are times that increase."""
    if not (np.isfinite(frame_duration_s) and frame_duration_s >= 0):
        raise InvalidInput(f"frame_duration_s={frame_duration_s}; expected seconds, 0 or more")
    clocks = []
    for name, times in (("frame", frame_times_s), ("target", target_times_s)):
        clock = np.asarray(times, dtype=np.float64)
        if clock.ndim != 1 or not len(clock) or not np.isfinite(clock).all():
            raise InvalidInput(
                f"the {name} times have shape {clock.shape} and {np.isfinite(clock).sum()} finite "
                "values; expected one finite time in seconds for each row, at least one"
            )
        clocks.append(clock)
    frames, targets = clocks
    if (np.diff(frames) < 0).any():
        raise InvalidInput("the frame times go backwards; sort frames, and their values, by time")
    if (np.diff(targets) <= 0).any():
        raise InvalidInput("the target times do not increase; sort responses by time")
    return frames, targets


def _bands(first: np.ndarray, stop: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return rows, columns and row starts of a matrix whose row i fills first[i] to stop[i] - 1."""
    counts = np.maximum(stop - first, 0)
    starts = np.concatenate([[0], np.cumsum(counts)])
    row = np.repeat(np.arange(len(counts)), counts)
    column = np.arange(starts[-1]) - np.repeat(starts[:-1] - first, counts)
    return row, column, starts


def _sparse(
    weights: np.ndarray, column: np.ndarray, starts: np.ndarray, n_frames: int
) -> scipy.sparse.csr_array:
    """Return the matrix (target, frame), refusing one that no frame reaches."""
    if not weights.any():
        raise InvalidInput(
            "no frame lies within reach of any target time; check that both clocks are "
            "in seconds of the same sound"
        )
    return scipy.sparse.csr_array((weights, column, starts), shape=(len(starts) - 1, n_frames))
