from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import toeplitz
from scipy.signal import lfilter
from sklearn.linear_model import Ridge
from sklearn.metrics import r2_score

from heschl.errors import InvalidInput
from heschl.phantom.lagged import expected_explainable_variance, expected_r2, lagged_design
from heschl.reliability import explainable_variance, repeat_covariance


def test_lagged_design_is_the_matrix_of_a_convolution():
    generator = np.random.default_rng(0)
    features, kernel = generator.normal(size=(30, 2)), generator.normal(size=(5, 2))

    response = lagged_design(features, 5) @ kernel.ravel()

    convolved = sum(
        toeplitz(features[:, column], np.zeros(5)) @ kernel[:, column] for column in range(2)
    )
    np.testing.assert_allclose(response, convolved, atol=1e-12)


def test_lagged_design_of_a_short_sentence_has_empty_lags():
    assert lagged_design(np.array([[1.0], [2.0]]), 4).tolist() == [[1, 0, 0, 0], [2, 1, 0, 0]]
    with pytest.raises(InvalidInput, match="n_lags=0; expected at least 1"):
        lagged_design(np.ones((3, 1)), 0)


@pytest.mark.parametrize("alpha", [1.0, 300.0])
def test_expected_r2_is_the_mean_over_many_draws_of_noise(alpha):
    generator = np.random.default_rng(1)
    smooth = lfilter([1], [1, -0.8], generator.normal(size=(500, 4)), axis=0) + 3
    design = lagged_design(smooth, 5)
    signal = (design @ generator.normal(size=(20, 1))) / 10
    noise_variance = np.array([1.5 * signal.var()])
    train, test = slice(0, 300), slice(300, 500)

    found = []
    for _ in range(300):
        response = signal + np.sqrt(noise_variance) * generator.normal(size=signal.shape)
        fitted = Ridge(alpha=alpha).fit(design[train], response[train])
        found.append(r2_score(response[test], fitted.predict(design[test])))

    expected = expected_r2(
        design[train],
        signal[train],
        design[test],
        signal[test],
        noise_variance,
        alphas=[alpha],
    )
    # Over 300 draws the mean is known to .003; the closed form is of first order in 200 rows.
    assert np.mean(found) == pytest.approx(float(expected[0, 0]), abs=0.008)


def test_expected_r2_of_noise_is_what_the_training_mean_costs():
    generator = np.random.default_rng(2)
    design, nothing = generator.normal(size=(300, 3)), np.zeros((300, 2))

    expected = expected_r2(
        design[:200], nothing[:200], design[200:], nothing[200:], np.ones(2), alphas=[1e12]
    )

    np.testing.assert_allclose(expected, 1 - (100 + 100 / 200) / 99, atol=1e-6)


def test_expected_r2_refuses_no_penalty():
    rows = np.ones((4, 1))
    with pytest.raises(InvalidInput, match="expected positive penalties"):
        expected_r2(rows, rows, rows, rows, np.ones(1), alphas=[1.0, 0.0])


def test_expected_explainable_variance_is_what_repeats_show():
    generator = np.random.default_rng(3)
    signal = generator.normal(size=(3000, 20))
    noise_variance = np.full(20, 1.5)
    repeats = signal[:, None] + np.sqrt(1.5) * generator.normal(size=(3000, 10, 20))

    found = explainable_variance(repeat_covariance(repeats))

    expected = expected_explainable_variance(signal, noise_variance)
    np.testing.assert_allclose(found.mean(), expected.mean(), atol=0.005)
