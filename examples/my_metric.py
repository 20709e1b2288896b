"""A metric of your own; its id is ``file:./examples/my_metric.py:LeastSquares``."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import xarray as xr

from heschl import MetricCard
from heschl.metrics.ridge.checks import check_design, check_responses
from heschl.splits import Fold
from heschl.temporal import is_constant, zscore


@dataclass(frozen=True)
class LeastSquares:
    """Predict each unit by plain least squares and correlate prediction and response."""

    meaning: ClassVar[str] = "Pearson correlation of the least-squares prediction"
    power: ClassVar[str] = "correlation"
    card: ClassVar[MetricCard] = MetricCard(
        "least-squares", load="examples:LeastSquares", summary="Correlation of a plain fit"
    )

    def configuration(self) -> Mapping[str, object]:
        """Return every setting, and a number to raise whenever the results change."""
        return {"kind": "LeastSquares", "numerics": 1}

    def __call__(
        self, design: xr.DataArray, responses: xr.DataArray, folds: Sequence[Fold], *, seed: int
    ) -> xr.Dataset:
        """Score every unit on the test rows of every fold."""
        del seed  # nothing is random here
        check_design(design, responses)
        check_responses(responses)
        x, y = design.to_numpy(), responses.to_numpy()
        scores, flags = [], []
        for fold in folds:
            weights = np.linalg.lstsq(x[fold.train], y[fold.train], rcond=None)[0]
            predicted, measured = x[fold.test] @ weights, y[fold.test]
            scores.append((zscore(predicted) * zscore(measured)).mean(axis=0))
            flags.append(is_constant(predicted) | is_constant(measured))
        dims = ("fold", "unit")
        return xr.Dataset(
            {
                "score": (dims, np.array(scores)),
                "flag_constant": (dims, np.array(flags, dtype=np.int8)),
                "alpha": (dims, np.zeros((len(folds), y.shape[1]))),
            },
            coords={"fold": [fold.name for fold in folds], "unit": responses["unit"]},
        )
