"""What the kernels of lagged ridge predict of the rows that they were not fitted on."""

from __future__ import annotations

import numpy as np
import xarray as xr

from heschl.dimensions import FEATURE, UNIT
from heschl.metrics.ridge.lagged.checks import sentences_of
from heschl.metrics.ridge.lagged.metric import LAG

__all__ = ["predict"]


def predict(design: xr.DataArray, kernels: xr.Dataset, rows: np.ndarray) -> np.ndarray:
    """Return the predictions (row, unit) of some rows of a design.

    Parameters
    ----------
    design
        (time, feature), as it was scored.
    kernels
        Of one fold, as `LaggedRidge` with weights returns them: ``weights`` (lag, feature, unit)
        and ``intercept`` (unit,).
    rows
        Row numbers, of whole sentences.
    """
    weights = kernels["weights"].transpose(LAG, FEATURE, UNIT).to_numpy()
    features = design.to_numpy()
    predicted = np.zeros((len(design), weights.shape[2]))
    is_wanted = np.zeros(len(design), dtype=bool)
    is_wanted[rows] = True
    for sentence in sentences_of(design, design):
        if not is_wanted[sentence].any():
            continue
        frames = features[sentence]
        for lag, kernel in zip(kernels[LAG].to_numpy().tolist(), weights, strict=True):
            begin, end = max(lag, 0), len(frames) + min(lag, 0)
            if begin < end:
                moved = frames[begin - lag : end - lag] @ kernel
                predicted[sentence.start + begin : sentence.start + end] += moved
    return np.asarray(predicted[rows] + kernels["intercept"].to_numpy())
