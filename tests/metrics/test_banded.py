"""Banded ridge against himalaya, plain ridge and plain linear algebra."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import KFold as Contiguous
from tests.metrics.simulated_ridge import labelled, problem, thirds

from heschl.metrics.ridge import Bootstrap, KFold, LeaveOneOut, Nested, Ridge
from heschl.metrics.ridge.banded import (
    BandedRidge,
    GivenMixes,
    RandomMixes,
    fit_banded_ridge,
    tiles,
)
from heschl.metrics.ridge.engine import route
from heschl.metrics.ridge.penalties import TIE
from heschl.splits import Fold

ALPHAS = (0.1, 3.0, 30.0, 200.0, 3000.0)
SHAPES = pytest.mark.parametrize(
    "widths", [(8, 5), (30, 45), (90, 4)], ids=["tall", "inner wide", "wide"]
)
"""Of 60 or 40 training rows."""


def spaced(n_features, names):
    """Return a space for each feature, the spaces interleaved as far as they go."""
    return [names[column % len(names)] for column in range(n_features)]


def in_spaces(design, spaces):
    return design.assign_coords(space=("feature", spaces))


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


ESTIMATORS = (
    LeaveOneOut(ALPHAS),
    KFold(ALPHAS, n_folds=3),
    Nested(ALPHAS, criterion="pearson"),
    Bootstrap(ALPHAS, chunk=4, n_draws=3),
    Bootstrap(ALPHAS, chunk=4, n_draws=3, alpha_per_unit=False),
)
NAMES = ("loo", "kfold", "nested", "boot", "boot with one alpha")


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=NAMES)
@SHAPES
def test_even_mix_is_plain_ridge(estimator, widths):
    """With gamma = 1/S everywhere the penalty of all columns is S alpha."""
    design, responses = labelled(*problem(60, sum(widths), 7, 0.4))
    design = in_spaces(design, spaced(sum(widths), ["a", "b"]))

    found = BandedRidge(estimator, GivenMixes(((0.5, 0.5),)), dtype="float64")(
        design, responses, thirds(60), seed=2
    )

    doubled = type(estimator)(**{**vars(estimator), "alphas": tuple(2 * alpha for alpha in ALPHAS)})
    plain = Ridge(doubled, engine="reference")(design, responses, thirds(60), seed=2)
    np.testing.assert_allclose(2 * found["alpha"], plain["alpha"])
    np.testing.assert_allclose(found["score"], plain["score"], atol=1e-9)
    np.testing.assert_array_equal(found["flag_constant"], plain["flag_constant"])
    assert found["roi"].equals(plain["roi"])


@pytest.mark.parametrize("estimator", ESTIMATORS[:4], ids=NAMES[:4])
@SHAPES
def test_mix_is_the_best_of_scaled_plain_ridges(estimator, widths):
    """Each mix is ridge of a design whose columns are multiplied by the roots of their gammas."""
    from heschl.metrics.ridge.fitting import score_fold

    values, responses = problem(60, sum(widths), 7, 0.4)
    design, recording = labelled(values, responses)
    spaces = spaced(sum(widths), ["a", "b"])
    mixes = ((0.2, 0.8), (0.97, 0.03), (0.0, 1.0), (0.5, 0.5))

    found = BandedRidge(estimator, GivenMixes(mixes), dtype="float64")(
        in_spaces(design, spaces), recording, thirds(60), seed=2
    )

    for row, fold in enumerate(thirds(60)):
        results = [
            score_fold(
                values * np.sqrt(np.where(np.array(spaces) == "a", *mix)),
                responses,
                estimator,
                train=fold.train,
                test=fold.test,
                others=[other.test for other in thirds(60) if other.name != fold.name],
                score="pearson",
                seed=2,
                block=4,
            )
            for mix in mixes
        ]
        best = np.argmax([result.inner for result in results], axis=0)
        for unit, number in enumerate(best):
            np.testing.assert_array_equal(found["gamma"][row, :, unit], mixes[number])
            assert found["alpha"][row, unit] == results[number].alpha[unit]
            np.testing.assert_allclose(
                found["score"][row, unit], results[number].score[unit], atol=1e-9
            )


@SHAPES
@pytest.mark.parametrize("score", ["pearson", "r2"])
@pytest.mark.parametrize("intercept", [True, False], ids=["intercept", "origin"])
def test_split_is_the_product_measure(widths, score, intercept):
    scoring = pytest.importorskip("himalaya.scoring")
    values, responses = problem(60, sum(widths), 6, 0.2)
    train, test = np.arange(40), np.arange(40, 60)
    responses[test] -= responses[test].mean(axis=0)  # as the peer wants it
    if not intercept:
        responses[train] -= responses[train].mean(axis=0)
    else:
        responses[train] -= 0.7
    spaces = spaced(sum(widths), ["a", "b", "c"])
    design, recording = labelled(values, responses)
    estimator = KFold(ALPHAS, n_folds=3, has_intercept=intercept)

    found = BandedRidge(estimator, RandomMixes(5), score, dtype="float64")(
        in_spaces(design, spaces), recording, [Fold("last", train, test)], seed=0
    ).isel(fold=0)

    fitted = fit_banded_ridge(values[train], responses[train], spaces, estimator, RandomMixes(5))
    centre = values[train].mean(axis=0) if intercept else 0.0
    masks = [np.array(spaces) == name for name in found["space"].to_numpy()]
    predicted = np.stack([((values[test] - centre) * mask) @ fitted.weights for mask in masks])
    offset = responses[train].mean(axis=0) if intercept else np.zeros(6)
    if score == "pearson":
        expected = scoring.correlation_score_split(responses[test], predicted)
        np.testing.assert_allclose(found["score_split"].sum("space"), found["score"], atol=1e-10)
    else:
        centred = responses[test] - offset
        total = (responses[test] ** 2).sum(axis=0)
        expected = np.stack(
            [
                ((2 * centred - predicted.sum(axis=0)) * each).sum(axis=0) / total
                for each in predicted
            ]
        )
        of_intercept = len(test) * offset**2 / total
        np.testing.assert_allclose(
            found["score_split"].sum("space") - of_intercept, found["score"], atol=1e-10
        )
        if not intercept:
            peer = scoring.r2_score_split(responses[test], predicted)
            np.testing.assert_allclose(expected, peer, atol=1e-10)
    np.testing.assert_allclose(found["score_split"], expected, atol=1e-9)


def test_planted_mix_is_found():
    """Units driven by one space get a mix that leaves out the other, and gain by it."""
    generator = np.random.default_rng(0)
    values = generator.standard_normal((240, 120))
    signal = values[:, :20] @ generator.standard_normal((20, 30))
    responses = signal + signal.std() * generator.standard_normal(signal.shape)
    spaces = ["small"] * 20 + ["large"] * 100
    design, recording = labelled(values, responses)
    fold = [Fold("last", np.arange(160), np.arange(160, 240))]
    alphas = tuple(np.logspace(0, 4, 9))

    banded = BandedRidge(KFold(alphas), RandomMixes(20))(
        in_spaces(design, spaces), recording, fold, seed=0
    )

    plain = Ridge(KFold(alphas))(design, recording, fold, seed=0)
    assert (banded["gamma"].sel(space="small") > 0.9).mean() > 0.9
    assert float(abs(banded["score_split"].sel(space="large")).mean()) < 0.02
    assert float(banded["score"].mean()) > float(plain["score"].mean()) + 0.1


def test_constant_units_score_nothing_and_are_flagged():
    values, responses = problem(60, 9, 4)
    responses[:, 1] = 5.0
    responses[:40, 2] = -1.0
    responses[40:, 3] = 2.0
    design, recording = labelled(values, responses)

    for score in ("pearson", "r2"):
        found = BandedRidge(KFold(ALPHAS), RandomMixes(5), score)(
            in_spaces(design, spaced(9, ["a", "b"])),
            recording,
            [Fold("last", np.arange(40), np.arange(40, 60))],
            seed=0,
        )
        np.testing.assert_array_equal(found["flag_constant"][0], [0, 1, 1, 1])
        assert np.isfinite(found["score_split"]).all()
        np.testing.assert_array_equal(found["score_split"][0, :, [1, 3]], 0)
        np.testing.assert_array_equal(found["score"][0, [1, 3]], 0)


def test_float32_agrees_with_float64():
    values, responses = problem(300, 40, 200, 0.5)
    design, recording = labelled(values, responses)
    design = in_spaces(design, spaced(40, ["a", "b", "c"]))
    mixes = RandomMixes(6, concentrations=(1.0,))

    single, double = (
        BandedRidge(Nested(ALPHAS), mixes, dtype=dtype)(design, recording, thirds(300), seed=0)
        for dtype in ("float32", "float64")
    )

    alike = (single["alpha"] == double["alpha"]) & (single["gamma"] == double["gamma"]).all("space")
    assert alike.mean() > 0.99
    assert float(abs(single["score"] - double["score"]).where(alike).max()) < 5e-6
    assert float(abs(single["score_split"] - double["score_split"]).where(alike).max()) < 5e-6


def test_ties_take_the_first_mix():
    """Mixes that differ by rounding are one mix: which is larger by 1e-9 tells nothing."""
    values, responses = problem(60, 9, 40)
    mixes = GivenMixes(((0.5, 0.5), (0.5 + 1e-9, 0.5 - 1e-9), (0.5 - 1e-9, 0.5 + 1e-9)))

    fitted = fit_banded_ridge(values, responses, spaced(9, ["a", "b"]), KFold(ALPHAS), mixes)

    np.testing.assert_array_equal(fitted.gammas, 0.5)


@pytest.mark.parametrize("per_unit", [True, False], ids=["alpha per unit", "one alpha"])
def test_units_that_hardly_vary_somewhere_keep_their_digits(per_unit):
    """A unit a million times quieter in a third of the rows is solved in float64 there."""
    values, responses = problem(90, 12, 6)
    responses -= responses.mean(axis=0)
    responses[:30, ::2] *= 1e-6
    design, recording = labelled(values, responses + 7.0)
    design = in_spaces(design, spaced(12, ["a", "b"]))
    settings = {"mixes": RandomMixes(4), "alpha_per_unit": per_unit}

    single, double = (
        BandedRidge(Nested(ALPHAS), dtype=dtype, **settings)(design, recording, thirds(90), seed=0)
        for dtype in ("float32", "float64")
    )

    np.testing.assert_array_equal(single["gamma"], double["gamma"])
    np.testing.assert_array_equal(single["alpha"], double["alpha"])
    np.testing.assert_allclose(single["score"], double["score"], rtol=0, atol=5e-6)
    np.testing.assert_allclose(single["score_split"], double["score_split"], rtol=0, atol=5e-6)
    if per_unit:
        plain = Ridge(Nested(tuple(2 * alpha for alpha in ALPHAS)), engine="reference")(
            design, recording, thirds(90), seed=0
        )
        even = BandedRidge(Nested(ALPHAS), GivenMixes(((0.5, 0.5),)))(
            design, recording, thirds(90), seed=0
        )
        np.testing.assert_allclose(even["score"], plain["score"], rtol=0, atol=5e-6)


def test_nothing_depends_on_memory(monkeypatch):
    """Tiles read anew, chunks of units and Gram matrices formed anew change no number."""
    values, responses = problem(90, 20, 70, 0.5)
    design, recording = labelled(values, responses)
    design = in_spaces(design, spaced(20, ["a", "b"]))
    metric = BandedRidge(Nested(ALPHAS), RandomMixes(5), dtype="float64", alpha_per_unit=False)
    expected = metric(design, recording, thirds(90), seed=0)

    monkeypatch.setattr(tiles, "KEPT_BYTES", 0)
    anew = metric(design, recording, thirds(90), seed=0)
    monkeypatch.setattr(route, "BLOCK_BYTES", 0)
    small = BandedRidge(
        Nested(ALPHAS), RandomMixes(5), dtype="float64", alpha_per_unit=False, block=16
    )(design, recording, thirds(90), seed=0)

    xr.testing.assert_identical(anew, expected)
    xr.testing.assert_allclose(small, expected, rtol=1e-9, atol=1e-10)


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
