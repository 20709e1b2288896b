"""The design in float64: its rows, the Gram matrices of its blocks, its kernel."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from heschl.metrics.ridge.agreement import ROUNDING, centred

__all__ = ["Design"]


class Design:
    """A design less its mean and times a power of two, which leaves ridge what it was.

    With an intercept the mean of all rows means nothing, and products of nearly
    centred columns keep their digits. The scale brings squares near 1, so that
    they fit into float32; penalties are scaled with its square. Features that do
    not vary, but for rounding, are 0.

    Parameters
    ----------
    values
        (row, feature), finite. Kept as it is; float64 copies are made of the rows in work.
    has_intercept
        Whether training means are removed.
    """

    def __init__(self, values: np.ndarray, *, has_intercept: bool) -> None:
        self.values = values
        self.has_intercept = has_intercept
        self.n_rows, self.n_features = values.shape
        self.mean = np.zeros(self.n_features)  # (feature,)
        if has_intercept:
            self.mean = values.mean(axis=0, dtype=np.float64)
        self._kernel: np.ndarray | None = None
        deviation, magnitude = np.zeros((2, self.n_features))
        for start in range(0, self.n_rows, 1024):
            rows = values[start : start + 1024]
            magnitude = np.maximum(magnitude, np.abs(rows).max(axis=0))
            deviation = np.maximum(deviation, np.abs(rows - self.mean).max(axis=0))
        varies = deviation > ROUNDING * magnitude
        largest = float(deviation[varies].max(initial=0.0))
        self.scale = 2.0 ** -np.round(np.log2(largest)) if largest > 0 else 1.0
        self.factors = self.scale * varies  # (feature,)

    def rows(self, rows: np.ndarray | slice, features: slice = slice(None)) -> np.ndarray:
        """Return rows (row, feature), centred and scaled, as a float64 copy."""
        taken = self.values[rows, features] - self.mean[features]
        taken *= self.factors[features]
        return np.asarray(taken)

    def is_still(self, rows: np.ndarray) -> bool:
        """Return whether no feature varies among these rows."""
        starts = range(0, self.n_features, 16)  # hardly ever more than the first
        return not any(centred(self.rows(rows, slice(at, at + 16))).any() for at in starts)

    def varies(self, rows: np.ndarray) -> bool:
        """Return whether anything can be fitted to these rows."""
        return not self.is_still(rows) if self.has_intercept else bool(self.values[rows].any())

    def mean_of(self, rows: np.ndarray) -> np.ndarray:
        """Return what the intercept takes off these rows, (feature,); 0 without one."""
        if not self.has_intercept:
            return np.zeros(self.n_features)
        mean = self.values[rows].mean(axis=0, dtype=np.float64)
        return np.asarray((mean - self.mean) * self.factors)

    def block_grams(self, blocks: Sequence[np.ndarray]) -> np.ndarray:
        """Return X'X of each block, (block, feature, feature)."""
        grams = np.empty((len(blocks), self.n_features, self.n_features))
        for gram, block in zip(grams, blocks, strict=True):
            rows = self.rows(block)
            np.matmul(rows.T, rows, out=gram)
        return grams

    def on_whole(self, weights: np.ndarray) -> np.ndarray:
        """Return weights (feature, any) on the design that this is a mix of: none, here."""
        return weights

    @property
    def kernel(self) -> np.ndarray:
        """XX' of all rows, (row, row), while it is formed."""
        assert self._kernel is not None  # noqa: S101 - formed before any thread asks
        return self._kernel

    def form_kernel(self) -> None:
        """Form the kernel."""
        rows = self.rows(slice(None))
        self._kernel = rows @ rows.T

    def forget_kernel(self) -> None:
        """Give its memory back."""
        self._kernel = None
