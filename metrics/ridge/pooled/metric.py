"""The pooled ridge metric: labelled arrays in, labelled scores out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import xarray as xr

from heschl.cards import MetricCard
from heschl.configuration import describe
from heschl.dimensions import FOLD, TIME, UNIT
from heschl.errors import InvalidInput
from heschl.metrics.ridge.checks import check_inputs
from heschl.metrics.ridge.engine.devices import described_device
from heschl.metrics.ridge.estimators import LeaveOneOut
from heschl.metrics.ridge.pooled import POOLED_RIDGE
from heschl.metrics.ridge.pooled.folds import PooledFit, PreparedFolds, clipped_r2

if TYPE_CHECKING:
    from heschl.splits import Fold

__all__ = ["NUMERICS", "PooledRidge"]

NUMERICS = 1
"""Raised whenever the same settings would give other numbers."""

_LEAST_FOLDS = 3


@dataclass(frozen=True)
class PooledRidge:
    """Predict each unit out of fold and score all of its predictions together.

    The score is max(r, 0)², with r the correlation of the response with the predictions of all
    folds together. A mean predicted for each fold correlates negatively with what was left out of
    it, so that a unit which nothing predicts scores 0 exactly, more often than not.

    Parameters
    ----------
    alphas
        Penalties, ascending, for features that are centred and not scaled. Each unit's is chosen in
        each fold by the same score over the other folds; where the best is the first or the last,
        halves or doubles of it follow while they do better by more than a millionth.

    Examples
    --------
    >>> import numpy as np, xarray as xr
    >>> from heschl.splits import GroupKFold
    >>> generator = np.random.default_rng(0)
    >>> design = xr.DataArray(generator.normal(size=(60, 3)), dims=("time", "feature"))
    >>> responses = xr.DataArray(design.values[:, :2] * 5, dims=("time", "unit"))
    >>> folds = GroupKFold(5).folds({"stimulus": np.arange(60)})
    >>> PooledRidge()(design, responses, folds, seed=0)["score"].values.round(2)
    array([1., 1.])
    """

    alphas: tuple[float, ...] = (0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 50.0)

    card: ClassVar[MetricCard] = POOLED_RIDGE
    power: ClassVar[Literal["correlation", "variance"]] = "variance"
    meaning: ClassVar[str] = (
        "squared correlation, 0 where negative, of the ridge predictions in all folds together "
        "with the response"
    )

    def __post_init__(self) -> None:
        """Refuse penalties that are none, or not in order."""
        object.__setattr__(self, "alphas", LeaveOneOut(self.alphas).alphas)

    def configuration(self) -> Mapping[str, Any]:
        """Return every setting and the numerics version."""
        return {**describe(self), "numerics": NUMERICS}

    def __call__(
        self, design: xr.DataArray, responses: xr.DataArray, folds: Sequence[Fold], *, seed: int
    ) -> xr.Dataset:
        """Score every unit.

        Parameters
        ----------
        design
            (time, feature), finite.
        responses
            (time, unit), row for row with the design, finite.
        folds
            Three or more. Their test rows hold every row once, and each trains on all the rest.
        seed
            Nothing is drawn.

        Returns
        -------
        xr.Dataset
            ``score`` (unit,); ``prediction`` (time, unit), out of fold; ``alpha``, ``inner_score``
            (what the chosen penalty reached on the inner folds) and ``flag_constant`` (fold, unit),
            1 where response or prediction do not vary; ``n_train`` and ``n_test`` (fold,).
        """
        return self.score_many(design, {"responses": responses}, folds, seed=seed)["responses"]

    def score_many(
        self,
        design: xr.DataArray,
        recordings: Mapping[str, xr.DataArray],
        folds: Sequence[Fold],
        *,
        seed: int,
    ) -> dict[str, xr.Dataset]:
        """Score recordings that share a design, which is decomposed once.

        Returns
        -------
        dict
            For each name what a call returns.
        """
        check_inputs(design, recordings, folds, seed=seed)
        _check_partition(folds, design.sizes[TIME])
        prepared = PreparedFolds(design.to_numpy(), folds)
        return {
            name: _labelled(prepared.fit(responses.to_numpy(), self.alphas), responses, folds)
            for name, responses in recordings.items()
        }

    @staticmethod
    def score_of(prediction: np.ndarray, responses: np.ndarray) -> np.ndarray:
        """Return the score (unit,) of predictions (time, unit), from whatever layers they come."""
        return clipped_r2(prediction, responses)


def _check_partition(folds: Sequence[Fold], n_rows: int) -> None:
    """Refuse folds that do not test every row once and train on all the rest."""
    tested = np.sort(np.concatenate([fold.test for fold in folds]))
    is_partition = len(folds) >= _LEAST_FOLDS and np.array_equal(tested, np.arange(n_rows))
    if not is_partition or any(len(fold.train) + len(fold.test) < n_rows for fold in folds):
        raise InvalidInput(
            f"the {len(folds)} folds test {len(tested)} of {n_rows} rows; pooled-ridge needs "
            f"{_LEAST_FOLDS} folds or more that test every row once and train on all the rest: use "
            "StratifiedKFold or GroupKFold of heschl.splits"
        )


def _labelled(fit: PooledFit, responses: xr.DataArray, folds: Sequence[Fold]) -> xr.Dataset:
    tables = {
        "alpha": fit.alpha,
        "inner_score": fit.inner_score,
        "flag_constant": fit.is_constant.astype(np.int8),
    }
    counts = {
        "n_train": ((FOLD,), [len(fold.train) for fold in folds]),
        "n_test": ((FOLD,), [len(fold.test) for fold in folds]),
    }
    kept = {
        name: coordinate
        for name, coordinate in responses.coords.items()
        if coordinate.dims in ((UNIT,), (TIME,))
    }
    return xr.Dataset(
        {name: ((FOLD, UNIT), table) for name, table in tables.items()}
        | {"score": ((UNIT,), fit.score), "prediction": ((TIME, UNIT), fit.prediction)}
        | counts,
        coords=kept | {FOLD: [fold.name for fold in folds]},
        attrs={"ran_on": described_device("cpu")},
    )
