"""The low-level impact metric: labelled features, low-level features and responses in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import xarray as xr

from heschl.cards import MetricCard
from heschl.configuration import describe
from heschl.dimensions import FEATURE, FOLD, STIMULUS, TIME, UNIT
from heschl.errors import InvalidInput
from heschl.metrics.low_level_impact import LOW_LEVEL_IMPACT
from heschl.metrics.low_level_impact.reduction import FEATURES, MINIMUM, impact
from heschl.metrics.low_level_impact.residuals import Residualiser, residualise
from heschl.metrics.ridge import Bootstrap, Ridge, huth_penalties
from heschl.metrics.ridge.checks import check_design, check_responses, check_seed
from heschl.temporal import delayed

if TYPE_CHECKING:
    from heschl.splits import Fold

__all__ = ["MEANING", "NUMERICS", "LowLevelImpact", "delayed_rows", "only_fold"]

NUMERICS = 1
"""Raised whenever the same settings would give other numbers, by a change here or in `residuals`
or `reduction`."""

MEANING = "the percentage of the alignment that is lost with the low-level features"

HUTH = Bootstrap(n_draws=3, chunk=20, fraction=0.25, alphas=huth_penalties(1, 4, 15))


@dataclass(frozen=True)
class LowLevelImpact:
    """Score each unit from features and from their residuals, and compare.

    The impact of a low-level feature space is ``100 (B_o - B_r) / B_o``, where B_o is the score
    from the features and B_r that from what the space leaves of them (`residuals`), on the same
    rows through the same delays. Both are returned, since regions are reduced before their ratio
    is taken (`reduction`).

    Parameters
    ----------
    ridge
        How units are predicted and scored.
    residualiser
        How a low-level space is taken out.
    delays
        The FIR delays in rows, within each stimulus; empty for none.
    minimum
        Of the original score, below which an impact is undefined.

    Examples
    --------
    >>> from heschl.splits import Fold
    >>> generator = np.random.default_rng(0)
    >>> low, other = generator.normal(size=(2, 600, 3))
    >>> rows = xr.DataArray(np.hstack([low, other]), dims=("time", "feature"))
    >>> responses = xr.DataArray(rows.values @ np.eye(6)[:, [0, 3]], dims=("time", "unit"))
    >>> fold = Fold("last", train=np.arange(400), test=np.arange(400, 600))
    >>> sound = {"sound": xr.DataArray(low, dims=("time", "feature"))}
    >>> found = LowLevelImpact()(rows, responses, [fold], seed=0, low_level=sound)
    >>> (found["impact"].values.round(-1) + 0.0).tolist()
    [[100.0, 0.0]]
    """

    ridge: Ridge = field(default_factory=lambda: Ridge(HUTH))
    residualiser: Residualiser = field(default_factory=Residualiser)
    delays: tuple[int, ...] = ()
    minimum: float = MINIMUM

    card: ClassVar[MetricCard] = LOW_LEVEL_IMPACT

    def configuration(self) -> Mapping[str, Any]:
        """Return every setting, defaults included, and the numerics version."""
        return {**describe(self), "ridge": self.ridge.configuration(), "numerics": NUMERICS}

    def __call__(
        self,
        features: xr.DataArray,
        responses: xr.DataArray,
        folds: Sequence[Fold],
        *,
        seed: int,
        low_level: Mapping[str, xr.DataArray],
    ) -> xr.Dataset:
        """Return the scores of every unit, and the impact that follows for it alone.

        Parameters
        ----------
        features
            (time, feature) before delays, z-scored within stimuli, finite; the coordinate
            ``stimulus`` (time,) tells where one ends, without it all rows are one.
        responses
            (time, unit), row for row with the features.
        folds
            One: the residuals are fitted on its training rows.
        seed
            For estimators that draw rows.
        low_level
            For each low-level space (time, column), row for row with the features.

        Returns
        -------
        xr.Dataset
            ``original`` (unit,), ``residual`` and ``impact`` (low_level, unit).
        """
        if not low_level:
            raise InvalidInput("no low-level feature space was given; expected at least one")
        for rows in (features, *low_level.values()):
            check_design(rows, responses)
        check_responses(responses)
        check_seed(seed)
        fold = only_fold(folds)
        values = features.to_numpy()
        of_row = features[STIMULUS].to_numpy() if STIMULUS in features.coords else None

        def scored(before: np.ndarray) -> xr.DataArray:
            rows = xr.DataArray(delayed_rows(before, of_row, self.delays), dims=(TIME, FEATURE))
            return self.ridge(rows, responses, [fold], seed=seed)["score"].isel(
                {FOLD: 0}, drop=True
            )

        left = {
            name: residualise([values], space.to_numpy(), fold, self.residualiser)[0]
            for name, space in low_level.items()
        }
        original = scored(values)
        residual = xr.concat(
            [scored(residual) for residual in left.values()],
            xr.DataArray(list(left), dims=FEATURES, name=FEATURES),
        ).transpose(FEATURES, UNIT)
        return xr.Dataset(
            {
                "original": original,
                "residual": residual,
                "impact": impact(original, residual, self.minimum).transpose(FEATURES, UNIT),
            }
        )


def only_fold(folds: Sequence[Fold]) -> Fold:
    """Return the one fold there is, since every fold would have residuals of its own."""
    if len(folds) != 1:
        raise InvalidInput(
            f"{len(folds)} folds were given; low-level impact needs one, such as "
            "HeldOutStimuli gives: each other would have residuals of its own"
        )
    return folds[0]


def delayed_rows(
    values: np.ndarray, stimulus: np.ndarray | None, delays: Sequence[int]
) -> np.ndarray:
    """Return copies of rows (row, feature) at each delay, within each stretch of one stimulus.

    >>> delayed_rows(np.array([[1.0], [2.0], [3.0]]), np.array(["a", "a", "b"]), (1,)).tolist()
    [[0.0], [1.0], [0.0]]
    """
    if not delays:
        return values
    labels = np.zeros(len(values)) if stimulus is None else stimulus
    starts = np.flatnonzero(labels[1:] != labels[:-1]) + 1
    edges = [0, *starts.tolist(), len(values)]
    return np.concatenate([delayed(values[slice(*ends)], delays) for ends in pairwise(edges)])
