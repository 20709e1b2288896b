"""Who can be told from whom: the paired bootstrap against plain loops and numpy's quantiles."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from heschl.leaderboard.separability import LEAST_SAMPLES, resampled, separable
from heschl.statistics import bootstrap_interval


def by_pairs(draws: np.ndarray) -> np.ndarray:
    """Return what is separable, a pair at a time."""
    found = np.zeros((len(draws), len(draws)), dtype=bool)
    for one in range(len(draws)):
        for other in range(len(draws)):
            difference = draws[one] - draws[other]
            low = np.quantile(difference, 0.025, method="lower")
            high = np.quantile(difference, 0.975, method="higher")
            found[one, other] = low > 0 or high < 0
    return found


def drawn(values: np.ndarray, seed: int, n_draws: int = 2000) -> np.ndarray:
    """Return means (row, draw) of samples that numpy draws."""
    n = values.shape[1]
    counts = np.random.default_rng(seed).multinomial(n, [1 / n] * n, size=n_draws)
    return resampled(values, counts)


def numbers(n_rows: int, n_samples: int, spread: float, noise: float, seed: int) -> np.ndarray:
    """Return numbers (row, listener) of models that differ by so much."""
    generator = np.random.default_rng(seed)
    shared = 0.1 * generator.standard_normal((1, n_samples))
    apart = spread * generator.standard_normal((n_rows, 1))
    return 0.4 + apart + shared + noise * generator.standard_normal((n_rows, n_samples))


@pytest.mark.parametrize(
    ("n_rows", "n_samples", "spread", "noise", "n_draws"),
    [
        (2, 6, 0.02, 0.02, 2000),
        (60, 8, 0.1, 0.03, 2000),
        (60, 8, 0.02, 0.03, 2000),
        (41, 30, 0.0, 0.03, 1000),
        (33, 7, 0.05, 0.03, 2041),
        (20, 9, 0.05, 0.03, 403),
        (9, 9, 0.05, 0.03, 10),
        (1, 9, 0.05, 0.03, 2000),
    ],
)
def test_shortcuts_find_what_a_loop_over_pairs_finds(n_rows, n_samples, spread, noise, n_draws):
    draws = drawn(numbers(n_rows, n_samples, spread, noise, seed=1), seed=2, n_draws=n_draws)

    np.testing.assert_array_equal(separable(draws), by_pairs(draws))


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_shortcuts_hold_for_ties_and_outliers(seed):
    generator = np.random.default_rng(seed)
    n_rows, n_draws = int(generator.integers(2, 16)), int(generator.integers(2, 420))
    draws = generator.normal(size=(n_rows, n_draws)) + generator.normal(size=(n_rows, 1)) * 2
    # Coarse values are often equal, copies always; some draws are far off for everybody or one.
    draws = np.round(draws, int(generator.integers(0, 3)))
    draws[-1] = draws[0]
    draws[:, : n_draws // 50] *= 1e3 * generator.standard_normal()
    draws[0, n_draws // 60 :: 60] -= 1e4

    np.testing.assert_array_equal(separable(draws), by_pairs(draws))


def test_who_is_below_by_the_mean_and_above_in_nearly_all_draws_is_told_apart():
    draws = np.zeros((2, 1000))
    draws[1] = 0.01
    draws[1, :20] = -100.0

    assert separable(draws)[0, 1]


@given(st.permutations(range(12)))
@settings(max_examples=20, deadline=None)
def test_the_order_of_rows_changes_nothing(order):
    values = numbers(12, 8, 0.03, 0.02, seed=3)
    values[5] = values[2]
    found = separable(drawn(values, seed=4))

    again = separable(drawn(values[list(order)], seed=4))

    np.testing.assert_array_equal(again, found[np.ix_(order, order)])


def test_equal_models_are_equal_in_every_draw():
    values = np.random.default_rng(0).standard_normal((1, 11)) / 3
    draws = drawn(np.repeat(values, 257, axis=0), seed=0)

    assert (draws == draws[0]).all()
    assert not separable(draws).any()


def test_draws_are_means_of_samples_taken_with_replacement():
    values = numbers(5, 9, 0.1, 0.1, seed=5)
    draws = drawn(values, seed=6, n_draws=20_000)

    np.testing.assert_allclose(draws.mean(axis=1), values.mean(axis=1), atol=0.005)
    expected = values.std(axis=1) / np.sqrt(values.shape[1])
    np.testing.assert_allclose(draws.std(axis=1), expected, rtol=0.03)
    low, high = np.quantile(draws[0] - draws[1], [0.025, 0.975])
    interval = bootstrap_interval(values[0] - values[1], seed=7)
    assert (low, high) == pytest.approx((interval.low, interval.high), abs=0.005)


def test_the_same_listeners_are_drawn_for_all():
    values = np.array([[1.0, 2.0, 4.0], [1.0, 4.0, 2.0], [2.0, 1.0, 4.0]])
    draws = drawn(values, seed=8)

    # How often each of three listeners was drawn follows from the draws of three models.
    recovered = 3 * np.linalg.solve(values, draws)
    np.testing.assert_allclose(recovered, np.round(recovered), atol=1e-9)
    np.testing.assert_allclose(recovered.sum(axis=0), 3)


def test_as_few_samples_as_no_test_reaches_significance_with_are_too_few():
    def smallest_p(n: int) -> float:
        return stats.wilcoxon(np.arange(1.0, n + 1), method="exact").pvalue

    assert smallest_p(LEAST_SAMPLES) < 0.05 < smallest_p(LEAST_SAMPLES - 1)
