"""Ridge by loops over units, penalties and splits, one scikit-learn fit at a time.

Slow and plain on purpose, and sharing nothing with the metric: the oracle of its tests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
from scipy.stats import pearsonr
from sklearn.linear_model import Ridge
from sklearn.metrics import r2_score

Split = tuple[np.ndarray, np.ndarray]


def agreement(kind: str, predicted: np.ndarray, response: np.ndarray) -> float:
    if kind == "pearson":
        return float(pearsonr(predicted, response).statistic)
    explained = float(r2_score(response, predicted))
    return explained if kind == "r2" else float(np.copysign(abs(explained) ** 0.5, explained))


def predict(
    design: np.ndarray, response: np.ndarray, new: np.ndarray, alpha: float, *, intercept: bool
) -> np.ndarray:
    return (
        Ridge(alpha=alpha, fit_intercept=intercept, solver="svd").fit(design, response).predict(new)
    )


def largest_near_best(values: list[float], alphas: Iterable[float]) -> float:
    return max(
        alpha for value, alpha in zip(values, alphas, strict=True) if value >= max(values) - 1e-6
    )


def value_of_held_out(
    design: np.ndarray,
    response: np.ndarray,
    alpha: float,
    splits: Iterable[Split],
    *,
    criterion: str,
    intercept: bool,
) -> float:
    return float(
        np.mean(
            [
                agreement(
                    criterion,
                    predict(design[a], response[a], design[b], alpha, intercept=intercept),
                    response[b],
                )
                for a, b in splits
            ]
        )
    )


def value_of_left_out(design: np.ndarray, response: np.ndarray, alpha: float) -> float:
    rows = np.arange(len(design))
    errors = [
        response[row]
        - predict(design[rows != row], response[rows != row], design[[row]], alpha, intercept=True)[
            0
        ]
        for row in rows
    ]
    return float(1 - np.mean(np.square(errors)) / response.var())


def nested_scores(
    design: np.ndarray,
    responses: np.ndarray,
    *,
    train: np.ndarray,
    test: np.ndarray,
    alphas: tuple[float, ...],
    value: Callable[[np.ndarray, np.ndarray, float], float],
    intercept: bool,
    score: str,
    one_alpha: bool = False,
) -> tuple[np.ndarray, np.ndarray]:
    """Return score and alpha (unit,); ``value(training, response, alpha)`` judges a penalty."""
    units = range(responses.shape[1])
    values = [[value(design[train], responses[train, u], alpha) for alpha in alphas] for u in units]
    if one_alpha:
        values = [list(np.mean(values, axis=0))] * len(values)
    chosen = [largest_near_best(of_unit, alphas) for of_unit in values]
    scores = [
        agreement(
            score,
            predict(
                design[train], responses[train, u], design[test], chosen[u], intercept=intercept
            ),
            responses[test, u],
        )
        for u in units
    ]
    return np.array(scores), np.array(chosen)
