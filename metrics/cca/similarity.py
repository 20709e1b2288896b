"""How much of what two models predict is the same."""

from __future__ import annotations

import numpy as np

from heschl.errors import InvalidInput
from heschl.metrics.ridge.agreement import pearson

__all__ = ["shared_variance"]


def shared_variance(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return the squared Pearson correlation (unit,) of two models' predictions (row, unit).

    0 where either does not vary.

    >>> first = np.array([[0.0, 1.0], [1.0, 1.0], [2.0, 1.0]])
    >>> shared_variance(first, first - 3).round(9).tolist()
    [1.0, 0.0]
    """
    if first.shape != second.shape or first.ndim != 2:  # noqa: PLR2004
        raise InvalidInput(
            f"predictions of shape {first.shape} and {second.shape}; expected both (row, unit)"
        )
    # A correlation with what is no number would read as 0, nothing in common.
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        raise InvalidInput("predictions hold values that are not finite; mend the fit of the model")
    return np.asarray(np.square(pearson(first.astype(np.float64), second.astype(np.float64))))
