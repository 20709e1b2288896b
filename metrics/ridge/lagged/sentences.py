"""Frames of sentences in one zero-padded stream, from which every lag is a shift.

A lag ``tau`` reads the frame ``tau`` before the present one, a negative lag the
future. Before a sentence starts and after it ends there are zeros: no lag
reaches into another sentence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

__all__ = ["Sentences", "join"]


@dataclass(frozen=True)
class Sentences:
    """Sentences of frames with silence between them.

    Parameters
    ----------
    stream
        (place, feature): the frames, with zeros before, between and after the sentences.
    within
        (place,) whether a place belongs to a sentence.
    rows
        (row,) the place of each frame.
    lengths
        (sentence,) frames in each.
    lags
        Consecutive whole numbers, ascending.
    offset
        (feature,) near the mean of the frames. What is computed of them is computed of the frames
        less their offset, in float64, and still zero outside of sentences, to save digits.
    """

    stream: np.ndarray
    within: np.ndarray
    rows: np.ndarray
    lengths: np.ndarray
    lags: range
    offset: np.ndarray

    @property
    def n_features(self) -> int:
        """The width of a frame."""
        return int(self.stream.shape[1])

    def frames(self, places: np.ndarray) -> np.ndarray:
        """Return the frames (…, feature) at some places, less their offset."""
        values = self.stream[places].astype(np.float64)
        values -= self.offset
        values[~self.within[places]] = 0.0
        return np.asarray(values)

    def shifted(self, lag: int) -> np.ndarray:
        """Return the columns (row, feature) of the lagged design that hold one lag."""
        return self.frames(self.rows - lag)

    def ends(self) -> np.ndarray:
        """Return the last frames (sentence, frame, feature), as many as the past lags reach."""
        last = self.rows[np.cumsum(self.lengths) - 1]
        return self.frames(last[:, None] + np.arange(1 - max(self.lags[-1], 0), 1))

    def heads(self) -> np.ndarray:
        """Return the first frames (sentence, frame, feature), as many as the future lags reach."""
        first = self.rows[np.cumsum(self.lengths) - self.lengths]
        return self.frames(first[:, None] + np.arange(max(-self.lags[0], 0)))

    def present(self) -> np.ndarray:
        """Return whether a lag of a row (row, lag) lies within the sentence."""
        return np.asarray(self.within[self.rows[:, None] - np.array(self.lags)])


def join(
    sentences: Sequence[np.ndarray],
    lags: range,
    offset: np.ndarray,
    dtype: type[np.floating] = np.float64,
) -> Sentences:
    """Lay sentences (frame, feature) into one stream, kept as ``dtype``.

    >>> joined = join([np.ones((2, 1)), np.full((1, 1), 3.0)], range(2), offset=np.zeros(1))
    >>> np.hstack([joined.shifted(lag) for lag in joined.lags]).tolist()
    [[1.0, 0.0], [1.0, 1.0], [3.0, 0.0]]
    """
    gap = max(abs(lags[0]), abs(lags[-1]))
    lengths = np.array([len(frames) for frames in sentences])
    starts = gap + np.cumsum(lengths + gap) - (lengths + gap)
    stream = np.zeros((starts[-1] + lengths[-1] + gap, sentences[0].shape[1]), dtype=dtype)
    for start, frames in zip(starts, sentences, strict=True):
        stream[start : start + len(frames)] = frames
    rows = np.concatenate(
        [np.arange(start, start + n) for start, n in zip(starts, lengths, strict=True)]
    )
    within = np.zeros(len(stream), dtype=bool)
    within[rows] = True
    return Sentences(stream, within, rows, lengths, lags, offset)
