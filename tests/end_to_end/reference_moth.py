"""``lebel_moth-ridge`` from the files to the population, by loops and one scikit-learn fit a step.

Slow and plain on purpose, written from the protocol (`docs/protocols.md`) and importing nothing of
Heschl. Everything is float64; nothing is stored on the way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.stats import pearsonr, sem
from sklearn.linear_model import Ridge
from sklearn.metrics import r2_score
from tests.end_to_end import moth_files as files

# In the order of the scanning sessions, as far as the phantom has them.
TRAINING = ("souls", "avatar", "legacy", "life")
TEST = "wheretheressmoke"
SKIPPED = 40
DELAYS = (1, 2, 3, 4)
ALPHAS = [float(a) ** 2 for a in np.logspace(1, 4, 15)]

Frames = tuple[np.ndarray, np.ndarray]
"""When features were (frame,), in seconds of the sound, and the features (frame, unit)."""


def listen(
    waveform: np.ndarray, last_frame: Callable[[np.ndarray], np.ndarray], shortest: int = 400
) -> Frames:
    """Return what `last_frame` makes of each window (sample,): 16.1 s up to every 0.1 s."""
    times_s, values = [], []
    end = 1600
    while end <= len(waveform):
        window = waveform[max(0, end - 257_600) : end]
        if len(window) >= shortest:
            times_s.append(end / 16_000)
            values.append(last_frame(window))
        end += 1600
    return np.array(times_s), np.array(values)


def lanczos(frames: Frames, row_times_s: np.ndarray) -> np.ndarray:
    """Return features (row, unit) on the clock of the scanner, rows not normalised."""
    times_s, values = frames
    lag = (row_times_s[:, None] - times_s) / np.mean(np.diff(row_times_s))
    lag[lag == 0] = 1e-20
    weights = 3 * np.sin(np.pi * lag) * np.sin(np.pi * lag / 3) / (np.pi * lag) ** 2
    weights[np.abs(lag) > 3] = 0
    return weights @ values


def zscore(values: np.ndarray) -> np.ndarray:
    return (values - values.mean(axis=0)) / values.std(axis=0)


def design(on_clock: np.ndarray) -> np.ndarray:
    """Return (row, delay x unit): z-scored within the story, then later by each delay."""
    standard = zscore(on_clock)
    n_rows, n_units = standard.shape
    delayed = np.zeros((n_rows, len(DELAYS) * n_units))
    for row in range(n_rows):
        for place, delay in enumerate(DELAYS):
            if row >= delay:
                delayed[row, place * n_units : (place + 1) * n_units] = standard[row - delay]
    return delayed


def held_out_rows(n_rows: int, seed: int) -> list[np.ndarray]:
    """Return the rows of 3 draws: 25 % of the chunks of 20, from one generator."""
    generator = np.random.default_rng([seed, n_rows])
    n_held = int(0.25 * n_rows / 20)
    draws = []
    for _ in range(3):
        chunks = generator.permutation(n_rows // 20)[:n_held]
        draws.append(np.sort([20 * chunk + row for chunk in chunks for row in range(20)]))
    return draws


def judged(features: np.ndarray, responses: np.ndarray, seed: int) -> np.ndarray:
    """Return the mean R² (alpha, voxel) of each penalty over the draws."""
    n_voxels = responses.shape[1]
    values = np.zeros((len(ALPHAS), n_voxels))
    # Each voxel is a target once with every penalty, so that a draw is decomposed but once.
    model = Ridge(alpha=np.repeat(ALPHAS, n_voxels), fit_intercept=False, solver="svd")
    targets = np.tile(responses, len(ALPHAS))
    for held in held_out_rows(len(features), seed):
        kept = np.setdiff1d(np.arange(len(features)), held)
        predicted = model.fit(features[kept], targets[kept]).predict(features[held])
        found = r2_score(targets[held], predicted, multioutput="raw_values")
        values += found.reshape(values.shape) / 3
    return values


def chosen_alphas(values: np.ndarray) -> np.ndarray:
    """Return the largest penalty (voxel,) within 1e-6 of the best."""
    chosen = []
    for of_voxel in values.T:
        good = of_voxel >= of_voxel.max() - 1e-6
        chosen.append(max(np.array(ALPHAS)[good]))
    return np.array(chosen)


def ccmax(repeats: np.ndarray) -> np.ndarray:
    """Return the ceiling (voxel,) of a correlation with the mean of ``repeats``, which vary."""
    n = len(repeats)
    ceilings = []
    for trials in repeats.transpose(2, 0, 1):
        standard = [zscore(trial) for trial in trials]
        signal_power = (n * np.var(np.mean(standard, axis=0)) - 1) / (n - 1)
        ceilings.append(1 / np.sqrt(1 + (1 / signal_power - 1) / n) if signal_power > 0 else 0.0)
    return np.array(ceilings)


@dataclass(frozen=True)
class Listener:
    """One listener's finite voxels: scores and penalties (layer, voxel), the rest (voxel,)."""

    voxels: np.ndarray
    score: np.ndarray
    alpha: np.ndarray
    judged: np.ndarray
    """(layer, alpha, voxel)"""
    ceiling: np.ndarray
    regions: Mapping[str, np.ndarray]


def score_listener(
    root: Path, subject: str, layers: Sequence[Mapping[str, Frames]], seed: int = 0
) -> Listener:
    """Return the scores of one listener for layers that give frames for each story."""
    training = [story for story in TRAINING if story in files.heard(root, subject)]
    repeats = files.responses(root, subject, TEST)
    trained = {story: files.responses(root, subject, story)[0] for story in training}
    of_all = np.concatenate([*trained.values(), *repeats])
    finite = np.flatnonzero(np.isfinite(of_all).all(axis=0))
    scored = repeats[:, SKIPPED:, finite]
    responses = np.concatenate([zscore(trained[story][:, finite]) for story in training])
    scores, alphas, judgements = [], [], []
    for frames in layers:
        on_clock = {
            story: lanczos(frames[story], files.row_times(root, story))
            for story in (*training, TEST)
        }
        features = np.concatenate([design(on_clock[story]) for story in training])
        values = judged(features, responses, seed)
        alpha = chosen_alphas(values)
        model = Ridge(alpha=alpha, fit_intercept=False, solver="svd").fit(features, responses)
        predicted = model.predict(design(on_clock[TEST][SKIPPED:]))
        mean = scored.mean(axis=0)
        scores.append([pearsonr(predicted[:, v], mean[:, v]).statistic for v in range(len(finite))])
        alphas.append(alpha)
        judgements.append(values)
    return Listener(
        voxels=finite,
        score=np.array(scores),
        alpha=np.array(alphas),
        judged=np.array(judgements),
        ceiling=ccmax(scored),
        regions={name: of[finite] for name, of in files.regions(root, subject).items()},
    )


@dataclass(frozen=True)
class Population:
    """What is reported of one region."""

    score: np.ndarray
    """(layer, listener), as is ``normalised``."""
    normalised: np.ndarray
    nested_layers: list[int]
    nested: np.ndarray
    """The normalised score of each listener in its nested layer (listener,)."""
    value: float
    error: float


def over_listeners(listeners: Sequence[Listener], region: str) -> Population:
    """Average voxels above .4, choose each listener's layer on the others, average listeners."""
    score, normalised = [], []
    for each in listeners:
        kept = each.regions[region] & (each.ceiling > 0.4)
        score.append([layer[kept].mean() for layer in each.score])
        normalised.append([(layer[kept] / each.ceiling[kept]).mean() for layer in each.score])
    nested_layers = []
    for subject in range(len(listeners)):
        others = [normalised[other] for other in range(len(listeners)) if other != subject]
        nested_layers.append(int(np.argmax(np.mean(others, axis=0))))
    nested = np.array([normalised[s][layer] for s, layer in enumerate(nested_layers)])
    return Population(
        score=np.array(score).T,
        normalised=np.array(normalised).T,
        nested_layers=nested_layers,
        nested=nested,
        value=float(nested.mean()),
        error=float(sem(nested)),
    )
