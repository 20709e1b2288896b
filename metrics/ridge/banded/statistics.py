"""The statistics of a design that serve every mix of its feature spaces.

A mix scales each space by √gamma: Z = X D. So Z'Z = D (X'X) D, ZZ' is the sum of
the spaces' own kernels times their gammas, and Z'Y = D (X'Y). The products with
X are formed once, whatever the number of mixes; a mix in which a space has no
share uses the rows and columns of the rest. (Products with Y are formed with W,
X = W R, and (R D)'W'Y; see `heschl.metrics.ridge.engine.crossing`.)
"""

from __future__ import annotations

import itertools

import numpy as np

from heschl.metrics.ridge.engine.arrangement import Arrangement
from heschl.metrics.ridge.engine.crossing import crossing_root
from heschl.metrics.ridge.engine.design import Design

__all__ = ["Mixed", "Statistics", "over_trainings"]


class Mixed(Design):
    """A design in which each column is scaled by the root of its space's share.

    Parameters
    ----------
    whole
        The design, sorted by space.
    edges
        (space + 1,) where spaces begin.
    gammas
        (space,). Where one is 0 its columns are left out.
    kernels
        (row, row) of each space, if the mixed kernel is wanted.
    """

    def __init__(
        self,
        whole: Design,
        edges: np.ndarray,
        gammas: np.ndarray,
        kernels: list[np.ndarray] | None,
    ) -> None:
        of_columns = np.repeat(gammas, np.diff(edges))
        self.columns = np.flatnonzero(of_columns)  # (column,) positions in the whole design
        self.roots = np.sqrt(of_columns[self.columns])
        self.edges = np.concatenate([[0], np.cumsum(np.diff(edges) * (gammas > 0))])
        is_whole = len(self.columns) == whole.n_features
        self.values = whole.values if is_whole else np.take(whole.values, self.columns, axis=1)
        self.has_intercept = whole.has_intercept
        self.n_rows, self.n_features = self.values.shape
        self.n_whole = whole.n_features
        self.mean = whole.mean[self.columns]
        self.scale = whole.scale
        self.factors = whole.factors[self.columns] * self.roots
        self._kernel = None
        if kernels is not None:
            self._kernel = np.zeros((self.n_rows, self.n_rows))
            for gamma, kernel in zip(gammas, kernels, strict=True):
                if gamma > 0:
                    self._kernel += gamma * kernel

    def on_whole(self, weights: np.ndarray) -> np.ndarray:
        """Return D weights (feature of the whole design, any), given (column, any)."""
        found = np.zeros((self.n_whole, weights.shape[1]))
        found[self.columns] = self.roots[:, None] * weights
        return found


class Statistics:
    """What the Gram matrices and kernels of all mixes are made of.

    Parameters
    ----------
    design
        Sorted by space.
    edges
        (space + 1,) where spaces begin.
    arrangement
        The rows of all folds.
    """

    def __init__(self, design: Design, edges: np.ndarray, arrangement: Arrangement) -> None:
        self.design = design
        self.edges = edges
        self.arrangement = arrangement
        self.grams = np.empty((0, 0, 0))
        """X'X of each training set (training, feature, feature), once they are formed."""
        self.root = np.empty((0, 0))
        """R of the design (feature, feature), as in `heschl.metrics.ridge.engine.crossing`."""
        self.kernels: list[np.ndarray] = []
        """XX' of each space (row, row), once they are formed."""

    def form_grams(self) -> None:
        """Form the Gram matrices and their root, while BLAS has all its threads."""
        blocks = self.arrangement.blocks
        grams = self.design.block_grams(blocks)
        n_added = sum(map(len, blocks))  # more than there are rows, where blocks are training sets
        self.root = crossing_root(grams.sum(axis=0) * (self.design.n_rows / n_added))
        self.grams = over_trainings(grams, self.arrangement)

    def form_kernels(self) -> None:
        """Form the kernels, while BLAS has all its threads."""
        rows = self.design.rows(slice(None))
        for start, stop in itertools.pairwise(self.edges):
            self.kernels.append(rows[:, start:stop] @ rows[:, start:stop].T)

    def mixed(self, gammas: np.ndarray, *, has_kernel: bool) -> Mixed:
        """Return the design in a mix (space,)."""
        return Mixed(self.design, self.edges, gammas, self.kernels if has_kernel else None)

    def gram(self, mixed: Mixed, training: int) -> np.ndarray:
        """Return Z'Z (column, column) of a training set."""
        gram = self.grams[training]
        if mixed.n_features < self.design.n_features:
            gram = gram[np.ix_(mixed.columns, mixed.columns)]
        return np.asarray(gram * mixed.roots * mixed.roots[:, None])


def over_trainings(of_blocks: np.ndarray, arrangement: Arrangement) -> np.ndarray:
    """Return sums over the blocks (block, ...) of each training set, (training, ...)."""
    if arrangement.blocks is arrangement.trainings:
        return of_blocks
    sums = [of_blocks[list(members)].sum(axis=0) for members in arrangement.members]
    return np.stack(sums)
