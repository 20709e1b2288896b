"""Canonical correlations of two views."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from heschl.errors import InvalidInput
from heschl.metrics.cca.moments import Moments
from heschl.metrics.cca.whitening import View, check_share, penalty_share, whitened

__all__ = ["CanonicalPairs", "canonical_pairs", "fixed_signs", "require_views"]


@dataclass(frozen=True)
class CanonicalPairs:
    """Pairs of directions, one in each view, from the most to the least correlated.

    Parameters
    ----------
    correlations
        (pair,) from 0 to 1, on the training rows.
    first, second
        The views. Their directions are the pairs', and after them those without a partner.
    """

    correlations: np.ndarray
    first: View
    second: View

    @property
    def n_pairs(self) -> int:
        """How many pairs there are: as many as the view of lower rank has directions."""
        return len(self.correlations)

    def correlations_of(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Return the correlations (pair,) of the variates of any rows (row, feature) of both views.

        0 where a variate does not vary.
        """
        pairs = slice(self.n_pairs)
        one, other = self.first.transform(first, pairs), self.second.transform(second, pairs)
        if len(one) != len(other):
            raise InvalidInput(
                f"{len(one)} rows of the first view and {len(other)} of the second; expected the "
                "same rows"
            )
        one, other = one - one.mean(axis=0), other - other.mean(axis=0)
        norms = np.linalg.norm(one, axis=0) * np.linalg.norm(other, axis=0)
        return np.asarray(np.sum(one * other, axis=0) / np.where(norms > 0, norms, np.inf))


def canonical_pairs(moments: Moments, *, share: float | None = None) -> CanonicalPairs:
    """Return the canonical correlations of two views; the package, 3.

    Parameters
    ----------
    moments
        Of the two views, on training rows.
    share
        The penalty on each side as a share of the mean variance of its columns. By default 0 from
        20 rows for each column on, and 1e-3 below that.

    Notes
    -----
    The weight that is largest, each times the deviation of its feature, is positive in the first
    view. Where correlations are equal the pairs among them are any rotation; what is computed from
    all of them together is not.

    Examples
    --------
    >>> generator = np.random.default_rng(0)
    >>> shared = generator.standard_normal((4000, 1))
    >>> one, other = (shared + 0.5 * generator.standard_normal((4000, 2)) for _ in range(2))
    >>> canonical_pairs(Moments.of(one, other)).correlations.round(1)  # 1 / (1 + .25 / 2), 0
    array([0.9, 0. ])
    """
    require_views(moments, 2, exactly=True)
    check_share(share)
    used = penalty_share(moments, share)
    first, second = (whitened(moments, view, used) for view in (0, 1))
    cross = first.weights.T @ moments.covariance(0, 1) @ second.weights
    left, correlations, right = np.linalg.svd(cross)
    pairs = len(correlations)
    sides = []
    for number, (view, rotation) in enumerate(((first, left), (second, right.T))):
        turned = view.turned(rotation)
        alone = turned.weights[:, pairs:]
        if alone.shape[1]:
            spread = moments.covariance(number, number) @ alone
            axes = np.linalg.eigh(spread.T @ spread)[1][:, ::-1]
            order = np.eye(turned.n_directions)
            order[pairs:, pairs:] = axes
            turned = turned.turned(order)
        sides.append(turned)
    deviations = [np.sqrt(np.diagonal(moments.covariance(view, view))) for view in (0, 1)]
    signs = [
        fixed_signs(side.weights * each[:, None])
        for side, each in zip(sides, deviations, strict=True)
    ]
    signs[1][:pairs] = signs[0][:pairs]
    return CanonicalPairs(
        np.minimum(correlations, 1.0),
        *(side.turned(np.diag(sign)) for side, sign in zip(sides, signs, strict=True)),
    )


def fixed_signs(loadings: np.ndarray) -> np.ndarray:
    """Return for each column the sign of its largest number, the first of equals.

    >>> fixed_signs(np.array([[1.0, 0.5], [0.5, -2.0]])).tolist()
    [1.0, -1.0]
    """
    largest = np.take_along_axis(loadings, np.argmax(np.abs(loadings), axis=0)[None], axis=0)[0]
    return np.where(largest < 0, -1.0, 1.0)


def require_views(moments: Moments, least: int, *, exactly: bool = False) -> None:
    """Refuse moments of another number of views."""
    if moments.n_views < least or (exactly and moments.n_views > least):
        wanted = f"{least}" if exactly else f"{least} or more"
        raise InvalidInput(f"moments of {moments.n_views} views; expected {wanted}")
