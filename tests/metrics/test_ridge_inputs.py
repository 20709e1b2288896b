"""Each malformed input to the ridge metric gives one clear error."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from heschl.errors import InvalidInput
from heschl.metrics.ridge import Bootstrap, KFold, LeaveOneOut, Nested, Ridge, nested_ridge
from heschl.splits import Fold

generator = np.random.default_rng(0)
DESIGN = xr.DataArray(
    generator.standard_normal((30, 3)),
    dims=("time", "feature"),
    coords={"time": np.arange(30.0), "feature": ["low", "mid", "high"]},
)
RESPONSES = xr.DataArray(
    generator.standard_normal((30, 4)), dims=("time", "unit"), coords={"time": np.arange(30.0)}
)
FOLDS = [Fold("a", np.arange(20), np.arange(20, 30)), Fold("b", np.arange(10, 30), np.arange(10))]


def with_value(array, row, column, value):
    changed = array.copy(deep=True)
    changed[row, column] = value
    return changed


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"design": DESIGN[:-1]}, "29 rows and the responses 30"),
        ({"design": DESIGN.assign_coords(time=np.arange(30.0) + 0.5)}, "differ in time from row 0"),
        ({"design": DESIGN.T}, r"dims \('feature', 'time'\); expected \('time', 'feature'\)"),
        ({"design": DESIGN.to_numpy()}, "the design is a ndarray"),
        ({"design": DESIGN.astype(complex)}, "holds complex128; expected real"),
        ({"design": DESIGN[:, :0]}, r"shape \(30, 0\)"),
        ({"design": with_value(DESIGN, 4, 1, np.nan)}, "1 of 3 features .* first is .*'mid'"),
        ({"design": with_value(DESIGN, 4, 2, -np.inf)}, "first is .*'high'"),
        ({"design": with_value(DESIGN, 4, 0, 1e200)}, "first is .*'low'"),
        ({"responses": RESPONSES.rename(unit="voxel")}, r"expected \('time', 'unit'\)"),
        ({"responses": with_value(RESPONSES, 4, [0, 2], np.nan)}, "2 of 4 units"),
        ({"responses": with_value(RESPONSES, 4, 3, 1e200)}, "1 of 4 units"),
        ({"folds": []}, "no fold"),
        ({"folds": [FOLDS[0], FOLDS[0]]}, "each name once"),
        ({"folds": [Fold("x", np.arange(20), np.array([25]))]}, "test rows of length 1"),
        ({"folds": [Fold("x", np.array([0]), np.arange(20, 30))]}, "train rows of length 1"),
        ({"folds": [Fold("x", np.arange(20), np.arange(20, 31))]}, "rows up to 30"),
        ({"seed": -1}, "seed=-1"),
        ({"seed": 0.5}, "seed=0.5"),
        ({"seed": True}, "seed=True"),
    ],
)
def test_call_refuses(change, message):
    inputs = {"design": DESIGN, "responses": RESPONSES, "folds": FOLDS, "seed": 0} | change
    inputs_of_nested = dict(inputs)
    inputs_of_nested["designs"] = {"good": DESIGN, "bad": inputs_of_nested.pop("design")}

    with pytest.raises(InvalidInput, match=message):
        Ridge()(**inputs)
    with pytest.raises(InvalidInput, match=message):
        nested_ridge(**inputs_of_nested, estimator=LeaveOneOut())


@pytest.mark.parametrize(
    ("estimator", "message"),
    [
        (KFold(n_folds=11), "20 training rows for 11 inner folds"),
        (Bootstrap(), "20 training rows; a share of 0.25"),
        (Bootstrap(chunk=1, fraction=0.05), "20 training rows; a share of 0.05"),
        (Nested(), "1 of the 1 other folds"),
    ],
)
def test_call_refuses_too_few_rows_for_the_estimator(estimator, message):
    with pytest.raises(InvalidInput, match=message):
        Ridge(estimator)(DESIGN, RESPONSES, FOLDS, seed=0)


@pytest.mark.parametrize("estimator", [LeaveOneOut, KFold, Bootstrap, Nested])
@pytest.mark.parametrize(
    "alphas",
    [(), (0.0, 1.0), (-1.0,), (2.0, 1.0), (1.0, 1.0), (1.0, np.nan), (1.0, np.inf), 3, "ab"],
)
def test_estimators_refuse_what_is_no_grid_of_penalties(estimator, alphas):
    with pytest.raises(InvalidInput, match="alphas="):
        estimator(alphas=alphas)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: KFold(n_folds=1), "n_folds=1"),
        (lambda: KFold(n_folds=2.0), "n_folds=2.0"),
        (lambda: KFold(criterion="mse"), "criterion='mse'"),
        (lambda: Bootstrap(n_draws=0), "n_draws=0"),
        (lambda: Bootstrap(chunk=0), "chunk=0"),
        (lambda: Bootstrap(fraction=1.0), "fraction=1.0"),
        (lambda: Bootstrap(fraction=np.nan), "fraction=nan"),
        (lambda: Ridge(score="spearman"), "score='spearman'"),
        (lambda: Ridge(block=0), "block=0"),
        (lambda: nested_ridge({}, RESPONSES, FOLDS, KFold(), seed=0), "no layer"),
    ],
)
def test_settings_are_refused(make, message):
    with pytest.raises(InvalidInput, match=message):
        make()
