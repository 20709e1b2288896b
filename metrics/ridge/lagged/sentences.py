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
        (place, feature) float64: the frames less an offset, with zeros before, between and after
        the sentences.
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

    def ends(self) -> np.ndarray:
        """Return the last frames (frame, sentence, feature), as many as the past lags reach."""
        last = self.rows[np.cumsum(self.lengths) - 1]
        return np.asarray(self.stream[last + np.arange(1 - max(self.lags[-1], 0), 1)[:, None]])

    def heads(self) -> np.ndarray:
        """Return the first frames (frame, sentence, feature), as many as the future lags reach."""
        first = self.rows[np.cumsum(self.lengths) - self.lengths]
        return np.asarray(self.stream[first + np.arange(max(-self.lags[0], 0))[:, None]])

    def presence(self) -> np.ndarray:
        """Return 1 where a lag of a row (row, lag) lies within the sentence, and 0 elsewhere."""
        within = np.zeros(len(self.stream))
        within[self.rows] = 1.0
        return np.asarray(within[self.rows[:, None] - np.array(self.lags)])

    @property
    def places(self) -> np.ndarray:
        """Where a row stands in the stream's convolution with filters: at its first lag."""
        return np.asarray(self.rows - self.lags[0])

    def aligned(self, values: np.ndarray) -> np.ndarray:
        """Return ``values (row, column)`` at these places (place, column), and zeros elsewhere."""
        stream = np.zeros((len(self.stream), values.shape[1]))
        stream[self.places] = values
        return stream


def join(sentences: Sequence[np.ndarray], lags: range, offset: np.ndarray) -> Sentences:
    """Lay sentences (frame, feature), less ``offset (feature,)``, into one stream.

    >>> joined = join([np.ones((2, 1)), np.full((1, 1), 3.0)], range(2), offset=np.zeros(1))
    >>> np.hstack([joined.stream[joined.rows - lag] for lag in joined.lags]).tolist()
    [[1.0, 0.0], [1.0, 1.0], [3.0, 0.0]]
    """
    gap = max(abs(lags[0]), abs(lags[-1]), len(lags) - 1)
    lengths = np.array([len(frames) for frames in sentences])
    starts = gap + np.cumsum(lengths + gap) - (lengths + gap)
    stream = np.zeros((starts[-1] + lengths[-1] + gap, len(offset)))
    for start, frames in zip(starts, sentences, strict=True):
        np.subtract(frames, offset, out=stream[start : start + len(frames)])
    rows = np.concatenate(
        [np.arange(start, start + n) for start, n in zip(starts, lengths, strict=True)]
    )
    return Sentences(stream, rows, lengths, lags)
