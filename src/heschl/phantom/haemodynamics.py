"""The haemodynamic clock of simulated responses, in closed form.

As in `heschl.phantom.simulation`, nothing here is taken from the engine: no grid, no kernel that
was sampled. The response to something that lasts is the integral of two gamma densities.
"""

from __future__ import annotations

import numpy as np
from scipy.stats import gamma

from heschl.errors import InvalidInput

__all__ = ["convolved"]

# Glover (1999): peak and undershoot at 6 and 12 s with a dispersion of 0.9, ratio 0.48.
_RISE = gamma(6 / 0.9, scale=0.9)
_FALL = gamma(12 / 0.9, scale=0.9)
_RATIO = 0.48
_LENGTH_S = 32.0


def convolved(
    values: np.ndarray, onsets_s: np.ndarray, durations_s: np.ndarray | float, rows_s: np.ndarray
) -> np.ndarray:
    """Return what the blood makes of frames or events at some times (row, feature).

    Parameters
    ----------
    values
        (event, feature).
    onsets_s
        When each begins (event,), in seconds, sorted.
    durations_s
        How long each lasts; 0 stands for an impulse.
    rows_s
        When the responses are taken (row,), in seconds.

    Examples
    --------
    >>> click = convolved(np.ones((1, 1)), np.zeros(1), 0.0, np.arange(0.0, 14.0, 2.0))[:, 0]
    >>> (click / click.max()).round(2).tolist()
    [0.0, 0.18, 0.97, 1.0, 0.38, -0.13, -0.29]
    """
    if (np.diff(onsets_s) < 0).any():
        raise InvalidInput("the onsets go backwards; sort events by time")
    lasting = np.broadcast_to(np.asarray(durations_s, dtype=float), onsets_s.shape)
    longest = float(lasting.max(initial=0.0))
    rows = np.zeros((len(rows_s), values.shape[1]))
    for number, row_s in enumerate(rows_s):
        near = slice(*np.searchsorted(onsets_s, [row_s - _LENGTH_S - longest, row_s]))
        since_on = row_s - onsets_s[near]
        box = lasting[near]
        impulse = _RISE.pdf(since_on) - _RATIO * _FALL.pdf(since_on)
        held = _cumulated(since_on) - _cumulated(since_on - box)
        rows[number] = np.where(box > 0, held, impulse) @ values[near]
    return rows


def _cumulated(times_s: np.ndarray) -> np.ndarray:
    ended: np.ndarray = np.minimum(times_s, _LENGTH_S)
    response: np.ndarray = _RISE.cdf(ended) - _RATIO * _FALL.cdf(ended)
    return response
