"""The rule ``splits``: a layer chosen for each unit on half of the splits, read off on the others.

Each iteration shuffles the splits anew for each unit. The layer with the highest median over one
half is chosen, and its median over the other half is the value. Aggregation goes on from there:
median over the units of a region, mean over iterations, mean over listeners.

The published code draws other halves for each layer, so that the splits that chose a layer may be
those that it is read off from. Here all layers of a unit share the halves.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from heschl.errors import InvalidInput

__all__ = ["LayerChoice", "choose_layers"]


@dataclass(frozen=True)
class LayerChoice:
    """For each iteration and unit what was chosen, and what it reached elsewhere."""

    layer: np.ndarray
    """(iteration, unit), a position."""
    values: dict[str, np.ndarray]
    """(iteration, unit), under the names that were given."""


def choose_layers(
    guide: np.ndarray,
    values: dict[str, np.ndarray],
    *,
    n_iterations: int = 10,
    highest: float = np.inf,
    seed: int = 0,
) -> LayerChoice:
    """Choose a layer for each unit on half of the splits and read values off on the other half.

    Parameters
    ----------
    guide
        (layer, split, unit) what layers are chosen by; an even number of splits.
    values
        (layer, split, unit) under names, such as the score and the normalised score.
    n_iterations
        How often the splits are halved.
    highest
        Medians of the guide above it are equal, and the first layer among them is taken: 1 where
        the guide is a share of what can be explained.
    seed
        Of the halves. A unit's halves depend on its position among the units.

    Examples
    --------
    >>> guide = np.stack([np.full((10, 2), 0.1), np.full((10, 2), 0.3)])
    >>> choice = choose_layers(guide, {"score": guide}, n_iterations=1)
    >>> choice.layer.tolist(), choice.values["score"].tolist()
    ([[1, 1]], [[0.3, 0.3]])
    """
    _, n_splits, n_units = guide.shape
    if n_splits < 2 or n_splits % 2:  # noqa: PLR2004
        raise InvalidInput(f"{n_splits} splits cannot be halved; expected an even number, as 10")
    for name, each in values.items():
        if each.shape != guide.shape:
            raise InvalidInput(
                f"{name!r} has shape {each.shape} and the guide {guide.shape}; expected the same "
                "(layer, split, unit)"
            )
    generator = np.random.default_rng(seed)
    layer = np.zeros((n_iterations, n_units), dtype=np.intp)
    read = {name: np.zeros((n_iterations, n_units)) for name in values}
    units = np.arange(n_units)
    for iteration in range(n_iterations):
        order = generator.permuted(np.tile(np.arange(n_splits), (n_units, 1)), axis=1).T
        choosing, reading = order[: n_splits // 2], order[n_splits // 2 :]  # (split, unit)
        medians = np.median(guide[:, choosing, units], axis=1)  # (layer, unit)
        chosen = np.minimum(medians, highest).argmax(axis=0)
        layer[iteration] = chosen
        for name, each in values.items():
            read[name][iteration] = np.median(each[chosen, reading, units], axis=0)
    return LayerChoice(layer, read)
