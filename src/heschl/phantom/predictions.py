"""How alike the predictions of two ridge regressions must be, for any fixed designs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from heschl.errors import InvalidInput

__all__ = ["Split", "expected_shared_variance"]


class Split(NamedTuple):
    """A design (row, column) in the training and the test rows of one fold."""

    train: np.ndarray
    test: np.ndarray


class _Axes(NamedTuple):
    """A design's principal axes: training rows on them, their squares, and the test rows."""

    train: np.ndarray
    squares: np.ndarray
    test: np.ndarray

    @classmethod
    def of(cls, split: Split) -> _Axes:
        means = split.train.mean(axis=0)
        squares, axes = np.linalg.eigh((split.train - means).T @ (split.train - means))
        rows = ((part - means) @ axes for part in split)
        train, test = rows
        return cls(train, np.maximum(squares, 0.0), test)


def expected_shared_variance(
    first: Sequence[Split],
    second: Sequence[Split],
    train_signals: Sequence[np.ndarray],
    noise_variance: np.ndarray,
    *,
    alphas: tuple[np.ndarray, np.ndarray],
) -> np.ndarray:
    r"""Return the squared correlation of two regressions' out-of-fold predictions.

    With :math:`H = X_{te} (X_{tr}'X_{tr} + \alpha I)^{-1} X_{tr}'` of each regression, the
    predictions of a fold are :math:`\bar s + H_1 (s + n)` and :math:`\bar s + H_2 (s + n)`. Over
    the noise the expected product of row i is that of :math:`H_1 s` and :math:`H_2 s` and
    :math:`\sigma^2 (H_1 H_2')_{ii}`, which are added up over the rows of all folds.

    Parameters
    ----------
    first, second
        For each fold the designs of both regressions, without intercept.
    train_signals
        For each fold the noiseless responses (row, unit) on its training rows.
    noise_variance
        Of a response (unit,).
    alphas
        For both the penalty on the squared weights (unit,), positive.

    Returns
    -------
    np.ndarray
        (unit,), to first order in the number of rows.
    """
    if not all((each > 0).all() for each in alphas):
        raise InvalidInput(f"alphas={alphas}; expected positive penalties")
    n_units = len(noise_variance)
    signal: list[list[np.ndarray]] = [[], []]
    spill = np.zeros((3, n_units))
    for one, other, wanted in zip(first, second, train_signals, strict=True):
        sides = _Axes.of(one), _Axes.of(other)
        shrinkage = [
            1 / (side.squares[:, None] + alpha) for side, alpha in zip(sides, alphas, strict=True)
        ]
        mean = wanted.mean(axis=0)
        for number, side in enumerate(sides):
            products = side.train.T @ (wanted - mean)
            signal[number].append(mean + side.test @ (shrinkage[number] * products))
        for place, (i, j) in enumerate(((0, 0), (1, 1), (0, 1))):
            # Of row r: sum over axes a, b of test_i[r, a] d_i[a] (train_i'train_j)[a, b] d_j[b]
            # test_j[r, b]; the sum over rows is taken first, as it is the same for all units.
            among = (sides[i].test.T @ sides[j].test) * (sides[i].train.T @ sides[j].train)
            spill[place] += np.einsum("au,ab,bu->u", shrinkage[i], among, shrinkage[j])
    rows = [np.concatenate(each) for each in signal]
    rows = [each - each.mean(axis=0) for each in rows]
    products = [
        np.sum(rows[i] * rows[j], axis=0) + noise_variance * spill[place]
        for place, (i, j) in enumerate(((0, 0), (1, 1), (0, 1)))
    ]
    return np.asarray(products[2] ** 2 / (products[0] * products[1]))
