"""The ABX metric: features of items and cells in, labelled scores out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import xarray as xr

from heschl.cards import MetricCard
from heschl.configuration import describe
from heschl.item_features import ItemValues, Pooling
from heschl.metrics.abx import ABX
from heschl.metrics.abx.cells import Cells
from heschl.metrics.abx.distances import Measure
from heschl.metrics.abx.frames import FrameDistance
from heschl.metrics.abx.judging import judge

__all__ = ["CELL", "NUMERICS", "Abx"]

NUMERICS = 1
"""Raised whenever the same settings would give other numbers."""

CELL = "cell"


@dataclass(frozen=True)
class Abx:
    """ABX discriminability: how often X is nearer to A, of its kind, than to B, of another one.

    ``score = mean over (A, B, X) of [d(A, X) < d(B, X)] + ½ [d(A, X) = d(B, X)]`` in each cell
    (Schatz et al. 2013), where d is the cost of the best alignment of the frames of two items,
    divided by the number of frames of the longer one. Chance is ½, whatever the kinds.

    Parameters
    ----------
    distance
        Between frames: ``euclidean``, ``angular``, ``cosine`` or ``kl``, see
        `heschl.metrics.abx.frames.prepared`.
    pooling
        ``frames`` are aligned in time; the ``mean`` over an item's frames is compared at once.
    normalisation
        ``longest`` as in Millet et al. 2022; ``path`` divides by the steps of the best path, as
        ABXpy, Libri-light and fastabx do.

    Examples
    --------
    >>> import numpy as np
    >>> from heschl.metrics.abx import cells_of_triplets
    >>> items = ItemValues(np.array([[0.0], [5.0], [1.0]], dtype=np.float32), np.arange(4))
    >>> cells = cells_of_triplets(np.array([0]), np.array([1]), np.array([2]), {})
    >>> Abx()(items, cells)["delta"].values
    array([3.])
    """

    distance: FrameDistance = "euclidean"
    pooling: Pooling = "frames"
    normalisation: Literal["longest", "path"] = "longest"

    card: ClassVar[MetricCard] = ABX
    power: ClassVar[Literal["correlation", "variance"]] = "variance"
    meaning: ClassVar[str] = "the share of triplets in which X is nearer to A than to B"

    def __post_init__(self) -> None:
        """Refuse words that nothing goes by."""
        _ = self.measure

    @property
    def measure(self) -> Measure:
        """How far apart two items are."""
        return Measure(self.distance, self.normalisation)

    def configuration(self) -> Mapping[str, Any]:
        """Return every setting and the numerics version."""
        return {**describe(self), "numerics": NUMERICS}

    def __call__(self, items: ItemValues, cells: Cells) -> xr.Dataset:
        """Score every cell.

        Parameters
        ----------
        items
            The finite features of items, in the order that cells number them: one row each where
            the pooling is ``mean``.
        cells
            Which of them are compared.

        Returns
        -------
        xr.Dataset
            ``score``, ``delta``, the mean of d(B, X) - d(A, X), and ``n_triplets`` (cell,), with
            the labels of the cells.
        """
        judged = judge(items.values, items.first, cells, self.measure)
        return xr.Dataset(
            {
                "score": (CELL, judged.accuracy),
                "delta": (CELL, judged.delta),
                "n_triplets": (CELL, judged.n_triplets),
            },
            coords={name: (CELL, column) for name, column in cells.labels.items()},
        )
