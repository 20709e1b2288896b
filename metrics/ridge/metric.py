"""The ridge metric: labelled arrays in, labelled scores out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
import xarray as xr

from heschl.cards import MetricCard
from heschl.configuration import describe
from heschl.dimensions import FOLD, UNIT
from heschl.metrics.ridge import RIDGE
from heschl.metrics.ridge.agreement import AGREEMENTS, Agreement
from heschl.metrics.ridge.checks import (
    check_choice,
    check_device,
    check_inputs,
    check_settings,
)
from heschl.metrics.ridge.engine import devices
from heschl.metrics.ridge.estimators import Estimator, LeaveOneOut
from heschl.metrics.ridge.fitting import FoldResult
from heschl.metrics.ridge.scoring import (
    Engine,
    Precision,
    describe_fast,
    expected_cost,
    score_folds,
)

if TYPE_CHECKING:
    from heschl.splits import Fold

__all__ = ["NUMERICS", "Ridge", "labelled"]

NUMERICS = 4
"""Raised whenever the same settings would give other numbers."""

BLOCK = 1024
"""Units at a time: about 8 MiB for each 1000 rows."""


MEANINGS: Mapping[Agreement, str] = {
    "pearson": "Pearson correlation of the ridge prediction with the response to held-out sound",
    "r2": "R² (1 - SSE/SST) of the ridge prediction of the response to held-out sound",
    "signed_r": "sign(R²)·√|R²| of the ridge prediction of the response to held-out sound",
}


@dataclass(frozen=True)
class Ridge:
    """Predict each unit from the features by ridge regression and score the prediction.

    Parameters
    ----------
    estimator
        How the penalty of each unit is chosen, on training rows alone.
    score
        ``pearson`` correlation, ``r2`` (1 - SSE/SST about the test mean), or ``signed_r``,
        sign(R²)·√|R²|.
    block
        Units held in memory at a time, by each thread of the fast engine.
    engine
        ``fast``, or ``reference``: the same rule, one fold and penalty at a time in float64.
    dtype
        ``float32``: the fast engine's correlations are within 5e-6 of the reference wherever both
        chose the same penalty. ``float64``: within 1e-10.
    device
        Where the fast engine multiplies: ``cpu``, by NumPy; ``cuda`` or ``cuda:<number>``, by
        torch; or ``auto``, whichever is measured to be faster in this type. Results differ by
        rounding, so that they are stored under the same key.

    Examples
    --------
    >>> import numpy as np, xarray as xr
    >>> from heschl.splits import Fold
    >>> generator = np.random.default_rng(0)
    >>> design = xr.DataArray(generator.normal(size=(90, 3)), dims=("time", "feature"))
    >>> responses = xr.DataArray(design.values[:, :2] * 5, dims=("time", "unit"))
    >>> folds = [Fold("last", train=np.arange(60), test=np.arange(60, 90))]
    >>> Ridge()(design, responses, folds, seed=0)["score"].values.round(2)
    array([[1., 1.]])
    """

    estimator: Estimator = field(default_factory=LeaveOneOut)
    score: Agreement = "pearson"
    block: int = BLOCK
    engine: Engine = "fast"
    dtype: Precision = "float32"
    device: str = field(default="auto", compare=False)

    def __post_init__(self) -> None:
        """Refuse settings that no score could come of."""
        check_settings(self.score, self.block, [*AGREEMENTS])
        check_choice("engine", self.engine, get_args(Engine))
        check_choice("dtype", self.dtype, get_args(Precision))
        check_device(self.device)

    @property
    def card(self) -> MetricCard:
        """The metadata."""
        return RIDGE

    @property
    def meaning(self) -> str:
        """What the score is, in words."""
        return MEANINGS[self.score]

    @property
    def power(self) -> Literal["correlation", "variance"]:
        """Whether the score is on the scale of a correlation or of a share of variance."""
        return "variance" if self.score == "r2" else "correlation"

    def configuration(self) -> Mapping[str, Any]:
        """Return every setting that results depend on, and the numerics version."""
        return {**describe(self), "estimator": describe(self.estimator), "numerics": NUMERICS}

    def on(self, device: str) -> Ridge:
        """Return this on the device asked for a score, as `heschl.contracts.MovableMetric` does."""
        if self.engine == "reference" or device == "auto":
            return self
        device = device if device.startswith("cuda") else "cpu"
        devices.chosen_device(device, self.dtype)  # refuse now what would be refused after hours
        return replace(self, device=device)

    def route(self, n_rows: int, n_features: int, folds: Sequence[Fold], *, seed: int) -> str:
        """Return in one sentence how a design of these shapes would be solved."""
        if self.engine == "reference":
            return "the reference: one fold, penalty and block of units at a time, in float64"
        return describe_fast(
            n_rows, n_features, folds, self.estimator, dtype=self.dtype, seed=seed, block=self.block
        )

    def cost(
        self, n_rows: int, n_features: int, n_units: int, folds: Sequence[Fold], *, seed: int
    ) -> tuple[float, float] | None:
        """Return the seconds here and the bytes beside the inputs that a design would take.

        ``n_units`` are those of all recordings that share it. None of the reference, which nobody
        runs for its speed.
        """
        if self.engine == "reference":
            return None
        return expected_cost(
            n_rows,
            n_features,
            n_units,
            folds,
            self.estimator,
            dtype=self.dtype,
            seed=seed,
            block=self.block,
            device=devices.chosen_device(self.device, self.dtype),
        )

    def __call__(
        self, design: xr.DataArray, responses: xr.DataArray, folds: Sequence[Fold], *, seed: int
    ) -> xr.Dataset:
        """Score every unit on the test rows of every fold.

        Parameters
        ----------
        design
            (time, feature), finite.
        responses
            (time, unit), row for row with the design, finite; may be a float32 memory map.
        folds
            Training and test rows.
        seed
            For the estimators that draw rows.

        Returns
        -------
        xr.Dataset
            ``score`` and ``alpha`` (fold, unit); ``flag_constant`` (fold, unit), 1 where response
            or prediction do not vary; ``n_train`` and ``n_test`` (fold,). The attribute ``ran_on``
            says what multiplied.
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
        """Score recordings that share a design, such as those of all listeners to a story.

        The numbers are those of one call for each; all that concerns the design
        is done once.

        Parameters
        ----------
        design
            (time, feature), finite.
        recordings
            (time, unit) under their names, row for row with the design, finite.
        folds
            Training and test rows.
        seed
            For the estimators that draw rows.

        Returns
        -------
        dict
            For each name what a call returns.
        """
        check_inputs(design, recordings, folds, seed=seed)
        device = "cpu"
        if self.engine == "fast":
            device = devices.chosen_device(self.device, self.dtype)
        results = score_folds(
            design.to_numpy(),
            [responses.to_numpy() for responses in recordings.values()],
            folds,
            self.estimator,
            engine=self.engine,
            dtype=self.dtype,
            score=self.score,
            seed=seed,
            block=self.block,
            device=device,
        )
        ran_on = devices.described_device(device)
        return {
            name: labelled(_tables(of_folds), responses, folds, score=self.score, ran_on=ran_on)
            for (name, responses), of_folds in zip(recordings.items(), results, strict=True)
        }


def _tables(results: Sequence[FoldResult]) -> dict[str, np.ndarray]:
    return {
        "score": np.stack([result.score for result in results]),
        "alpha": np.stack([result.alpha for result in results]),
        "flag_constant": np.stack([result.is_constant for result in results]).astype(np.int8),
    }


def labelled(
    tables: Mapping[str, np.ndarray],
    responses: xr.DataArray,
    folds: Sequence[Fold],
    *,
    score: Agreement,
    ran_on: str,
) -> xr.Dataset:
    """Return ``tables (fold, unit)`` with the labels of the folds and units."""
    counts = {
        "n_train": ((FOLD,), [len(fold.train) for fold in folds]),
        "n_test": ((FOLD,), [len(fold.test) for fold in folds]),
    }
    units = {name: coord for name, coord in responses.coords.items() if coord.dims == (UNIT,)}
    return xr.Dataset(
        {name: ((FOLD, UNIT), table) for name, table in tables.items()} | counts,
        coords=units | {FOLD: [fold.name for fold in folds]},
        attrs={"score": score, "ran_on": ran_on},
    )
