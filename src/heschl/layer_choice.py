"""Choosing a layer for every unit by itself, on rows that it is not scored on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from heschl.splits import Fold

__all__ = ["LAYER_RULES", "LayerRule", "assembled", "best_on_inner_folds", "of_chosen_layer"]

LayerRule = Literal["nested", "inner"]

LAYER_RULES = {
    "nested": "the layer with the best mean over the other listeners",
    "mean": "the mean over layers",
    "best": "the layer with the best mean over all listeners: optimistic, for comparison alone",
    "best_of_unit": "for each unit its best layer: optimistic, for comparison alone",
    "inner": "for each unit and fold the layer that does best within the training rows",
}
"""Every way in which layers are reduced to one number, in words. The board's number is by a
`LayerRule`; the others stand beside it."""


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
