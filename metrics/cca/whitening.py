"""One side of canonical correlations: directions of unit variance, none of them twice."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from heschl.errors import InvalidInput
from heschl.metrics.cca.moments import Moments

__all__ = ["ENOUGH_ROWS", "SHARE", "View", "check_share", "penalty_share", "whitened"]

ENOUGH_ROWS = 20
"""Rows for each column of all views from which no penalty is needed."""

SHARE = 1e-3
"""Of the mean variance of a column, the penalty where there are fewer rows."""

_STILL = 1e-10
"""A deviation below this share of the mean is rounding."""

_DEPENDENT = 1e-11
"""Of the largest variance in any direction; what is below it is rounding."""


@dataclass(frozen=True)
class View:
    """Directions in the features of one view.

    Parameters
    ----------
    means
        (feature,) of the training rows.
    weights
        (feature, direction): variates are features less their means, times these.
    penalty
        r: variates of different directions are uncorrelated, and of unit variance, in the metric
        of the covariance with r on its diagonal.
    n_constant
        Columns that do not vary on the training rows; their weights are 0.
    n_dependent
        Directions in which the other columns do not vary.
    """

    means: np.ndarray
    weights: np.ndarray
    penalty: float
    n_constant: int
    n_dependent: int

    @property
    def n_directions(self) -> int:
        """How many directions there are."""
        return int(self.weights.shape[1])

    def transform(self, rows: np.ndarray, directions: slice = slice(None)) -> np.ndarray:
        """Return the variates (row, direction), float64, of any rows (row, feature).

        >>> view = View(np.array([1.0]), np.array([[2.0]]), 0.0, 0, 0)
        >>> view.transform(np.array([[1.0], [2.0]])).tolist()
        [[0.0], [2.0]]
        """
        if rows.ndim != 2 or rows.shape[1] != len(self.means):  # noqa: PLR2004
            raise InvalidInput(
                f"rows of shape {rows.shape}; expected (row, {len(self.means)}), the features that "
                "the directions were found in"
            )
        weights = self.weights[:, directions]
        return np.asarray((rows.astype(np.float64) - self.means) @ weights)

    def turned(self, rotation: np.ndarray) -> View:
        """Return the view with its directions turned by ``rotation (direction, new direction)``."""
        return replace(self, weights=self.weights @ rotation)


def penalty_share(moments: Moments, share: float | None) -> float:
    """Return the penalty as a share of the mean variance of a column, chosen by the rows if None.

    >>> rows = np.random.default_rng(0).standard_normal((100, 3))
    >>> penalty_share(Moments.of(rows[:, :2], rows[:, 2:]), None)
    0.0
    >>> penalty_share(Moments.of(rows[:50, :2], rows[:50, 2:]), None)
    0.001
    """
    if share is not None:
        return share
    return 0.0 if moments.n_rows >= ENOUGH_ROWS * sum(moments.widths) else SHARE


def check_share(share: float | None) -> None:
    """Refuse what is no share."""
    if share is None:
        return
    is_number = isinstance(share, int | float) and not isinstance(share, bool)
    if not is_number or not np.isfinite(share) or share < 0:
        raise InvalidInput(f"share={share!r}; expected a number from 0 up, or None for the rule")


def whitened(moments: Moments, view: int, share: float) -> View:
    """Return orthonormal directions of one view; the package, 2.

    >>> rows = np.random.default_rng(0).standard_normal((50, 2))
    >>> twice = np.column_stack([rows, rows[:, 0] - rows[:, 1], np.ones(50)])
    >>> found = whitened(Moments.of(twice), 0, 0.0)
    >>> found.n_directions, found.n_dependent, found.n_constant
    (2, 1, 1)
    >>> np.cov(found.transform(twice).T, bias=True).round(6) + 0.0
    array([[1., 0.],
           [0., 1.]])
    """
    means, covariance = moments.mean(view), moments.covariance(view, view)
    deviations = np.sqrt(np.diagonal(covariance))
    varies = deviations > _STILL * np.abs(means)
    if not varies.any():
        raise InvalidInput(
            f"none of the {len(means)} features of view {view} varies over its {moments.n_rows} "
            "rows, so there is nothing that could be correlated; give features that do"
        )
    if moments.n_rows < 3:  # noqa: PLR2004 - with two rows all correlations are 1
        raise InvalidInput(
            f"{moments.n_rows} rows; expected 3 at least, and many more than there are features"
        )
    kept = covariance[np.ix_(varies, varies)]
    penalty = share * float(np.mean(np.diagonal(kept)))
    kept[np.diag_indices_from(kept)] += penalty
    # Whatever the units of the columns, none is lost among larger ones.
    scales = np.sqrt(np.diagonal(kept))
    variances, axes = np.linalg.eigh(kept / np.multiply.outer(scales, scales))
    is_used = variances > _DEPENDENT * variances[-1]
    weights = np.zeros((len(means), int(is_used.sum())))
    # From the largest to the smallest variance.
    weights[varies] = (axes[:, is_used] / scales[:, None] / np.sqrt(variances[is_used]))[:, ::-1]
    return View(means, weights, penalty, int((~varies).sum()), int(varies.sum()) - weights.shape[1])
