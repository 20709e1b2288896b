"""Statistics against enumeration, scipy, statsmodels, closed forms and simulation."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import scipy.stats
from statsmodels.stats.multitest import multipletests

from heschl import statistics
from heschl.errors import InvalidInput
from heschl.statistics import best_layer, bootstrap_interval, fdr, standard_error, wilcoxon


def enumerated_p(differences):
    """Share of all sign flips whose rank sum is at least as far from its mean."""
    ranks = scipy.stats.rankdata(np.abs(differences))
    signs = np.array(list(itertools.product([0, 1], repeat=len(ranks))))
    distance = np.abs(signs @ ranks - ranks.sum() / 2)
    observed = abs(ranks[differences > 0].sum() - ranks.sum() / 2)
    return (distance >= observed - 1e-9).mean()


@pytest.mark.parametrize("n", [6, 9, 14])
@pytest.mark.parametrize("levels", [None, 3], ids=["distinct", "tied"])
def test_wilcoxon_counts_all_sign_flips(n, levels):
    rng = np.random.default_rng(n)
    for _ in range(5):
        differences = rng.normal(0.4, 1, size=n)
        if levels:
            differences = np.sign(differences) * rng.integers(1, levels + 1, size=n)

        assert wilcoxon(differences).p == pytest.approx(enumerated_p(differences), abs=1e-12)


@pytest.mark.parametrize("n", [8, 25])
def test_wilcoxon_equals_the_exact_one_of_scipy(n):
    differences = np.random.default_rng(n).normal(0.3, 1, size=n)

    expected = scipy.stats.wilcoxon(differences, method="exact").pvalue
    assert wilcoxon(differences).p == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("is_tied", [False, True])
def test_wilcoxon_equals_the_approximation_of_scipy_for_many(is_tied):
    differences = np.random.default_rng(0).normal(0.2, 1, size=60)
    differences = np.round(differences, 1) if is_tied else differences

    result = wilcoxon(differences)

    expected = scipy.stats.wilcoxon(differences, method="asymptotic", zero_method="wilcox")
    assert result.p == pytest.approx(expected.pvalue, rel=1e-12)
    assert result.n == np.count_nonzero(differences)


def test_wilcoxon_changes_little_from_exact_to_approximate():
    differences = np.random.default_rng(3).normal(0.3, 1, size=26)
    exact = scipy.stats.wilcoxon(differences, method="exact").pvalue

    assert wilcoxon(differences).p == pytest.approx(exact, abs=0.01)


def test_wilcoxon_of_eight_of_one_sign_is_the_floor():
    assert wilcoxon(np.arange(1.0, 9.0)).p == 0.0078125
    assert wilcoxon(-np.arange(1.0, 9.0)).p == 0.0078125


def test_wilcoxon_of_balanced_differences_is_one():
    assert wilcoxon([1, -1, 1, -1, 1, -1]).p == 1.0


def test_wilcoxon_drops_zeros():
    differences = np.array([0.0, 0.5, 1.0, -0.2, 2.0, 3.0, 1.5, 0.0])

    result = wilcoxon(differences)

    assert result == wilcoxon(differences[differences != 0])
    assert result.n == 6


@pytest.mark.parametrize("differences", [[1, 2, 3, 4, 5], [1, 2, 3, 4, 5, 0], [0.0] * 9], ids=str)
def test_wilcoxon_of_fewer_than_six_is_not_testable(differences):
    result = wilcoxon(differences)

    assert np.isnan(result.p)
    assert not result.is_testable
    assert "not testable" in result.reason


@pytest.mark.parametrize("differences", [[], [1.0, np.nan], 3.0, [np.inf] * 8], ids=str)
def test_wilcoxon_refuses_what_is_no_sample(differences):
    with pytest.raises(InvalidInput, match="differences"):
        wilcoxon(differences)


@pytest.mark.parametrize("n_subjects", [8, 20, 40])
def test_wilcoxon_keeps_its_false_positive_rate(n_subjects):
    rng = np.random.default_rng(1)

    p = np.array([wilcoxon(rng.standard_t(3, size=n_subjects)).p for _ in range(1000)])

    assert 0.03 <= (p < 0.05).mean() <= 0.07


def test_testability_floor_is_that_of_unanimous_signs():
    floors = [statistics.testability_floor(n) for n in (3, 5, 6, 8)]

    assert floors == [0.25, 0.0625, 0.03125, 0.0078125]
    for n in (6, 8, 20):
        assert wilcoxon(np.ones(n)).p == statistics.testability_floor(n)
    with pytest.raises(InvalidInput, match="n=0"):
        statistics.testability_floor(0)


@pytest.mark.parametrize("q", [0.05, 0.2])
def test_fdr_equals_statsmodels(q):
    rng = np.random.default_rng(0)
    p = np.concatenate([rng.uniform(size=80), rng.beta(0.1, 5, size=20)])

    adjusted, is_discovery = fdr(p.reshape(10, 10), q)

    reject, expected = multipletests(p, q, method="fdr_bh")[:2]
    np.testing.assert_allclose(adjusted.ravel(), expected, rtol=1e-12)
    np.testing.assert_array_equal(is_discovery.ravel(), reject)


def test_fdr_leaves_the_untestable_out_of_the_family():
    p = np.array([0.001, np.nan, 0.02, 0.04, np.nan])

    adjusted, is_discovery = fdr(p)

    np.testing.assert_allclose(adjusted[[0, 2, 3]], multipletests(p[[0, 2, 3]], method="fdr_bh")[1])
    assert np.isnan(adjusted[[1, 4]]).all()
    assert is_discovery.tolist() == [True, False, True, True, False]


def test_fdr_of_nothing_testable_discovers_nothing():
    assert not fdr(np.full(3, np.nan)).is_discovery.any()
    assert fdr(np.empty(0)).adjusted.size == 0


@pytest.mark.parametrize(
    ("p", "q"), [([1.2], 0.05), ([-0.1, np.nan], 0.05), ([0.5], 0), ([0.5], 1)]
)
def test_fdr_refuses_what_is_no_probability(p, q):
    with pytest.raises(InvalidInput, match="expected"):
        fdr(np.array(p), q)


def test_fdr_of_null_targets_rarely_discovers_anything():
    rng = np.random.default_rng(0)

    runs = [fdr(rng.uniform(size=200)).is_discovery.any() for _ in range(2000)]

    # Under the null the family-wise rate of the procedure is q itself.
    assert np.mean(runs) == pytest.approx(0.05, abs=3 * np.sqrt(0.05 * 0.95 / 2000))


def test_bootstrap_interval_holds_the_means_of_redrawn_samples():
    rng = np.random.default_rng(0)
    values = rng.exponential(size=40)
    redrawn = values[rng.integers(0, 40, size=(50_000, 40))].mean(axis=1)

    low, high = bootstrap_interval(values, n_draws=50_000, seed=1)

    expected = np.quantile(redrawn, [0.025, 0.975])
    np.testing.assert_allclose([low, high], expected, atol=0.02 * np.ptp(expected))


@pytest.mark.parametrize(("n", "level"), [(8, 0.95), (30, 0.95), (30, 0.8)])
def test_bootstrap_interval_covers_as_theory_says(n, level):
    """It is the mean -+ z sd / sqrt(n) with the population sd, which is too short by this."""
    n_simulations = 4000
    samples = np.random.default_rng(0).normal(size=(n, n_simulations))

    low, high = bootstrap_interval(samples, level=level, n_draws=2000, seed=1)

    quantile = scipy.stats.norm.ppf((1 + level) / 2) * np.sqrt((n - 1) / n)
    expected = 1 - 2 * scipy.stats.t.sf(quantile, n - 1)
    coverage = ((low <= 0) & (high >= 0)).mean()
    # Two sources: 4,000 simulations, and means of few values, which are not quite normal.
    assert coverage == pytest.approx(expected, abs=0.02)


def test_bootstrap_interval_of_columns_is_that_of_each_column():
    values = np.random.default_rng(0).normal(size=(12, 2, 3))

    together = bootstrap_interval(values, seed=5, n_draws=500)

    alone = bootstrap_interval(values[:, 1, 2], seed=5, n_draws=500)
    assert together.low.shape == (2, 3)
    np.testing.assert_allclose([together.low[1, 2], together.high[1, 2]], alone, rtol=1e-12)


def test_bootstrap_interval_follows_its_seed():
    values = np.random.default_rng(0).normal(size=10)

    assert bootstrap_interval(values, seed=1) == bootstrap_interval(values, seed=1)
    assert bootstrap_interval(values, seed=1) != bootstrap_interval(values, seed=2)


def test_bootstrap_interval_of_one_value_is_undefined():
    low, high = bootstrap_interval([0.3])

    assert np.isnan(low)
    assert np.isnan(high)


@pytest.mark.parametrize(
    ("values", "setting"),
    [([], {}), ([1, np.nan], {}), ([1, 2], {"level": 95}), ([1, 2], {"n_draws": 10})],
    ids=str,
)
def test_bootstrap_interval_refuses_input(values, setting):
    with pytest.raises(InvalidInput):
        bootstrap_interval(values, **setting)


def test_standard_error_equals_scipy():
    values = np.random.default_rng(0).normal(size=(9, 4))

    np.testing.assert_allclose(standard_error(values), scipy.stats.sem(values), rtol=1e-12)
    assert np.isnan(standard_error([0.3]))


@pytest.mark.parametrize(
    ("layers", "expected"),
    [([4, 8], 6.0), ([1, 19], 0.0), ([2, 17], 19.5), ([7, 7, 7], 7.0), ([1], 1.0), ([19, 19], 19)],
    ids=str,
)
def test_best_layer_circular_mean_has_the_exact_value(layers, expected):
    found = best_layer(np.array(layers), n_layers=19).circular_mean

    assert found == pytest.approx(expected, abs=1e-9)
    assert 0 <= found < 20  # 0 and 20 are the same point of the circle


@pytest.mark.parametrize("layer", range(1, 20))
def test_best_layer_of_unanimous_listeners_is_theirs(layer):
    found = best_layer(np.full((5, 2), layer), n_layers=19)

    np.testing.assert_allclose(found.circular_mean, layer, atol=1e-9)
    np.testing.assert_allclose(found.resultant_length, 1, atol=1e-12)
    assert found.linear_median.tolist() == [layer, layer]
    assert found.is_reliable.all()


def test_best_layer_median_is_linear():
    found = best_layer(np.array([1, 19, 2]), n_layers=19)

    assert found.linear_median == 2


def test_best_layer_resultant_of_chance_is_that_of_a_random_walk():
    n_subjects = 50
    layers = np.random.default_rng(0).integers(1, 20, size=(n_subjects, 4000))

    found = best_layer(layers, n_layers=19)

    # The 20th point of the circle is never chosen, which leaves a mean step of 1/19.
    assert found.resultant_length.mean() == pytest.approx(np.sqrt(np.pi / 4 / n_subjects), rel=0.1)
    assert found.is_reliable.mean() < 0.03


def test_best_layer_of_opposite_layers_has_no_direction():
    for n_layers in range(3, 61, 2):
        half = (n_layers + 1) // 2
        opposite = np.array([[k, k + half] for k in range(1, half)]).T
        for each in (opposite, opposite[::-1], np.tile(opposite, (4, 1))):
            found = best_layer(each, n_layers=n_layers)

            assert np.isnan(found.circular_mean).all(), n_layers
            assert not found.is_reliable.any()
        beside = best_layer(opposite + np.array([[0], [-1]]), n_layers=n_layers)
        assert np.isfinite(beside.circular_mean).all()


@pytest.mark.parametrize("layers", [[0, 3], [3, 20], [1.5], [], [np.nan], ["a"]], ids=str)
def test_best_layer_refuses_what_is_no_layer(layers):
    with pytest.raises(InvalidInput, match="from 1 to 19"):
        best_layer(np.array(layers), n_layers=19)
