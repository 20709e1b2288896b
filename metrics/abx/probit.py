"""A probit regression of answers, with a constant of its own for each listener."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import log_ndtr

from heschl.errors import InvalidInput

__all__ = ["ProbitFit", "probit"]

_MOST_STEPS = 100
_PRECISE = 1e-10
"""Of the log-likelihood, by which the last step may raise it at most."""


@dataclass(frozen=True)
class ProbitFit:
    """What was fitted."""

    coefficients: np.ndarray
    """(predictor,)."""
    log_likelihood: np.ndarray
    """(group,): the sum over the answers of each listener."""


def probit(is_yes: np.ndarray, predictors: np.ndarray, group: np.ndarray) -> ProbitFit:
    """Fit ``P(yes) = Φ(constant of the listener + predictors · coefficients)``.

    Newton's method on the log-likelihood, which has one maximum. A listener whose answers are all
    alike is best told by an infinite constant: those answers are certain, and tell nothing else.

    Parameters
    ----------
    is_yes
        Booleans (answer,).
    predictors
        (answer, predictor), finite; one that never changes gets the coefficient 0.
    group
        The number of the listener (answer,), from 0 up.

    Examples
    --------
    >>> is_yes = np.array([True, False, True, True])
    >>> fit = probit(is_yes, np.zeros((4, 1)), np.zeros(4, dtype=int))
    >>> fit.log_likelihood.round(4)  # 3 ln ¾ + ln ¼
    array([-2.2493])
    """
    n_groups = int(group.max()) + 1 if len(group) else 0
    answers = np.bincount(group, minlength=n_groups)
    n_yes = np.bincount(group, is_yes, n_groups)
    if not n_groups or not answers.all():
        raise InvalidInput("a listener has no answer; number those who have, from 0 up")
    if not np.isfinite(predictors).all():
        raise InvalidInput("a predictor of answers is not finite; leave those answers out")
    is_mixed = ((n_yes > 0) & (n_yes < answers))[group]
    varies = np.ptp(predictors[is_mixed], axis=0) > 0 if is_mixed.any() else []
    coefficients = np.zeros(predictors.shape[1])
    likelihood = np.zeros(n_groups)
    if is_mixed.any():
        kept, number = np.unique(group[is_mixed], return_inverse=True)
        found, by_answer = _newton(
            np.where(is_yes[is_mixed], 1.0, -1.0),
            predictors[np.ix_(is_mixed, varies)].astype(np.float64),
            number.reshape(-1),
        )
        coefficients[varies] = found
        likelihood[kept] = np.bincount(number.reshape(-1), by_answer)
    return ProbitFit(coefficients, likelihood)


def _newton(
    sign: np.ndarray, predictors: np.ndarray, group: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the coefficients (predictor,) and the log-likelihood (answer,) at the maximum."""
    n_groups = int(group.max()) + 1
    constant, slope = np.zeros(n_groups), np.zeros(predictors.shape[1])
    by_answer = log_ndtr(sign * (constant[group] + predictors @ slope))
    for _ in range(_MOST_STEPS):
        toward = sign * (constant[group] + predictors @ slope)
        hazard = np.exp(-0.5 * toward**2 - 0.5 * np.log(2 * np.pi) - log_ndtr(toward))
        pull, weight = sign * hazard, hazard * (hazard + toward)
        step_of_constant, step = _step(pull, weight, predictors, group)
        for halving in range(40):
            share = 0.5**halving
            new_constant, new_slope = constant + share * step_of_constant, slope + share * step
            new = log_ndtr(sign * (new_constant[group] + predictors @ new_slope))
            if new.sum() >= by_answer.sum():
                break
        gain = new.sum() - by_answer.sum()
        constant, slope, by_answer = new_constant, new_slope, new
        if gain <= _PRECISE * max(1.0, abs(by_answer.sum())):
            return slope, by_answer
    raise InvalidInput(
        f"the probit regression has found no maximum in {_MOST_STEPS} steps: the predictors tell "
        "all answers; leave one of them out"
    )


def _step(
    pull: np.ndarray, weight: np.ndarray, predictors: np.ndarray, group: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return Newton's step for the constants and the slopes.

    Constants concern only the answers of their listener, so that they can be eliminated first.
    """
    n_groups = int(group.max()) + 1
    of_group = np.bincount(group, weight, n_groups)
    weighted = weight[:, None] * predictors
    crossed = np.zeros((predictors.shape[1], n_groups))
    for row, column in zip(crossed, weighted.T, strict=True):
        row[:] = np.bincount(group, column, n_groups)
    pull_of_group = np.bincount(group, pull, n_groups)
    left = predictors.T @ weighted - (crossed / of_group) @ crossed.T
    right = predictors.T @ pull - crossed @ (pull_of_group / of_group)
    step = np.linalg.lstsq(left, right, rcond=None)[0] if len(left) else np.zeros(0)
    return (pull_of_group - crossed.T @ step) / of_group, step
