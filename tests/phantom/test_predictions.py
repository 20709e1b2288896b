from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import lfilter
from sklearn.linear_model import Ridge

from heschl.errors import InvalidInput
from heschl.phantom.predictions import Split, expected_shared_variance


def test_shared_variance_is_the_mean_over_many_draws_of_noise():
    generator = np.random.default_rng(0)
    smooth = lfilter([1], [1, -0.8], generator.normal(size=(900, 12)), axis=0) + 2
    designs = smooth[:, :9], smooth[:, 6:]
    signal = smooth[:, 4:8] @ generator.normal(size=(4, 1))
    noise_variance = np.array([2 * signal.var()])
    alphas = (30.0, 200.0)
    parts = np.array_split(np.arange(900), 3)
    folds = [(np.setdiff1d(np.arange(900), part), part) for part in parts]

    found = []
    for _ in range(100):
        response = signal + np.sqrt(noise_variance) * generator.normal(size=signal.shape)
        predicted = [
            np.concatenate(
                [
                    Ridge(alpha=alpha).fit(design[train], response[train]).predict(design[test])
                    for train, test in folds
                ]
            )
            for design, alpha in zip(designs, alphas, strict=True)
        ]
        found.append(np.corrcoef(*(each.ravel() for each in predicted))[0, 1] ** 2)

    expected = expected_shared_variance(
        *([Split(design[train], design[test]) for train, test in folds] for design in designs),
        [signal[train] for train, _ in folds],
        noise_variance,
        alphas=tuple(np.array([alpha]) for alpha in alphas),
    )
    # Over 100 draws the mean is known to .003; the closed form is of first order in 900 rows.
    assert 0.1 < np.mean(found) < 0.9
    assert np.mean(found) == pytest.approx(float(expected[0]), abs=0.01)


def test_the_same_design_predicts_the_same():
    generator = np.random.default_rng(1)
    splits = [Split(*generator.normal(size=(2, 40, 3))) for _ in range(2)]
    signals = [generator.normal(size=(40, 2)) for _ in splits]
    alphas = np.array([1.0, 10.0])

    found = expected_shared_variance(splits, splits, signals, np.ones(2), alphas=(alphas, alphas))

    np.testing.assert_allclose(found, 1.0, atol=1e-12)
    with pytest.raises(InvalidInput, match="positive penalties"):
        expected_shared_variance(splits, splits, signals, np.ones(2), alphas=(alphas, 0 * alphas))
