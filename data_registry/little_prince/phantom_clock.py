"""The haemodynamics of simulated listeners: what a scan takes of everything heard before it.

Glover's response is the difference of two gamma densities, so that its integral over a box is known
without any grid. Nothing here is shared with `heschl.clocks`: a fault in the engine's timing cannot
hide in the phantom.
"""

from __future__ import annotations

import numpy as np
import scipy.special

__all__ = ["haemodynamic_rows", "response"]

_SCALE_S = 0.9
_PEAK, _UNDERSHOOT = 6 / _SCALE_S, 12 / _SCALE_S
_RATIO = 0.48
"""The undershoot's area, where that of the peak is 1."""
_REACH_S = 40.0
"""By then the response has ended: less than a millionth of its area is left."""


def response(lags_s: np.ndarray) -> np.ndarray:
    """Return Glover's response at some seconds after an event, with an area of 1.

    >>> kernel = response(np.array([2.0, 4, 6, 8, 10, 12]))
    >>> (kernel / response(np.linspace(4, 6, 2001)).max()).round(2).tolist()
    [0.16, 0.87, 0.89, 0.34, -0.11, -0.26]
    """
    lags = np.maximum(lags_s, 0.0) / _SCALE_S
    density = [
        np.exp(scipy.special.xlogy(shape - 1, lags) - lags - scipy.special.gammaln(shape))
        for shape in (_PEAK, _UNDERSHOOT)
    ]
    kernel: np.ndarray = (density[0] - _RATIO * density[1]) / (_SCALE_S * (1 - _RATIO))
    return kernel


def haemodynamic_rows(
    values: np.ndarray,
    onsets_s: np.ndarray,
    row_times_s: np.ndarray,
    *,
    duration_s: float = 0.0,
) -> np.ndarray:
    """Return the response (row, feature) to events or to frames that follow each other.

    Parameters
    ----------
    values
        (event, feature), the amplitude of each.
    onsets_s
        When each event begins (event,).
    row_times_s
        When the rows are (row,).
    duration_s
        How long each lasts; 0 for events, whose response is that to an impulse of their amplitude.
    """
    rows = np.zeros((len(row_times_s), values.shape[1]))
    for number, time_s in enumerate(row_times_s):
        near = (onsets_s < time_s) & (onsets_s > time_s - _REACH_S - duration_s)
        lags_s = time_s - onsets_s[near]
        weights = (
            response(lags_s)
            if duration_s == 0
            else _integral(lags_s) - _integral(lags_s - duration_s)
        )
        rows[number] = weights @ values[near]
    return rows


def _integral(lags_s: np.ndarray) -> np.ndarray:
    lags = np.maximum(lags_s, 0.0) / _SCALE_S
    areas = [scipy.special.gammainc(shape, lags) for shape in (_PEAK, _UNDERSHOOT)]
    integral: np.ndarray = (areas[0] - _RATIO * areas[1]) / (1 - _RATIO)
    return integral
