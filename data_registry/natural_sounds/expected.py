r"""What regressions on natural sounds must find of planted responses, by closed form.

A row's prediction is linear in the other rows' responses y = s + n: with a penalty, folds and
design given, all predictions together are :math:`Hy`, where every row of H sums to 1 (it predicts a
constant as that constant) and has 0 where it meets its own fold. With C the centring over N rows
and :math:`\Sigma` the covariance of the noise in the mean of the sessions,

.. math::
    cov(Hy, y) &= cov(Hs, s) + tr(C H \Sigma) / N \\
    var(Hy) &= var(Hs) + tr(C H \Sigma H') / N \\
    var(y) &= var(s) + tr(C \Sigma) / N

and the score is the square of their quotient, 0 where it is negative. For independent noise of
variance v the first trace is -v: the mean negative correlation that a prediction of noise has when
folds are put together.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

__all__ = ["corrected_share", "pooled_share", "split_share"]

Splits = Sequence[tuple[np.ndarray, np.ndarray]]
"""Training rows and test rows of each."""


def pooled_share(
    design: np.ndarray, signal: np.ndarray, noise: np.ndarray, alpha: np.ndarray, n_folds: int
) -> np.ndarray:
    """Return the expected score (unit,) of the predictions in all folds together.

    Parameters
    ----------
    design
        (row, feature).
    signal
        (row, unit) without noise.
    noise
        (row, row) the covariance of the noise in the mean of the sessions.
    alpha
        (unit,) the penalty that predicts best.
    n_folds
        Rows are dealt to that many folds in turn; which ones matters little.
    """
    n_rows = len(design)
    part = np.arange(n_rows) % n_folds
    splits = [(np.flatnonzero(part != k), np.flatnonzero(part == k)) for k in range(n_folds)]
    shares = np.zeros(signal.shape[1])
    for unit, (penalty, planted) in enumerate(zip(alpha, signal.T, strict=True)):
        if not np.isfinite(penalty):
            continue
        predict = np.zeros((n_rows, n_rows))
        for train, test in splits:
            predict[np.ix_(test, train)] = _ridge(design, train, test, penalty)
        mean, centred = predict @ planted, predict - predict.mean(axis=0)
        spread = centred @ noise
        covariance = np.cov(mean, planted, bias=True)[0, 1] + np.trace(spread) / n_rows
        prediction_variance = mean.var() + (spread * centred).sum() / n_rows
        response_variance = planted.var() + np.trace(noise - noise.mean(axis=0)) / n_rows
        r = covariance / np.sqrt(prediction_variance * response_variance)
        shares[unit] = max(r, 0.0) ** 2
    return shares


def split_share(
    design: np.ndarray,
    signal: np.ndarray,
    noise_variance: float,
    alpha: np.ndarray,
    splits: Splits,
) -> np.ndarray:
    """Return the expected r² (split, unit) of predictions of test rows, each split by itself."""
    return _by_split(design, signal, noise_variance, alpha, splits)


def corrected_share(
    design: np.ndarray, signal: np.ndarray, alpha: np.ndarray, splits: Splits
) -> np.ndarray:
    """Return the expected r² (split, unit) over the reliabilities of response and prediction.

    Both divide out their noise: what is left is the squared correlation of the signal with what is
    predicted of it without noise.
    """
    return _by_split(design, signal, 0.0, alpha, splits)


def _by_split(
    design: np.ndarray,
    signal: np.ndarray,
    noise_variance: float,
    alpha: np.ndarray,
    splits: Splits,
) -> np.ndarray:
    shares = np.zeros((len(splits), signal.shape[1]))
    for number, (train, test) in enumerate(splits):
        for unit in np.flatnonzero(np.isfinite(alpha)):
            predict = _ridge(design, train, test, alpha[unit])
            mean, planted = predict @ signal[train, unit], signal[test, unit]
            centred = predict - predict.mean(axis=0)
            prediction_variance = mean.var() + noise_variance * (centred**2).sum() / len(test)
            response_variance = planted.var() + noise_variance * (1 - 1 / len(test))
            covariance = np.cov(mean, planted, bias=True)[0, 1]
            r = covariance / np.sqrt(prediction_variance * response_variance)
            shares[number, unit] = max(r, 0.0) ** 2
    return shares


def _ridge(design: np.ndarray, train: np.ndarray, test: np.ndarray, alpha: float) -> np.ndarray:
    """Return the map (test row, training row) from responses to predictions."""
    mean = design[train].mean(axis=0)
    seen, new = design[train] - mean, design[test] - mean
    inverse = np.linalg.inv(seen.T @ seen + alpha * np.eye(design.shape[1]))
    # Centring the responses changes nothing, as the centred design sums to 0.
    return np.asarray(new @ inverse @ seen.T + 1 / len(train))
