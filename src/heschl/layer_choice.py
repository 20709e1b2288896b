"""Choosing a layer for every unit by itself, on rows that it is not scored on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from heschl.splits import Fold

__all__ = [
    "LAYER_RULES",
    "RULES_WITHIN",
    "LayerRule",
    "assembled",
    "best_on_all",
    "best_on_inner_folds",
    "best_on_others",
    "of_chosen_layer",
]

LayerRule = Literal["nested", "inner", "splits"]
"""Of an encoding benchmark."""

RULES_WITHIN = ("inner", "splits", "blocks", "training")
"""The rules of the board's number that choose within a listener, on some sounds for others: a
summary has their results as ``inner_score`` and ``inner_normalised``."""

LAYER_RULES = {
    "nested": "the layer with the best mean over the other listeners",
    "mean": "the mean over layers",
    "best": "the layer with the best mean over all listeners: optimistic, for comparison alone",
    "best_of_unit": "for each unit its best layer: optimistic, for comparison alone",
    "inner": "for each unit and fold the layer that does best within the training rows",
    "splits": "for each unit the layer that does best on half of the splits, scored on the others",
    "blocks": "for each block of pairs the layer that is most alike on the pairs of other sounds",
    "training": "for each split the layer that is most alike on the training sounds",
}
"""Every way in which layers are reduced to one number, in words. The board's number is by
"nested" or one of `RULES_WITHIN`; the others stand beside it."""


def best_on_others(values: np.ndarray) -> np.ndarray:
    """Return for each listener (subject,) the layer with the best mean over the others.

    ``values`` is (layer, subject); listeners without a value count for nobody. -1 where there are
    no others. A single layer is everybody's, since there is nothing to choose.

    >>> best_on_others(np.array([[1.0, 0.0, 0.9], [0.0, 1.0, 0.5]])).tolist()
    [1, 0, 0]
    """
    n_layers, n_subjects = values.shape
    if n_layers == 1:
        return np.zeros(n_subjects, dtype=int)
    return np.array([best_on_all(np.delete(values, each, axis=1)) for each in range(n_subjects)])


def best_on_all(values: np.ndarray) -> int:
    """Return the layer of ``values`` (layer, subject) with the best mean, -1 if nobody counts."""
    has_value = np.isfinite(values).all(axis=0)
    if not has_value.any():
        return -1
    return int(np.argmax(values[:, has_value].mean(axis=1)))


def best_on_inner_folds(inner_score: np.ndarray) -> np.ndarray:
    """Return which layer (fold, unit) does best on inner folds, the earliest of equals.

    ``inner_score`` is (layer, fold, unit).
    """
    return np.asarray(np.argmax(inner_score, axis=0))


def of_chosen_layer(values: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Return values (fold, unit) of the chosen layers from ``values`` (layer, fold, unit).

    >>> of_chosen_layer(np.array([[[1, 2]], [[3, 4]]]), np.array([[1, 0]])).tolist()
    [[3, 2]]
    """
    return np.asarray(np.take_along_axis(values, chosen[np.newaxis], axis=0)[0])


def assembled(
    predictions: Sequence[np.ndarray], chosen: np.ndarray, folds: Sequence[Fold]
) -> np.ndarray:
    """Return predictions (row, unit) of the layers that were chosen for the fold of each row.

    Parameters
    ----------
    predictions
        For each layer (row, unit).
    chosen
        Layer numbers (fold, unit).
    folds
        Each row is tested in one of them at most; others keep the first layer's.
    """
    rows = predictions[0].copy()
    for fold, layers in zip(folds, chosen, strict=True):
        for number, prediction in enumerate(predictions):
            of_layer = np.ix_(fold.test, layers == number)
            rows[of_layer] = prediction[of_layer]
    return rows
