"""Means and scatter of several models' features, added up from blocks of rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from heschl.errors import InvalidInput

__all__ = ["Moments"]

_ROWS_AT_ONCE = 4096
"""Rows that are held in float64 at a time."""


@dataclass(frozen=True)
class Moments:
    """What canonical correlations need of rows; see the package, 1.

    Parameters
    ----------
    widths
        How many columns each view has; they stand side by side.
    n_rows
        How many rows were added up.
    means
        (column,) float64.
    scatter
        (column, column) float64: the sums of products of columns less their means.

    Examples
    --------
    >>> rows = np.array([[0.0, 1.0], [2.0, 1.0], [4.0, 4.0]])
    >>> parts = [Moments.of(rows[:1, :1], rows[:1, 1:]), Moments.of(rows[1:, :1], rows[1:, 1:])]
    >>> Moments.pooled(parts).scatter.round(6).tolist()
    [[8.0, 6.0], [6.0, 6.0]]
    """

    widths: tuple[int, ...]
    n_rows: int
    means: np.ndarray
    scatter: np.ndarray

    @classmethod
    def of(cls, *views: np.ndarray) -> Moments:
        """Return those of views (row, feature) of the same rows, finite."""
        _check_views(views)
        widths = tuple(view.shape[1] for view in views)
        parts = []
        for start in range(0, len(views[0]), _ROWS_AT_ONCE):
            rows = np.hstack(
                [view[start : start + _ROWS_AT_ONCE].astype(np.float64) for view in views]
            )
            with np.errstate(over="ignore", invalid="ignore"):  # refused below, by name
                means = rows.mean(axis=0)
                rows -= means
                parts.append(cls(widths, len(rows), means, rows.T @ rows))
                # Two matrices are held, however many rows there are.
                parts = [cls.pooled(parts)] if len(parts) > 1 else parts
        found = parts[0]
        _check_finite(found)
        return found

    @classmethod
    def pooled(cls, parts: Sequence[Moments]) -> Moments:
        """Return those of the rows of all parts together."""
        if not parts or len({part.widths for part in parts}) > 1:
            raise InvalidInput(
                f"moments of views of {sorted({part.widths for part in parts})} columns; expected "
                "the same views in every part, and one part at least"
            )
        n_rows = sum(part.n_rows for part in parts)
        means = np.sum([part.n_rows * part.means for part in parts], axis=0) / n_rows
        scatter = np.zeros_like(parts[0].scatter)
        for part in parts:
            off = part.means - means
            scatter += part.scatter
            scatter += np.multiply.outer(part.n_rows * off, off)
        return cls(parts[0].widths, n_rows, means, scatter)

    @property
    def n_views(self) -> int:
        """How many views there are."""
        return len(self.widths)

    def mean(self, view: int) -> np.ndarray:
        """Return the means (feature,) of a view."""
        return self.means[self._columns(view)]

    def covariance(self, view: int, other: int) -> np.ndarray:
        """Return the covariances (feature, feature) of two views, divided by the rows."""
        return np.asarray(self.scatter[self._columns(view), self._columns(other)] / self.n_rows)

    def _columns(self, view: int) -> slice:
        start = sum(self.widths[:view])
        return slice(start, start + self.widths[view])


def _check_views(views: Sequence[np.ndarray]) -> None:
    shapes = [np.shape(view) for view in views]
    if not views or any(len(shape) != 2 or 0 in shape for shape in shapes):  # noqa: PLR2004
        raise InvalidInput(
            f"views of shape {shapes}; expected each (row, feature), with one of each or more"
        )
    if len({shape[0] for shape in shapes}) > 1:
        raise InvalidInput(
            f"views with {[shape[0] for shape in shapes]} rows; expected the same rows in every "
            "view, one beside the other"
        )
    for number, view in enumerate(views):
        if view.dtype.kind not in "fiub":
            raise InvalidInput(f"view {number} holds {view.dtype}; expected real numbers")


def _check_finite(found: Moments) -> None:
    is_bad = ~(np.isfinite(found.means) & np.isfinite(np.diagonal(found.scatter)))
    if is_bad.any():
        view = int(np.searchsorted(np.cumsum(found.widths), np.flatnonzero(is_bad)[0], "right"))
        raise InvalidInput(
            f"{is_bad.sum()} columns hold values that are not finite, or too large to be squared, "
            f"the first in view {view}; repair or drop them"
        )
