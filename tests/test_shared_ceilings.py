"""Ceilings across listeners against closed forms and scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from simulated_repeats import columns_r, labelled, simulated
from sklearn.decomposition import PCA

from heschl.errors import InvalidInput
from heschl.shared_ceilings import SharedCorrelation, SharedPrediction
from heschl.splits import ContiguousKFold, Fold


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
