"""Lagged ridge finds what was planted: S-chen.trf of the protocols."""

from __future__ import annotations

import numpy as np

from heschl.metrics.ridge.lagged import lagged_ridge

SHARE = 0.4
N_FEATURES = 10


def planted(lags_with_effect, *, n_sentences=50, n_frames=107, n_units=20, seed=0):
    """Return white features and responses of which ``SHARE`` is their effect at some lags."""
    generator = np.random.default_rng(seed)
    features = [generator.standard_normal((n_frames, N_FEATURES)) for _ in range(n_sentences)]
    spread = np.sqrt(SHARE / (N_FEATURES * len(lags_with_effect)))
    weights = spread * generator.standard_normal((len(lags_with_effect), N_FEATURES, n_units))
    responses = []
    for frames in features:
        response = np.sqrt(1 - SHARE) * generator.standard_normal((len(frames), n_units))
        for lag, weight in zip(lags_with_effect, weights, strict=True):
            if lag >= 0:
                response[lag:] += frames[: len(frames) - lag] @ weight
            else:
                response[:lag] += frames[-lag:] @ weight
        responses.append(response)
    return features, responses, [*range(5)] * (n_sentences // 5)


def test_r2_is_what_the_closed_form_says():
    # Long sentences, as the effect is smaller where they begin.
    features, responses, folds = planted(range(20), n_sentences=10, n_frames=2000, n_units=60)

    found = lagged_ridge(features, responses, folds, alphas=(1e-2,), precision="float64")

    n_train = 16_000
    expected = 1 - (1 - SHARE) * (1 + 200 / (n_train - 200 - 1))
    assert abs(found.r2.mean() - expected) < 0.015
    assert abs(found.pearson.mean() ** 2 - expected) < 0.015


def test_weights_stand_at_the_planted_lag():
    features, responses, folds = planted([5], n_sentences=100)

    found = lagged_ridge(features, responses, folds, has_weights=True)

    energy = (found.weights**2).sum(axis=(0, 2, 3))
    assert energy[5] > 0.95 * energy.sum()


def test_future_is_out_of_reach_of_causal_lags():
    features, responses, folds = planted([-1])

    causal = lagged_ridge(features, responses, folds)
    with_future = lagged_ridge(features, responses, folds, lags=range(-1, 19))

    assert causal.r2.mean() <= 0
    assert with_future.r2.mean() > 0.3
