"""The clock of the responses: fifty rows a second, each the mean of 20 ms.

Row k stands for the sound from 20 k to 20 (k + 1) ms. Whatever the rate of the file, a row is the
mean of the samples that lie in it, those in part by their share; at 50 Hz it is the sample itself.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse

from heschl.data_registry.timit_ecog.format import ROUNDING, ROW_HZ, Timing, rows_in

__all__ = ["averaging", "row_edges", "row_times"]


def row_times(sound_s: float) -> np.ndarray:
    """Return the middles (row,) of the rows that lie wholly within a sound, in seconds.

    >>> row_times(0.075).tolist()
    [0.01, 0.03, 0.05]
    """
    return (np.arange(rows_in(sound_s)) + 0.5) / ROW_HZ


def row_edges(n_rows: int) -> np.ndarray:
    """Return when each row begins and ends (row, 2), in seconds of the sound."""
    return np.stack([np.arange(n_rows), np.arange(1, n_rows + 1)], axis=1) / ROW_HZ


def averaging(timing: Timing, edges_s: np.ndarray) -> scipy.sparse.csr_array:
    """Return the map (bin, sample) from samples to the means of bins, float64.

    Parameters
    ----------
    timing
        Of the samples.
    edges_s
        When each bin begins and ends (bin, 2), in seconds of the sound. A bin that the samples
        cover in part is the mean of that part.

    >>> averaging(Timing(125, 0.5, 0.0, 100), np.array([[0.0, 0.02]])).toarray()[0, 61:66]
    array([0. , 0.2, 0.4, 0.4, 0. ])
    """
    edges = (edges_s + timing.pre_s) * timing.rate_hz
    nearest = np.round(edges)
    edges = np.where(np.abs(edges - nearest) < ROUNDING, nearest, edges)
    edges = np.clip(edges, 0, timing.n_samples)
    places, columns, weights = [], [], []
    for place, (begin, end) in enumerate(edges):
        touched = np.arange(int(np.floor(begin)), int(np.ceil(end)))
        share = np.minimum(touched + 1, end) - np.maximum(touched, begin)
        places.append(np.full(len(touched), place))
        columns.append(touched)
        weights.append(share / (end - begin))
    flat = [np.concatenate(each) for each in (weights, places, columns)]
    return scipy.sparse.csr_array(
        (flat[0], (flat[1], flat[2])), shape=(len(edges), timing.n_samples)
    )
