"""The ridge metric against scikit-learn, himalaya and plain loops."""

from __future__ import annotations

import functools

import numpy as np
import pytest
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import KFold as SklearnKFold
from sklearn.model_selection import LeaveOneGroupOut
from tests.metrics import reference_ridge as reference
from tests.metrics.simulated_ridge import ALPHAS, labelled, problem, thirds

from heschl.metrics.ridge import (
    Bootstrap,
    KFold,
    LeaveOneOut,
    Nested,
    Ridge,
    fit_ridge,
    huth_penalties,
)
from heschl.metrics.ridge.solver import EXACT_PENALTY, rotate

SHAPES = pytest.mark.parametrize(
    ("n_features", "coefficient"),
    [(8, 0.0), (8, 0.8), (39, 0.0), (90, 0.0), (90, 0.8)],
    ids=["tall", "tall slow", "square", "wide", "wide slow"],
)


def assert_equals_reference(estimator, value, *, score, intercept, one_alpha=False, **of_problem):
    design, responses = problem(**{"n_units": 4} | of_problem)
    folds = thirds(len(design))

    inputs = labelled(design, responses)
    exact = Ridge(estimator, score=score, block=4, engine="reference")(*inputs, folds, seed=5)
    found = Ridge(estimator, score=score, block=4, dtype="float64")(*inputs, folds, seed=5)

    np.testing.assert_array_equal(found["flag_constant"], exact["flag_constant"])
    for row, fold in enumerate(folds):
        scores, alphas = reference.nested_scores(
            design,
            responses,
            train=fold.train,
            test=fold.test,
            alphas=estimator.alphas,
            value=functools.partial(value, fold=fold),
            intercept=intercept,
            score=score,
            one_alpha=one_alpha,
        )
        for each in (exact, found):
            np.testing.assert_array_equal(each["alpha"][row], alphas)
            np.testing.assert_allclose(each["score"][row], scores, rtol=0, atol=1e-10)
    return found


@SHAPES
def test_leave_one_out_equals_refitting_without_each_row(n_features, coefficient):
    def value(design, response, alpha, fold):
        return reference.value_of_left_out(design, response, alpha)

    found = assert_equals_reference(
        LeaveOneOut(ALPHAS),
        value,
        score="pearson",
        intercept=True,
        n_features=n_features,
        coefficient=coefficient,
        n_units=2,
    )

    assert len(np.unique(found["alpha"])) > 1


@SHAPES
@pytest.mark.parametrize("intercept", [True, False], ids=["intercept", "origin"])
def test_kfold_equals_loops_over_contiguous_parts(n_features, coefficient, intercept):
    def value(design, response, alpha, fold):
        splits = SklearnKFold(4).split(design)
        return reference.value_of_held_out(
            design, response, alpha, splits, criterion="r2", intercept=intercept
        )

    assert_equals_reference(
        KFold(ALPHAS, n_folds=4, has_intercept=intercept),
        value,
        score="r2",
        intercept=intercept,
        n_features=n_features,
        coefficient=coefficient,
    )


@pytest.mark.parametrize("criterion", ["pearson", "r2", "signed_r"])
@pytest.mark.parametrize("per_unit", [True, False], ids=["alpha per unit", "one alpha"])
@pytest.mark.parametrize("n_features", [8, 90], ids=["tall", "wide"])
def test_bootstrap_equals_loops_over_its_draws(criterion, per_unit, n_features):
    estimator = Bootstrap(ALPHAS, criterion=criterion, n_draws=3, chunk=4, alpha_per_unit=per_unit)

    def value(design, response, alpha, fold):
        splits = estimator.splits(fold.train, (), seed=5)
        return reference.value_of_held_out(
            design, response, alpha, splits, criterion=criterion, intercept=False
        )

    found = assert_equals_reference(
        estimator,
        value,
        score="signed_r",
        intercept=False,
        one_alpha=not per_unit,
        n_features=n_features,
        coefficient=0.5,
    )

    assert (np.ptp(found["alpha"].to_numpy(), axis=1) == 0).all() != per_unit


@pytest.mark.parametrize("n_features", [8, 90], ids=["tall", "wide"])
def test_nested_equals_loops_over_the_other_folds(n_features):
    part = np.repeat([0, 1, 2], 20)

    def value(design, response, alpha, fold):
        splits = LeaveOneGroupOut().split(design, groups=part[fold.train])
        return reference.value_of_held_out(
            design, response, alpha, splits, criterion="pearson", intercept=True
        )

    assert_equals_reference(
        Nested(ALPHAS, criterion="pearson"),
        value,
        score="pearson",
        intercept=True,
        n_features=n_features,
    )


@pytest.mark.parametrize("n_features", [30, 250], ids=["tall", "wide"])
@pytest.mark.parametrize("coefficient", [0.0, 0.8], ids=["white", "slow"])
def test_leave_one_out_equals_scikit_learn(n_features, coefficient):
    design, responses = problem(200, n_features, 50, coefficient)

    fitted = fit_ridge(design, responses, LeaveOneOut())

    peer = RidgeCV(alphas=LeaveOneOut().alphas, alpha_per_target=True).fit(design, responses)
    np.testing.assert_allclose(fitted.alphas, peer.alpha_)
    np.testing.assert_allclose(fitted.predict(design), peer.predict(design), atol=1e-9)
    np.testing.assert_allclose(fitted.weights, peer.coef_.T, atol=1e-10)


@pytest.mark.parametrize("n_features", [30, 150], ids=["tall", "wide"])
def test_kfold_equals_himalaya(n_features):
    himalaya = pytest.importorskip("himalaya.ridge")
    from himalaya.scoring import r2_score

    design, responses = problem(120, n_features, 40, 0.5)

    fitted = fit_ridge(design, responses, KFold(n_folds=5))

    peer = himalaya.RidgeCV(
        alphas=np.array(KFold().alphas),
        fit_intercept=True,
        cv=SklearnKFold(5),
        solver_params={"score_func": r2_score, "warn": False},
    ).fit(design, responses)
    np.testing.assert_allclose(fitted.alphas, peer.best_alphas_)
    np.testing.assert_allclose(fitted.weights, peer.coef_, atol=1e-10)


@pytest.mark.parametrize("n_features", [20, 300], ids=["tall", "wide"])
@pytest.mark.parametrize("intercept", [True, False], ids=["intercept", "origin"])
@pytest.mark.parametrize("has_repeats", [True, False], ids=["deficient", "full rank"])
def test_tiny_penalty_gives_least_squares(n_features, intercept, has_repeats):
    design, responses = problem(100, n_features, 5, 0.5)
    design[:, 3] *= 1e4
    if has_repeats:
        design[:20] = design[20:40]
        design[:, 7] = design[:, 8]

    fitted = fit_ridge(design, responses, KFold((1e-30,), n_folds=2, has_intercept=intercept))

    if intercept:
        design, responses = design - design.mean(0), responses - responses.mean(0)
    expected = np.linalg.lstsq(design, responses, rcond=None)[0]
    np.testing.assert_allclose(design @ fitted.weights, design @ expected, atol=1e-8)
    np.testing.assert_allclose(fitted.weights, expected, atol=1e-8)


@pytest.mark.parametrize("n_features", [8, 90], ids=["tall", "wide"])
def test_both_decompositions_agree_where_they_meet(n_features):
    design, responses = problem(n_features=n_features)
    largest = np.linalg.svd(design - design.mean(0), compute_uv=False)[0] ** 2
    alpha = EXACT_PENALTY * largest

    squared, direct = (
        rotate(design, smallest_alpha=alpha * side, has_intercept=True) for side in (1.001, 0.999)
    )

    predicted = [
        rotation.project(design) @ rotation.shrink(rotation.load(responses), alpha)
        for rotation in (squared, direct)
    ]
    assert not np.array_equal(*predicted)
    np.testing.assert_allclose(*predicted, rtol=0, atol=1e-9)


@pytest.mark.parametrize("copies", [1, 3], ids=["full rank", "repeated features"])
def test_leave_one_out_holds_for_vanishing_penalties(copies):
    """The wide limit is the minimum-norm fit without the row, as in auditory models' usual grid."""
    generator = np.random.default_rng(1)
    design = np.tile(generator.standard_normal((12, 20)), copies)
    design[6:8] = design[4:6]  # with equal rows the kernel has zeros beside the mean
    responses = design[:, :3] + generator.standard_normal((12, 3))
    alphas = (1e-50, 1e-3, 0.5, 20.0)

    fitted = fit_ridge(design, responses, LeaveOneOut(alphas))

    values = [
        [reference.value_of_left_out(design, response, alpha) for alpha in alphas[1:]]
        for response in responses.T
    ]
    expected = [reference.largest_near_best(of_unit, alphas[1:]) for of_unit in values]
    np.testing.assert_array_equal(fitted.alphas, expected)


def test_leave_one_out_refuses_a_row_that_only_predicts_itself():
    design, responses = problem()
    design[:, 0] = 0.0
    design[10, 0] = 1.0

    with pytest.raises(ValueError, match="predicted by itself alone"):
        fit_ridge(design, responses, LeaveOneOut((1e-13, 1.0)))


def test_huth_penalty_is_the_square():
    design, responses = problem()
    a = 7.0
    u, s, vh = np.linalg.svd(design, full_matrices=False)

    (alpha,) = huth_penalties(np.log10(a), 1, 1)
    fitted = fit_ridge(design, responses, Bootstrap((alpha,), chunk=4))

    expected = vh.T @ ((s / (s**2 + a**2))[:, None] * (u.T @ responses))
    np.testing.assert_allclose(fitted.weights, expected, rtol=0, atol=1e-8)
    np.testing.assert_allclose(huth_penalties(1, 4, 15), np.logspace(2, 8, 15))


def test_ties_take_the_largest_penalty():
    """With one feature the correlation is the same for every penalty."""
    design, responses = problem(n_features=1)

    fitted = fit_ridge(design, responses, KFold(ALPHAS, criterion="pearson", n_folds=3))

    np.testing.assert_array_equal(fitted.alphas, ALPHAS[-1])


def test_bootstrap_draws_whole_chunks_for_seed_and_length_alone():
    estimator = Bootstrap(n_draws=4, chunk=7, fraction=0.3)
    rows = np.arange(100, 203)

    splits = estimator.splits(rows, (), seed=3)

    for (fitted, held_out), (_, again) in zip(
        splits, estimator.splits(rows + 50, (), seed=3), strict=True
    ):
        assert len(held_out) == 28
        starts = held_out.reshape(-1, 7)[:, 0]
        assert (starts % 7 == 0).all()
        np.testing.assert_array_equal(held_out, (starts[:, None] + np.arange(7)).ravel())
        np.testing.assert_array_equal(np.sort(np.r_[fitted, held_out]), np.arange(103))
        np.testing.assert_array_equal(held_out, again)
    assert len({tuple(held_out) for _, held_out in splits}) == 4
    other = estimator.splits(rows, (), seed=4)
    assert any(not np.array_equal(a[1], b[1]) for a, b in zip(splits, other, strict=True))
