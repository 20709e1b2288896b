"""The banded ridge metric against himalaya and plain ridge."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from tests.metrics.simulated_ridge import ALPHAS, WIDTHS, labelled, problem, spaced, thirds

from heschl.metrics.ridge import Bootstrap, KFold, LeaveOneOut, Nested, Ridge
from heschl.metrics.ridge.banded import (
    BandedRidge,
    GivenMixes,
    RandomMixes,
    fit_banded_ridge,
    tiles,
)
from heschl.metrics.ridge.engine import route
from heschl.splits import Fold

SHAPES = pytest.mark.parametrize("widths", WIDTHS.values(), ids=WIDTHS)


def in_spaces(design, spaces):
    return design.assign_coords(space=("feature", spaces))


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
