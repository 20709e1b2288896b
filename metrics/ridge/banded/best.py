"""The best mix so far of each unit in each outer fold, and what it gives on the test rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from heschl.metrics.ridge.penalties import TIE

__all__ = ["Best", "Found"]


@dataclass(frozen=True)
class Found:
    """What a search gives for one recording, each (fold, unit).

    Parameters
    ----------
    score
        On the test rows.
    mix_index, alpha_index
        Positions of the mix and of the penalty.
    inner
        The value, on training rows alone, by which they were chosen.
    is_constant
        Whether the response or the prediction does not vary over the test rows.
    split
        (fold, space, unit) each space's part of the score, if asked for.
    weights
        (fold, feature, unit) on the design as it was given, if asked for.
    """

    score: np.ndarray
    mix_index: np.ndarray
    alpha_index: np.ndarray
    inner: np.ndarray
    is_constant: np.ndarray
    split: np.ndarray | None
    weights: np.ndarray | None


class Best:
    """Tables of all recordings side by side, each (fold, unit), that rise from mix to mix."""

    def __init__(
        self, n_folds: int, n_units: int, *, n_spaces: int = 0, n_features: int = 0
    ) -> None:
        shape = n_folds, n_units
        self.score = np.zeros(shape)
        self.mix_index = np.zeros(shape, dtype=np.intp)
        self.alpha_index = np.zeros(shape, dtype=np.intp)
        self.inner = np.full(shape, -np.inf)
        self.is_constant = np.zeros(shape, dtype=bool)
        self.is_delicate = np.zeros(n_units, dtype=bool)  # (unit,)
        self.split = np.zeros((n_folds, n_spaces, n_units)) if n_spaces else None
        self.weights = np.zeros((n_folds, n_features, n_units)) if n_features else None

    def raise_to(
        self, mix: int, values: np.ndarray, alpha_index: np.ndarray, *, fold: int, units: slice
    ) -> np.ndarray:
        """Take a mix where it is better, and return for which of the units (unit,) it is.

        Parameters
        ----------
        mix
            Its position.
        values, alpha_index
            (unit,) the value of the penalty chosen in this mix, and its position.
        fold, units
            Where.
        """
        is_better = np.asarray(values > self.inner[fold, units] + TIE)
        self.inner[fold, units][is_better] = values[is_better]
        self.mix_index[fold, units][is_better] = mix
        self.alpha_index[fold, units][is_better] = alpha_index[is_better]
        return is_better

    def of(self, units: slice) -> Found:
        """Return what was found for one recording."""
        return Found(
            self.score[:, units],
            self.mix_index[:, units],
            self.alpha_index[:, units],
            self.inner[:, units],
            self.is_constant[:, units],
            None if self.split is None else self.split[..., units],
            None if self.weights is None else self.weights[..., units],
        )

    def put(self, units: np.ndarray, other: Best) -> None:
        """Overwrite some units (unit,) by those of another table."""
        self.score[:, units] = other.score
        self.mix_index[:, units] = other.mix_index
        self.alpha_index[:, units] = other.alpha_index
        self.inner[:, units] = other.inner
        self.is_constant[:, units] = other.is_constant
        if self.split is not None and other.split is not None:
            self.split[..., units] = other.split
        if self.weights is not None and other.weights is not None:
            self.weights[..., units] = other.weights
