"""A training set turned onto its principal axes, and held-out rows on the same axes.

Four routes lead there, each exact:

``summed``
    tall; X'X is the sum of the Gram matrices of the included blocks, and X'Y of a training set
    is the sum of theirs
``direct``
    tall; X'X and X'Y of the training rows themselves, where blocks are many
``kernel``
    wide; the double-centred part of XX'
``decomposed``
    a singular value decomposition of the rows, for penalties so small that squares lose them
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from heschl.metrics.ridge.agreement import centred
from heschl.metrics.ridge.engine.design import Design
from heschl.metrics.ridge.solver import rotate

__all__ = [
    "Factor",
    "Projection",
    "Route",
    "factor_training",
    "project",
    "squares_on_axes",
    "unreachable_axes",
]

Route = Literal["summed", "direct", "kernel", "decomposed"]


@dataclass(frozen=True)
class Projection:
    """Held-out rows on the axes of a training set.

    Parameters
    ----------
    centred
        (row, axis) less the mean over these rows: what correlates.
    mean
        (axis,) the mean over these rows, relative to the training mean.
    """

    centred: np.ndarray
    mean: np.ndarray

    def of_axes(self, axes: np.ndarray, dtype: np.dtype) -> Projection:
        """Return some axes, in the order given."""
        return Projection(
            self.centred[:, axes].astype(dtype, order="C"), self.mean[axes].astype(dtype)
        )


@dataclass(frozen=True)
class Factor:
    """A training set on its principal axes.

    Parameters
    ----------
    eigenvalues
        (axis,) of X'X.
    loadings
        (row, axis) so that loadings' Y are the responses on the axes. None in the route "summed",
        until `loaded_by_rows`.
    basis
        (feature, axis) from weights on the axes to weights on the (scaled) features. None in the
        route "kernel", where it is X' loadings.
    mean
        (feature,) what the intercept takes off rows of the design; in the route "kernel" (row,),
        what it takes off their products with the training rows.
    spans_rows
        Whether the loadings are orthonormal and span all (centred) responses.
    """

    eigenvalues: np.ndarray
    loadings: np.ndarray | None
    basis: np.ndarray | None
    mean: np.ndarray
    spans_rows: bool

    def of_axes(self, axes: np.ndarray) -> Factor:
        """Return some axes, in the order given."""

        def some(matrix: np.ndarray | None) -> np.ndarray | None:
            return None if matrix is None else matrix[:, axes]

        return Factor(
            self.eigenvalues[axes],
            some(self.loadings),
            some(self.basis),
            self.mean,
            self.spans_rows,
        )

    def loaded_by_rows(self, design: Design, training: np.ndarray) -> Factor:
        """Return this with loadings, of a design's training rows."""
        assert self.basis is not None  # noqa: S101 - tells the type checker
        deviations = design.rows(training) - self.mean
        return replace(self, loadings=deviations @ self.basis)

    def feature_basis(self, design: Design, training: np.ndarray) -> np.ndarray:
        """Return (feature, axis) that turns weights on the axes into weights on the features."""
        if self.basis is not None:
            return self.basis
        assert self.loadings is not None  # noqa: S101 - tells the type checker
        return np.asarray(design.rows(training).T @ self.loadings)


def factor_training(
    design: Design,
    rows: np.ndarray,
    route: Route,
    *,
    smallest_alpha: float,
    gram: np.ndarray | None = None,
    has_loadings: bool = False,
) -> Factor:
    """Return a training set on its principal axes.

    Parameters
    ----------
    design
        All rows.
    rows
        Row numbers of the training set.
    route
        See the module.
    smallest_alpha
        On the scale of the design; used by the route "decomposed".
    gram
        (feature, feature) X'X of the rows, not centred; for the route "summed". Overwritten.
    has_loadings
        Whether to return loadings in the route "summed" as well.
    """
    if route == "kernel":
        return _from_kernel(design, rows)
    if route == "decomposed":
        return _from_rows(design, rows, smallest_alpha)
    return _from_gram(design, rows, gram, has_loadings=has_loadings)


def project(design: Design, factor: Factor, training: np.ndarray, rows: np.ndarray) -> Projection:
    """Return rows on the axes of a training set."""
    if factor.basis is not None:
        held_out = design.rows(rows)
        mean = held_out.mean(axis=0)
        return Projection(centred(held_out) @ factor.basis, (mean - factor.mean) @ factor.basis)
    assert factor.loadings is not None  # noqa: S101 - tells the type checker
    # x'X'U for the training rows X, of which the kernel holds x'X'.
    products = design.kernel[np.ix_(rows, training)]
    mean = products.mean(axis=0)
    if design.is_still(rows):
        products[:] = 0.0
    else:
        products -= mean
    return Projection(products @ factor.loadings, (mean - factor.mean) @ factor.loadings)


def _from_gram(
    design: Design, rows: np.ndarray, gram: np.ndarray | None, *, has_loadings: bool
) -> Factor:
    mean = design.mean_of(rows)
    deviations = None
    if has_loadings or gram is None:
        deviations = design.rows(rows) - mean
    if gram is not None:
        gram -= len(rows) * np.outer(mean, mean)
    elif deviations is not None:
        gram = deviations.T @ deviations
    assert gram is not None  # noqa: S101 - tells the type checker
    if not design.varies(rows):
        gram[:] = 0.0
    eigenvalues, basis = np.linalg.eigh(gram)
    eigenvalues = eigenvalues.clip(min=0.0)
    loadings = None if deviations is None else deviations @ basis
    return Factor(eigenvalues, loadings, basis, mean, spans_rows=False)


def _from_kernel(design: Design, rows: np.ndarray) -> Factor:
    kernel = design.kernel[np.ix_(rows, rows)]
    if not design.varies(rows):
        kernel[:] = 0.0
    mean = np.zeros(len(rows))
    if design.has_intercept:
        mean = kernel.mean(axis=0)
        kernel -= mean
        kernel -= (mean - mean.mean())[:, None]
        # The constant response is an axis with eigenvalue 0, lost among any other zeros. Lifted
        # above the spectrum it comes out alone and last, and is left out.
        kernel += (2.0 * np.linalg.norm(kernel) or 1.0) / len(kernel)
    eigenvalues, axes = np.linalg.eigh(kernel)
    if design.has_intercept:
        eigenvalues, axes = eigenvalues[:-1], axes[:, :-1]
    return Factor(eigenvalues.clip(min=0.0), axes, None, mean, spans_rows=True)


def _from_rows(design: Design, rows: np.ndarray, smallest_alpha: float) -> Factor:
    rotation = rotate(
        design.rows(rows), smallest_alpha=smallest_alpha, has_intercept=design.has_intercept
    )
    return Factor(
        rotation.eigenvalues,
        rotation.loadings,
        rotation.basis,
        rotation.design_mean,
        spans_rows=rotation.spans_rows,
    )


def squares_on_axes(projections: Iterable[Projection]) -> np.ndarray:
    """Return the largest square (axis,) that any set of held-out rows has on each axis."""
    found = [
        np.maximum(
            np.einsum("ip,ip->p", each.centred, each.centred), len(each.centred) * each.mean**2
        )
        for each in projections
    ]
    return np.asarray(np.max(found, axis=0), dtype=np.float64)


def unreachable_axes(
    factor: Factor, seen: np.ndarray, smallest_alpha: float, negligible: float
) -> np.ndarray:
    """Return which axes (axis,) cannot matter to any prediction beside the others, as booleans.

    Responses of norm 1 have at most √eigenvalue on an axis, of which a penalty
    leaves the share 1/(eigenvalue + alpha), which held-out rows of the squares ``seen`` multiply.
    This reach, as a share of the largest, is greatest for the smallest penalty.
    """
    reach = np.sqrt(factor.eigenvalues * seen) / (factor.eigenvalues + smallest_alpha)
    return np.asarray(reach <= negligible * reach.max(initial=0.0))
