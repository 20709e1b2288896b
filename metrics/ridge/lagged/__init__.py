"""Ridge on many lags of the same features, from lag covariances, the lags never written out."""

from __future__ import annotations

from heschl.metrics.ridge.lagged.costs import LaggedCost, lagged_cost
from heschl.metrics.ridge.lagged.nested import LaggedScores, Solution, lagged_ridge

__all__ = ["LaggedCost", "LaggedScores", "Solution", "lagged_cost", "lagged_ridge"]
