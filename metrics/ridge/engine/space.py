"""Memory that a thread uses again and again, so that it does not grow with the units."""

from __future__ import annotations

import numpy as np

__all__ = ["Space"]


class Space:
    """Arrays by purpose; one for each thread.

    >>> space = Space(np.dtype("float32"))
    >>> space.of("products", 3, 4).shape
    (3, 4)
    """

    def __init__(self, dtype: np.dtype) -> None:
        self._dtype = dtype
        self._numbers: dict[str, np.ndarray] = {}

    def of(self, purpose: str, *shape: int) -> np.ndarray:
        """Return an array of this shape with any numbers in it, those of the last time lost."""
        size = int(np.prod(shape))
        if len(self._numbers.get(purpose, ())) < size:
            self._numbers[purpose] = np.empty(size, dtype=self._dtype)
        return self._numbers[purpose][:size].reshape(shape)
