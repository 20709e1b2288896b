"""Sinks: where the frames of one layer go, in the order of time, while a sound is heard."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import scipy.sparse

from heschl.clocks import Resampler
from heschl.errors import BrokenPlugin

__all__ = ["Collected", "Resampled", "Scaled", "Sink", "columns_of", "n_finished"]

FRAMES_PER_SUM = 256
"""Frames that are resampled together: fixed, so that sums do not depend on batches or blocks."""


def columns_of(
    resampler: Resampler, times_s: np.ndarray, target_times_s: np.ndarray, frame_duration_s: float
) -> Any:  # a SciPy sparse array has no type
    """Return the map (target, frame) by columns."""
    if not len(times_s):  # a sound without words
        return scipy.sparse.csc_array((len(target_times_s), 0))
    matrix = resampler.matrix(times_s, target_times_s, frame_duration_s)
    if matrix.shape != (len(target_times_s), len(times_s)):
        raise BrokenPlugin(
            f"{resampler!r} gave a matrix of shape {matrix.shape}; expected (target, frame), "
            f"here {(len(target_times_s), len(times_s))}"
        )
    return matrix.tocsc()


def n_finished(columns: Any) -> list[int]:  # a SciPy sparse array has no type
    """Return after which sum of frames how many targets are touched by no later frame."""
    n_targets, n_frames = columns.shape
    counts, lowest = [], n_targets
    for first in reversed(range(0, n_frames, FRAMES_PER_SUM)):
        counts.append(lowest)
        begin, end = columns.indptr[[first, min(first + FRAMES_PER_SUM, n_frames)]]
        lowest = int(columns.indices[begin:end].min(initial=lowest))
    return counts[::-1]


class Sink(Protocol):
    """Where the frames of one layer go, in the order of time."""

    def add(self, values: np.ndarray) -> None:
        """Take the next frames (frame, unit)."""

    def values(self) -> np.ndarray:
        """Return float32 rows, once every frame was added."""


class Collected:
    """Keeps every frame."""

    def __init__(self, n_frames: int, width: int) -> None:
        self._values = np.empty((n_frames, width), dtype=np.float32)
        self._n_added = 0

    def add(self, values: np.ndarray) -> None:
        """Take the next frames (frame, unit)."""
        self._values[self._n_added : self._n_added + len(values)] = values
        self._n_added += len(values)

    def values(self) -> np.ndarray:
        """Return all frames (frame, unit)."""
        return self._values


class Resampled:
    """Adds frames to the targets that they touch, a fixed number of frames at a time.

    Sums are float64 while frames may still add to them, and float32 from then on.
    """

    def __init__(self, columns: Any, n_finished: list[int], width: int) -> None:  # as above
        self._columns = columns
        self._n_finished = n_finished
        self._finished = np.zeros((columns.shape[0], width), dtype=np.float32)
        self._n_done = 0
        self._open = np.empty((0, width))
        self._held = np.empty((FRAMES_PER_SUM, width))
        self._n_held = 0
        self._n_summed = 0

    def add(self, values: np.ndarray) -> None:
        """Take the next frames (frame, unit)."""
        while len(values):
            n_taken = min(len(values), FRAMES_PER_SUM - self._n_held)
            self._held[self._n_held : self._n_held + n_taken] = values[:n_taken]
            self._n_held += n_taken
            values = values[n_taken:]
            if self._n_held == FRAMES_PER_SUM:
                self._sum()

    def values(self) -> np.ndarray:
        """Return the targets (target, unit)."""
        if self._n_held:
            self._sum()
        return self._finished

    def _sum(self) -> None:
        done = self._n_finished[self._n_summed // FRAMES_PER_SUM]
        weights = self._columns[:, self._n_summed : self._n_summed + self._n_held]
        if weights.nnz:
            # Frames touch neighbouring targets only; the band between them is nearly full.
            first, last = weights.indices.min(), weights.indices.max()
            band = weights[first : last + 1].toarray()
            self._open_up_to(last + 1)
            self._open[first - self._n_done : last + 1 - self._n_done] += (
                band @ self._held[: self._n_held]
            )
        self._open_up_to(done)
        n_closed = done - self._n_done
        self._finished[self._n_done : done] = self._open[:n_closed]
        self._open = self._open[n_closed:].copy()
        self._n_done = done
        self._n_summed += self._n_held
        self._n_held = 0

    def _open_up_to(self, stop: int) -> None:
        n_new = max(0, stop - self._n_done - len(self._open))
        self._open = np.concatenate([self._open, np.zeros((n_new, self._open.shape[1]))])


class Scaled:
    """Resamples frames of which each unit was brought to the range from 0 to 1 beforehand.

    The range is known when the last frame was heard. Resampling is linear, so it is the result that
    is shifted and scaled: R((x - low) / (high - low)) = (R(x) - low R(1)) / (high - low). A unit
    that never changes is 0.

    Parameters
    ----------
    columns, n_finished, width
        Those of `Resampled`.
    is_silent_between
        Whether the frames are events with nothing between them, such as words. Then silence, 0,
        is within the range and stays 0.
    """

    def __init__(
        self, columns: Any, n_finished: list[int], width: int, *, is_silent_between: bool
    ) -> None:  # a SciPy sparse array has no type
        self._resampled = Resampled(columns, n_finished, width)
        self._gains = np.asarray(columns.sum(axis=1))
        self._is_silent_between = is_silent_between
        # Taken off before the sums, since what units have in common may dwarf what changes.
        self._reference = np.zeros(width) if is_silent_between else None
        self._low = np.zeros(width) if is_silent_between else np.full(width, np.inf)
        self._high = -self._low

    def add(self, values: np.ndarray) -> None:
        """Take the next frames (frame, unit)."""
        if not len(values):
            return
        if self._reference is None:
            self._reference = values[0].astype(np.float64)
        changes = values - self._reference
        self._low = np.minimum(self._low, changes.min(axis=0))
        self._high = np.maximum(self._high, changes.max(axis=0))
        self._resampled.add(changes)

    def values(self) -> np.ndarray:
        """Return the targets (target, unit)."""
        rows = self._resampled.values()
        spread = self._high - self._low
        varies = np.isfinite(spread) & (spread > 0)
        low = 0.0 if self._is_silent_between else self._low[varies]
        scaled = np.zeros_like(rows)
        scaled[:, varies] = (rows[:, varies] - self._gains[:, np.newaxis] * low) / spread[varies]
        return scaled
