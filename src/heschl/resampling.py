"""What a score would be with other stimuli: a bootstrap for groups that have no listeners."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

__all__ = ["N_DRAWS", "over_stimuli"]

N_DRAWS = 1000


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
    _, number = np.unique(stimuli, return_inverse=True)
    n_stimuli = int(number.max()) + 1
    rows_of = [np.flatnonzero(number == each) for each in range(n_stimuli)]
    generator = np.random.default_rng(seed)
    draws = []
    for _ in range(n_draws):
        drawn = generator.integers(n_stimuli, size=n_stimuli)
        rows = np.concatenate([rows_of[each] for each in drawn])
        draws.append(score_of(prediction[rows], responses[rows]))
    return np.stack(draws)
