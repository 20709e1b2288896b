"""Parts of items: the blocks that ridge sums over, and what is held out to judge by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from heschl.configuration import describe
from heschl.errors import InvalidInput, UnknownName
from heschl.items import SPLIT
from heschl.splits import Fold, GroupKFold

__all__ = ["OfficialSplit", "blocks_of", "held_out"]

Numbered = Mapping[int, tuple[Fold, list[int]]]
"""By the number of the block that it tests: a fold, and the blocks that it trains on."""

_LEAST_BLOCKS = 3
_LEAST_GROUPS = 2


@dataclass(frozen=True)
class OfficialSplit:
    """One fold: the dataset's own split, its validation items in neither part.

    >>> (fold,) = OfficialSplit().folds({"split": np.array(["train", "validation", "test"])})
    >>> fold.train.tolist(), fold.test.tolist()
    ([0], [2])
    """

    def configuration(self) -> Mapping[str, Any]:
        """Return every setting and the numerics version."""
        return {**describe(self), "numerics": 1}

    def folds(self, rows: Mapping[str, np.ndarray]) -> tuple[Fold, ...]:
        """Return the one fold."""
        if SPLIT not in rows:
            raise UnknownName(
                "these items have no official split; choose another task, or folds by group"
            )
        of_part = {name: np.flatnonzero(rows[SPLIT] == name) for name in ("train", "test")}
        for name, chosen in of_part.items():
            if not len(chosen):
                raise InvalidInput(f"no item of the official split is for {name}; bring some")
        return (Fold("official", of_part["train"], of_part["test"]),)


def blocks_of(
    folds: Sequence[Fold], groups: np.ndarray, n_parts: int
) -> Iterator[tuple[list[np.ndarray], Numbered]]:
    """Yield blocks of items, and the folds that are made of them.

    Folds that each test what no other does, and train on all that the others test, are of the same
    blocks. Of any other fold the training items are cut into parts of whole groups.
    """
    if _are_partition(folds):
        rows = [fold.test for fold in folds]
        everyone = range(len(folds))
        yield (
            rows,
            {k: (fold, [j for j in everyone if j != k]) for k, fold in enumerate(folds)},
        )
        return
    for fold in folds:
        n_groups = len(np.unique(groups[fold.train]))
        if n_groups < _LEAST_GROUPS:
            raise InvalidInput(
                f"the training items of fold {fold.name!r} are of one group, so that none can be "
                "left out to choose a penalty; give items of two groups at least"
            )
        splitter = GroupKFold(min(n_parts, n_groups), by="group")
        parts = splitter.folds({"group": groups[fold.train]})
        rows = [*(fold.train[part.test] for part in parts), fold.test]
        yield rows, {len(parts): (fold, list(range(len(parts))))}


def held_out(groups: np.ndarray, share: float, *, seed: int) -> np.ndarray:
    """Return which items (item,) are held out: whole groups, drawn until there are enough.

    Some of either kind are left where there are two groups.
    """
    names, number, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    if len(names) < _LEAST_GROUPS:
        raise InvalidInput(
            "the training items are of one group, so that none can be held out to choose a "
            "penalty; give items of two groups at least"
        )
    order = np.random.default_rng(seed).permutation(len(names))
    before = np.concatenate([[0], np.cumsum(sizes[order])[:-1]])
    chosen = order[before < share * len(groups)]
    if len(chosen) == len(names):
        chosen = chosen[:-1]
    return np.asarray(np.isin(number, chosen))


def _are_partition(folds: Sequence[Fold]) -> bool:
    if len(folds) < _LEAST_BLOCKS:
        return False
    tested = np.sort(np.concatenate([fold.test for fold in folds]))
    if (np.diff(tested) == 0).any():
        return False
    return all(len(fold.train) + len(fold.test) == len(tested) for fold in folds) and all(
        np.isin(fold.train, tested).all() for fold in folds
    )
