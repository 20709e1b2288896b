"""What the ridge metric promises whatever the estimator: flags, invariances, labels, its card."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
import xarray as xr
from tests.metrics.simulated_ridge import ALPHAS, labelled, problem, thirds

from heschl.configuration import canonical_json
from heschl.metrics.ridge import (
    RIDGE,
    Bootstrap,
    KFold,
    LeaveOneOut,
    Nested,
    Ridge,
    huth_penalties,
    nested_ridge,
)

ESTIMATORS = pytest.mark.parametrize(
    "estimator",
    [LeaveOneOut(ALPHAS), KFold(ALPHAS, n_folds=3), Bootstrap(ALPHAS, chunk=4), Nested(ALPHAS)],
    ids=["leave one out", "k-fold", "bootstrap", "nested"],
)


@ESTIMATORS
def test_units_without_variance_score_zero_and_are_flagged(estimator):
    design, responses = problem(n_units=6)
    folds = thirds(len(design))
    responses[:, 1] = 0.1
    responses[folds[0].test, 2] = 0.1
    responses[folds[0].train, 3] = 0.1
    responses[folds[0].train, 4] = 0.0

    for score in ("pearson", "r2", "signed_r"):
        found = Ridge(estimator, score=score)(*labelled(design, responses), folds, seed=0)

        assert np.isfinite(found["score"]).all()
        expected = np.zeros((3, 6))
        expected[:, 1] = 1
        expected[0, 2] = 1
        expected[1:, [3, 4]] = 1  # the other folds test on rows that the first trains on
        expected[0, 3] = estimator.has_intercept
        expected[0, 4] = 1
        np.testing.assert_array_equal(found["flag_constant"], expected)
        if score == "pearson":
            assert (found["score"].to_numpy()[expected == 1] == 0).all()
        assert (found["score"][:, 1] == 0).all()
        assert found["score"][0, 2] == 0


@ESTIMATORS
@pytest.mark.parametrize("where", ["train", "test"])
def test_design_without_variance_predicts_nothing(estimator, where):
    design, responses = problem(n_features=4)
    folds = thirds(len(design))
    design[getattr(folds[0], where)] = 0.0

    found = Ridge(estimator)(*labelled(design, responses), folds[:3], seed=0)

    assert np.isfinite(found["score"]).all()
    assert (found["flag_constant"][0] == 1).all()
    assert (found["score"][0] == 0).all()


@ESTIMATORS
def test_units_permute_and_double_without_any_other_change(estimator):
    design, responses = problem(n_units=11)
    folds = thirds(len(design))
    order = np.random.default_rng(3).permutation(22) % 11
    metric = Ridge(estimator, block=5)

    once = metric(*labelled(design, responses), folds, seed=0)
    again = metric(*labelled(design, responses), folds, seed=0)
    shuffled = metric(*labelled(design, responses[:, order]), folds, seed=0)

    xr.testing.assert_identical(once, again)
    np.testing.assert_array_equal(shuffled["alpha"], once["alpha"][:, order])
    np.testing.assert_allclose(shuffled["score"], once["score"][:, order], rtol=0, atol=1e-12)


@ESTIMATORS
def test_invariances_hold(estimator):
    design, responses = problem(n_features=10)
    generator = np.random.default_rng(9)
    rotation = np.linalg.qr(generator.standard_normal((10, 10)))[0]
    folds = thirds(len(design))

    def scores(a_design, a_responses):
        metric = Ridge(estimator, dtype="float64")
        return metric(*labelled(a_design, a_responses), folds, seed=0)["score"]

    expected = scores(design, responses)
    for other in (
        scores(design[:, ::-1], responses),
        scores(design @ rotation, responses),
        scores(design, 1000.0 * responses),
    ):
        np.testing.assert_allclose(other, expected, rtol=0, atol=1e-10)
    if estimator.has_intercept:
        shifted = scores(design + 5.0, responses - 20.0)
        np.testing.assert_allclose(shifted, expected, rtol=0, atol=1e-10)


@ESTIMATORS
def test_test_rows_take_no_part_in_the_choice(estimator):
    design, responses = problem()
    fold = thirds(len(design))[1]
    folds = [fold, *(other for other in thirds(len(design)) if other.name != fold.name)]
    changed = responses.copy()
    changed[fold.test] = np.random.default_rng(0).permutation(changed[fold.test])

    before = Ridge(estimator)(*labelled(design, responses), folds, seed=0)
    after = Ridge(estimator)(*labelled(design, changed), folds, seed=0)

    np.testing.assert_array_equal(before["alpha"][0], after["alpha"][0])
    assert (before["score"][0] != after["score"][0]).all()


def test_memory_maps_are_read_and_nothing_is_changed(tmp_path):
    design, responses = problem(n_units=9)
    np.save(tmp_path / "responses.npy", responses.astype(np.float32))
    mapped = np.load(tmp_path / "responses.npy", mmap_mode="r")
    inputs = labelled(design.astype(np.float32), mapped)
    before = [array.copy(deep=True) for array in inputs]
    folds = thirds(len(design))

    found = Ridge(LeaveOneOut(ALPHAS), block=2, dtype="float64")(*inputs, folds, seed=0)
    whole = Ridge(LeaveOneOut(ALPHAS), dtype="float64")(
        *labelled(design.astype(np.float32), np.array(mapped)), folds, seed=0
    )

    for array, copy in zip(inputs, before, strict=True):
        xr.testing.assert_identical(array, copy)
    np.testing.assert_allclose(found["score"], whole["score"], rtol=0, atol=1e-12)


def test_result_is_labelled_and_survives_a_file(tmp_path):
    design, responses = problem()
    inputs = labelled(design, responses)
    folds = thirds(len(design))[:2]

    found = Ridge(KFold(ALPHAS), score="r2")(*inputs, folds, seed=0)
    nested = nested_ridge({"a": inputs[0]}, inputs[1], folds, KFold(ALPHAS), seed=0, score="r2")

    assert found["score"].dims == ("fold", "unit")
    assert found["score"].dtype == np.float64
    assert found["fold"].to_numpy().tolist() == ["part 0", "part 1"]
    np.testing.assert_array_equal(found["unit"], inputs[1]["unit"])
    assert (found["roi"] == "A1").all()
    assert found["n_train"].to_numpy().tolist() == [40, 40]
    assert found["n_test"].to_numpy().tolist() == [20, 20]
    for dataset in (found, nested):
        dataset.to_netcdf(tmp_path / "score.nc")
        with xr.open_dataset(tmp_path / "score.nc") as back:
            xr.testing.assert_equal(back.load(), dataset)
    xr.testing.assert_equal(nested["score"], found["score"])
    assert "optimistic" in nested["score_max"].attrs["note"]


def test_configuration_tells_every_setting():
    metric = Ridge(Bootstrap(huth_penalties(1, 2, 2)), score="signed_r")

    configuration = json.loads(canonical_json(metric))

    assert configuration == {
        "block": 1024,
        "dtype": "float32",
        "engine": "fast",
        "estimator": {
            "alpha_per_unit": True,
            "alphas": [100.0, 10000.0],
            "chunk": 20,
            "criterion": "r2",
            "fraction": 0.25,
            "kind": "Bootstrap",
            "n_draws": 3,
        },
        "kind": "Ridge",
        "numerics": 4,
        "score": "signed_r",
    }


def test_card_loads_the_metric_and_is_read_lightly():
    code = (
        "import sys; from heschl.metrics.ridge import RIDGE; print(RIDGE.id, "
        "{'numpy', 'xarray', 'sklearn'} & set(sys.modules))"
    )
    listed = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    metric = RIDGE.target()(estimator=KFold(), score="r2")

    assert listed.stdout == "ridge set()\n"
    assert metric.card is RIDGE
    assert metric.power == "variance"
    assert "R²" in metric.meaning
    assert Ridge().power == "correlation"
