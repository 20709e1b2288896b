"""The maths of noise ceilings, on plain arrays.

What repeats of a stimulus tell of signal and noise is all in their covariance,
one small matrix a unit.
"""

from __future__ import annotations

import numpy as np
import scipy.linalg

from heschl.errors import InvalidInput

__all__ = [
    "ccmax",
    "explainable_variance",
    "principal_components",
    "repeat_covariance",
    "row_products",
    "split_half",
]

_UNITS_AT_ONCE = 4096
"""Bounds the memory of intermediate results."""

_ROUNDING = 1e-12
"""A variance this small beside the total is rounding."""


def repeat_covariance(values: np.ndarray) -> np.ndarray:
    """Return the covariance (unit, repeat, repeat) over rows of ``values`` (row, repeat, unit).

    Units are rescaled, as no ceiling depends on scale and squares of tiny values vanish.
    """
    centred = values - values.mean(axis=0)
    largest = np.abs(centred).max(axis=(0, 1))
    centred /= np.where(largest > 0, largest, 1.0)
    by_unit = np.ascontiguousarray(centred.transpose(2, 1, 0))  # (unit, repeat, row)
    return np.asarray(by_unit @ by_unit.transpose(0, 2, 1) / len(values))


def signal_power(covariance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return signal power and total power, the mean variance of repeats, each (unit,).

    With N repeats, signal power is (N var(mean) - total) / (N - 1): the noise in
    the mean is an N-th of that in a repeat.
    """
    n_repeats = covariance.shape[-1]
    total = np.trace(covariance, axis1=1, axis2=2) / n_repeats
    of_mean = covariance.mean(axis=(1, 2))
    return (n_repeats * of_mean - total) / (n_repeats - 1), total


def ccmax(correlation: np.ndarray) -> np.ndarray:
    """Return CCmax (unit,) from covariances (unit, repeat, repeat) of z-scored repeats."""
    n_repeats = correlation.shape[-1]
    signal, total = signal_power(correlation)
    has_signal = signal > 0
    noise_to_signal = np.divide(total, signal, out=np.ones_like(total), where=has_signal) - 1
    return np.where(has_signal, 1 / np.sqrt(1 + noise_to_signal / n_repeats), 0.0)


def explainable_variance(covariance: np.ndarray) -> np.ndarray:
    """Return the signal's share of a single repeat's variance, from (unit, repeat, repeat).

    With EV = 1 - mean var(y_n - mean) / mean var(y_n), the corrected
    EV - (1 - EV) / (N - 1) is signal power over total power.
    """
    signal, total = signal_power(covariance)
    return np.asarray(np.divide(signal, total, out=np.zeros_like(total), where=total > 0))


def split_half(covariance: np.ndarray, orders: np.ndarray) -> np.ndarray:
    """Return the reliability (unit,) of the mean of all repeats.

    The mean r between the means of two halves, corrected from a half to all
    repeats (Spearman and Brown); 0 where halves do not agree.

    Parameters
    ----------
    covariance
        (unit, repeat, repeat).
    orders
        Shuffled repeat numbers (draw, repeat): the first half against the
        next; an odd last one sits out.
    """
    n_repeats = covariance.shape[-1]
    half = n_repeats // 2
    total = np.trace(covariance, axis1=1, axis2=2)
    mean_r = np.zeros(len(covariance))
    for order in orders:
        first, second = order[:half], order[half : 2 * half]
        between, of_first, of_second = (
            covariance[:, one[:, None], other].mean(axis=(1, 2))
            for one, other in ((first, second), (first, first), (second, second))
        )
        # Halves may cancel, up to rounding, which would then be divided by rounding.
        varies = np.minimum(of_first, of_second) > _ROUNDING * total
        spread = np.sqrt(np.where(varies, of_first * of_second, 1.0))
        r = np.where(varies, between / spread, 0.0)
        mean_r += r / len(orders)
    mean_r = np.maximum(mean_r, 0.0)
    lengthening = n_repeats / half
    return np.asarray(lengthening * mean_r / (1 + (lengthening - 1) * mean_r))


def row_products(values: np.ndarray) -> np.ndarray:
    """Return the inner products (row, row) of the rows of ``values`` (row, unit), in float64."""
    products = np.zeros((len(values), len(values)))
    for start in range(0, values.shape[1], _UNITS_AT_ONCE):
        block = values[:, start : start + _UNITS_AT_ONCE].astype(np.float64)
        products += block @ block.T
    return products


def principal_components(products: np.ndarray, train: np.ndarray, n_components: int) -> np.ndarray:
    """Return scores (row, component) of all rows on the components of the training rows.

    ``products`` are `row_products`, whatever the rows are centred on: rows are fewer than units,
    and the same products serve every fold. Directions without variance are dropped.
    """
    to_train = products[:, train]
    to_train = to_train - to_train.mean(axis=1, keepdims=True)
    gram = to_train - to_train[train].mean(axis=0)  # (row, training row)
    n_train = len(train)
    kept = [max(n_train - n_components, 0), n_train - 1]
    variances, vectors = scipy.linalg.eigh(gram[train], subset_by_index=kept)
    # Products that were centred afterwards carry the rounding of what was taken off.
    rounding = n_train * np.finfo(np.float64).eps * max(variances[-1], np.abs(products).max())
    has_variance = variances > rounding
    if not has_variance.any():
        raise InvalidInput("no unit varies over the training rows; there are no components")
    return np.asarray(gram @ vectors[:, has_variance] / np.sqrt(variances[has_variance]))[:, ::-1]
