"""What is asked of the engine, the same for all training sets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from heschl.metrics.ridge.agreement import Agreement
from heschl.metrics.ridge.engine.arrangement import Arrangement
from heschl.metrics.ridge.estimators import Estimator

__all__ = ["Settings"]


@dataclass(frozen=True)
class Settings:
    """What is asked for; the penalties are on the scale of the design."""

    alphas: np.ndarray
    estimator: Estimator
    score: Agreement
    dtype: np.dtype
    arrangement: Arrangement
    is_raw: bool
    """Whether responses are as they were recorded, so that means are taken off set by set."""
