"""NC-TUCK: an attenuation correction by the reliabilities of response and prediction.

Three sessions give three correlations, whose median m makes the reliability 3m / (1 + 2m) of the
mean of the sessions. An r² is divided by the reliability of the response over training sounds and
by that of the predictions of test sounds from models of single sessions, neither below a floor.
Where the response is hardly reliable the quotient is unstable and above 1 on average: it is never
reported without the uncorrected r² beside it.
"""

from __future__ import annotations

import itertools

import numpy as np

from heschl.errors import InvalidInput
from heschl.metrics.ridge.agreement import is_constant, pearson

__all__ = ["PREDICTION_FLOOR", "RESPONSE_FLOOR", "reliability", "spearman_brown"]

RESPONSE_FLOOR = 0.182
PREDICTION_FLOOR = 0.183
"""The 95th percentile of the reliability of noise, over 83 and over 82 sounds."""


def spearman_brown(r: np.ndarray, n: int = 3) -> np.ndarray:
    """Return the reliability of the mean of ``n`` measurements that correlate by ``r`` in pairs.

    Minus infinity where it is undefined: at r = -1 / (n - 1), and below, where it has no meaning.

    >>> spearman_brown(np.array([0.2, 0.5, -0.6])).round(3).tolist()
    [0.429, 0.75, -inf]
    """
    denominator = 1.0 + (n - 1) * np.asarray(r, dtype=np.float64)
    is_defined = denominator > 0
    return np.where(is_defined, n * r / np.where(is_defined, denominator, 1.0), -np.inf)


def reliability(sessions: np.ndarray, floor: float) -> np.ndarray:
    """Return the reliability (unit,) of the mean of ``sessions (session, row, unit)``.

    The median over pairs leaves out those in which a session does not vary; a unit without any
    pair, or below the floor, gets the floor.
    """
    n_sessions = len(sessions)
    if n_sessions < 2:  # noqa: PLR2004
        raise InvalidInput(
            f"{n_sessions} session has no reliability; expected single sessions, as a rule three"
        )
    flat = np.stack([is_constant(session) for session in sessions])
    pairs = [
        np.where(flat[i] | flat[j], np.nan, pearson(sessions[i], sessions[j]))
        for i, j in itertools.combinations(range(n_sessions), 2)
    ]
    median = _median(np.stack(pairs))
    return np.asarray(np.fmax(spearman_brown(median, n_sessions), floor))


def _median(values: np.ndarray) -> np.ndarray:
    """Return the median (unit,) of what is no NaN of (pair, unit), NaN where all is."""
    ordered = np.sort(values, axis=0)  # NaN comes last
    count = np.isfinite(values).sum(axis=0)
    columns = np.arange(values.shape[1])
    low = ordered[np.maximum((count - 1) // 2, 0), columns]
    high = ordered[np.minimum(count // 2, len(values) - 1), columns]
    return np.where(count > 0, (low + high) / 2, np.nan)
