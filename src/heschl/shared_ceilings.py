"""Ceilings from listeners of one stimulus: how well do the others predict each of them.

They bound what listeners share (NC-SHARED): a model of what is a listener's own may exceed them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np
import xarray as xr

from heschl.ceilings import Ceiling, Power, check_rows
from heschl.configuration import describe
from heschl.contracts import Metric
from heschl.dimensions import FEATURE, FOLD, SUBJECT, TIME, UNIT
from heschl.errors import InvalidInput
from heschl.reliability import principal_components, row_products
from heschl.splits import Fold
from heschl.temporal import is_constant, zscore

__all__ = ["MINIMUM_SUBJECTS", "SharedCeiling", "SharedCorrelation", "SharedPrediction"]

MINIMUM_SUBJECTS = 3
"""With two, what a listener shares with the other cannot be told from what both share."""


class SharedCeiling(Ceiling, Protocol):
    """A ceiling from listeners of the same stimuli, each in turn against the mean of the others."""

    def of_listener(
        self,
        own: xr.DataArray,
        others: np.ndarray,
        folds: Sequence[Fold],
        estimator: Metric,
        *,
        seed: int,
    ) -> np.ndarray:
        """Return one listener's ceiling (unit,).

        Parameters
        ----------
        own
            The listener's responses (time, unit).
        others
            The mean over the other listeners (time, unit), row for row; it may have other units.
        folds, estimator, seed
            Those of the model.
        """


@dataclass(frozen=True)
class SharedCorrelation:
    """The correlation of each listener with the mean of the others, unit by unit.

    NC-SHARED in its univariate form.
    """

    kind: ClassVar[str] = "NC-SHARED univariate"
    power: ClassVar[Power] = "correlation"
    minimum: float = 0.0

    def configuration(self) -> Mapping[str, Any]:
        """Return every setting and the numerics version."""
        return {**describe(self), "numerics": 1}

    def of_listener(
        self,
        own: xr.DataArray,
        others: np.ndarray,
        folds: Sequence[Fold] = (),  # noqa: ARG002
        estimator: Metric | None = None,  # noqa: ARG002
        *,
        seed: int = 0,  # noqa: ARG002
    ) -> np.ndarray:
        """Return the ceiling (unit,) of one listener; nothing is fitted."""
        ceiling = np.zeros(own.sizes[UNIT])
        for start in range(0, len(ceiling), _UNITS_AT_ONCE):
            block = slice(start, start + _UNITS_AT_ONCE)
            mine = zscore(own[:, block].to_numpy().astype(np.float64))
            ceiling[block] = (mine * zscore(others[:, block].astype(np.float64))).mean(axis=0)
        return ceiling

    def __call__(self, responses: xr.DataArray) -> xr.DataArray:
        """Return the ceiling (subject, unit) of ``responses`` (subject, time, unit)."""
        return _of_each(self, responses, (), None, seed=0)


@dataclass(frozen=True)
class SharedPrediction:
    """The score of predicting each listener from all units of the others' mean.

    NC-SHARED in its multi-unit form: the same estimator and folds as the model,
    with principal components of the others' mean, fitted on training rows, in
    the place of the model's features.
    """

    kind: ClassVar[str] = "NC-SHARED"
    power: ClassVar[Power] = "correlation"
    n_components: int = 100
    minimum: float = 0.0

    def configuration(self) -> Mapping[str, Any]:
        """Return every setting and the numerics version."""
        return {**describe(self), "numerics": 1}

    def of_listener(
        self,
        own: xr.DataArray,
        others: np.ndarray,
        folds: Sequence[Fold],
        estimator: Metric,
        *,
        seed: int,
    ) -> np.ndarray:
        """Return the ceiling (unit,) of one listener, the mean over folds."""
        self._check_folds(folds, n_rows=len(own))
        products = row_products(others)
        ceiling = np.zeros(own.sizes[UNIT])
        for fold in folds:
            scores = principal_components(products, fold.train, self.n_components)
            design = xr.DataArray(scores, dims=(TIME, FEATURE), coords={TIME: own[TIME]})
            score = estimator(design, own, [fold], seed=seed)["score"]
            score = score.mean(FOLD) if FOLD in score.dims else score
            ceiling += score.to_numpy() / len(folds)
        return ceiling

    def __call__(
        self, responses: xr.DataArray, folds: Sequence[Fold], estimator: Metric, *, seed: int = 0
    ) -> xr.DataArray:
        """Return the ceiling (subject, unit), the mean over folds.

        Parameters
        ----------
        responses
            (subject, time, unit), on the identical stimulus.
        folds
            Those of the model.
        estimator
            The metric of the model; its ``score`` must be a correlation.
        seed
            Handed on to the estimator.
        """
        return _of_each(self, responses, folds, estimator, seed=seed)

    def _check_folds(self, folds: Sequence[Fold], n_rows: int) -> None:
        if not folds:
            raise InvalidInput("there is no fold to predict; give those of the model")
        for fold in folds:
            last = max(fold.train.max(), fold.test.max())
            if last >= n_rows:
                raise InvalidInput(
                    f"fold {fold.name!r} names row {last}, but there are {n_rows}; "
                    "split the rows of this stimulus"
                )
            if len(fold.train) <= self.n_components:
                raise InvalidInput(
                    f"fold {fold.name!r} trains on {len(fold.train)} rows, too few for "
                    f"{self.n_components} components; lower n_components or give more rows"
                )


_UNITS_AT_ONCE = 4096
"""Bounds the memory of intermediate results; it changes no number."""


def _of_each(
    kind: SharedCorrelation | SharedPrediction,
    responses: xr.DataArray,
    folds: Sequence[Fold],
    estimator: Any,  # a Metric where the kind fits one
    *,
    seed: int,
) -> xr.DataArray:
    """Return the ceiling (subject, unit) of each listener in turn, with flat units at 0."""
    check_rows(
        responses,
        SUBJECT,
        MINIMUM_SUBJECTS,
        "a shared ceiling needs listeners of one stimulus",
    )
    values = responses.to_numpy().astype(np.float64)
    total = values.sum(axis=0)
    ceilings = [
        kind.of_listener(
            responses.isel({SUBJECT: number}).copy(data=own),
            (total - own) / (len(values) - 1),
            folds,
            estimator,
            seed=seed,
        )
        for number, own in enumerate(values)
    ]
    flat = is_constant(values.transpose(1, 0, 2))
    return xr.DataArray(
        np.where(flat, 0.0, np.stack(ceilings)),
        dims=(SUBJECT, UNIT),
        coords={
            SUBJECT: responses[SUBJECT].to_numpy(),
            UNIT: responses[UNIT].to_numpy(),
            "is_constant": ((SUBJECT, UNIT), flat),
        },
        name="ceiling",
    )
