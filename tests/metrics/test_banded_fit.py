"""Fits of banded ridge against himalaya, scaled plain ridge and plain linear algebra."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import KFold as Contiguous
from tests.metrics.simulated_ridge import ALPHAS, WIDTHS, problem, spaced

from heschl.metrics.ridge import KFold, LeaveOneOut
from heschl.metrics.ridge.banded import GivenMixes, RandomMixes, fit_banded_ridge
from heschl.metrics.ridge.penalties import TIE

SHAPES = pytest.mark.parametrize("widths", WIDTHS.values(), ids=WIDTHS)


def grouped(design, spaces):
    spaces = np.asarray(spaces)
    return [design[:, spaces == name] for name in dict.fromkeys(spaces.tolist())]


def himalaya_fit(design, spaces, responses, mixes, **params):
    from himalaya.ridge import GroupRidgeCV

    intercept = params.pop("fit_intercept", True)
    n_folds = params.pop("n_folds", 4)
    return GroupRidgeCV(
        groups="input",
        fit_intercept=intercept,
        cv=Contiguous(n_folds),
        solver_params={
            "n_iter": mixes,
            "alphas": np.array(ALPHAS),
            "progress_bar": False,
            "warn": False,
            **params,
        },
    ).fit(grouped(design, spaces), responses)


def assert_chosen_alike(fitted, peer):
    """Hold that the same was chosen wherever no two mixes are within the tie band."""
    scores = np.sort(peer.cv_scores_, axis=0)
    clear = scores[-1] - scores[-2] > 2 * TIE if len(scores) > 1 else np.ones(1, dtype=bool)
    assert clear.mean() > 0.8
    np.testing.assert_allclose(fitted.inner, scores[-1], rtol=0, atol=2 * TIE)
    np.testing.assert_allclose(fitted.inner[clear], scores[-1][clear], rtol=0, atol=1e-8)
    np.testing.assert_allclose(fitted.deltas[:, clear], peer.deltas_[:, clear], atol=1e-10)
    np.testing.assert_allclose(fitted.weights[:, clear], peer.coef_[:, clear], atol=1e-8)
    return clear


@SHAPES
@pytest.mark.parametrize("criterion", ["r2", "pearson"])
@pytest.mark.parametrize("per_unit", [True, False], ids=["alpha per unit", "one alpha"])
def test_fit_equals_himalaya(widths, criterion, per_unit):
    scoring = pytest.importorskip("himalaya.scoring")
    design, responses = problem(60, sum(widths), 20, 0.3)
    new = problem(50, sum(widths), 20, 0.3, seed=1)[0]
    spaces = ["a"] * widths[0] + ["b"] * widths[1]
    mixes = RandomMixes(8)

    fitted = fit_banded_ridge(
        design,
        responses,
        spaces,
        KFold(ALPHAS, criterion=criterion, n_folds=4),
        mixes,
        seed=3,
        alpha_per_unit=per_unit,
    )

    score = {"r2": scoring.r2_score, "pearson": scoring.correlation_score}[criterion]
    gammas = mixes.draw(2, seed=3)
    peer = himalaya_fit(design, spaces, responses, gammas, score_func=score, local_alpha=per_unit)
    clear = assert_chosen_alike(fitted, peer)
    predicted, expected = fitted.predict(new), peer.predict(grouped(new, spaces))
    np.testing.assert_allclose(predicted[:, clear], expected[:, clear], atol=1e-8)
    assert len(np.unique(fitted.gammas, axis=1).T) > 2


@SHAPES
def test_fit_without_intercept_equals_himalaya_for_three_spaces_interleaved(widths):
    scoring = pytest.importorskip("himalaya.scoring")
    design, responses = problem(60, sum(widths), 15)
    spaces = spaced(sum(widths), ["a", "b", "c"])
    mixes = RandomMixes(6, concentrations=(0.3, 1.0, 5.0))

    fitted = fit_banded_ridge(
        design, responses, spaces, KFold(ALPHAS, n_folds=4, has_intercept=False), mixes, seed=1
    )

    gammas = mixes.draw(3, seed=1)
    peer = himalaya_fit(
        design, spaces, responses, gammas, fit_intercept=False, score_func=scoring.r2_score
    )
    np.testing.assert_array_equal(fitted.intercept, 0)
    ours = np.concatenate(grouped(fitted.weights.T, spaces), axis=1).T
    clear = assert_chosen_alike(
        type(fitted)(ours, fitted.intercept, fitted.alphas, fitted.gammas, fitted.inner), peer
    )
    assert clear.any()


def test_random_mixes_are_those_of_himalaya():
    peer = pytest.importorskip("himalaya.kernel_ridge")

    drawn = RandomMixes(25, concentrations=(0.1, 1.0)).draw(3, seed=9)

    expected = peer.generate_dirichlet_samples(25, 3, concentration=[0.1, 1.0], random_state=9)
    np.testing.assert_array_equal(drawn[1:], expected[1:])
    np.testing.assert_array_equal(drawn[0], 1 / 3)
    np.testing.assert_allclose(drawn.sum(axis=1), 1)


def test_ties_take_the_first_mix():
    """Mixes that differ by rounding are one mix: which is larger by 1e-9 tells nothing."""
    values, responses = problem(60, 9, 40)
    mixes = GivenMixes(((0.5, 0.5), (0.5 + 1e-9, 0.5 - 1e-9), (0.5 - 1e-9, 0.5 + 1e-9)))

    fitted = fit_banded_ridge(values, responses, spaced(9, ["a", "b"]), KFold(ALPHAS), mixes)

    np.testing.assert_array_equal(fitted.gammas, 0.5)


@pytest.mark.parametrize(
    ("alpha", "gammas"), [(1e-20, (0.3, 0.7)), (1e8, (3e27, 7e27))], ids=["alpha", "gamma"]
)
def test_tiny_penalty_gives_least_squares(alpha, gammas):
    """Penalties that squares of the design would lose take the route by singular values."""
    values, responses = problem(100, 12, 5)
    values[:, 3] *= 1e4
    values[:, 7] = values[:, 8]
    spaces = spaced(12, ["a", "b"])

    fitted = fit_banded_ridge(values, responses, spaces, KFold((alpha,)), GivenMixes((gammas,)))

    centred = values - values.mean(axis=0)
    solution = np.linalg.lstsq(centred, responses - responses.mean(axis=0), rcond=None)[0]
    np.testing.assert_allclose(centred @ fitted.weights, centred @ solution, atol=1e-8)


def test_penalty_of_a_space_is_alpha_over_gamma():
    values, responses = problem(50, 7, 4)
    spaces = spaced(7, ["a", "b"])
    gammas = (0.2, 1.5)

    fitted = fit_banded_ridge(values, responses, spaces, KFold((11.0,)), GivenMixes((gammas,)))

    penalty = np.diag([11.0 / gammas[spaces[column] == "b"] for column in range(7)])
    centred = values - values.mean(axis=0)
    expected = np.linalg.solve(centred.T @ centred + penalty, centred.T @ responses)
    np.testing.assert_allclose(fitted.weights, expected, atol=1e-10)


@settings(max_examples=25, deadline=None)
@given(
    n_rows=st.integers(24, 50),
    widths=st.lists(st.integers(1, 40), min_size=1, max_size=4),
    n_units=st.integers(1, 5),
    n_mixes=st.integers(1, 4),
    loo=st.booleans(),
    seed=st.integers(0, 1000),
)
def test_any_shape_equals_the_scaled_reference(n_rows, widths, n_units, n_mixes, loo, seed):
    """The best mix by brute force, for any number of spaces, tall or wide."""
    from heschl.metrics.ridge.fitting import fit_ridge
    from heschl.metrics.ridge.penalties import best_penalties, judge_penalties
    from heschl.metrics.ridge.solver import rotate

    values, responses = problem(n_rows, sum(widths), n_units, seed=seed)
    spaces = np.repeat([f"s{k}" for k in range(len(widths))], widths)
    estimator = LeaveOneOut(ALPHAS) if loo else KFold(ALPHAS, n_folds=3)
    mixes = RandomMixes(n_mixes, concentrations=(1.0,))

    fitted = fit_banded_ridge(values, responses, spaces, estimator, mixes, seed=seed)

    inner = np.full(n_units, -np.inf)
    for gammas in mixes.draw(len(widths), seed=seed):
        scaled = values * np.sqrt(np.repeat(gammas, widths))
        rotation = rotate(scaled, smallest_alpha=ALPHAS[0], has_intercept=True)
        judge = judge_penalties(
            estimator, scaled, rotation, rows=np.arange(n_rows), others=(), seed=seed
        )
        judged = judge(responses)
        reached = np.take_along_axis(judged, best_penalties(judged, estimator)[None], axis=0)[0]
        inner = np.maximum(inner, reached)
        same = (np.abs(fitted.gammas - gammas[:, None]) < 1e-12).all(axis=0)
        plain = fit_ridge(scaled, responses, estimator, seed=seed)
        weights = plain.weights * np.sqrt(np.repeat(gammas, widths))[:, None]
        agree = same & (plain.alphas == fitted.alphas)
        np.testing.assert_allclose(fitted.weights[:, agree], weights[:, agree], atol=1e-8)
        assert (agree == same).all()
    np.testing.assert_allclose(fitted.inner, inner, rtol=0, atol=2 * TIE)
