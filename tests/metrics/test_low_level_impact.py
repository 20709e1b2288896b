"""Low-level residuals and impacts, against scikit-learn and their closed forms."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from sklearn.linear_model import Ridge as SkRidge
from sklearn.metrics import r2_score
from sklearn.model_selection import KFold as SkKFold

from heschl.errors import InvalidInput
from heschl.metrics.low_level_impact import (
    LowLevelImpact,
    Residualiser,
    impact,
    mean_impact,
    require_same_rows,
    residualise,
)
from heschl.metrics.low_level_impact.metric import delayed_rows
from heschl.metrics.low_level_impact.verification import simulated, verification
from heschl.metrics.ridge import KFold, Ridge
from heschl.splits import Fold
from heschl.temporal import zscore

ALPHAS = tuple(10.0**exponent for exponent in range(-6, 10))
FOLD = Fold("last", train=np.arange(150), test=np.arange(150, 200))


def problem(seed=0, n_columns=12, n_units=7):
    generator = np.random.default_rng(seed)
    low = generator.standard_normal((200, n_columns)) * np.logspace(-3, 3, n_columns) + 5
    mixed = zscore(low) @ generator.standard_normal((n_columns, n_units))
    # From columns that are all low-level to columns that are not at all.
    noise = generator.standard_normal((200, n_units)) * np.logspace(-2, 2, n_units)
    return zscore(mixed + noise), low


def by_scikit_learn(features, low, fold, alphas=ALPHAS, n_folds=10):
    """Return residuals (row, unit) and the penalty of each unit, unit by unit in float64."""
    mean, spread = low[fold.train].mean(axis=0), low[fold.train].std(axis=0)
    known = (low - mean) / spread
    train = known[fold.train]
    residual, chosen = np.empty(features.shape), []
    for unit, target in enumerate(features[fold.train].T):
        means = []
        for alpha in alphas:
            parts = []
            for rest, part in SkKFold(n_folds, shuffle=False).split(train):
                fitted = SkRidge(alpha, fit_intercept=False, solver="svd").fit(
                    train[rest], target[rest]
                )
                parts.append(r2_score(target[part], fitted.predict(train[part])))
            means.append(np.mean(parts))
        # Of penalties that do equally well the largest, as everywhere.
        best = max(a for a, mean in zip(alphas, means, strict=True) if mean >= max(means) - 1e-6)
        fitted = SkRidge(best, fit_intercept=False, solver="svd").fit(train, target)
        residual[:, unit] = features[:, unit] - fitted.predict(known)
        chosen.append(best)
    return residual, chosen


def test_residuals_are_those_of_scikit_learn_on_training_and_on_test_rows():
    features, low = problem()

    (found,) = residualise([features], low, FOLD)
    expected, alphas = by_scikit_learn(features, low, FOLD)

    assert len(set(alphas)) >= 3  # each column has a penalty of its own
    np.testing.assert_allclose(found, expected, atol=2e-6)


def test_more_columns_than_rows_are_those_of_scikit_learn():
    features, low = problem(n_columns=80, n_units=3)
    fold = Fold("few", train=np.arange(60), test=np.arange(60, 200))

    (found,) = residualise([features], low, fold)

    np.testing.assert_allclose(found, by_scikit_learn(features, low, fold)[0], atol=2e-6)


def test_layers_together_are_the_layers_alone():
    (first, low), (second, _) = problem(0), problem(1, n_units=3)

    together = residualise([first, second], low, FOLD)

    for layer, found in zip((first, second), together, strict=True):
        np.testing.assert_allclose(found, residualise([layer], low, FOLD)[0], atol=1e-6)


def test_layers_that_do_not_fit_together_are_taken_in_turn(monkeypatch):
    (first, low), (second, _) = problem(0), problem(1, n_units=3)
    together = residualise([first, second], low, FOLD)

    monkeypatch.setattr("heschl.metrics.low_level_impact.residuals._WEIGHTS_BYTES", 1)

    for one, other in zip(together, residualise([first, second], low, FOLD), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)


def test_nothing_of_test_rows_is_fitted():
    features, low = problem()
    other = low.copy()
    other[FOLD.test] = 7 * other[FOLD.test] - 100

    (found,), (changed,) = (residualise([features], each, FOLD) for each in (low, other))

    np.testing.assert_array_equal(found[FOLD.train], changed[FOLD.train])
    assert abs(found[FOLD.test] - changed[FOLD.test]).max() > 1


@pytest.mark.parametrize("turned", ["order", "scale", "shift"])
def test_order_and_scale_of_low_level_columns_do_not_matter(turned):
    features, low = problem()
    other = {"order": low[:, ::-1], "scale": low * 1e-9, "shift": low + 3.0}[turned]

    (found,), (changed,) = (residualise([features], each, FOLD) for each in (low, other))

    np.testing.assert_allclose(found, changed, atol=1e-5)


def test_columns_that_training_rows_lack_change_nothing():
    features, low = problem()
    unseen = np.zeros((200, 2))
    unseen[FOLD.test[3], 0] = 1.0

    (found,) = residualise([features], low, FOLD)

    np.testing.assert_array_equal(residualise([features], np.hstack([unseen, low]), FOLD)[0], found)
    np.testing.assert_array_equal(
        residualise([features], unseen, FOLD)[0], features.astype(np.float32)
    )


@pytest.mark.parametrize(
    ("features", "low", "message"),
    [
        (np.ones((199, 2)), np.ones((200, 2)), "199 rows"),
        (np.full((200, 2), np.nan), np.ones((200, 2)), "not finite"),
        (np.ones((200, 0)), np.ones((200, 2)), r"shape \(200, 0\)"),
        (np.ones((150, 2)), np.ones((150, 2)), "names row 199"),
    ],
)
def test_features_of_other_rows_are_refused(features, low, message):
    with pytest.raises(InvalidInput, match=message):
        residualise([features], low, FOLD)


@pytest.mark.parametrize("settings", [{"n_folds": 1}, {"alphas": (1.0, 0.1)}, {"alphas": ()}])
def test_residualisers_that_are_none_are_refused(settings):
    with pytest.raises(InvalidInput):
        Residualiser(**settings)


def test_impact_of_a_region_is_not_the_mean_of_its_units():
    original, residual = np.array([0.5, 0.1]), np.array([0.5, 0.0])

    assert float(impact(original.mean(), residual.mean())) == pytest.approx(100 / 6)
    assert impact(original, residual).mean() == pytest.approx(50)


def test_impact_is_undefined_where_there_is_next_to_no_alignment():
    original = xr.DataArray([0.5, 0.05, 0.049, -0.2], dims="roi")

    found = impact(original, original / 2)

    assert found.notnull().values.tolist() == [True, True, False, False]
    with pytest.raises(InvalidInput, match="above 0"):
        impact(original, original, minimum=0.0)


def test_mean_impact_counts_the_spaces_that_have_one():
    impacts = xr.DataArray(
        [[10.0, np.nan], [30.0, np.nan], [np.nan, np.nan]], dims=("low_level", "roi")
    )

    mean, n_valid = mean_impact(impacts)

    assert n_valid.values.tolist() == [2, 0]
    assert mean.values[0] == 20
    assert np.isnan(mean.values[1])


def test_fits_on_other_rows_are_refused():
    fewer = Fold("last", train=FOLD.train[:100], test=FOLD.test)
    shifted = Fold("last", train=FOLD.train + 50, test=np.arange(50))

    require_same_rows([FOLD], [FOLD])
    for other in ([fewer], [shifted], [FOLD, FOLD]):
        with pytest.raises(InvalidInput, match="same rows"):
            require_same_rows([FOLD], other)


def arrays(share=0.5):
    features, low, responses, fold = simulated(600, share, 0)
    return (
        xr.DataArray(features, dims=("time", "feature")),
        xr.DataArray(low, dims=("time", "feature")),
        xr.DataArray(responses, dims=("time", "unit")),
        fold,
    )


def test_metric_scores_residuals_as_the_ridge_scores_features():
    design, low, responses, fold = arrays()
    ridge = Ridge(KFold((100.0,), n_folds=2, has_intercept=False))

    found = LowLevelImpact(ridge)(design, responses, [fold], seed=0, low_level={"low": low})

    left = design.copy(data=residualise([design.values], low.values, fold)[0])
    for name, rows in {"original": design, "residual": left}.items():
        fitted = SkRidge(100.0, fit_intercept=False).fit(
            rows.values[fold.train], responses.values[fold.train]
        )
        predicted = fitted.predict(rows.values[fold.test])
        truth = responses.values[fold.test]
        expected = [np.corrcoef(a, b)[0, 1] for a, b in zip(predicted.T, truth.T, strict=True)]
        np.testing.assert_allclose(np.squeeze(found[name].values), expected, atol=1e-5)


def test_metric_is_the_same_for_permuted_units_and_scaled_responses():
    design, low, responses, fold = arrays()
    order = np.random.default_rng(0).permutation(responses.sizes["unit"])

    def scored(given):
        return LowLevelImpact()(design, given, [fold], seed=0, low_level={"low": low})

    found = scored(responses)

    xr.testing.assert_allclose(scored(responses[:, order]), found.isel(unit=order), atol=1e-4)
    xr.testing.assert_allclose(scored(responses * 1e3), found, atol=1e-3)


def test_metric_refuses_folds_and_spaces_that_cannot_be_compared():
    design, low, responses, fold = arrays()
    metric = LowLevelImpact()

    with pytest.raises(InvalidInput, match="2 folds"):
        metric(design, responses, [fold, fold], seed=0, low_level={"low": low})
    with pytest.raises(InvalidInput, match="at least one"):
        metric(design, responses, [fold], seed=0, low_level={})
    with pytest.raises(InvalidInput, match="row for row"):
        metric(design, responses, [fold], seed=0, low_level={"low": low[:-1]})


def test_delays_stay_within_a_stimulus():
    values = np.arange(1.0, 6.0)[:, None]

    found = delayed_rows(values, np.array(["a", "a", "a", "b", "b"]), (0, 2))

    assert found.tolist() == [[1, 0], [2, 0], [3, 1], [4, 0], [5, 0]]
    assert delayed_rows(values, None, ()) is values


def test_verification_finds_what_was_planted(monkeypatch):
    # `heschl verify` has ten thousand rows as well.
    monkeypatch.setattr("heschl.metrics.low_level_impact.verification._TOLERANCES", {3000: 4.0})

    findings = verification()

    assert [finding for finding in findings if not finding.passed] == []
    assert len(findings) == 11
