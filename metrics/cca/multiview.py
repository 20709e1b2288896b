"""Generalised canonical correlations of two or more views (MAXVAR)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from heschl.errors import InvalidInput
from heschl.metrics.cca.canonical import fixed_signs, require_views
from heschl.metrics.cca.moments import Moments
from heschl.metrics.cca.whitening import View, check_share, penalty_share, whitened

__all__ = ["CommonDirections", "common_directions"]


@dataclass(frozen=True)
class CommonDirections:
    """Directions in every view, from the most common to the least.

    Parameters
    ----------
    eigenvalues
        (direction,) from 0 to the number of views: that where all agree, 1 where one view is alone.
    views
        The directions in each view. Over views, the mean variance of a direction's variates is 1.
    """

    eigenvalues: np.ndarray
    views: tuple[View, ...]

    def transform(self, rows: Sequence[np.ndarray], directions: slice = slice(None)) -> np.ndarray:
        """Return the mean over views of their variates (row, direction)."""
        if len(rows) != len(self.views):
            raise InvalidInput(
                f"rows of {len(rows)} views; the directions are of {len(self.views)}"
            )
        variates = [
            view.transform(each, directions) for view, each in zip(self.views, rows, strict=True)
        ]
        return np.asarray(np.mean(variates, axis=0))


def common_directions(moments: Moments, *, share: float | None = None) -> CommonDirections:
    """Return the generalised canonical correlations of two or more views; the package, 4.

    Parameters
    ----------
    moments
        Of the views, on training rows.
    share
        As in `heschl.metrics.cca.canonical_pairs`.

    Examples
    --------
    >>> generator = np.random.default_rng(0)
    >>> shared = generator.standard_normal((4000, 1))
    >>> views = [shared + 0.5 * generator.standard_normal((4000, 2)) for _ in range(3)]
    >>> common_directions(Moments.of(*views)).eigenvalues[:2].round(1)  # 1 + 2 / (1 + .25 / 2), 1
    array([2.8, 1. ])
    """
    require_views(moments, 2)
    check_share(share)
    used = penalty_share(moments, share)
    views = [whitened(moments, number, used) for number in range(moments.n_views)]
    ends = np.cumsum([view.n_directions for view in views])
    parts = [slice(end - view.n_directions, end) for view, end in zip(views, ends, strict=True)]
    blocks = np.eye(ends[-1])
    for i, first in enumerate(views):
        for j, second in enumerate(views[:i]):
            block = first.weights.T @ moments.covariance(i, j) @ second.weights
            blocks[parts[i], parts[j]] = block
            blocks[parts[j], parts[i]] = block.T
    eigenvalues, axes = np.linalg.eigh(blocks)
    eigenvalues, axes = eigenvalues[::-1], axes[:, ::-1] * np.sqrt(len(views))
    turned = [view.turned(axes[part]) for view, part in zip(views, parts, strict=True)]
    loadings = [
        view.weights * np.sqrt(np.diagonal(moments.covariance(number, number)))[:, None]
        for number, view in enumerate(turned)
    ]
    signs = np.diag(fixed_signs(np.concatenate(loadings)))
    return CommonDirections(
        np.maximum(eigenvalues, 0.0), tuple(view.turned(signs) for view in turned)
    )
