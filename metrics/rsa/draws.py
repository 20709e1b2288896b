"""What similarities would be with other sounds: a bootstrap that looks dissimilarities up."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from heschl.metrics.rsa.ranks import Ranked, counts_of

__all__ = ["Draws", "over_sounds"]


class Draws(NamedTuple):
    """Similarities with sounds that were drawn anew."""

    of_layers: np.ndarray
    """(draw, layer, brain)"""
    of_assembled: np.ndarray
    """(draw, brain) of the geometries that were made for each brain."""


def over_sounds(models: Ranked, assembled: Ranked, brains: Ranked, drawn: np.ndarray) -> Draws:
    """Compare what sounds have that were drawn with replacement.

    No dissimilarity is computed anew, and none is that of a sound with itself, which would be 0 for
    everybody. A draw is of the same sounds for all brains, so that draws of listeners can be
    averaged.

    Parameters
    ----------
    models, assembled, brains
        Geometries (layer, pair), (brain, pair), (brain, pair).
    drawn
        The numbers of the sounds (draw, sound).
    """
    n_draws, n_sounds = len(drawn), brains.n_sounds
    of_layers = np.empty((n_draws, len(models), len(brains)))
    of_assembled = np.empty((n_draws, len(brains)))
    for draw, sounds in enumerate(drawn):
        weights = counts_of(sounds, n_sounds)
        measured = brains.directions(weights)
        of_layers[draw] = models.directions(weights) @ measured.T
        if len(models) > 1:  # or there was nothing to assemble
            of_assembled[draw] = np.einsum("bp,bp->b", assembled.directions(weights), measured)
    return Draws(of_layers, of_assembled if len(models) > 1 else of_layers[:, 0])
