"""Pooled ridge against loops of scikit-learn fits and closed forms."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from tests.metrics import pooled_reference

from heschl.errors import InvalidInput
from heschl.metrics.ridge.pooled import PooledRidge, clipped_r2, pooled_ridge
from heschl.splits import Fold, GroupKFold, StratifiedKFold

ALPHAS = PooledRidge().alphas


def folds_of(n_rows: int, n_folds: int = 5, seed: int = 0) -> tuple[Fold, ...]:
    category = np.arange(n_rows) % 11
    return StratifiedKFold(n_folds, by="category", seed=seed).folds({"category": category})


def parts_of(folds: tuple[Fold, ...]) -> np.ndarray:
    parts = np.empty(sum(len(fold.test) for fold in folds), dtype=int)
    for number, fold in enumerate(folds):
        parts[fold.test] = number
    return parts


def labelled(values: np.ndarray, dim: str) -> xr.DataArray:
    return xr.DataArray(values, dims=("time", dim), coords={dim: np.arange(values.shape[1])})


@pytest.mark.parametrize("n_features", [6, 80])
@pytest.mark.parametrize("scale", [0.02, 1.0, 40.0])
def test_scores_and_penalties_equal_loops_of_scikit_learn_fits(n_features, scale):
    generator = np.random.default_rng(n_features)
    design = 3 + scale * generator.standard_normal((45, n_features)) / np.sqrt(n_features)
    weights = generator.standard_normal((n_features, 5)) / scale
    noise = np.array([0.01, 0.5, 1.0, 3.0, 100.0])
    responses = 7 + design @ weights + noise * generator.standard_normal((45, 5))
    folds = folds_of(45, 4)

    found = pooled_ridge(design, responses, folds, ALPHAS)

    for unit in range(5):
        score, alpha, inner = pooled_reference.pooled_ridge(
            design, responses[:, unit], parts_of(folds), ALPHAS
        )
        np.testing.assert_allclose(found.alpha[:, unit], alpha, rtol=1e-12)
        np.testing.assert_allclose(found.inner_score[:, unit], inner, atol=1e-9)
        assert found.score[unit] == pytest.approx(score, abs=1e-9)


def test_penalties_leave_the_grid_on_both_sides_by_halves_and_doubles():
    generator = np.random.default_rng(3)
    design = generator.standard_normal((60, 10))
    signal = design @ generator.standard_normal((10, 40))
    folds = folds_of(60, 4)

    clear = pooled_ridge(design, signal, folds, (5.0, 10.0))
    noise = generator.standard_normal((60, 40))
    faint = pooled_ridge(design, signal + 4 * noise, folds, (5.0, 10.0))

    assert (clear.alpha < 1).all()
    assert clear.score.min() > 0.999
    assert (faint.alpha > 10).any()
    np.testing.assert_allclose(np.log2(clear.alpha / 5) % 1, 0)
    np.testing.assert_allclose(np.log2(faint.alpha / 5) % 1, 0)


def test_prediction_of_a_fold_does_not_depend_on_its_responses():
    generator = np.random.default_rng(1)
    design = generator.standard_normal((50, 8))
    responses = design[:, :3] + generator.standard_normal((50, 3))
    folds = folds_of(50)
    changed = responses.copy()
    changed[folds[2].test] = generator.standard_normal((10, 3))

    before, after = (pooled_ridge(design, each, folds, ALPHAS) for each in (responses, changed))

    np.testing.assert_array_equal(before.prediction[folds[2].test], after.prediction[folds[2].test])
    np.testing.assert_array_equal(before.alpha[2], after.alpha[2])
    np.testing.assert_array_equal(before.inner_score[2], after.inner_score[2])


def expected_r(share: float, n_features: int, n_train: int) -> float:
    """Return what ridge with the best penalty reaches in expectation, for a white design."""
    gamma, penalty = n_features / n_train, n_features * (1 - share) / share / n_train
    slope = 1 - gamma + penalty
    m = (-slope + np.sqrt(slope**2 + 4 * gamma * penalty)) / (2 * gamma * penalty)
    return float(np.sqrt(share - (1 - share) * gamma * m))


@pytest.mark.parametrize(("session", "published"), [(0.2, 0.348), (0.5, 0.708)])
def test_simulated_voxels_score_by_the_closed_form(session, published):
    share = 3 * session / (1 + 2 * session)
    expected = expected_r(share, 20, 132) ** 2
    medians = []
    for seed in range(3):
        generator = np.random.default_rng(seed)
        design = generator.standard_normal((165, 20))
        signal = design @ generator.standard_normal((20, 120))
        signal *= np.sqrt(share) / signal.std(axis=0)
        responses = signal + np.sqrt(1 - share) * generator.standard_normal((165, 120))
        medians.append(np.median(pooled_ridge(design, responses, folds_of(165), ALPHAS).score))

    assert expected == pytest.approx(published, abs=0.02)
    assert np.mean(medians) == pytest.approx(expected, abs=0.03)


def test_noise_scores_nothing_and_correlates_below_zero():
    generator = np.random.default_rng(0)
    design, responses = generator.standard_normal((165, 20)), generator.standard_normal((165, 400))

    fit = pooled_ridge(design, responses, folds_of(165), ALPHAS)
    r = [np.corrcoef(fit.prediction[:, unit], responses[:, unit])[0, 1] for unit in range(400)]

    assert np.median(fit.score) == 0
    assert fit.score.mean() < 0.006
    assert np.mean(r) == pytest.approx(-0.04, abs=0.015)


def test_inner_score_finds_the_layer_that_drives_a_unit():
    generator = np.random.default_rng(0)
    layers = [generator.standard_normal((165, 20))]
    for _ in range(4):
        fresh = generator.standard_normal((165, 20))
        layers.append(0.5 * layers[-1] + np.sqrt(0.75) * fresh)
    driver = np.repeat(np.arange(5), 12)
    signal = np.stack(
        [layers[each] @ generator.normal(0, np.sqrt(0.6 / 20), 20) for each in driver], axis=1
    )
    responses = signal + np.sqrt(0.4) * generator.standard_normal(signal.shape)

    inner = np.stack(
        [pooled_ridge(each, responses, folds_of(165), ALPHAS).inner_score for each in layers]
    )

    assert (inner.argmax(axis=0) == driver).mean() >= 0.98


def test_result_carries_labels_and_what_layers_are_chosen_by():
    generator = np.random.default_rng(0)
    design = labelled(generator.standard_normal((30, 3)), "feature")
    responses = labelled(design.to_numpy()[:, :2] + 1.0, "unit").assign_coords(unit=[4, 9])
    folds = GroupKFold(5).folds({"stimulus": np.arange(30)})

    result = PooledRidge()(design, responses, folds, seed=0)

    assert {name: each.dims for name, each in result.data_vars.items()} == {
        "score": ("unit",),
        "prediction": ("time", "unit"),
        "alpha": ("fold", "unit"),
        "inner_score": ("fold", "unit"),
        "flag_constant": ("fold", "unit"),
        "n_train": ("fold",),
        "n_test": ("fold",),
    }
    assert result["unit"].to_numpy().tolist() == [4, 9]
    assert result["fold"].to_numpy().tolist() == [fold.name for fold in folds]
    np.testing.assert_allclose(
        PooledRidge.score_of(result["prediction"].to_numpy(), responses.to_numpy()),
        result["score"],
    )


def test_score_is_zero_for_negative_correlation_and_for_what_does_not_vary():
    predicted = np.array([[0.0, 1.0, 2.0], [1.0, 0.0, 2.0]])
    measured = np.array([[0.0, 0.0, 0.0], [1.0, 1.0, 1.0]])

    assert clipped_r2(predicted, measured).tolist() == pytest.approx([1, 0, 0])


@pytest.mark.parametrize("case", ["two folds", "a row untested", "rows left out of training"])
def test_folds_that_do_not_partition_the_rows_are_refused(case):
    rows = np.arange(30)
    folds = list(folds_of(30, 2 if case == "two folds" else 3))
    if case == "a row untested":
        folds[0] = Fold("less", train=folds[0].train, test=folds[0].test[1:])
    if case == "rows left out of training":
        folds[0] = Fold("less", train=folds[0].train[1:], test=folds[0].test)
    array = labelled(np.random.default_rng(0).standard_normal((30, 2)), "feature")

    with pytest.raises(InvalidInput, match="test every row once and train on all the rest"):
        PooledRidge()(array, array.rename(feature="unit"), folds, seed=0)
    assert len(rows) == 30
