"""Feature spaces: which columns of a design belong together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from heschl.dimensions import FEATURE
from heschl.errors import InvalidInput

__all__ = ["SPACE", "Spaces", "spaces_of"]

SPACE = "space"
"""The dimension of feature spaces, and the coordinate of a design that names each column's."""


@dataclass(frozen=True)
class Spaces:
    """Columns of a design in groups.

    Parameters
    ----------
    names
        Of the spaces, in the order in which they first appear.
    order
        (feature,) the columns sorted by space.
    edges
        (space + 1,) where each space begins in this order, and where the last one ends.
    """

    names: tuple[str, ...]
    order: np.ndarray
    edges: np.ndarray

    @classmethod
    def from_labels(cls, labels: Sequence[object] | np.ndarray) -> Spaces:
        """Group columns by the names of their spaces, (feature,).

        >>> Spaces.from_labels(["sound", "words", "sound"]).order
        array([0, 2, 1])
        """
        texts = np.array([str(label) for label in labels])
        _, first, inverse = np.unique(texts, return_index=True, return_inverse=True)
        place = np.argsort(np.argsort(first))[inverse]  # by first appearance
        order = np.argsort(place, kind="stable")
        edges = np.concatenate([[0], np.cumsum(np.bincount(place))])
        return cls(tuple(str(texts[column]) for column in np.sort(first)), order, edges)

    def __len__(self) -> int:
        return len(self.names)


def spaces_of(design: xr.DataArray) -> Spaces:
    """Return the spaces that the coordinate ``space`` of a design (time, feature) names."""
    if SPACE not in design.coords or design.coords[SPACE].dims != (FEATURE,):
        raise InvalidInput(
            f"the design has the coordinates {sorted(map(str, design.coords))}; several feature "
            f"spaces need a coordinate {SPACE!r} along {FEATURE!r} that names the space of each "
            f"column: add it with design.assign_coords({SPACE}=({FEATURE!r}, names))"
        )
    return Spaces.from_labels(design.coords[SPACE].to_numpy())
