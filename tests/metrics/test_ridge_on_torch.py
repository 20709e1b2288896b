"""The pass over units by torch, on the processor, against NumPy's; and which device is taken."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from drawing import examples
from hypothesis import given, settings
from tests.metrics.ridge_problems import problems
from tests.metrics.ridge_spectra import PENALTIES, contiguous, design_of, responses_to, solved

from heschl.configuration import canonical_json
from heschl.errors import InvalidInput
from heschl.metrics.ridge import Bootstrap, KFold, LeaveOneOut, Nested, Ridge, nested_ridge
from heschl.metrics.ridge.engine import devices
from heschl.metrics.ridge.engine.devices import chosen_device, multiplies_in_full
from heschl.metrics.ridge.engine.rates import Rate

torch = pytest.importorskip("torch")

BOUND = {"float32": 5e-6, "float64": 1e-10}

ESTIMATORS = {
    "nested": Nested(PENALTIES, "pearson"),
    "nested r2": Nested(PENALTIES, "r2", has_intercept=False),
    "leave one out": LeaveOneOut(PENALTIES),
    "k-fold": KFold(PENALTIES),
    "bootstrap": Bootstrap(PENALTIES, "signed_r", chunk=5),
    "one penalty": Bootstrap(PENALTIES, "pearson", chunk=5, alpha_per_unit=False),
    "least squares": KFold((1e-12, 1e-6, 1.0)),
}


def assert_same(design, responses, folds, estimator, dtype, **options):
    by_numpy, by_torch = (
        solved(design, responses, folds, estimator, dtype=dtype, device=device, **options)
        for device in ("cpu", "torch:cpu")
    )
    is_same = by_numpy.alpha_index == by_torch.alpha_index
    np.testing.assert_array_equal(by_torch.is_constant, by_numpy.is_constant)
    for name in ("score", "inner"):
        expected, found = getattr(by_numpy, name), getattr(by_torch, name)
        error = np.abs(found - expected) / np.maximum(1.0, np.abs(expected))
        assert error[is_same].max(initial=0.0) <= BOUND[dtype]
    return by_numpy, by_torch, is_same


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("n_features", [30, 110, 300], ids=["tall", "between", "wide"])
@pytest.mark.parametrize("name", ESTIMATORS)
def test_torch_gives_what_numpy_gives(name, n_features, dtype):
    design = design_of("1/p", 150, n_features)
    responses = responses_to(design, 70)
    responses[:, 3] = 0.1
    responses[:30, 4] = 0.0
    responses[30:, 5] *= 1e-3  # solved again, as it was recorded

    *_, is_same = assert_same(design, responses, contiguous(150, 5), ESTIMATORS[name], dtype)

    assert is_same.mean() >= 0.99


@pytest.mark.parametrize("way", ["direct", "summed"])
@pytest.mark.parametrize("panel", [7, 512])
def test_torch_takes_every_way_and_any_panel(way, panel, monkeypatch):
    monkeypatch.setattr("heschl.metrics.ridge.engine.route._tall_route", lambda *_, **__: way)
    monkeypatch.setattr("heschl.metrics.ridge.engine.on_torch.PANEL", panel)
    design = design_of("p^-2", 60, 12)
    responses = responses_to(design, 10)

    for estimator, dtype in itertools.product(ESTIMATORS.values(), BOUND):
        assert_same(design, responses, contiguous(60, 4), estimator, dtype)


@settings(max_examples=examples(40), deadline=None, derandomize=True)
@given(problems(most_rows=60, most_features=80))
def test_torch_gives_what_numpy_gives_on_any_problem(problem):
    folds = [(fold.train, fold.test) for fold in problem.outer_folds()]
    try:
        found = assert_same(
            problem.design(), problem.recordings()[0], folds, problem.estimator, problem.dtype
        )
    except InvalidInput:
        return  # both refuse it before a unit is read
    by_numpy, by_torch, is_same = found
    np.testing.assert_allclose(
        by_torch.inner[~is_same], by_numpy.inner[~is_same], rtol=0, atol=2e-6
    )


def test_design_that_predicts_nothing_and_weights():
    design = design_of("flat", 60, 8)
    responses = responses_to(design, 5)
    still = design.copy()
    still[:20] = 0.0

    for estimator in ESTIMATORS.values():
        assert_same(still, responses, contiguous(60, 3), estimator, "float32")
    by_numpy, by_torch, _ = assert_same(
        design, responses, contiguous(60, 3), ESTIMATORS["nested"], "float64", has_weights=True
    )

    np.testing.assert_allclose(by_torch.weights, by_numpy.weights, rtol=0, atol=1e-12)


def graphics(monkeypatch, *gpus):
    """Have torch find GPUs that multiply at some rates, and the processor at 100."""
    monkeypatch.setattr(devices, "may_have_gpu", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: bool(gpus))
    monkeypatch.setattr(torch.cuda, "device_count", lambda: len(gpus))
    monkeypatch.setattr(devices, "multiplies_in_full", lambda device: True)
    monkeypatch.setattr(devices, "measured_with_numpy", lambda: Rate("numpy", "cpu", "", 100, 50))
    rates = {f"cuda:{n}": Rate("torch", f"cuda:{n}", "", *rate) for n, rate in enumerate(gpus)}
    monkeypatch.setattr(devices, "measured_on_torch", rates.__getitem__)


def test_device_is_the_one_that_multiplies_fastest(monkeypatch):
    graphics(monkeypatch, (90, 9), (500, 10))

    assert chosen_device("auto", "float32") == "cuda:1"
    assert chosen_device("auto", "float64") == "cpu"
    assert chosen_device("cuda", "float64") == "cuda:0"
    assert chosen_device("cuda:1", "float64") == "cuda:1"
    assert chosen_device("cpu", "float32") == "cpu"


def test_device_is_the_processor_where_there_is_no_other(monkeypatch):
    graphics(monkeypatch)

    assert chosen_device("auto", "float32") == "cpu"
    with pytest.raises(InvalidInput, match="'cuda', but torch finds 0 GPUs"):
        chosen_device("cuda", "float32")


def test_torch_is_not_asked_without_a_driver(monkeypatch):
    monkeypatch.setattr(devices, "may_have_gpu", lambda: False)
    monkeypatch.setattr(devices, "measured_with_numpy", lambda: pytest.fail("measured for nothing"))

    assert chosen_device("auto", "float32") == "cpu"


def test_reduced_precision_is_not_used(monkeypatch):
    graphics(monkeypatch, (500, 500))
    monkeypatch.setattr(devices, "multiplies_in_full", lambda device: False)

    assert chosen_device("auto", "float32") == "cpu"
    with pytest.raises(InvalidInput, match="reduced precision"):
        chosen_device("cuda", "float32")


def test_reduced_precision_is_noticed(monkeypatch):
    assert multiplies_in_full("cpu")

    full = torch.full  # TF32 and bfloat16 multiply what is rounded like this
    monkeypatch.setattr(torch, "full", lambda *given, **kw: full(*given, **kw).bfloat16().float())

    assert not multiplies_in_full("cpu")


def test_device_of_the_metric_is_used_checked_and_no_part_of_its_key(monkeypatch):
    asked = []
    monkeypatch.setattr(devices, "chosen_device", lambda *given: asked.append(given) or "torch:cpu")
    import xarray as xr

    from heschl.splits import Fold

    design = xr.DataArray(design_of("flat", 40, 3), dims=("time", "feature"))
    responses = xr.DataArray(responses_to(design.to_numpy(), 4), dims=("time", "unit"))
    folds = [Fold("last", np.arange(30), np.arange(30, 40))]

    found = Ridge(device="cuda:1")(design, responses, folds, seed=0)
    nested_ridge({"a": design}, responses, folds, LeaveOneOut(), seed=0, device="cuda")

    assert asked == [("cuda:1", "float32"), ("cuda", "float32")]
    assert found.attrs["ran_on"].startswith("cpu: torch")
    keys = {canonical_json(Ridge(device=device)) for device in ("auto", "cpu", "cuda:3")}
    assert len(keys) == 1
    for wrong in ("gpu", "cuda:", "mps", 0):
        with pytest.raises(InvalidInput, match="expected 'auto', 'cpu', 'cuda'"):
            Ridge(device=wrong)


def test_metric_follows_the_device_asked_for_a_score(monkeypatch):
    graphics(monkeypatch, (500, 500))

    assert Ridge().on("cuda:0").device == "cuda:0"
    assert Ridge().on("cpu").device == "cpu"
    assert Ridge(device="cpu").on("auto").device == "cpu"
    assert Ridge().on("mps").device == "cpu"  # which lacks float64, and is for the model alone
    assert canonical_json(Ridge().on("cuda")) == canonical_json(Ridge())
    with pytest.raises(InvalidInput, match="'cuda:1', but torch finds 1 GPUs"):
        Ridge().on("cuda:1")
