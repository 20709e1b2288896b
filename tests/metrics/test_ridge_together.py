"""What a recording gets does not depend, by a bit, on which others are solved with it."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import xarray as xr
from tests.metrics.ridge_spectra import PENALTIES, design_of, responses_to

from heschl.metrics.ridge import Bootstrap, KFold, LeaveOneOut, Nested, Ridge
from heschl.splits import Fold

N_ROWS = 120
ESTIMATORS = {
    "nested": Nested(PENALTIES, "pearson"),
    "leave one out": LeaveOneOut(PENALTIES),
    "k-fold": KFold(PENALTIES),
    "bootstrap": Bootstrap(PENALTIES, "signed_r", chunk=5),
    "one penalty": Bootstrap(PENALTIES, "pearson", n_draws=3, alpha_per_unit=False),
}
N_UNITS = {"few": 5, "one": 1, "many": 300, "some": 37, "delicate": 9}


def folds():
    rows = np.arange(N_ROWS)
    return [
        Fold(f"fold {number}", train=np.setdiff1d(rows, test), test=test)
        for number, test in enumerate(np.array_split(rows, 4))
    ]


def labelled(values, dimension):
    return xr.DataArray(values, dims=("time", dimension))


def experiment(n_features):
    """Return a design and recordings of very different sizes; one has units to be solved again."""
    values = design_of("1/p", N_ROWS, n_features)
    recordings = {
        name: responses_to(values, n_units, seed=number)
        for number, (name, n_units) in enumerate(N_UNITS.items())
    }
    recordings["delicate"][:90, ::2] *= 1e-6
    recordings["few"][:, 0] = 3.0
    named = {name: labelled(each, "unit") for name, each in recordings.items()}
    return labelled(values, "feature"), named


def assert_same_bits(found, expected):
    assert found.identical(expected)
    for name, values in expected.data_vars.items():
        assert found[name].to_numpy().tobytes() == values.to_numpy().tobytes(), name


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("n_features", [12, 60, 200], ids=["tall", "between", "wide"])
@pytest.mark.parametrize("name", ESTIMATORS)
def test_recordings_get_the_same_bits_in_any_company(name, n_features, dtype):
    design, recordings = experiment(n_features)
    metric = Ridge(ESTIMATORS[name], dtype=dtype)
    alone = {each: metric(design, recordings[each], folds(), seed=3) for each in recordings}

    companies = [
        tuple(recordings),
        tuple(recordings)[::-1],
        *itertools.pairwise(recordings),
    ]
    for company in companies:
        chosen = {each: recordings[each] for each in company}
        found = metric.score_many(design, chosen, folds(), seed=3)
        assert list(found) == list(company)
        for each in company:
            assert_same_bits(found[each], alone[each])
