"""Pooled ridge by loops over units, folds and penalties, one scikit-learn fit at a time."""

from __future__ import annotations

import numpy as np
from scipy.stats import pearsonr
from sklearn.linear_model import Ridge

TIE = 1e-6


def clipped(predicted: np.ndarray, response: np.ndarray) -> float:
    return max(float(pearsonr(predicted, response).statistic), 0.0) ** 2


def predict_folds(design, response, parts, alpha) -> np.ndarray:
    """Return the predictions of all rows, each from the parts that it is not in."""
    predicted = np.full(len(response), np.nan)
    for part in np.unique(parts):
        train, test = parts != part, parts == part
        fit = Ridge(alpha=alpha, solver="svd").fit(design[train], response[train])
        predicted[test] = fit.predict(design[test])
    return predicted


def choose(design, response, parts, alphas) -> tuple[float, float]:
    """Return the penalty with the best pooled score, and that score."""

    def value(alpha: float) -> float:
        return clipped(predict_folds(design, response, parts, alpha), response)

    values = {alpha: value(alpha) for alpha in alphas}
    best = max(values.values())
    alpha = max(each for each in alphas if values[each] >= best - TIE)
    best = values[alpha]
    others = [values[each] for each in alphas if each != alpha]
    if alpha == alphas[0] and best > 0:
        factor = 0.5
    elif alpha == alphas[-1] and best > max(others) + TIE:
        factor = 2.0
    else:
        return alpha, best
    while 1e-49 <= alpha * factor <= 1e50 and value(alpha * factor) > best + TIE:
        alpha *= factor
        best = value(alpha)
    return alpha, best


def pooled_ridge(design, response, parts, alphas) -> tuple[float, list[float], list[float]]:
    """Return the score of one unit, and of each outer fold the penalty and its inner score."""
    predicted = np.full(len(response), np.nan)
    chosen, inner = [], []
    for part in np.unique(parts):
        train, test = parts != part, parts == part
        alpha, best = choose(design[train], response[train], parts[train], alphas)
        fit = Ridge(alpha=alpha, solver="svd").fit(design[train], response[train])
        predicted[test] = fit.predict(design[test])
        chosen.append(alpha)
        inner.append(best)
    return clipped(predicted, response), chosen, inner
