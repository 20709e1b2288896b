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
    rows
        (row,) the place of each frame.
    lengths
        (sentence,) frames in each.
    lags
        Consecutive whole numbers, ascending.
    """

    stream: np.ndarray
    rows: np.ndarray
    lengths: np.ndarray
    lags: range

    @property
    def n_features(self) -> int:
        """The width of a frame."""
        return int(self.stream.shape[1])

    def shifted(self, lag: int) -> np.ndarray:
        """Return the columns (row, feature) of the lagged design that hold one lag."""
        return np.asarray(self.stream[self.rows - lag])

    def at(self, offset: int) -> np.ndarray:
        """Return the lagged row (sentence, lag, feature) ``offset`` frames after the last one.

        Offset 0 is the last frame of each sentence; the frame before the first
        comes from `before`.
        """
        last = self.rows[np.cumsum(self.lengths) - 1] + offset
        return np.asarray(self.stream[last[:, None] - np.array(self.lags)])

    def before(self) -> np.ndarray:
        """Return the lagged row (sentence, lag, feature) just before each sentence."""
        first = self.rows[np.cumsum(self.lengths) - self.lengths] - 1
        return np.asarray(self.stream[first[:, None] - np.array(self.lags)])

    def present(self) -> np.ndarray:
        """Return whether a lag of a row (row, lag) lies within the sentence."""
        within = np.zeros(len(self.stream), dtype=bool)
        within[self.rows] = True
        return np.asarray(within[self.rows[:, None] - np.array(self.lags)])


def join(sentences: Sequence[np.ndarray], lags: range, dtype: type[np.floating]) -> Sentences:
    """Lay sentences (frame, feature) into one stream.

    >>> joined = join([np.ones((2, 1)), np.full((1, 1), 3.0)], range(2), np.float64)
    >>> np.hstack([joined.shifted(lag) for lag in joined.lags]).tolist()
    [[1.0, 0.0], [1.0, 1.0], [3.0, 0.0]]
    """
    # One frame beyond the longest reach, so that the rows just outside a sentence read zeros too.
    gap = max(abs(lags[0]), abs(lags[-1])) + 1
    lengths = np.array([len(frames) for frames in sentences])
    starts = gap + np.cumsum(lengths + gap) - (lengths + gap)
    stream = np.zeros((starts[-1] + lengths[-1] + gap, sentences[0].shape[1]), dtype=dtype)
    for start, frames in zip(starts, sentences, strict=True):
        stream[start : start + len(frames)] = frames
    rows = np.concatenate(
        [np.arange(start, start + n) for start, n in zip(starts, lengths, strict=True)]
    )
    return Sentences(stream, rows, lengths, lags)
