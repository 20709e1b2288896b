"""A metric of your own; its id is ``file:./examples/my_metric.py:BestFeature``."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from heschl import MetricCard
from heschl.splits import Fold
from heschl.temporal import zscore


@dataclass(frozen=True)
class BestFeature:
    """Correlate each unit with the feature that correlates most with it in training."""

    meaning = "Pearson correlation with the best single feature of the training rows"
    power = "correlation"

    @property
    def card(self) -> MetricCard:
        """The metadata."""
        return MetricCard("best-feature", load=BestFeature, summary="Correlation with one feature")

    def configuration(self) -> Mapping[str, object]:
        """Return every setting, and a number to raise whenever the results change."""
        return {"kind": "BestFeature", "numerics": 1}

    def __call__(
        self, design: xr.DataArray, responses: xr.DataArray, folds: Sequence[Fold], *, seed: int
    ) -> xr.Dataset:
        """Score every unit on the test rows of every fold."""
        scores, flags = [], []
        for fold in folds:
            x, y = design.to_numpy(), responses.to_numpy()
            in_training = zscore(x[fold.train]).T @ zscore(y[fold.train])
            best = np.abs(in_training).argmax(axis=0)
            sign = np.sign(np.take_along_axis(in_training, best[None], axis=0)[0])
            test_x, test_y = zscore(x[fold.test])[:, best] * sign, zscore(y[fold.test])
            scores.append((test_x * test_y).mean(axis=0))
            flags.append((test_x.std(axis=0) == 0) | (test_y.std(axis=0) == 0))
        dims, names = ("fold", "unit"), [fold.name for fold in folds]
        alpha = np.full((len(folds), responses.sizes["unit"]), np.nan)
        return xr.Dataset(
            {"score": (dims, scores), "flag_constant": (dims, flags), "alpha": (dims, alpha)},
            coords={"fold": names, "unit": responses["unit"]},
        )
