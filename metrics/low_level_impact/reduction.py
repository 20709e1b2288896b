"""Impact: the share of an alignment that goes with the low-level features, in percent.

    R = 100 (B_o - B_r) / B_o

with B_o the mean alignment of a region from all of a model's features, B_r that from their
residuals. The reduction matters: of two units with B_o .5 and .1 of which the second one falls to
0, the region loses 16.7 % and the mean unit 50 %. R is undefined where B_o is below .05.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import xarray as xr

from heschl.errors import InvalidInput

if TYPE_CHECKING:
    from heschl.splits import Fold

__all__ = ["FEATURES", "MINIMUM", "impact", "mean_impact", "require_same_rows"]

FEATURES = "low_level"
"""The dimension of low-level feature spaces."""

MINIMUM = 0.05
"""Alignments below it are too small for a share of them to mean anything."""

Values = TypeVar("Values", np.ndarray, xr.DataArray)


def impact(original: Values, residual: Values, minimum: float = MINIMUM) -> Values:
    """Return the impact in percent, NaN where the original alignment is below the minimum.

    Parameters
    ----------
    original, residual
        Alignments of any shapes that broadcast: of regions, or of single units.
    minimum
        Of the original alignment.

    Examples
    --------
    >>> original, residual = np.array([0.5, 0.1]), np.array([0.5, 0.0])
    >>> of_means = impact(original.mean(), residual.mean())
    >>> float(of_means.round(1)), float(impact(original, residual).mean())
    (16.7, 50.0)
    """
    if not minimum > 0:
        raise InvalidInput(f"minimum={minimum!r}; expected an alignment above 0")
    is_defined = original >= minimum
    if isinstance(original, xr.DataArray):
        base = original.where(is_defined)
    else:
        base = np.where(is_defined, original, np.nan)
    return 100 * (base - residual) / base  # type: ignore[no-any-return]  # as NumPy types it


def mean_impact(impacts: xr.DataArray) -> tuple[xr.DataArray, xr.DataArray]:
    """Return the mean over low-level spaces, and over how many of them it is.

    Parameters
    ----------
    impacts
        In percent, with the dimension ``low_level``, NaN where undefined.
    """
    n_valid = impacts.notnull().sum(FEATURES)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # nowhere defined is NaN
        return impacts.mean(FEATURES, skipna=True), n_valid


def require_same_rows(original: Sequence[Fold], residual: Sequence[Fold]) -> None:
    """Refuse to compare alignments that were fitted or tested on different rows.

    Fewer rows to fit on give a lower alignment for noise alone: with 60 features, 250 rows against
    600 pass for an impact of 5.7 points.
    """
    for of_original, of_residual in zip(original, residual, strict=False):
        for part in ("train", "test"):
            rows, others = (getattr(fold, part) for fold in (of_original, of_residual))
            if not np.array_equal(rows, others):
                raise InvalidInput(
                    f"the original alignment has {len(rows)} {part} rows in the fold "
                    f"{of_original.name!r}, the residual one {len(others)}, or others; an impact "
                    "compares fits on the same rows of the same stories"
                )
    if len(original) != len(residual):
        raise InvalidInput(
            f"the original alignment has {len(original)} folds and the residual one "
            f"{len(residual)}; an impact compares fits on the same rows"
        )
