"""The metric of Tuckute et al. (2023): labelled arrays in, labelled scores out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import xarray as xr

from heschl.cards import MetricCard
from heschl.configuration import describe
from heschl.dimensions import FOLD, REPEAT, TIME, UNIT
from heschl.errors import InvalidInput
from heschl.metrics.ridge.agreement import is_constant, pearson
from heschl.metrics.ridge.checks import check_inputs
from heschl.metrics.ridge.engine.devices import described_device
from heschl.metrics.ridge.estimators import LeaveOneOut
from heschl.metrics.ridge.tuckute import TUCKUTE_RIDGE
from heschl.metrics.ridge.tuckute.correction import (
    PREDICTION_FLOOR,
    RESPONSE_FLOOR,
    reliability,
)
from heschl.metrics.ridge.tuckute.fitting import Prepared, prepare

if TYPE_CHECKING:
    from heschl.splits import Fold

__all__ = ["NUMERICS", "TuckuteRidge"]

NUMERICS = 1
"""Raised whenever the same settings would give other numbers."""

_PENALTIES = tuple(float(f"1e{exponent}") for exponent in range(-50, 50))


@dataclass(frozen=True)
class TuckuteRidge:
    """Predict each unit on random splits, and correct the r² for noise (NC-TUCK).

    Each split is by itself: a negative correlation is 0, and so is that of a prediction which the
    penalty has shrunk to the mean. Medians over splits are the benchmark's.

    Parameters
    ----------
    alphas
        Penalties, ascending, for features that are centred and not scaled. Each unit's has the
        least leave-one-out error on the training rows; see `heschl.metrics.ridge.tuckute.fitting`
        for what becomes of penalties that rounding makes one and the same.
    """

    alphas: tuple[float, ...] = _PENALTIES

    card: ClassVar[MetricCard] = TUCKUTE_RIDGE
    power: ClassVar[Literal["correlation", "variance"]] = "variance"
    meaning: ClassVar[str] = (
        "squared correlation, 0 where negative, of the ridge prediction with the response to "
        "held-out sounds"
    )
    normalisation: ClassVar[str] = (
        "score / (reliability of the response * reliability of its prediction), split by split"
    )
    needs_repeats: ClassVar[bool] = True

    def __post_init__(self) -> None:
        """Refuse penalties that are none, or not in order."""
        object.__setattr__(self, "alphas", LeaveOneOut(self.alphas).alphas)

    def configuration(self) -> Mapping[str, Any]:
        """Return every setting and the numerics version."""
        return {**describe(self), "numerics": NUMERICS}

    def __call__(
        self,
        design: xr.DataArray,
        responses: xr.DataArray,
        folds: Sequence[Fold],
        *,
        seed: int,
        repeats: xr.DataArray | None = None,
    ) -> xr.Dataset:
        """Score every unit on every split.

        Parameters
        ----------
        design
            (time, feature), finite.
        responses
            (time, unit), the mean over sessions, row for row with the design, finite.
        folds
            Training and test rows of the splits.
        seed
            Nothing is drawn.
        repeats
            (repeat, time, unit), the single sessions, finite. Without them there is no correction,
            and neither ``normalised`` nor the reliabilities.

        Returns
        -------
        xr.Dataset
            (fold, unit): ``score``, uncorrected; ``normalised``, the score over the product of
            ``response_reliability`` and ``prediction_reliability``, never clipped; ``alpha``;
            ``flag_constant``, 1 where the response does not vary; ``flag_mean``, 1 where the
            prediction is the mean of the training rows.
        """
        check_inputs(design, {"responses": responses}, folds, seed=seed)
        sessions = None if repeats is None else _checked_sessions(repeats, responses)
        values, measured = design.to_numpy(), responses.to_numpy().astype(np.float64)
        tables: dict[str, list[np.ndarray]] = {}
        for fold in folds:
            prepared = prepare(values, fold.train, fold.test, self.alphas)
            found = _score(prepared, measured, fold)
            if sessions is not None:
                found |= _correction(prepared, sessions, fold)
            for name, table in found.items():
                tables.setdefault(name, []).append(table)
        return _labelled({name: np.stack(each) for name, each in tables.items()}, responses, folds)


def _score(prepared: Prepared, responses: np.ndarray, fold: Fold) -> dict[str, np.ndarray]:
    trained = prepared.fit(responses[fold.train])
    measured = responses[fold.test]
    r = pearson(trained.prediction, measured)
    is_flat = is_constant(measured) | is_constant(responses[fold.train])
    return {
        "score": np.maximum(r, 0.0) ** 2,
        "alpha": trained.alpha,
        "flag_constant": is_flat.astype(np.int8),
        "flag_mean": is_constant(trained.prediction).astype(np.int8),
    }


def _correction(prepared: Prepared, sessions: np.ndarray, fold: Fold) -> dict[str, np.ndarray]:
    predicted = np.stack([prepared.fit(each[fold.train]).prediction for each in sessions])
    return {
        "response_reliability": reliability(sessions[:, fold.train], RESPONSE_FLOOR),
        "prediction_reliability": reliability(predicted, PREDICTION_FLOOR),
    }


def _checked_sessions(repeats: xr.DataArray, responses: xr.DataArray) -> np.ndarray:
    """Return the sessions (session, row, unit), refusing what is not those of the responses."""
    expected = (responses.sizes[TIME], responses.sizes[UNIT])
    if repeats.dims != (REPEAT, TIME, UNIT) or repeats.shape[1:] != expected:
        raise InvalidInput(
            f"the repeats have dims {repeats.dims} and shape {repeats.shape}; expected "
            f"{(REPEAT, TIME, UNIT)}, row for row and unit for unit with responses of {expected}"
        )
    sessions = repeats.to_numpy().astype(np.float64)
    if not np.isfinite(sessions).all():
        raise InvalidInput("the repeats hold NaN or infinity; drop such units beforehand")
    return sessions


def _labelled(
    tables: dict[str, np.ndarray], responses: xr.DataArray, folds: Sequence[Fold]
) -> xr.Dataset:
    normalised = {}
    if "response_reliability" in tables:
        noise = tables["response_reliability"] * tables["prediction_reliability"]
        normalised["normalised"] = tables["score"] / noise
    counts = {
        "n_train": ((FOLD,), [len(fold.train) for fold in folds]),
        "n_test": ((FOLD,), [len(fold.test) for fold in folds]),
    }
    units = {name: coord for name, coord in responses.coords.items() if coord.dims == (UNIT,)}
    return xr.Dataset(
        {name: ((FOLD, UNIT), table) for name, table in (tables | normalised).items()} | counts,
        coords=units | {FOLD: [fold.name for fold in folds]},
        attrs={"ran_on": described_device("cpu")},
    )
