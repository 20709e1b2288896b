"""Ceilings against their definitions, closed forms and a perfect model."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import xarray as xr
from sklearn.decomposition import PCA

from heschl.ceilings import (
    CorrelationCeiling,
    ExplainableVariance,
    SharedCorrelation,
    SharedPrediction,
    SplitHalf,
    normalise,
)
from heschl.errors import InvalidInput
from heschl.reliability import principal_components
from heschl.splits import ContiguousKFold, Fold
from heschl.temporal import zscore

REPEAT_CEILINGS = [CorrelationCeiling(), ExplainableVariance(), SplitHalf()]


def simulated(share, n=10, n_rows=251, n_units=400, seed=0, first="repeat"):
    """Signal (row, unit) and its noisy presentations (n, row, unit) of unit variance."""
    rng = np.random.default_rng(seed)
    signal = np.sqrt(share) * rng.normal(size=(n_rows, n_units))
    noise = np.sqrt(1 - share) * rng.normal(size=(n, n_rows, n_units))
    return signal, labelled(signal + noise, first)


def labelled(values, first="repeat"):
    dims = (first, "time", "unit")
    sizes = dict(zip(dims, values.shape, strict=True))
    coordinates = {dim: np.arange(size) for dim, size in sizes.items()}
    return xr.DataArray(values, dims=dims, coords=coordinates)


def columns_r(one, other):
    return (zscore(one) * zscore(other)).mean(axis=0)


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
    ("n", "signal", "noise", "expected"), [(30, 0.5, 0.5, 0.6952), (30, 0.1, 0.9, 0.2763)]
)
def test_shared_correlation_has_its_closed_form(n, signal, noise, expected):
    _, responses = simulated(signal, n=n, n_rows=400, n_units=60, first="subject")

    ceiling = SharedCorrelation()(responses)

    closed = signal / np.sqrt((signal + noise) * (signal + noise / (n - 1)))
    assert closed == pytest.approx(expected, abs=0.001)
    assert ceiling.dims == ("subject", "unit")
    assert ceiling.mean() == pytest.approx(closed, abs=0.01)


@pytest.mark.parametrize(("n", "share"), [(3, 1.0), (30, 0.5)], ids=["above one", "half"])
def test_shared_correlation_does_not_bound_a_perfect_model(n, share):
    """A model of a share f of the signal scores sqrt(f) s / sqrt(s^2 + e^2)."""
    signal, responses = simulated(0.3, n=n, n_rows=1000, n_units=100, first="subject")
    other = np.random.default_rng(9).normal(size=signal.shape) * np.sqrt(0.3)
    model = np.sqrt(share) * signal + np.sqrt(1 - share) * other
    score = np.stack([columns_r(model, own) for own in responses.values])

    ratio = score.mean() / SharedCorrelation()(responses).mean().item()

    expected = np.sqrt(share) * np.sqrt(0.3 + 0.7 / (n - 1)) / np.sqrt(0.3)
    assert ratio == pytest.approx(expected, abs=0.03)
    assert (ratio > 1) == (n == 3)


class OrdinaryLeastSquares:
    """A metric for the ceilings here: r of a linear prediction, for each fold."""

    def __init__(self):
        self.designs = []

    def __call__(self, design, responses, folds, *, seed):
        self.designs.append(design)
        scores = []
        for fold in folds:
            x, y = (
                array.values - array.values[fold.train].mean(0) for array in (design, responses)
            )
            weights = np.linalg.lstsq(x[fold.train], y[fold.train], rcond=None)[0]
            scores.append(columns_r(x[fold.test] @ weights, y[fold.test]))
        return xr.Dataset({"score": (("fold", "unit"), np.stack(scores))})


def planted_listeners(n_subjects=5, n_rows=600, n_units=40, n_sources=4):
    """Listeners who share a few sources, mixed over units."""
    rng = np.random.default_rng(0)
    shared = rng.normal(size=(n_rows, n_sources)) @ rng.normal(size=(n_sources, n_units)) / 2
    return labelled(shared + rng.normal(size=(n_subjects, n_rows, n_units)), "subject")


def test_shared_prediction_is_at_least_the_univariate_one_where_units_share_sources():
    responses = planted_listeners(n_subjects=4, n_rows=300)
    folds = ContiguousKFold(5).folds({"time": responses["time"].values})

    predicted = SharedPrediction(n_components=4)(responses, folds, OrdinaryLeastSquares())

    assert predicted.dims == ("subject", "unit")
    assert predicted.mean() > SharedCorrelation()(responses).mean()


def test_shared_prediction_equals_the_same_done_by_scikit_learn():
    responses = planted_listeners(n_subjects=3, n_rows=120)
    folds = ContiguousKFold(3).folds({"time": responses["time"].values})

    ceiling = SharedPrediction(n_components=6)(responses, folds, OrdinaryLeastSquares())

    others = responses.values[1:].mean(axis=0)
    expected = []
    for fold in folds:
        pca = PCA(6, svd_solver="full").fit(others[fold.train])
        design = xr.DataArray(pca.transform(others), dims=("time", "feature"))
        expected.append(OrdinaryLeastSquares()(design, responses[0], [fold], seed=0)["score"])
    np.testing.assert_allclose(ceiling[0], np.mean(expected, axis=0)[0], atol=1e-10)


def test_shared_prediction_fits_components_on_training_rows_alone():
    responses = planted_listeners(n_subjects=3, n_rows=120)
    fold = Fold("only", np.arange(80), np.arange(80, 120))
    changed = responses.copy()
    changed[:, 80:] += 100.0
    first, second = OrdinaryLeastSquares(), OrdinaryLeastSquares()

    SharedPrediction(5)(responses, [fold], first)
    SharedPrediction(5)(changed, [fold], second)

    for one, other in zip(first.designs, second.designs, strict=True):
        np.testing.assert_array_equal(one[:80], other[:80])
        assert not np.array_equal(one[80:], other[80:])


def test_shared_prediction_of_strangers_is_zero():
    _, responses = simulated(0.0, n=4, n_rows=300, n_units=50, first="subject")
    folds = ContiguousKFold(3).folds({"time": responses["time"].values})

    ceiling = SharedPrediction(10)(responses, folds, OrdinaryLeastSquares())

    assert abs(ceiling.mean()) < 3 / np.sqrt(300 * 50)


def test_shared_prediction_refuses_folds():
    responses = planted_listeners(n_subjects=3, n_rows=50)
    estimator = OrdinaryLeastSquares()

    with pytest.raises(InvalidInput, match="25 rows, too few for 100 components"):
        SharedPrediction()(responses, ContiguousKFold(2).folds({"time": np.arange(50)}), estimator)
    with pytest.raises(InvalidInput, match="names row 59, but there are 50"):
        SharedPrediction(2)(responses, ContiguousKFold(2).folds({"t": np.arange(60)}), estimator)
    with pytest.raises(InvalidInput, match="no fold"):
        SharedPrediction(2)(responses, [], estimator)


@pytest.mark.parametrize("call", ["correlation", "prediction"])
def test_shared_ceilings_refuse_listeners(call):
    responses = planted_listeners(n_subjects=3, n_rows=50)
    folds = ContiguousKFold(2).folds({"time": np.arange(50)})

    def ceiling(array):
        if call == "correlation":
            return SharedCorrelation()(array)
        return SharedPrediction(2)(array, folds, OrdinaryLeastSquares())

    with pytest.raises(InvalidInput, match="got 2, expected at least 3"):
        ceiling(responses[:2])
    with pytest.raises(InvalidInput, match="got 9 rows"):
        ceiling(responses[:, :9])
    with pytest.raises(InvalidInput, match="time-aligned"):
        ceiling(responses.where(responses["subject"] > 0))
    with pytest.raises(InvalidInput, match="got dims"):
        ceiling(responses.rename(subject="repeat"))


def test_shared_ceiling_of_a_constant_unit_is_zero_and_flagged():
    responses = planted_listeners(n_subjects=3, n_rows=50)
    responses[1, :, 2] = 0.3

    ceiling = SharedCorrelation()(responses)

    assert ceiling.values[1, 2] == 0
    assert np.argwhere(ceiling["is_constant"].values).tolist() == [[1, 2]]


@pytest.mark.parametrize(("n_rows", "n_units"), [(60, 200), (60, 5)], ids=["wide", "tall"])
def test_principal_components_equal_those_of_scikit_learn(n_rows, n_units):
    rng = np.random.default_rng(0)
    values = rng.normal(size=(n_rows, n_units)) * np.geomspace(1, 0.01, n_units) + 3
    train = np.arange(40)

    scores = principal_components(values, train, 5)

    expected = PCA(5, svd_solver="full").fit(values[train]).transform(values)
    signs = np.sign((scores * expected).sum(axis=0))
    np.testing.assert_allclose(scores * signs, expected, atol=1e-9)


def test_principal_components_drop_directions_without_variance():
    values = np.random.default_rng(0).normal(size=(30, 3)) @ np.ones((3, 8))

    assert principal_components(values, np.arange(20), 5).shape == (30, 1)
    with pytest.raises(InvalidInput, match="no unit varies"):
        principal_components(np.ones((30, 3)), np.arange(20), 2)


@pytest.mark.parametrize("score_power", ["correlation", "variance"])
@pytest.mark.parametrize("ceiling", [CorrelationCeiling(), SplitHalf()], ids=lambda each: each.kind)
def test_normalised_perfect_model_of_the_mean_scores_one(ceiling, score_power):
    signal, repeats = simulated(0.5, n_rows=1000)
    r = columns_r(signal, repeats.values.mean(axis=0))
    score = xr.DataArray(r if score_power == "correlation" else r**2, dims="unit")

    normalised = normalise(score, ceiling(repeats), score_power=score_power, ceiling=ceiling)

    assert normalised.mean() == pytest.approx(1.0, abs=0.03)
    assert normalised.max() > 1, "nothing is clipped"


@pytest.mark.parametrize("score_power", ["correlation", "variance"])
def test_normalised_perfect_model_of_single_repeats_scores_one(score_power):
    signal, repeats = simulated(0.5, n_rows=1000)
    r = np.mean([columns_r(signal, each) for each in repeats.values], axis=0)
    score = xr.DataArray(r if score_power == "correlation" else r**2, dims="unit")
    ceiling = ExplainableVariance()

    normalised = normalise(score, ceiling(repeats), score_power=score_power, ceiling=ceiling)

    assert normalised.mean() == pytest.approx(1.0, abs=0.03)


def test_normalised_model_of_a_share_scores_its_root():
    signal, repeats = simulated(0.3, n_rows=1000)
    other = np.random.default_rng(9).normal(size=signal.shape) * np.sqrt(0.3)
    r = columns_r(0.5 * signal + np.sqrt(0.75) * other, repeats.values.mean(axis=0))
    ceiling = CorrelationCeiling()

    normalised = normalise(
        xr.DataArray(r, dims="unit"), ceiling(repeats), score_power="correlation", ceiling=ceiling
    )

    assert normalised.mean() == pytest.approx(0.5, abs=0.03)


def test_normalise_leaves_units_at_or_below_the_minimum_out():
    values = xr.DataArray([-0.2, 0.0, 0.4, 0.5], dims="unit", coords={"unit": [3, 4, 5, 6]})
    score = xr.DataArray(
        [[0.1, 0.1, 0.1, 0.1], [0.5, 0.5, 0.5, -0.5]],
        dims=("layer", "unit"),
        coords={"unit": [3, 4, 5, 6]},
    )

    normalised, filtered = (
        normalise(score, values, score_power="correlation", ceiling=CorrelationCeiling(minimum))
        for minimum in (0.0, 0.4)
    )

    np.testing.assert_allclose(normalised[1], [np.nan, np.nan, 1.25, -1.0])
    np.testing.assert_allclose(filtered[0], [np.nan, np.nan, np.nan, 0.2])


def test_normalise_refuses_what_does_not_fit():
    values = xr.DataArray([0.5, 0.5], dims="unit", coords={"unit": [1, 2]})
    by_subject = values.expand_dims(subject=["a"])
    of_other_units = values.assign_coords(unit=[1, 3])
    ceiling = SplitHalf()

    with pytest.raises(InvalidInput, match="power 'r2'"):
        normalise(values, values, score_power="r2", ceiling=ceiling)
    with pytest.raises(InvalidInput, match="different units"):
        normalise(values, of_other_units, score_power="variance", ceiling=ceiling)
    with pytest.raises(InvalidInput, match="both need the dim unit"):
        normalise(values, by_subject, score_power="variance", ceiling=ceiling)
    with pytest.raises(InvalidInput, match="the score holds NaN"):
        normalise(values * np.nan, values, score_power="variance", ceiling=ceiling)
    with pytest.raises(InvalidInput, match="the ceiling holds NaN"):
        normalise(values, values * np.nan, score_power="variance", ceiling=ceiling)


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
