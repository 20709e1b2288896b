"""What a score would be with other stimuli: a bootstrap for groups that have no listeners."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from heschl.configuration import digest

__all__ = ["N_DRAWS", "drawing_digest", "drawn_places", "over_stimuli"]

N_DRAWS = 1000


def drawn_places(
    names: Sequence[str] | np.ndarray, *, seed: int, n_draws: int = N_DRAWS
) -> np.ndarray:
    """Return places among names (draw, name), drawn with replacement, as many as there are.

    They are drawn in the order of the alphabet, whatever order the names come in: the same seed
    draws the same stimuli for whoever has them, so that numbers of two benchmarks pair.

    Examples
    --------
    >>> names, other = np.array(["bell", "dog", "rain"]), np.array(["rain", "bell", "dog"])
    >>> one, two = (drawn_places(each, seed=0, n_draws=9) for each in (names, other))
    >>> np.array_equal(names[one], other[two])
    True
    """
    order = np.argsort(np.asarray(names, dtype=str), kind="stable")
    drawn = np.random.default_rng(seed).integers(len(order), size=(n_draws, len(order)))
    return np.asarray(order[drawn])


def drawing_digest(names: Sequence[str], *, seed: int, n_draws: int = N_DRAWS) -> str:
    """Return what is the same exactly where `drawn_places` draws the same stimuli."""
    return digest({"drawn": "places", "names": sorted(names), "seed": seed, "n_draws": n_draws})


def over_stimuli(
    score_of: Callable[[np.ndarray, np.ndarray], np.ndarray],
    prediction: np.ndarray,
    responses: np.ndarray,
    stimuli: np.ndarray,
    *,
    seed: int,
    n_draws: int = N_DRAWS,
) -> np.ndarray:
    """Return scores (draw, unit) of stimuli drawn with replacement, as many as there are.

    Models are not fitted anew: it is the error of the score of these predictions.

    Parameters
    ----------
    score_of
        Gives scores (unit,) from predictions and responses (row, unit).
    prediction, responses
        (row, unit), each row predicted by a model that was not fitted on it.
    stimuli
        The stimulus of each row (row,).
    seed
        Of the draws.
    """
    names, number = np.unique(stimuli, return_inverse=True)
    rows_of = [np.flatnonzero(number == each) for each in range(len(names))]
    draws = []
    for drawn in drawn_places(names, seed=seed, n_draws=n_draws):
        rows = np.concatenate([rows_of[each] for each in drawn])
        draws.append(score_of(prediction[rows], responses[rows]))
    return np.stack(draws)
