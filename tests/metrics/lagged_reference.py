"""Lagged designs written out, and the clear solver on them: the oracle of lagged ridge."""

from __future__ import annotations

import numpy as np

from heschl.metrics.ridge import Nested
from heschl.metrics.ridge.fitting import score_fold


def written_out(frames, lags):
    """Return the lagged design (row, lag · feature) of one sentence, entry by entry."""
    design = np.zeros((len(frames), len(lags), frames.shape[1]))
    for row in range(len(frames)):
        for place, lag in enumerate(lags):
            if 0 <= row - lag < len(frames):
                design[row, place] = frames[row - lag]
    return design.reshape(len(frames), -1)


def sentences(
    n_sentences=14, n_features=3, n_units=4, lags=range(5), shortest=8, coefficient=0.8, seed=0
):
    """Return features off centre and noisy responses, of sentences down to ``shortest`` frames."""
    generator = np.random.default_rng(seed)
    features = []
    for length in generator.integers(shortest, 40, n_sentences):
        frames = generator.standard_normal((length, n_features))
        for row in range(1, length):
            frames[row] = coefficient * frames[row - 1] + np.sqrt(1 - coefficient**2) * frames[row]
        features.append(frames * np.linspace(2, 0.5, n_features) + 1.0)
    weights = generator.standard_normal((len(lags) * n_features, n_units))
    responses = []
    for frames in features:
        noise = generator.standard_normal((len(frames), n_units)) * np.linspace(0.5, 4, n_units)
        noise *= np.sqrt(len(weights))
        responses.append(written_out(frames, lags) @ weights + noise + 3.0)
    return features, responses


def reference(features, responses, folds, *, lags, alphas, criterion):
    """Return {name: (fold, unit)} by the clear solver on the design written out."""
    design = np.concatenate([written_out(frames, lags) for frames in features])
    targets = np.concatenate(responses)
    labels = np.repeat(folds, [len(frames) for frames in features])
    tests = [np.flatnonzero(labels == name) for name in dict.fromkeys(folds)]
    found = {
        score: [
            score_fold(
                design,
                targets,
                Nested(tuple(alphas), criterion),
                train=np.setdiff1d(np.arange(len(labels)), test),
                test=test,
                others=[other for other in tests if other is not test],
                score=score,
                seed=0,
                block=100,
            )
            for test in tests
        ]
        for score in ("pearson", "r2")
    }
    tables = {score: np.stack([fold.score for fold in found[score]]) for score in found}
    for name in ("alpha", "inner", "is_constant"):
        tables[name] = np.stack([getattr(fold, name) for fold in found["r2"]])
    return tables
