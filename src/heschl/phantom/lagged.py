"""Responses to many lags of features, and the R² that ridge must reach on them.

As in `heschl.phantom.simulation` nothing here is the engine's: designs are written out, and what is
expected follows from them in closed form.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from heschl.errors import InvalidInput

__all__ = ["expected_explainable_variance", "expected_r2", "lagged_design"]


def lagged_design(features: np.ndarray, n_lags: int) -> np.ndarray:
    """Set copies of one sentence's features side by side, each a row later than the one before.

    Parameters
    ----------
    features
        (row, feature) of one sentence.
    n_lags
        How many copies; the first is not moved. What is shifted in is zero.

    Returns
    -------
    np.ndarray
        (row, lag x feature), the features of the first lag first.

    Examples
    --------
    >>> lagged_design(np.array([[1.0], [2.0], [3.0]]), 2)
    array([[1., 0.],
           [2., 1.],
           [3., 2.]])
    """
    if n_lags < 1:
        raise InvalidInput(f"n_lags={n_lags}; expected at least 1")
    design = np.zeros((len(features), n_lags, features.shape[1]))
    for lag in range(min(n_lags, len(features))):
        design[lag:, lag] = features[: len(features) - lag]
    return design.reshape(len(features), -1)


def expected_r2(
    train_design: np.ndarray,
    train_signal: np.ndarray,
    test_design: np.ndarray,
    test_signal: np.ndarray,
    noise_variance: np.ndarray,
    *,
    alphas: Sequence[float],
) -> np.ndarray:
    r"""Return the R² that ridge with an intercept must reach with each penalty.

    With :math:`H = X_{te} (X_{tr}'X_{tr} + \alpha I)^{-1} X_{tr}'`, both designs less the means of
    the training rows, the prediction is :math:`\bar y_{tr} + H (s_{tr} + n)`. Over the noise the
    squared error sums up to that of :math:`\bar s_{tr} + H s_{tr}` and :math:`\sigma^2` times
    :math:`\sum_i (1 + 1/T + |H_i|^2)`, the squares about the test mean to those of the signal and
    :math:`\sigma^2 (T_{te} - 1)`. R² is 1 less their quotient.

    Parameters
    ----------
    train_design, test_design
        (row, column), without intercept; they need not be the ones that made the signals.
    train_signal, test_signal
        The noiseless responses (row, unit).
    noise_variance
        Of a response (unit,).
    alphas
        Penalties on the squared weights, positive.

    Returns
    -------
    np.ndarray
        Expected R² (alpha, unit), to first order in the length of the test rows.
    """
    if not all(alpha > 0 for alpha in alphas):
        raise InvalidInput(f"alphas={list(alphas)}; expected positive penalties")
    means = train_design.mean(axis=0)
    variances, axes = np.linalg.eigh((train_design - means).T @ (train_design - means))
    variances = np.maximum(variances, 0.0)
    test_axes = (test_design - means) @ axes
    squares = np.square(test_axes).sum(axis=0)
    signal_mean = train_signal.mean(axis=0)
    products = axes.T @ ((train_design - means).T @ (train_signal - signal_mean))
    n_train, n_test = len(train_design), len(test_design)
    total = np.square(test_signal - test_signal.mean(axis=0)).sum(axis=0)
    total += noise_variance * (n_test - 1)
    found = []
    for alpha in alphas:
        shrinkage = 1 / (variances + alpha)
        prediction = signal_mean + test_axes @ (shrinkage[:, None] * products)
        spill = float(squares @ (variances * shrinkage**2))
        error = np.square(test_signal - prediction).sum(axis=0)
        error += noise_variance * (n_test + n_test / n_train + spill)
        found.append(1 - error / total)
    return np.array(found)


def expected_explainable_variance(signal: np.ndarray, noise_variance: np.ndarray) -> np.ndarray:
    """Return the share of signal (unit,) in the variance of one presentation.

    Parameters
    ----------
    signal
        The noiseless responses (row, unit) on the rows that were presented repeatedly.
    noise_variance
        Of one presentation (unit,).

    >>> expected_explainable_variance(np.array([[1.0], [-1.0]]), np.array([3.0]))
    array([0.25])
    """
    variance = signal.var(axis=0)
    return np.asarray(variance / (variance + noise_variance))
