"""Simulated responses to planted features, and the scores that they must give.

The clock here is its own, written straight from the formula, and knows nothing
of `heschl.temporal`: a fault in the engine's timing cannot hide in the phantom.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from heschl.errors import InvalidInput

__all__ = [
    "Simulation",
    "at_rows",
    "delayed_design",
    "expected_ceiling",
    "expected_pearson",
    "simulate",
    "standardised",
]


def at_rows(values: np.ndarray, times_s: np.ndarray, row_times_s: np.ndarray) -> np.ndarray:
    """Resample frames or events to evenly spaced rows by a three-lobed Lanczos sum.

    Parameters
    ----------
    values
        (event, feature).
    times_s
        When the events were (event,), in seconds.
    row_times_s
        When the rows are (row,), in seconds: the middles of the acquisitions
        that are kept.

    Returns
    -------
    np.ndarray
        (row, feature). The weights of a row are not divided by their sum, so
        events become rates for each row.
    """
    if len(row_times_s) < 2:  # noqa: PLR2004
        raise InvalidInput(f"{len(row_times_s)} rows have no spacing; expected at least two")
    tau = (row_times_s[:, None] - times_s[None, :]) / np.mean(np.diff(row_times_s))
    near = np.where(tau == 0, 1, tau)
    weights = 3 * np.sin(np.pi * near) * np.sin(np.pi * near / 3) / (np.pi * near) ** 2
    weights = np.where(tau == 0, 1, np.where(np.abs(tau) <= 3, weights, 0))  # noqa: PLR2004
    resampled: np.ndarray = weights @ values
    return resampled


def delayed_design(
    features: np.ndarray, delays: Sequence[int] = (1, 2, 3, 4), *, standardise: bool = True
) -> np.ndarray:
    """Standardise one story's features and set copies side by side, each some rows later.

    Parameters
    ----------
    features
        (row, feature) of one story, trimmed to the rows that have a response.
    delays
        In rows; what is shifted in is zero.
    standardise
        Unless they are residuals of features that were.

    Returns
    -------
    np.ndarray
        (row, delay x feature), the features of the first delay first. Constant
        features are zero.

    Examples
    --------
    >>> delayed_design(np.array([[1.0], [2.0], [3.0]]), delays=(1, 2)).round(3)
    array([[ 0.   ,  0.   ],
           [-1.225,  0.   ],
           [ 0.   , -1.225]])
    """
    if min(delays) < 0:
        raise InvalidInput(f"delays={tuple(delays)}; a response cannot precede its cause")
    standard = standardised(features) if standardise else features
    copies = []
    for delay in delays:
        copy = np.zeros_like(standard)
        copy[delay:] = standard[: max(0, len(standard) - delay)]
        copies.append(copy)
    return np.hstack(copies)


def standardised(features: np.ndarray) -> np.ndarray:
    """Return one story's features (row, feature) with mean 0 and spread 1; constant ones are 0."""
    varies = np.ptp(features, axis=0) > 0  # the spread of a constant may be a rounding error
    spread = np.where(varies, features.std(axis=0), np.inf)
    return np.asarray((features - features.mean(axis=0)) / spread)


@dataclass(frozen=True)
class Simulation:
    """What was planted, and the responses that came of it."""

    signals: dict[str, np.ndarray]
    """For each story the noiseless response (row, unit)."""
    trials: dict[str, np.ndarray]
    """For each story the noisy responses (repeat, row, unit)."""
    weights: np.ndarray
    """What each unit makes of the design (column, unit)."""
    noise_variance: np.ndarray
    """Of a single response (unit,)."""
    best_alpha: np.ndarray
    """The ridge penalty (unit,) that predicts best, infinite where there is no signal:
    the noise variance over the variance that the weights were drawn with."""


def simulate(
    designs: Mapping[str, np.ndarray],
    n_units: int,
    signal_share: float | np.ndarray,
    *,
    seed: int,
    repeats: Mapping[str, int] | None = None,
) -> Simulation:
    """Respond to planted designs with weights and noise drawn from normal distributions.

    Parameters
    ----------
    designs
        For each story a design (row, column), as `delayed_design` makes it.
    n_units
        How many units to simulate.
    signal_share
        The share of the variance of a single response that the design explains,
        of all units or (unit,), from 0 to 1. A response has unit variance; the
        signal's is measured over the rows of all stories, so that within one
        story the share may differ a little.
    seed
        Of weights and noise. The weights depend on it alone, not on the repeats.
    repeats
        How often a story was heard, where not once; the noise differs each time.
    """
    share = np.broadcast_to(np.asarray(signal_share, dtype=float), (n_units,))
    if not ((share >= 0) & (share <= 1)).all():
        raise InvalidInput(f"signal_share={signal_share}; expected shares from 0 to 1")
    unknown = set(repeats or {}) - set(designs)
    if unknown:
        raise InvalidInput(f"repeats name {sorted(unknown)}, but the designs are {list(designs)}")
    for_weights, for_noise = (np.random.default_rng([seed, stream]) for stream in (0, 1))
    everything = np.concatenate(list(designs.values()))
    raw = for_weights.standard_normal((everything.shape[1], n_units))
    spread = (everything @ raw).std(axis=0)
    if not (spread > 0).all():
        raise InvalidInput("a design without variance can plant no signal; check its features")
    scale = np.sqrt(share) / spread
    weights = raw * scale
    noise_variance = 1 - share
    signals = {story: design @ weights for story, design in designs.items()}
    trials = {}
    for story, signal in signals.items():
        n_repeats = (repeats or {}).get(story, 1)
        noise = for_noise.standard_normal((n_repeats, *signal.shape))
        trials[story] = signal + noise * np.sqrt(noise_variance)
    with np.errstate(divide="ignore"):
        best_alpha = noise_variance / scale**2
    return Simulation(signals, trials, weights, noise_variance, best_alpha)


def expected_pearson(
    train_design: np.ndarray,
    train_signal: np.ndarray,
    test_design: np.ndarray,
    test_signal: np.ndarray,
    noise_variance: np.ndarray,
    *,
    alpha: float | np.ndarray,
    n_repeats: int = 1,
) -> np.ndarray:
    r"""Return the Pearson r that ridge regression must reach, for any fixed designs.

    With :math:`H = X_{te} (X_{tr}'X_{tr} + \alpha I)^{-1} X_{tr}'` the
    prediction is :math:`H (s_{tr} + n)`, so over the noise its mean is
    :math:`m = H s_{tr}`, its covariance with the test mean that of m and s, and
    its variance that of m plus :math:`\sigma^2` times the mean over rows of the
    squared rows of H, centred over rows. The designs need not be the ones that
    made the signals.

    Parameters
    ----------
    train_design, test_design
        (row, column), without intercept.
    train_signal, test_signal
        The noiseless responses (row, unit).
    noise_variance
        Of a single response (unit,).
    alpha
        The penalty on the squared weights, of all units or (unit,), positive.
    n_repeats
        How many responses to the test story are averaged.

    Returns
    -------
    np.ndarray
        Expected r (unit,), to first order in the length of the test story; 0
        where neither prediction nor signal varies.
    """
    n_units = train_signal.shape[1]
    penalties = np.broadcast_to(np.asarray(alpha, dtype=float), (n_units,))
    if not (penalties > 0).all():
        raise InvalidInput(f"alpha={alpha}; expected positive penalties")
    left, singular, right = np.linalg.svd(train_design, full_matrices=False)
    # Along the principal axes (axis,), ridge multiplies by `shrinkage` (axis, unit).
    shrinkage = singular[:, None] / (singular[:, None] ** 2 + penalties)
    test_axes = test_design @ right.T
    test_axes = test_axes - test_axes.mean(axis=0)
    signal = test_signal - test_signal.mean(axis=0)
    mean_prediction = test_axes @ (shrinkage * (left.T @ train_signal))
    spill = noise_variance * (test_axes.var(axis=0) @ shrinkage**2)
    averaging = 1 - 1 / len(test_signal)  # the noise's own mean is taken off with the centring
    prediction_variance = mean_prediction.var(axis=0) + spill
    response_variance = signal.var(axis=0) + averaging * noise_variance / n_repeats
    covariance = np.mean(mean_prediction * signal, axis=0)
    spread = np.sqrt(prediction_variance * response_variance)
    expected: np.ndarray = np.divide(covariance, spread, out=np.zeros(n_units), where=spread > 0)
    return expected


def expected_ceiling(signal_share: float | np.ndarray, n_repeats: int) -> np.ndarray:
    """Return CCmax, the correlation of the noiseless signal with the mean of the repeats.

    Parameters
    ----------
    signal_share
        The share of a single response's variance that is signal, from 0 to 1.
    n_repeats
        How many responses are averaged.

    Examples
    --------
    >>> float(expected_ceiling(0.05, 10).round(3))
    0.587
    """
    share = np.asarray(signal_share, dtype=float)
    if n_repeats < 1 or not ((share >= 0) & (share <= 1)).all():
        raise InvalidInput(
            f"signal_share={signal_share}, n_repeats={n_repeats}; "
            "expected shares from 0 to 1 and at least one repeat"
        )
    ceiling: np.ndarray = np.sqrt(share / (share + (1 - share) / n_repeats))
    return ceiling
