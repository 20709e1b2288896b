"""Each malformed input to banded ridge gives one clear error; the metric keeps its contract."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from heschl.errors import HeschlError, InvalidInput
from heschl.metrics.ridge import KFold, LeaveOneOut
from heschl.metrics.ridge.banded import (
    BANDED_RIDGE,
    BandedRidge,
    GivenMixes,
    RandomMixes,
    unique_contributions,
    variance_partition,
)
from heschl.splits import Fold
from heschl.testing.metrics import CHECKS, MetricUnderTest

generator = np.random.default_rng(0)
DESIGN = xr.DataArray(
    generator.standard_normal((30, 4)),
    dims=("time", "feature"),
    coords={"space": ("feature", ["a", "a", "b", "b"])},
)
RESPONSES = xr.DataArray(generator.standard_normal((30, 3)), dims=("time", "unit"))
FOLDS = [Fold("a", np.arange(20), np.arange(20, 30))]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_metric_keeps_its_contract(check):
    metric = MetricUnderTest(BANDED_RIDGE, mixes=RandomMixes(6))
    spaces = ["a", "b", "b", "a", "c", "c"]
    vars(metric)["design"] = metric.design.assign_coords(space=("feature", spaces))

    check(metric)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"design": DESIGN.drop_vars("space")}, "has the coordinates .*; several feature spaces"),
        ({"design": DESIGN.drop_vars("space").assign_coords(space="a")}, "along 'feature'"),
        ({"design": DESIGN[:-1]}, "29 rows and the responses 30"),
        ({"design": DESIGN.where(DESIGN > 0)}, "values that are not finite"),
        ({"responses": RESPONSES.where(RESPONSES > 0)}, "values that are not finite"),
        ({"folds": []}, "no fold"),
        ({"seed": -1}, "seed=-1"),
    ],
)
def test_calls_refuse(change, message):
    inputs = {"design": DESIGN, "responses": RESPONSES, "folds": FOLDS, "seed": 0} | change

    with pytest.raises(InvalidInput, match=message):
        BandedRidge()(**inputs)
    for function in (variance_partition, unique_contributions):
        with pytest.raises(InvalidInput, match=message):
            function(**inputs, estimator=LeaveOneOut())


def test_partitions_refuse_too_few_spaces_or_too_many():
    alone = DESIGN.assign_coords(space=("feature", ["a"] * 4))
    values = generator.standard_normal((30, 7))
    many = xr.DataArray(
        values, dims=("time", "feature"), coords={"space": ("feature", [*"abcdefg"])}
    )
    arguments = {"responses": RESPONSES, "folds": FOLDS, "estimator": LeaveOneOut(), "seed": 0}

    for design in (alone, many):
        with pytest.raises(InvalidInput, match="is parted among 2 to 6"):
            variance_partition(design, **arguments)
    with pytest.raises(InvalidInput, match="one feature space, 'a'"):
        unique_contributions(alone, **arguments)
    assert unique_contributions(many, **arguments).sizes["space"] == 7
    with pytest.raises(InvalidInput, match="dtype='float16'"):
        variance_partition(DESIGN, **arguments, dtype="float16")
    with pytest.raises(InvalidInput, match="block=0"):
        variance_partition(DESIGN, **arguments, block=0)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: BandedRidge(score="signed_r"), "score='signed_r'"),
        (lambda: BandedRidge(dtype="float16"), "dtype='float16'"),
        (lambda: BandedRidge(block=0), "block=0"),
        (lambda: RandomMixes(0), "n_mixes=0"),
        (lambda: RandomMixes(n_mixes=True), "n_mixes=True"),
        (lambda: RandomMixes(concentrations=()), r"concentrations=\(\)"),
        (lambda: RandomMixes(concentrations=(0.0,)), "above 0"),
        (lambda: RandomMixes(concentrations=(np.inf,)), "finite numbers"),
        (lambda: RandomMixes(concentrations="uniform"), "a sequence of numbers"),
        (lambda: GivenMixes(()), "at least one mix"),
        (lambda: GivenMixes((1.0, 2.0)), "a sequence of numbers for each mix"),
        (lambda: GivenMixes(((1.0, -0.1),)), r"the mix \(1.0, -0.1\)"),
        (lambda: GivenMixes(((0.0, 0.0),)), "one of them above 0"),
        (lambda: GivenMixes(((np.nan, 1.0),)), "finite"),
        (lambda: GivenMixes(((),)), r"the mix \(\)"),
    ],
)
def test_settings_refuse(make, message):
    with pytest.raises(InvalidInput, match=message):
        make()


def test_given_mixes_refuse_another_number_of_spaces():
    metric = BandedRidge(KFold((1.0,)), GivenMixes(((0.2, 0.3, 0.5),)))

    with pytest.raises(HeschlError, match="of 3 feature spaces and the design has 2"):
        metric(DESIGN, RESPONSES, FOLDS, seed=0)
