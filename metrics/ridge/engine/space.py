"""Memory that is used again and again, so that it does not grow with the units.

Whatever is as large as a tile comes from here: memory that was given back to the allocator, and
asked for again in other sizes by other threads, would come back in ever more pieces.
"""

from __future__ import annotations

import numpy as np

__all__ = ["Space"]


class Space:
    """Arrays by purpose; one for each thread, and for each tile that a thread has in work.

    >>> space = Space(np.dtype("float32"))
    >>> space.of("products", 3, 4).shape
    (3, 4)
    """

    def __init__(self, dtype: np.dtype) -> None:
        self.dtype = dtype
        self._numbers: dict[str, np.ndarray] = {}

    def of(self, purpose: str, *shape: int, dtype: np.dtype | None = None) -> np.ndarray:
        """Return an array of this shape with any numbers in it, those of the last time lost."""
        size = int(np.prod(shape))
        dtype = np.dtype(dtype or self.dtype)
        known = self._numbers.get(purpose)
        if known is None or len(known) < size or known.dtype != dtype:
            self._numbers.pop(purpose, None)  # before there is another
            known = self._numbers[purpose] = np.empty(size, dtype=dtype)
        return known[:size].reshape(shape)
