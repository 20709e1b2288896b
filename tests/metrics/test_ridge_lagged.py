"""Lagged ridge in Krylov spaces against the clear solver on the design written out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.metrics.lagged_reference import reference, sentences, written_out

from heschl.metrics.ridge import Nested
from heschl.metrics.ridge.lagged import nested

ALPHAS = tuple(float(alpha) for alpha in np.logspace(0, 5, 11))
FOLDS = [0, 1, 2, 3] * 3 + [0, 1]


def lagged_ridge(features, responses, folds, *, lags, alphas=ALPHAS, criterion="r2", **settings):
    return nested.lagged_ridge(
        features, responses, folds, lags=lags, estimator=Nested(alphas, criterion), **settings
    )


def assert_equals(found, expected, *, within):
    np.testing.assert_array_equal(found.alpha, expected["alpha"])
    for name in ("pearson", "r2"):
        np.testing.assert_allclose(getattr(found, name), expected[name], rtol=0, atol=within)
    assert (np.abs(found.inner - expected["inner"]) <= np.maximum(found.inner_error, within)).all()
    np.testing.assert_array_equal(found.is_constant, expected["is_constant"])


@pytest.mark.parametrize("criterion", ["r2", "pearson", "signed_r"])
@pytest.mark.parametrize(
    ("lags", "n_features", "n_units"),
    [(range(5), 3, 4), (range(-2, 4), 4, 30), (range(20), 6, 3), (range(2, 5), 2, 1)],
    ids=["few", "more units than columns", "wide", "late lags"],
)
def test_float64_equals_the_design_written_out(lags, n_features, n_units, criterion):
    features, responses = sentences(n_features=n_features, n_units=n_units, lags=lags, seed=1)

    found = lagged_ridge(
        features,
        responses,
        FOLDS,
        lags=lags,
        alphas=ALPHAS,
        criterion=criterion,
        dtype="float64",
    )

    expected = reference(features, responses, FOLDS, lags=lags, alphas=ALPHAS, criterion=criterion)
    assert_equals(found, expected, within=1e-10)
    assert found.bound.max() <= 1e-10
    assert {solved.dtype.name for solved in found.solved.values()} == {"float64"}
    assert len(found.solved) == 10


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("criterion", ["r2", "pearson"])
def test_float32_is_within_its_tolerance(criterion, seed):
    lags = range(12)
    features, responses = sentences(40, n_features=8, n_units=12, lags=lags, seed=seed)
    folds = [*range(5)] * 8

    found = lagged_ridge(
        features, responses, folds, lags=lags, alphas=ALPHAS[2:], criterion=criterion
    )

    expected = reference(
        features, responses, folds, lags=lags, alphas=ALPHAS[2:], criterion=criterion
    )
    assert_equals(found, expected, within=5e-6)
    assert found.bound.max() <= 5e-6
    assert "float32" in {solved.dtype.name for solved in found.solved.values()}


def test_choices_among_many_units_rest_on_estimates_that_hold():
    lags = range(10)
    features, responses = sentences(100, n_features=40, n_units=32, lags=lags, seed=4)
    folds = [*range(5)] * 20

    found = lagged_ridge(features, responses, folds, lags=lags, alphas=ALPHAS[3:])

    expected = reference(features, responses, folds, lags=lags, alphas=ALPHAS[3:], criterion="r2")
    assert_equals(found, expected, within=5e-6)
    assert not all(solution.is_full for solution in found.solved.values())
    assert found.is_undecided.mean() <= 1e-3


def test_space_stops_early_within_its_bound():
    lags = range(10)
    features, responses = sentences(60, n_features=12, n_units=10, lags=lags, seed=4)
    folds = [*range(5)] * 12
    settled = {"lags": lags, "alphas": (1e3, 1e4), "dtype": "float64"}

    rough = lagged_ridge(features, responses, folds, tolerance=1e-2, **settled)
    exact = lagged_ridge(features, responses, folds, **settled)

    outer = [solved for left_out, solved in rough.solved.items() if len(left_out) == 1]
    assert len(outer) == 5
    assert all(not solved.is_full and solved.dimension < 120 for solved in outer)
    same = rough.alpha == exact.alpha
    assert same.mean() > 0.9
    for name in ("pearson", "r2"):
        off = np.abs(getattr(rough, name) - getattr(exact, name))
        assert off[same].max() > 1e-8  # it did stop early
        assert (off <= rough.bound)[same].all()


def test_penalties_lost_in_float32_are_solved_in_float64():
    features, responses = sentences(30, n_units=5)
    folds = [0, 1, 2] * 10
    alphas = (1e-6, 1e-4)

    found = lagged_ridge(features, responses, folds, lags=range(5), alphas=alphas)

    expected = reference(features, responses, folds, lags=range(5), alphas=alphas, criterion="r2")
    assert {solved.dtype.name for solved in found.solved.values()} == {"float64"}
    np.testing.assert_allclose(found.pearson, expected["pearson"], rtol=0, atol=1e-9)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_units_without_variance_score_zero_and_are_flagged(dtype):
    lags = range(4)
    features, responses = sentences(n_units=5, lags=lags)
    for frames, fold in zip(responses, FOLDS, strict=True):
        frames[:, 1] = 0.1
        if fold == 1:
            frames[:, 2] = 7.0
        if fold != 2:
            frames[:, 3] = 0.0

    found = lagged_ridge(features, responses, FOLDS, lags=lags, alphas=ALPHAS, dtype=dtype)

    expected = reference(features, responses, FOLDS, lags=lags, alphas=ALPHAS, criterion="r2")
    assert_equals(found, expected, within=1e-10 if dtype == "float64" else 5e-6)
    assert found.is_constant.sum() == 4 + 1 + 4
    assert (found.pearson[found.is_constant] == 0).all()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("value", "lags"),
    [(0.0, range(5)), (5.1, range(5)), (5.1, range(1))],
    ids=["silent", "steady within sentences", "steady"],
)
def test_features_that_do_not_vary_do_no_harm(value, lags, dtype):
    features, responses = sentences()
    features = [np.full_like(frames, value) for frames in features]

    found = lagged_ridge(features, responses, FOLDS, lags=lags, dtype=dtype)

    expected = reference(features, responses, FOLDS, lags=lags, alphas=ALPHAS, criterion="r2")
    assert_equals(found, expected, within=1e-10 if dtype == "float64" else 5e-6)
    # Where a sentence begins, steady features step from zero.
    assert found.is_constant.all() == (value == 0 or len(lags) == 1)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_order_of_sentences_changes_nothing(dtype):
    lags = range(6)
    features, responses = sentences(20, n_units=6, lags=lags)
    folds = [*range(4)] * 5
    order = np.random.default_rng(0).permutation(20)
    settled = {"lags": lags, "alphas": ALPHAS[3:], "dtype": dtype}

    once = lagged_ridge(features, responses, folds, **settled)
    again = lagged_ridge(
        [features[s] for s in order],
        [responses[s] for s in order],
        [folds[s] for s in order],
        **settled,
    )

    np.testing.assert_array_equal(again.alpha, once.alpha)
    within = 1e-8 if dtype == "float64" else 1e-6
    np.testing.assert_allclose(again.pearson, once.pearson, rtol=0, atol=within)


def test_weights_predict_as_the_scores_say():
    lags = range(-1, 4)
    features, responses = sentences(lags=lags)

    found = lagged_ridge(
        features,
        responses,
        FOLDS,
        lags=lags,
        alphas=ALPHAS,
        dtype="float64",
        has_weights=True,
    )

    for fold in range(4):
        held = [s for s, label in enumerate(FOLDS) if label == fold]
        design = np.concatenate([written_out(features[s], lags) for s in held])
        target = np.concatenate([responses[s] for s in held])
        predicted = (
            design @ found.weights[fold].reshape(design.shape[1], -1) + found.intercept[fold]
        )
        explained = 1 - ((target - predicted) ** 2).sum(0) / ((target - target.mean(0)) ** 2).sum(0)
        np.testing.assert_allclose(found.r2[fold], explained, rtol=0, atol=1e-10)


@settings(max_examples=25, deadline=None)
@given(
    first=st.integers(-4, 3),
    n_lags=st.integers(1, 7),
    lengths=st.lists(st.integers(1, 12), min_size=6, max_size=12),
    n_features=st.integers(1, 4),
    n_units=st.integers(1, 6),
    seed=st.integers(0, 99),
)
def test_any_shape_equals_the_design_written_out(first, n_lags, lengths, n_features, n_units, seed):
    generator = np.random.default_rng(seed)
    lags = range(first, first + n_lags)
    lengths = [*lengths, 9, 9, 9]
    folds = [0, 1, 2] * (len(lengths) // 3) + [0, 1, 2][: len(lengths) % 3]
    folds[-3:] = [0, 1, 2]
    features = [generator.standard_normal((n, n_features)) for n in lengths]
    responses = [generator.standard_normal((n, n_units)) for n in lengths]

    found = lagged_ridge(features, responses, folds, lags=lags, alphas=(1.0, 30.0), dtype="float64")

    expected = reference(features, responses, folds, lags=lags, alphas=(1.0, 30.0), criterion="r2")
    assert_equals(found, expected, within=1e-10)


def test_features_far_off_centre_lose_no_digits():
    lags = range(-2, 6)
    features, responses = sentences(30, n_units=6, lags=lags)
    features = [frames + np.array([1000.0, -300.0, 0.0]) for frames in features]
    folds = [0, 1, 2] * 10
    # Below the penalties lie the steps from silence to the mean where sentences begin and end.
    alphas = (1e4, 1e5, 1e6)

    found = lagged_ridge(features, responses, folds, lags=lags, alphas=alphas)

    expected = reference(features, responses, folds, lags=lags, alphas=alphas, criterion="r2")
    assert_equals(found, expected, within=5e-6)


def test_inputs_are_not_changed():
    features, responses = sentences()
    before = [frames.copy() for frames in (*features, *responses)]

    lagged_ridge(features, responses, FOLDS, lags=range(5))

    for old, now in zip(before, (*features, *responses), strict=True):
        np.testing.assert_array_equal(old, now)
