"""Which rows are fitted on and which are predicted, each distinct set of rows named once.

Nested folds meet the same training set twice: without blocks i and j whether i
is tested and j judged or the reverse. Five folds have 15 training sets, not 25.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from heschl.metrics.ridge.estimators import Estimator, LeaveOneOut

__all__ = ["Arrangement", "Outer", "Trial", "arrange"]


@dataclass(frozen=True)
class Trial:
    """One prediction: positions of a training set and of a held-out set in the arrangement."""

    training: int
    held_out: int


@dataclass(frozen=True)
class Outer:
    """An outer fold: the trials that choose its penalty, and the one that is scored."""

    judged: tuple[Trial, ...]
    """Empty where training rows are left out one by one, in closed form."""
    scored: Trial


@dataclass(frozen=True)
class Arrangement:
    """All outer folds over shared sets of rows.

    Parameters
    ----------
    n_rows
        Rows of the design.
    trainings
        Distinct training sets: row numbers, ascending.
    held_out
        Distinct sets of predicted rows: row numbers, ascending.
    outer
        The outer folds.
    blocks
        The coarsest disjoint sets of rows of which every training set is a union.
    members
        For each training set the positions of its blocks.
    """

    n_rows: int
    trainings: tuple[np.ndarray, ...]
    held_out: tuple[np.ndarray, ...]
    outer: tuple[Outer, ...]
    blocks: tuple[np.ndarray, ...]
    members: tuple[tuple[int, ...], ...]

    def trials(self) -> Iterator[tuple[int, Trial]]:
        """Yield every trial with the position of its outer fold."""
        for position, outer in enumerate(self.outer):
            for trial in (*outer.judged, outer.scored):
                yield position, trial

    def predicted_from(self, training: int) -> list[int]:
        """Return the distinct held-out sets that are predicted from a training set."""
        return sorted({trial.held_out for _, trial in self.trials() if trial.training == training})


def arrange(
    folds: Sequence[tuple[np.ndarray, np.ndarray]],
    estimator: Estimator,
    *,
    n_rows: int,
    seed: int,
    tested: Sequence[int] | None = None,
) -> Arrangement:
    """Name the sets of rows that an estimator needs in outer folds of (training, test) rows.

    Only the folds ``tested`` are arranged, by default all; the others serve to judge penalties.

    >>> from heschl.metrics.ridge import Nested
    >>> rows = np.arange(8)
    >>> folds = [(rows[rows // 2 != k], rows[rows // 2 == k]) for k in range(4)]
    >>> found = arrange(folds, Nested(alphas=(1.0,)), n_rows=8, seed=0)
    >>> len(found.trainings), len(found.held_out), len(found.blocks)  # 4 + 4·3/2 sets, not 4 + 4·3
    (10, 4, 4)
    """
    trainings, held_out = _Distinct(), _Distinct()
    outer = []
    for position in range(len(folds)) if tested is None else tested:
        train, test = folds[position]
        judged: tuple[Trial, ...] = ()
        if not isinstance(estimator, LeaveOneOut):
            others = [rows for other, (_, rows) in enumerate(folds) if other != position]
            judged = tuple(
                Trial(trainings.position(train[fitted]), held_out.position(train[left]))
                for fitted, left in estimator.splits(train, others, seed)
            )
        outer.append(Outer(judged, Trial(trainings.position(train), held_out.position(test))))
    blocks, members = _blocks(trainings.sets, n_rows)
    return Arrangement(
        n_rows, tuple(trainings.sets), tuple(held_out.sets), tuple(outer), blocks, members
    )


class _Distinct:
    """Sets of rows in the order in which they first came."""

    def __init__(self) -> None:
        self.sets: list[np.ndarray] = []
        self._positions: dict[bytes, int] = {}

    def position(self, rows: np.ndarray) -> int:
        rows = np.sort(rows).astype(np.intp)
        found = self._positions.setdefault(rows.tobytes(), len(self.sets))
        if found == len(self.sets):
            self.sets.append(rows)
        return found


def _blocks(
    sets: Sequence[np.ndarray], n_rows: int
) -> tuple[tuple[np.ndarray, ...], tuple[tuple[int, ...], ...]]:
    belongs = np.zeros((len(sets), n_rows), dtype=bool)
    for position, rows in enumerate(sets):
        belongs[position, rows] = True
    # Rows that belong to the same sets are one block, numbered by their first rows.
    _, first, inverse = np.unique(
        np.packbits(belongs, axis=0), axis=1, return_index=True, return_inverse=True
    )
    inverse = inverse.ravel()
    used = [each for each in np.argsort(first) if belongs[:, first[each]].any()]
    blocks = tuple(np.flatnonzero(inverse == each) for each in used)
    members = tuple(
        tuple(number for number, block in enumerate(blocks) if belongs[position, block[0]])
        for position in range(len(sets))
    )
    return blocks, members
