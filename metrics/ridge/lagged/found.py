"""What lagged ridge finds, by whichever way."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["Found"]


@dataclass(frozen=True)
class Found:
    """Scores and choices, each (fold, unit), and kernels if asked for.

    Parameters
    ----------
    score, alpha, inner, is_constant
        The agreement with the tested fold; the penalty, its mean criterion on the other folds; and
        whether responses or predictions do not vary.
    weights, intercept
        (fold, lag, feature, unit) and (fold, unit).
    """

    score: np.ndarray
    alpha: np.ndarray
    inner: np.ndarray
    is_constant: np.ndarray
    weights: np.ndarray | None
    intercept: np.ndarray | None

    def tables(self) -> dict[str, np.ndarray]:
        """Return what every answer holds, by name."""
        return {
            "score": self.score,
            "alpha": self.alpha,
            "inner_score": self.inner,
            "flag_constant": self.is_constant.astype(np.int8),
        }
