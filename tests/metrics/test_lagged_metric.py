"""The lagged ridge metric: labels in and out, both of its ways, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from sklearn import linear_model
from tests.metrics.lagged_reference import written_out
from toy import Loudness, ToyDataset, toy_benchmark

import heschl
from heschl.errors import InvalidInput
from heschl.metrics.ridge import KFold, LeaveOneOut, Nested, Ridge
from heschl.metrics.ridge.agreement import r2
from heschl.metrics.ridge.lagged import LaggedRidge, costs, lags_within
from heschl.metrics.ridge.lagged import metric as shell
from heschl.metrics.ridge.lagged.predicting import predict
from heschl.metrics.ridge.lagged.verification import verification
from heschl.splits import Fold, GroupKFold
from heschl.temporal import stacked
from heschl.testing import examine, metric_checks

ALPHAS = tuple(float(alpha) for alpha in np.logspace(0, 5, 11))
LAGS = tuple(range(-1, 4))
N_FOLDS = 4


@pytest.fixture(scope="module")
def experiment():
    """Return features and responses of twenty short sentences, and folds of them."""
    generator = np.random.default_rng(0)
    design, responses = {}, {}
    for number in range(20):
        n_frames = int(generator.integers(12, 30))
        times = {"time": 0.02 * np.arange(n_frames)}
        frames = generator.standard_normal((n_frames, 4)) @ np.diag([2.0, 1.0, 1.0, 0.5])
        answer = np.roll(frames, 1, axis=0) + 0.7 * generator.standard_normal((n_frames, 4))
        name = f"sentence {number}"
        design[name] = xr.DataArray(frames, dims=("time", "feature"), coords=times)
        responses[name] = xr.DataArray(answer, dims=("time", "unit"), coords=times)
    rows = stacked(design)
    return rows, stacked(responses), folds_of(rows)


def folds_of(design):
    return GroupKFold(N_FOLDS).folds({"stimulus": design["stimulus"].to_numpy()})


def by_way(monkeypatch, way):
    """Have all problems go one way."""
    cost = {"krylov": costs.lagged_cost, "written out": costs.written_out_cost}[way]
    monkeypatch.setattr(shell, "cheapest", cost)


def metric(**settings):
    return LaggedRidge(**{"lags": LAGS, "estimator": Nested(ALPHAS)} | settings)


@pytest.mark.parametrize("way", ["krylov", "written out"])
@pytest.mark.parametrize("score", ["r2", "pearson"])
@pytest.mark.parametrize(("dtype", "within"), [("float32", 5e-6), ("float64", 1e-10)])
def test_both_ways_equal_the_reference(experiment, way, score, dtype, within, monkeypatch):
    expected = metric(engine="reference", score=score, has_weights=True)(*experiment, seed=0)

    by_way(monkeypatch, way)
    found = metric(score=score, dtype=dtype, has_weights=True)(*experiment, seed=0)

    xr.testing.assert_equal(found["alpha"], expected["alpha"])
    xr.testing.assert_equal(found["flag_constant"], expected["flag_constant"])
    for name in ("score", "inner_score"):
        np.testing.assert_allclose(found[name], expected[name], rtol=0, atol=within)
    for name in ("weights", "intercept"):
        np.testing.assert_allclose(found[name], expected[name], rtol=0, atol=20 * within)


@pytest.mark.parametrize("way", ["krylov", "written out", "reference"])
def test_one_fold_is_scored_as_among_all(experiment, way, monkeypatch):
    settings = {"engine": "reference"} if way == "reference" else {"dtype": "float64"}
    if way != "reference":
        by_way(monkeypatch, way)
    whole = metric(has_weights=True, **settings)(*experiment, seed=0)

    for number in (0, 2):
        alone = metric(has_weights=True, **settings).score_fold(*experiment, number, seed=0)

        xr.testing.assert_allclose(alone, whole.isel(fold=[number]), rtol=0, atol=1e-9)


@pytest.mark.parametrize("way", ["krylov", "written out"])
def test_kernels_predict_what_is_scored(experiment, way, monkeypatch):
    design, responses, folds = experiment
    by_way(monkeypatch, way)
    found = metric(has_weights=True, dtype="float64")(design, responses, folds, seed=0)

    for number, fold in enumerate(folds):
        predicted = predict(design, found.isel(fold=number), fold.test)
        expected = found["score"][number]
        np.testing.assert_allclose(
            r2(predicted, responses.to_numpy()[fold.test]), expected, atol=1e-8
        )


def test_no_other_fold_than_those_given_is_scored(experiment):
    for number in (4, -1, True, 1.5):
        with pytest.raises(InvalidInput, match="position"):
            metric().score_fold(*experiment, number, seed=0)


def test_reference_equals_ridge_on_delays_of_each_stimulus(experiment):
    design, responses, folds = experiment
    stories = {
        str(name): rows.drop_vars("stimulus")
        for name, rows in design.groupby("stimulus", squeeze=False)
    }
    order = {name: stories[name] for name in dict.fromkeys(design["stimulus"].values.tolist())}
    delayed = stacked(order, delays=LAGS, standardise=False)

    found = metric(engine="reference")(design, responses, folds, seed=0)

    ridge = Ridge(Nested(ALPHAS), score="r2", engine="reference")
    expected = ridge(delayed, responses, folds, seed=0)
    for name in ("score", "alpha", "flag_constant", "n_train", "n_test"):
        xr.testing.assert_allclose(found[name], expected[name], rtol=0, atol=1e-12)


@pytest.mark.parametrize("way", ["krylov", "written out"])
def test_one_lag_is_ordinary_ridge(experiment, way, monkeypatch):
    design, responses, folds = experiment

    by_way(monkeypatch, way)
    found = metric(lags=(0,), score="pearson", dtype="float64")(*experiment, seed=0)

    ridge = Ridge(Nested(ALPHAS), dtype="float64")
    expected = ridge(design.drop_vars("stimulus"), responses, folds, seed=0)
    for name in ("score", "alpha", "flag_constant", "n_train", "n_test"):
        xr.testing.assert_allclose(found[name], expected[name], rtol=0, atol=1e-10)


@pytest.mark.parametrize("way", ["krylov", "written out"])
def test_kernels_are_those_of_scikit_learn(experiment, way, monkeypatch):
    design, responses, folds = experiment
    frames = dict(design.groupby("stimulus"))
    written = {name: written_out(rows.values, LAGS) for name, rows in frames.items()}
    targets = {name: rows.values for name, rows in responses.groupby("stimulus")}
    by_way(monkeypatch, way)

    found = metric(dtype="float64", has_weights=True)(*experiment, seed=0)

    for number, fold in enumerate(folds):
        train = set(design["stimulus"].values[fold.train])
        alphas = found["alpha"].values[number]
        peer = linear_model.Ridge(alphas).fit(
            np.concatenate([written[name] for name in train]),
            np.concatenate([targets[name] for name in train]),
        )
        weights = found["weights"].values[number].reshape(-1, len(alphas))
        np.testing.assert_allclose(weights, peer.coef_.T, rtol=0, atol=1e-9)
        np.testing.assert_allclose(found["intercept"].values[number], peer.intercept_, atol=1e-9)


@pytest.mark.parametrize("way", ["krylov", "written out"])
def test_nothing_is_heard_of_the_sentence_before(way, monkeypatch):
    generator = np.random.default_rng(0)
    frames = generator.standard_normal((120, 3))
    late = np.vstack([np.zeros((2, 3)), frames[:-2]])  # never within a sentence of two frames
    responses = xr.DataArray(late, dims=("time", "unit"))
    by_way(monkeypatch, way)

    found = {}
    for length in (2, 30):
        names = [f"sentence {row // length:02}" for row in range(120)]
        coords = {"stimulus": ("time", names)}
        design = xr.DataArray(frames, dims=("time", "feature"), coords=coords)
        found[length] = metric(lags=(2, 3))(design, responses, folds_of(design), seed=0)

    assert found[2]["flag_constant"].values.all()
    assert found[2]["score"].max() <= 0
    assert found[30]["score"].min() > 0.8
    assert not found[30]["flag_constant"].values.any()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_krylov_spaces_keep_the_contract(dtype, monkeypatch):
    by_way(monkeypatch, "krylov")

    found = [examine(check) for check in metric_checks("lagged-ridge", dtype=dtype)]

    assert [outcome for outcome in found if outcome.verdict == "failed"] == []
    assert len(found) > 10


def test_ways_agree_where_their_costs_meet(monkeypatch):
    generator = np.random.default_rng(1)
    labels = np.repeat([f"sentence {number}" for number in range(25)], 60)
    coords = {"stimulus": ("time", labels)}
    n_features = border(n_frames=len(labels), n_units=30)
    values = generator.standard_normal((len(labels), n_features)).cumsum(axis=1)
    design = xr.DataArray(values, dims=("time", "feature"), coords=coords)
    noise = 20 * generator.standard_normal((len(labels), 30))
    responses = xr.DataArray(values[:, :1] + noise, dims=("time", "unit"), coords=coords)
    answers = {}

    for way in ("krylov", "written out"):
        by_way(monkeypatch, way)
        answers[way] = LaggedRidge()(design, responses, folds_of(design), seed=0)

    one, other = answers.values()
    same = one["alpha"].values == other["alpha"].values
    assert same.mean() > 0.99
    assert np.abs(one["score"].values - other["score"].values)[same].max() < 5e-6


def border(n_frames, n_units):
    """Return the first number of features at which Krylov spaces cost less."""
    for n_features in range(2, 200):
        size = costs.Size(n_frames, 25, 20, n_features, n_units, n_folds=N_FOLDS, n_alphas=17)
        if costs.cheapest(size).route == "krylov":
            return n_features
    raise AssertionError


def test_answer_is_labelled(experiment):
    design, responses, folds = experiment

    found = metric(has_weights=True)(design, responses, folds, seed=0)

    assert found["score"].dims == ("fold", "unit")
    assert found["weights"].dims == ("fold", "lag", "feature", "unit")
    assert found["lag"].values.tolist() == list(LAGS)
    assert found["fold"].values.tolist() == [fold.name for fold in folds]
    xr.testing.assert_equal(found["unit"], responses["unit"])
    assert (found["weights"] ** 2).mean(["fold", "feature", "unit"]).idxmax("lag") == 1
    assert "weights" not in metric()(design, responses, folds, seed=0)


def test_sentences_that_no_fold_tests_change_nothing(experiment):
    design, responses, _ = experiment
    kept = ~np.isin(design["stimulus"], ["sentence 0", "sentence 7"])
    fewer = folds_of(design[kept])
    places = np.flatnonzero(kept)
    same = [Fold(fold.name, places[fold.train], places[fold.test]) for fold in fewer]

    found = metric(dtype="float64")(design, responses, same, seed=0)

    expected = metric(dtype="float64")(design[kept], responses[kept], fewer, seed=0)
    xr.testing.assert_allclose(found, expected, rtol=0, atol=1e-10)


@pytest.mark.long
def test_what_was_planted_is_found(monkeypatch):
    by_way(monkeypatch, "krylov")

    findings = verification()

    assert [finding.about for finding in findings if not finding.passed] == []
    assert len(findings) == 6


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"lags": (0, 2)}, "consecutive"),
        ({"lags": ()}, "consecutive"),
        ({"lags": (0.0, 1.0)}, "consecutive"),
        ({"lags": 20}, "consecutive"),
        ({"estimator": LeaveOneOut()}, "takes Nested alone"),
        ({"estimator": KFold()}, "takes Nested alone"),
        ({"estimator": Nested(has_intercept=False)}, "subtracts training means"),
        ({"score": "signed_r"}, "'pearson', 'r2'|'r2', 'pearson'"),
        ({"engine": "slow"}, "'fast', 'reference'"),
        ({"dtype": "float16"}, "'float32', 'float64'"),
        ({"has_weights": 1}, "True or False"),
    ],
)
def test_settings_that_mean_nothing_are_refused(settings, message):
    with pytest.raises(InvalidInput, match=message):
        LaggedRidge(**settings)


def without_stimulus(design, responses, folds):
    return design.drop_vars("stimulus"), responses, folds


def other_stimuli(design, responses, folds):
    names = ("time", np.roll(responses["stimulus"], 1))
    return design, responses.assign_coords(stimulus=names), folds


def uneven_frames(design, responses, folds):
    times = design["time"].to_numpy().copy()
    times[5] += 0.01
    return design.assign_coords(time=times), responses.assign_coords(time=times), folds


def repeats_under_one_name(design, responses, folds):
    names = design["stimulus"].to_numpy().copy()
    names[names == "sentence 1"] = "sentence 0"
    label = {"stimulus": ("time", names)}
    return design.assign_coords(label), responses.assign_coords(label), folds


def cut_sentences(design, responses, folds):
    rows = np.arange(len(design))
    parts = np.array_split(rows, N_FOLDS)
    cut = [Fold(f"{part[0]}", np.setdiff1d(rows, part), part) for part in parts]
    return design, responses, cut


def two_folds(design, responses, folds):
    labels = {"stimulus": design["stimulus"].to_numpy()}
    return design, responses, GroupKFold(2).folds(labels)


def less_training(design, responses, folds):
    first = Fold(folds[0].name, folds[0].train[:-1], folds[0].test)
    return design, responses, (first, *folds[1:])


def rows_tested_twice(design, responses, folds):
    rows = np.arange(len(design))
    test = np.union1d(folds[0].test, folds[1].test)
    return design, responses, (*folds, Fold("again", np.setdiff1d(rows, test), test))


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (without_stimulus, "name the sentence"),
        (other_stimuli, "differ in 'stimulus'"),
        (uneven_frames, "follow evenly"),
        (repeats_under_one_name, "name of its own"),
        (cut_sentences, "GroupKFold"),
        (two_folds, "3 or more"),
        (less_training, "that the other folds test"),
        (rows_tested_twice, "tested once"),
    ],
)
def test_rows_that_lags_cannot_use_are_refused(experiment, spoil, message):
    with pytest.raises(InvalidInput, match=message):
        metric()(*spoil(*experiment), seed=0)


@pytest.mark.parametrize(
    ("window", "message"),
    [((0.0, 0.0, 50), "widen"), ((0.0, 0.4, 0), "above"), ((0.0, np.nan, 50), "seconds")],
)
def test_windows_without_frames_are_refused(window, message):
    with pytest.raises(InvalidInput, match=message):
        lags_within(*window)


def test_what_cannot_fit_is_refused_before_it_starts(experiment, monkeypatch):
    monkeypatch.setattr(costs, "free_memory", lambda: 1e4)

    with pytest.raises(InvalidInput, match="GiB are free; score fewer units"):
        metric()(*experiment, seed=0)


def test_route_says_the_way_and_its_cost(experiment):
    design, _, folds = experiment

    small = LaggedRidge().route(len(design), 30, folds, seed=0)
    large = LaggedRidge().route(58_943, 768, folds, seed=0)

    assert "600 lagged features, written out" in small
    assert "15360 lagged features, never written out" in large
    assert "Tflop" in large
    assert "reference" in metric(engine="reference").route(len(design), 4, folds, seed=0)


def test_benchmarks_leave_their_lags_to_it(tmp_path):
    toy = toy_benchmark(metric=metric(), delays=(), splitter=GroupKFold(3), skipped_rows={})
    inputs = {"data": ToyDataset(), "store": tmp_path}

    planned = heschl.plan(Loudness(), toy, **inputs)
    routes = " ".join(planned.benchmark.routes(planned.session))
    score = heschl.score(Loudness(), toy, **inputs)

    assert "for 1000 units: 10 lagged features" in routes
    assert score.value > 0.1


def test_cost_of_more_features_grows_with_less_than_their_square():
    size = {"n_frames": 58_943, "n_sentences": 499, "n_lags": 20, "n_units": 822}
    nested = {"n_folds": 5, "n_alphas": 17}

    small, large = (
        costs.lagged_cost(costs.Size(n_features=n, **size, **nested)) for n in (768, 1600)
    )

    assert 1.2 < large.operations / small.operations < (1600 / 768) ** 2
    assert small.memory < 6 * 2**30
