"""The ridge metric on simulated responses whose expected scores have a closed form.

Responses are ``y = Xw + n`` with w ~ N(0, share / features) and n ~ N(0, 1 - share): unit variance,
of which ``share`` can be explained. Tolerances are those of the derivations, which hold in the
mean over at least 50 units and 3 draws.
"""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from heschl.metrics.ridge import (
    Bootstrap,
    KFold,
    LeaveOneOut,
    Nested,
    Ridge,
    fit_ridge,
    huth_penalties,
    nested_ridge,
)
from heschl.splits import Fold

LEAST_SQUARES = KFold((1e-9,), n_folds=2)
N_TEST = 1000


def slow(generator, n_rows, n_features, coefficient):
    values = generator.standard_normal((n_rows, n_features))
    for row in range(1, n_rows):
        values[row] = coefficient * values[row - 1] + np.sqrt(1 - coefficient**2) * values[row]
    return values


def simulate(design, share, n_units, generator):
    n_rows, n_features = design.shape
    weights = generator.standard_normal((n_features, n_units)) * np.sqrt(share / n_features)
    noise = generator.standard_normal((n_rows, n_units)) * np.sqrt(1 - share)
    return design @ weights + noise, weights


def scored(estimator, design, responses, n_train, score="pearson"):
    rows = np.arange(len(design))
    fold = Fold("held out", rows[:n_train], rows[n_train:])
    return Ridge(estimator, score=score)(
        xr.DataArray(design, dims=("time", "feature")),
        xr.DataArray(responses, dims=("time", "unit")),
        [fold],
        seed=0,
    ).isel(fold=0)


def of_draws(measure, n_draws=3):
    return np.mean([measure(np.random.default_rng(seed)) for seed in range(n_draws)], axis=0)


@pytest.mark.parametrize(
    ("n_train", "n_features", "share"), [(1500, 200, 0.25), (600, 100, 0.1), (800, 120, 0.5)]
)
def test_least_squares_scores_as_expected(n_train, n_features, share):
    def measure(generator):
        design = generator.standard_normal((n_train + N_TEST, n_features))
        responses, _ = simulate(design, share, 200, generator)
        return [
            float(scored(LEAST_SQUARES, design, responses, n_train, score)["score"].mean())
            for score in ("pearson", "r2")
        ]

    r, r2 = of_draws(measure)

    # One degree of freedom goes to the intercept.
    inflation = n_features / (n_train - 1 - n_features - 1)
    assert r == pytest.approx(share**0.5 / (1 + (1 - share) / share * inflation) ** 0.5, abs=0.01)
    assert r2 == pytest.approx(1 - (1 - share) * (1 + inflation), abs=0.01)


def ridge_expectation(n_train, n_features, share):
    """Return the best penalty and the correlation it gives, for a white design (random-matrix)."""
    alpha = n_features * (1 - share) / share
    gamma, ell = n_features / n_train, alpha / n_train
    root = np.sqrt((1 - gamma + ell) ** 2 + 4 * gamma * ell)
    m = (root - (1 - gamma + ell)) / (2 * gamma * ell)
    return alpha, np.sqrt(share - (1 - share) * gamma * m)


@pytest.mark.parametrize("share", [0.05, 0.1, 0.25, 0.3])
def test_leave_one_out_finds_the_best_penalty(share):
    n_train, n_features = 1500, 200
    best_alpha, _ = ridge_expectation(n_train, n_features, share)

    def measure(generator):
        design = generator.standard_normal((n_train, n_features))
        responses, _ = simulate(design, share, 60, generator)
        alphas = fit_ridge(design, responses, LeaveOneOut()).alphas
        one_step = 7 / 19
        return np.mean(np.abs(np.log10(alphas / best_alpha)) <= one_step)

    assert of_draws(measure) >= 0.8


@pytest.mark.parametrize(
    ("n_train", "n_features", "share", "estimator"),
    [
        (1500, 200, 0.25, LeaveOneOut()),
        (600, 300, 0.25, LeaveOneOut()),
        (600, 300, 0.25, KFold()),
        (600, 300, 0.25, Bootstrap()),
        (1000, 200, 0.05, LeaveOneOut()),
        (300, 450, 0.3, LeaveOneOut()),
        (300, 450, 0.3, Bootstrap()),
    ],
    ids=["tall", "half", "half k-fold", "half bootstrap", "weak", "wide", "wide bootstrap"],
)
def test_ridge_scores_as_expected(n_train, n_features, share, estimator):
    best_alpha, expected = ridge_expectation(n_train, n_features, share)

    def measure(generator):
        design = generator.standard_normal((n_train + N_TEST, n_features))
        responses, _ = simulate(design, share, 60, generator)
        return [
            float(scored(each, design, responses, n_train)["score"].mean())
            for each in (KFold((best_alpha,), n_folds=2), estimator)
        ]

    known, chosen = of_draws(measure)

    assert known == pytest.approx(expected, abs=0.01)
    assert chosen >= expected - 0.015


@pytest.mark.parametrize("alpha", [1e-9, 140.0], ids=["least squares", "ridge"])
def test_excess_error_follows_the_design_at_hand(alpha):
    """Conditional on a slow design: exact in the mean over weights and noise."""
    n_train, n_features, share = 800, 60, 0.3

    def measure(generator):
        design = slow(generator, n_train + N_TEST, n_features, 0.8)
        responses, weights = simulate(design, share, 200, generator)
        train, test = design[:n_train], design[n_train:]
        estimator = KFold((alpha,), n_folds=2, has_intercept=False)
        fitted = fit_ridge(train, responses[:n_train], estimator)
        excess = np.mean((fitted.predict(test) - test @ weights) ** 2)

        gram = train.T @ train
        inverse = np.linalg.inv(gram + alpha * np.eye(n_features))
        noise = np.einsum("ti,ij,tj->t", test, inverse @ gram @ inverse, test).mean()
        bias = np.sum((test @ (np.eye(n_features) - gram @ inverse)) ** 2, axis=1).mean()
        expected = (1 - share) * noise + share / n_features * bias
        return excess, expected

    excess, expected = of_draws(measure)

    assert excess == pytest.approx(expected, abs=0.001)
    if alpha < 1:
        # The formula for white designs, which a slow one must exceed.
        assert excess > (1 - share) * n_features / (n_train - n_features - 1) * 1.2


@pytest.mark.parametrize(
    "estimator",
    [LeaveOneOut(), KFold(), Bootstrap()],
    ids=["leave one out", "k-fold", "bootstrap"],
)
def test_noise_scores_zero(estimator):
    n_units, n_test = 300, 500
    generator = np.random.default_rng(4)
    design = generator.standard_normal((400 + n_test, 50))
    responses = generator.standard_normal((400 + n_test, n_units))

    found = scored(estimator, design, responses, 400)

    assert abs(found["score"].mean()) < 3 / np.sqrt(n_test * n_units)


@pytest.mark.parametrize("score", [pytest.param("pearson", marks=pytest.mark.long), "r2"])
def test_best_layer_of_noise_is_optimistic_and_the_nested_one_is_not(score):
    """Twelve layers of noise: the maximum over layers gains, the nested choice does not.

    R² charges a prediction of noise with its own variance, |w|² for a white design, and the layer
    that does best on training rows has larger weights than the others: what the nested choice
    costs by that is taken into account. A correlation does not know of the scale.
    """
    n_rows, n_features, n_units, n_layers = 500, 40, 50, 12
    fold = Fold("only", np.arange(n_rows), np.arange(n_rows, 2 * n_rows))
    estimator = LeaveOneOut((500.0,))

    def measure(generator):
        designs = {
            str(layer): xr.DataArray(
                generator.standard_normal((2 * n_rows, n_features)), dims=("time", "feature")
            )
            for layer in range(n_layers)
        }
        responses = xr.DataArray(
            generator.standard_normal((2 * n_rows, n_units)), dims=("time", "unit")
        )
        alone = [
            Ridge(estimator, score=score)(design, responses, [fold], seed=0)["score"]
            for design in designs.values()
        ]
        nested = nested_ridge(designs, responses, [fold], estimator, seed=0, score=score)

        energy = [
            np.sum(fit_ridge(design[:n_rows], responses[:n_rows], estimator).weights ** 2, axis=0)
            for design in designs.values()
        ]
        chosen = nested["layer"].to_numpy().astype(int)
        of_chosen = np.take_along_axis(np.array(energy), chosen, axis=0)
        mean = np.mean(alone)
        return (
            nested["score_max"].mean() - mean,
            nested["score"].mean() - mean,
            np.mean(of_chosen) - np.mean(energy),
        )

    optimism, of_nested, cost = of_draws(measure, n_draws=6)

    if score == "r2":
        assert optimism == pytest.approx(0.02, abs=0.004)
        assert of_nested == pytest.approx(-cost, abs=0.004)
    else:
        # The expected maximum of 12 normal values is 1.63 standard deviations.
        assert optimism == pytest.approx(1.63 / np.sqrt(n_rows), abs=0.004)
        assert of_nested == pytest.approx(0.0, abs=0.004)


def test_nested_choice_finds_the_planted_layer():
    generator = np.random.default_rng(0)
    layers = {name: generator.standard_normal((600, 20)) for name in ("cnn", "block.0", "block.1")}
    planted = np.array(list(layers))[np.arange(30) % 3]
    responses = np.hstack([simulate(layers[name], 0.3, 1, generator)[0] for name in planted])
    parts = np.array_split(np.arange(600), 4)
    folds = [Fold(str(k), np.setdiff1d(np.arange(600), part), part) for k, part in enumerate(parts)]

    found = nested_ridge(
        {name: xr.DataArray(layer, dims=("time", "feature")) for name, layer in layers.items()},
        xr.DataArray(responses, dims=("time", "unit")),
        folds,
        Nested(criterion="pearson"),
        seed=0,
    )

    assert (found["layer"] == planted).all()
    assert (found["score_max"] >= found["score"]).all()
    for name, layer in layers.items():
        alone = Ridge(Nested(criterion="pearson"))(
            xr.DataArray(layer, dims=("time", "feature")),
            xr.DataArray(responses, dims=("time", "unit")),
            folds,
            seed=0,
        )
        for variable in ("score", "alpha"):
            np.testing.assert_array_equal(
                found[variable][:, planted == name], alone[variable][:, planted == name]
            )


def test_finite_impulse_weights_lie_at_the_planted_lag():
    """A response of lag 2 alone: at least 95 % of the weight energy is there."""
    generator = np.random.default_rng(0)
    features = generator.standard_normal((1500, 10))
    delayed = [np.vstack([np.zeros((d, 10)), features[:-d]]) for d in (1, 2, 3, 4)]
    responses, _ = simulate(delayed[1], 0.3, 60, generator)

    fitted = fit_ridge(np.hstack(delayed), responses, Bootstrap(huth_penalties(1, 4, 15)))

    energy = np.sum(fitted.weights.reshape(4, 10, 60) ** 2, axis=(1, 2))
    assert energy[1] / energy.sum() >= 0.95
