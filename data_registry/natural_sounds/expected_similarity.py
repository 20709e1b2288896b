"""What comparisons of geometries must find of planted responses, by SciPy alone.

No closed form is known of a rank correlation between dissimilarities of so few voxels. It is
computed from what was planted, with noise drawn anew and several times: one formula after the
other, sound by sound, as a paper writes them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.spatial.distance
import scipy.stats

__all__ = ["Similarities", "expected_similarities", "similarity"]

Splits = Sequence[tuple[np.ndarray, np.ndarray]]
"""Training sounds and test sounds of each."""


@dataclass(frozen=True)
class Similarities:
    """Means over listeners, and over draws of the noise."""

    score: float
    """Of the model with listeners, by all pairs of sounds and z-scored features."""
    ceiling: float
    """Of a listener with the mean of the others, likewise."""
    split_score: float
    """Of the model with listeners, by pairs of test sounds and features as they are, the median
    over splits."""
    split_ceiling: float
    """Of a listener with the mean of the others, likewise."""


def expected_similarities(
    features: np.ndarray,
    signals: Sequence[np.ndarray],
    noise_variance: float,
    splits: Splits,
    *,
    n_draws: int,
    seed: int,
) -> Similarities:
    """Return what is to be expected of listeners.

    Parameters
    ----------
    features
        What the model makes of the sounds (sound, feature).
    signals
        For each listener the responses (sound, voxel) without noise.
    noise_variance
        Of the mean over sessions.
    splits
        Of the sounds.
    n_draws, seed
        Of the noise.
    """
    generator = np.random.default_rng([seed, 6])
    model, raw_model = _unlike(_z_scored(features)), _unlike(features)
    pairs = [_pairs_of(test, len(features)) for _, test in splits]
    found = []
    for _ in range(n_draws):
        noise = [generator.standard_normal(each.shape) for each in signals]
        responses = [
            signal + np.sqrt(noise_variance) * each
            for signal, each in zip(signals, noise, strict=True)
        ]
        whole = np.stack([_unlike(_z_scored(each)) for each in responses])
        raw = np.stack([_unlike(each) for each in responses])
        found.append(
            [
                np.mean([_alike(model, each) for each in whole]),
                np.mean(_with_others(whole)),
                np.mean(
                    np.median([[_alike(raw_model[k], r[k]) for r in raw] for k in pairs], axis=0)
                ),
                np.mean(np.median([_with_others(raw[:, k]) for k in pairs], axis=0)),
            ]
        )
    return Similarities(*(float(mean) for mean in np.mean(found, axis=0)))


def similarity(features: np.ndarray, responses: np.ndarray) -> float:
    """Return how alike patterns (sound, feature) and (sound, unit) are, both z-scored."""
    return _alike(_unlike(_z_scored(features)), _unlike(_z_scored(responses)))


def _z_scored(patterns: np.ndarray) -> np.ndarray:
    """Return patterns (sound, feature) with each feature z-scored over sounds."""
    return np.asarray(scipy.stats.zscore(patterns, axis=0))


def _unlike(patterns: np.ndarray) -> np.ndarray:
    return np.asarray(scipy.spatial.distance.pdist(patterns, "correlation"))


def _alike(one: np.ndarray, other: np.ndarray) -> float:
    return float(scipy.stats.spearmanr(one, other).statistic)


def _with_others(geometries: np.ndarray) -> list[float]:
    """Return how alike each listener is to the mean of the others."""
    return [
        _alike(own, np.delete(geometries, number, axis=0).mean(axis=0))
        for number, own in enumerate(geometries)
    ]


def _pairs_of(sounds: np.ndarray, n_sounds: int) -> np.ndarray:
    """Return the places of the pairs of some sounds among all pairs."""
    taken = np.zeros(n_sounds, dtype=bool)
    taken[sounds] = True
    among = scipy.spatial.distance.squareform(
        np.outer(taken, taken) & ~np.eye(n_sounds, dtype=bool), checks=False
    )
    return np.flatnonzero(among)
