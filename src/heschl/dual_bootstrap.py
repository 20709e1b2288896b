r"""The error of a mean over listeners if listeners and sounds were others, both at once.

A bootstrap over listeners and sounds together counts what is left of measurement noise twice more
than it should. With the variances over listeners, over sounds and over both, that of the mean is
estimated (Schütt et al., 2023) as

.. math:: V = \frac{n}{n-1} V_l + \frac{m}{m-1} V_s - \frac{nm}{(n-1)(m-1)} (V_{ls} - V_l - V_s)

for n listeners and m sounds, no less than either part and no more than :math:`V_{ls}`.
"""

from __future__ import annotations

import numpy as np

from heschl.errors import InvalidInput

__all__ = ["dual_error"]


def dual_error(found: np.ndarray, draws: np.ndarray, n_stimuli: int) -> float:
    """Return the standard error of the mean over listeners.

    Parameters
    ----------
    found
        One number for each listener (subject,).
    draws
        What it would be with other sounds (draw, subject), the same sounds for all. Listeners need
        not be drawn: what drawing them gives on average is known.
    n_stimuli
        How many sounds there are.

    Returns
    -------
    float
        NaN for fewer than two listeners; those with NaN are left out.

    Examples
    --------
    >>> draws = 0.1 * np.random.default_rng(0).standard_normal((2000, 1)) + np.zeros(4)
    >>> round(dual_error(np.zeros(4), draws, n_stimuli=1000), 2)
    0.1
    """
    values, drawn = np.asarray(found, np.float64), np.asarray(draws, np.float64)
    if drawn.ndim != 2 or drawn.shape[1:] != values.shape or n_stimuli < 2:  # noqa: PLR2004
        raise InvalidInput(
            f"draws have the shape {drawn.shape} for {values.shape} listeners and {n_stimuli} "
            "sounds; expected (draw, listener), and two sounds at least"
        )
    has_value = np.isfinite(values)
    values, drawn = values[has_value], drawn[:, has_value]
    n, m = len(values), n_stimuli
    if n < 2:  # noqa: PLR2004
        return float("nan")
    over_listeners = values.var() / n
    over_sounds = drawn.mean(axis=1).var()
    over_both = over_sounds + (drawn.var(axis=1) / n).mean()
    parts = np.array([n / (n - 1) * over_listeners, m / (m - 1) * over_sounds])
    counted_twice = over_both - over_listeners - over_sounds
    variance = parts.sum() - n * m / ((n - 1) * (m - 1)) * counted_twice
    return float(np.sqrt(min(max(variance, *parts), over_both)))
