"""Ceilings of repeats against their definitions and closed forms."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import xarray as xr
from simulated_repeats import columns_r, labelled, simulated

from heschl.ceilings import (
    CorrelationCeiling,
    ExplainableVariance,
    SplitHalf,
)
from heschl.errors import InvalidInput
from heschl.shared_ceilings import SharedCorrelation, SharedPrediction

REPEAT_CEILINGS = [CorrelationCeiling(), ExplainableVariance(), SplitHalf()]


def ccmax_by_definition(trials):
    """CCmax of one unit from trials (repeat, row), with the total power estimated."""
    n = len(trials)
    total = np.mean([np.var(trial) for trial in trials])
    signal = (n * np.var(trials.mean(axis=0)) - total) / (n - 1)
    return 1 / np.sqrt(1 + (total / signal - 1) / n) if signal > 0 else 0.0


@pytest.mark.parametrize(("share", "expected"), [(0.0187, 0.400), (0.05, 0.587), (0.3, 0.900)])
def test_correlation_ceiling_has_the_expected_median(share, expected):
    _, repeats = simulated(share, n_units=1500)

    ceiling = CorrelationCeiling()(repeats)

    assert np.median(ceiling) == pytest.approx(expected, abs=0.015)


def test_correlation_ceiling_of_five_repeats_needs_twice_the_signal():
    _, repeats = simulated(0.0367, n=5, n_rows=1000, n_units=1000)

    assert np.median(CorrelationCeiling()(repeats)) == pytest.approx(0.4, abs=0.015)


def test_correlation_ceiling_of_noise_rarely_exceeds_the_filter():
    _, repeats = simulated(0.0, n_units=5000)

    ceiling = CorrelationCeiling()(repeats)

    assert (ceiling > 0.4).mean() == pytest.approx(0.032, abs=0.008)
    # Half of the noisy estimates of signal power are below 0, where the ceiling is 0.
    assert (ceiling == 0).mean() == pytest.approx(0.5, abs=0.05)


def test_correlation_ceiling_is_the_definition_on_z_scored_trials():
    _, repeats = simulated(0.2, n=4, n_rows=60, n_units=30)

    ceiling = CorrelationCeiling()(repeats)

    for unit in range(30):
        trials = repeats.values[:, :, unit]
        trials = (trials - trials.mean(axis=1, keepdims=True)) / trials.std(axis=1, keepdims=True)
        assert ceiling.values[unit] == pytest.approx(ccmax_by_definition(trials), abs=1e-12)


def test_correlation_ceiling_total_power_is_one_only_after_z_scoring():
    _, repeats = simulated(0.3, n=4, n_rows=60, n_units=30)
    unequal = repeats * xr.DataArray([0.5, 1.0, 2.0, 4.0], dims="repeat")

    def with_total_of_one(trials):
        signal = (len(trials) * np.var(trials.mean(axis=0)) - 1) / (len(trials) - 1)
        return 1 / np.sqrt(1 + (1 / signal - 1) / len(trials)) if signal > 0 else 0.0

    for unit in range(30):
        raw = unequal.values[:, :, unit]
        scaled = (raw - raw.mean(axis=1, keepdims=True)) / raw.std(axis=1, keepdims=True)
        assert with_total_of_one(scaled) == pytest.approx(ccmax_by_definition(scaled), abs=1e-12)
        assert abs(with_total_of_one(raw) - ccmax_by_definition(raw)) > 1e-3
    np.testing.assert_allclose(CorrelationCeiling()(unequal), CorrelationCeiling()(repeats))


def test_explainable_variance_is_the_corrected_definition():
    _, repeats = simulated(0.2, n=4, n_rows=60, n_units=30)
    repeats = repeats * xr.DataArray([0.5, 1.0, 2.0, 4.0], dims="repeat") + 3.0

    ceiling = ExplainableVariance()(repeats)

    for unit in range(30):
        trials = repeats.values[:, :, unit]
        residual = trials - trials.mean(axis=0)
        share = 1 - np.mean(residual.var(axis=1)) / np.mean(trials.var(axis=1))
        expected = share - (1 - share) / (4 - 1)
        assert ceiling.values[unit] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("share", [0.0, 0.05, 0.4])
def test_explainable_variance_is_unbiased(share):
    _, repeats = simulated(share, n_rows=1000)

    assert ExplainableVariance()(repeats).mean() == pytest.approx(share, abs=0.015)


@pytest.mark.parametrize("n", [10, 5, 3, 2])
def test_split_half_is_the_reliability_of_the_mean_of_all_repeats(n):
    share = 0.4
    _, repeats = simulated(share, n=n, n_rows=1000)

    ceiling = SplitHalf()(repeats, seed=3)

    assert ceiling.mean() == pytest.approx(share / (share + (1 - share) / n), abs=0.015)


def test_split_half_of_four_repeats_is_spearman_brown_over_all_splits():
    _, repeats = simulated(0.4, n=4, n_rows=300, n_units=20)
    values = repeats.values
    halves = [
        columns_r(
            values[list(first)].mean(axis=0), values[list(set(range(4)) - set(first))].mean(0)
        )
        for first in itertools.combinations(range(4), 2)
    ]
    mean_r = np.mean(halves, axis=0)

    ceiling = SplitHalf(n_draws=3000)(repeats)

    np.testing.assert_allclose(ceiling, 2 * mean_r / (1 + mean_r), atol=0.003)


def test_split_half_follows_its_seed():
    _, repeats = simulated(0.2, n=6, n_units=5)

    first, again, other = (SplitHalf()(repeats, seed=seed).values for seed in (1, 1, 2))

    np.testing.assert_array_equal(first, again)
    assert (first != other).all()


def test_split_half_of_repeats_that_cancel_is_zero():
    row = np.random.default_rng(0).normal(size=(50, 1))
    repeats = labelled(np.stack([row, -row, 0.1 * row, -0.1 * row]))

    assert 0 <= SplitHalf()(repeats).item() <= 1
    assert SplitHalf()(repeats[:2]).item() == 0


def test_ceilings_of_repeats_agree_with_each_other():
    """CCmax squared = N EV / (1 + (N - 1) EV) = the reliability of the mean."""
    n = 10
    _, repeats = simulated(0.2, n=n, n_rows=2000)

    ccmax, ev, split = (ceiling(repeats) for ceiling in REPEAT_CEILINGS)

    np.testing.assert_allclose(ccmax**2, n * ev / (1 + (n - 1) * ev), atol=0.003)
    np.testing.assert_allclose(ccmax**2, split, atol=0.01)


def test_ceilings_of_identical_repeats_are_one():
    row = np.random.default_rng(0).normal(size=(50, 3))
    repeats = labelled(np.stack([row] * 4))

    for ceiling in REPEAT_CEILINGS:
        np.testing.assert_allclose(ceiling(repeats), 1.0, atol=1e-12)


@pytest.mark.parametrize("ceiling", REPEAT_CEILINGS, ids=lambda each: each.kind)
def test_ceiling_of_a_constant_unit_is_zero_and_flagged(ceiling):
    _, repeats = simulated(0.5, n_units=4)
    values = repeats.values
    values[:, :, 1] = 0.1
    values[3, :, 2] = -7.7

    result = ceiling(labelled(values))

    assert result["is_constant"].values.tolist() == [False, True, True, False]
    assert (result.values[1:3] == 0).all()
    assert (result.values[[0, 3]] > 0).all()


@pytest.mark.parametrize("ceiling", REPEAT_CEILINGS, ids=lambda each: each.kind)
def test_ceiling_of_units_does_not_depend_on_their_order_or_scale(ceiling):
    _, repeats = simulated(0.3, n_rows=40, n_units=5000)
    order = np.random.default_rng(0).permutation(5000)
    scale = xr.DataArray(10.0 ** np.linspace(-150, 100, 5000), dims="unit")

    straight = ceiling(repeats)

    np.testing.assert_array_equal(ceiling(repeats[:, :, order]), straight[order])
    np.testing.assert_allclose(ceiling(repeats * scale), straight, atol=1e-12)
    assert ceiling(repeats[:, :, order])["unit"].values.tolist() == order.tolist()


@pytest.mark.parametrize("ceiling", REPEAT_CEILINGS, ids=lambda each: each.kind)
def test_ceiling_refuses_repeats(ceiling):
    _, repeats = simulated(0.3, n=3, n_rows=20, n_units=2)

    with pytest.raises(InvalidInput, match="got 1, expected at least 2"):
        ceiling(repeats[:1])
    with pytest.raises(InvalidInput, match="got 5 rows"):
        ceiling(repeats[:, :5])
    with pytest.raises(InvalidInput, match="got dims"):
        ceiling(repeats.transpose("time", "repeat", "unit"))
    with pytest.raises(InvalidInput, match="got dims"):
        ceiling(repeats[0])
    with pytest.raises(InvalidInput, match="not finite"):
        ceiling(repeats.where(repeats["time"] > 0))


@pytest.mark.parametrize(
    ("ceiling", "kind", "power", "own"),
    [
        (CorrelationCeiling(0.4), "NC-CCMAX", "correlation", {}),
        (ExplainableVariance(0.4), "NC-EV", "variance", {}),
        (SplitHalf(minimum=0.4), "NC-SPLIT", "variance", {"n_draws": 100}),
        (SharedCorrelation(0.4), "NC-SHARED univariate", "correlation", {}),
        (SharedPrediction(minimum=0.4), "NC-SHARED", "correlation", {"n_components": 100}),
    ],
    ids=lambda value: getattr(value, "kind", ""),
)
def test_ceiling_names_its_kind_power_and_settings(ceiling, kind, power, own):
    assert (ceiling.kind, ceiling.power) == (kind, power)
    assert ceiling.configuration() == {
        "kind": type(ceiling).__name__,
        "minimum": 0.4,
        "numerics": 1,
        **own,
    }
