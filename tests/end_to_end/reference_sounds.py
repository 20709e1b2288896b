"""Natural sounds scored without Heschl's engine: loops of scikit-learn fits over layers and folds.

What it takes from Heschl is a model's forward pass and the folds, which are the benchmark's own.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from functools import lru_cache, partial
from pathlib import Path

import numpy as np
import scipy.io
import soxr
from scipy.io import wavfile
from scipy.spatial.distance import pdist, squareform
from scipy.stats import spearmanr, zscore
from sklearn.linear_model import Ridge

ALPHAS = (0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 50.0)
TIE = 1e-6


def responses(folder: Path) -> tuple[list[str], list[str], dict[str, np.ndarray]]:
    """Return the sounds and their categories in the order of the table, and of each component y."""
    with (folder / "sounds/category_labels.csv").open(newline="") as stream:
        rows = list(csv.reader(stream))
    held = scipy.io.loadmat(folder / "data/components.mat")
    row_of = {str(cell[0]): row for row, cell in enumerate(held["stim_names"][0])}
    order = [row_of[name] for name, _ in rows]
    components = [str(cell[0][0]) for cell in held["component_names"]]
    return (
        [name for name, _ in rows],
        [category for _, category in rows],
        {name: held["R"][order, column] for column, name in enumerate(components)},
    )


def features(model, folder: Path, names: list[str]) -> dict[str, np.ndarray]:
    """Return for each layer the mean over time of every sound (sound, unit)."""
    layers = [layer.name for layer in model.layers]
    found: dict[str, list[np.ndarray]] = {layer: [] for layer in layers}
    for name in names:
        rate, samples = wavfile.read(folder / f"sounds/wav/{name}.wav")
        sound = (samples / 32768).astype(np.float32)
        if rate != model.sample_rate:
            sound = soxr.resample(sound, rate, model.sample_rate, quality="HQ")
        output = model.forward(sound[np.newaxis], layers)
        for layer in layers:
            found[layer].append(np.asarray(output[layer])[0].astype(np.float64).mean(axis=0))
    return {layer: np.stack(each) for layer, each in found.items()}


def clipped(predicted: np.ndarray, measured: np.ndarray) -> float:
    if predicted.std() == 0:
        return 0.0
    return max(float(np.corrcoef(predicted, measured)[0, 1]), 0.0) ** 2


def predictions(x, y, parts, alpha) -> np.ndarray:
    """Return out-of-fold predictions (row, target), each part from the others."""
    predicted = np.full(y.shape, np.nan)
    for part in np.unique(parts):
        train, test = parts != part, parts == part
        fit = Ridge(alpha=alpha, solver="cholesky").fit(x[train], y[train])
        predicted[test] = fit.predict(x[test]).reshape(test.sum(), -1)
    return predicted


def best_penalty(predicted: Callable[[float], np.ndarray], y: np.ndarray) -> tuple[float, float]:
    """Return the inner score of one target's best penalty, and the penalty.

    ``predicted`` gives out-of-fold predictions of the target (row,) for a penalty.
    """

    def value(alpha: float) -> float:
        return clipped(predicted(alpha), y)

    best = max(value(alpha) for alpha in ALPHAS)
    alpha = max(each for each in ALPHAS if value(each) >= best - TIE)
    others = max(value(each) for each in ALPHAS[:-1])
    factor = 1.0
    if alpha == ALPHAS[0] and value(alpha) > 0:
        factor = 0.5
    if alpha == ALPHAS[-1] and value(alpha) > others + TIE:
        factor = 2.0
    while factor != 1 and value(alpha * factor) > value(alpha) + TIE:
        alpha *= factor
    return value(alpha), alpha


def score(layers: dict[str, np.ndarray], y: np.ndarray, parts: np.ndarray) -> list[tuple]:
    """Return of each component (row, component) its score and the layer that each fold chose."""
    predicted = np.full(y.shape, np.nan)
    chosen: list[list[str]] = [[] for _ in y.T]
    for part in np.unique(parts):
        train, test = parts != part, parts == part
        # One fit serves all components, whose penalties are looked for one by one.
        inner = {
            layer: lru_cache(maxsize=None)(partial(predictions, x[train], y[train], parts[train]))
            for layer, x in layers.items()
        }
        for column, picked in enumerate(chosen):
            found = {
                layer: best_penalty(lambda a, fit=fit, c=column: fit(a)[:, c], y[train, column])
                for layer, fit in inner.items()
            }
            layer = max(found, key=lambda name, found=found: found[name][0])
            fit = Ridge(alpha=found[layer][1], solver="cholesky")
            fit.fit(layers[layer][train], y[train, column])
            predicted[test, column] = fit.predict(layers[layer][test])
            picked.append(layer)
    return [(clipped(p, t), picked) for p, t, picked in zip(predicted.T, y.T, chosen, strict=True)]


def similarity(
    layers: dict[str, np.ndarray], patterns: np.ndarray, parts: np.ndarray
) -> tuple[dict[str, float], float]:
    """Return the similarity of each layer by itself, and with the layers chosen by blocks.

    Everything is a square of sounds here, and a mask on it: SciPy's distances and ranks, no more.
    """
    upper = np.triu(np.ones((len(parts), len(parts)), dtype=bool), k=1)

    def unlike(values: np.ndarray) -> np.ndarray:
        return squareform(pdist(zscore(values, axis=0), "correlation"))

    def alike(one: np.ndarray, other: np.ndarray, mask: np.ndarray) -> float:
        return float(spearmanr(one[mask], other[mask]).statistic)

    brain = unlike(patterns)
    models = {name: unlike(values) for name, values in layers.items()}
    assembled = np.zeros_like(brain)
    for i in np.unique(parts):
        for j in np.unique(parts)[np.unique(parts) >= i]:
            out = np.isin(parts, [i, j])
            rest = upper & ~out[:, None] & ~out[None, :]
            best = max(models, key=lambda name, rest=rest: alike(models[name], brain, rest))
            block = np.outer(parts == i, parts == j) | np.outer(parts == j, parts == i)
            assembled[block] = models[best][block]
    return (
        {name: alike(model, brain, upper) for name, model in models.items()},
        alike(assembled, brain, upper),
    )
