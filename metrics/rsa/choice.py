"""Layers that are chosen on some sounds, to be judged on others."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from heschl.errors import InvalidInput
from heschl.metrics.rsa.geometry import MINIMUM_SOUNDS, pairs
from heschl.metrics.rsa.ranks import Ranked, counts_of, similarity

if TYPE_CHECKING:
    from heschl.splits import Fold

__all__ = ["Assembled", "Judged", "by_blocks", "on_splits"]

_LEAST_FOLDS = 3


class Assembled(NamedTuple):
    """For each brain one geometry, made of the layers that were chosen for its blocks."""

    geometry: np.ndarray
    """(brain, pair)"""
    layer: np.ndarray
    """(block, brain) the number of the layer."""


def by_blocks(models: Ranked, brains: Ranked, folds: Sequence[Fold]) -> Assembled:
    """Choose a layer for each block of pairs, on the pairs that share no sound with it.

    A block holds the pairs between the test sounds of two folds, or within those of one.

    Parameters
    ----------
    models
        The geometry of each layer (layer, pair).
    brains
        Those that they are compared with (brain, pair).
    folds
        Three or more, whose test rows hold every sound once.

    Returns
    -------
    Assembled
        The blocks come in the order (1, 1), (1, 2), ..., (2, 2), ...; of layers that are equally
        alike the first is taken.
    """
    n_sounds = models.n_sounds
    part = _parts(folds, n_sounds)
    first, second = (part[sounds] for sounds in pairs(n_sounds))
    geometry = np.empty_like(brains.values)
    layers = []
    for i, j in itertools.combinations_with_replacement(range(len(folds)), 2):
        rest = counts_of(np.flatnonzero((part != i) & (part != j)), n_sounds)
        chosen = np.argmax(similarity(models, brains, rest), axis=0)
        block = ((first == i) & (second == j)) | ((first == j) & (second == i))
        geometry[:, block] = models.values[np.ix_(chosen, block)]
        layers.append(chosen)
    return Assembled(geometry, np.stack(layers))


class Judged(NamedTuple):
    """What layers reach on the test sounds of each split, and which was chosen on the others."""

    test: np.ndarray
    """(split, layer, brain)"""
    layer: np.ndarray
    """(split, brain) the number of the layer that is most alike on the training sounds."""


def on_splits(models: Ranked, brains: Ranked, folds: Sequence[Fold]) -> Judged:
    """Compare on the training sounds of each split, and on its test sounds."""
    _check_splits(folds, models.n_sounds)
    on = [
        [
            similarity(models, brains, counts_of(rows, models.n_sounds))
            for rows in (fold.train, fold.test)
        ]
        for fold in folds
    ]
    return Judged(
        np.stack([test for _, test in on]), np.stack([np.argmax(train, axis=0) for train, _ in on])
    )


def _parts(folds: Sequence[Fold], n_sounds: int) -> np.ndarray:
    """Return the fold that tests each sound (sound,)."""
    tested = np.concatenate([fold.test for fold in folds]) if folds else np.array([], dtype=int)
    if len(folds) < _LEAST_FOLDS or not np.array_equal(np.sort(tested), np.arange(n_sounds)):
        raise InvalidInput(
            f"{len(folds)} folds test {len(tested)} of {n_sounds} sounds; layers are chosen by "
            f"blocks of {_LEAST_FOLDS} folds or more that test every sound once: use "
            "StratifiedKFold or GroupKFold of heschl.splits"
        )
    part = np.empty(n_sounds, dtype=int)
    for number, fold in enumerate(folds):
        part[fold.test] = number
    largest = sorted(np.bincount(part))[-2:]
    if n_sounds - sum(largest) < MINIMUM_SOUNDS:
        raise InvalidInput(
            f"two of the {len(folds)} folds hold {sum(largest)} of {n_sounds} sounds, which leaves "
            f"fewer than {MINIMUM_SOUNDS} to choose a layer on; take more folds"
        )
    return part


def _check_splits(folds: Sequence[Fold], n_sounds: int) -> None:
    for fold in folds:
        for side in ("train", "test"):
            rows = getattr(fold, side)
            if len(rows) < MINIMUM_SOUNDS or rows.max() >= n_sounds:
                raise InvalidInput(
                    f"split {fold.name!r} has {len(rows)} {side} sounds up to number {rows.max()} "
                    f"of {n_sounds}; expected {MINIMUM_SOUNDS} at least, numbered below {n_sounds}"
                )
    if not folds:
        raise InvalidInput("no split was given; expected one at least")
