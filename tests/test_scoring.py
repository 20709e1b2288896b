from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import xarray as xr
from toy import DURATIONS_S, Loudness, ToyDataset, toy_benchmark

import heschl
from heschl.contracts import Layer, Traits
from heschl.errors import BrokenPlugin, CellsFailed, InvalidInput, MissingData, UnknownName
from heschl.metrics.ridge import Ridge
from heschl.splits import ContiguousKFold
from heschl.store import Store


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


def run(store, model=None, data=None, benchmark=None, **settings):
    return heschl.score(
        model or Loudness(),
        benchmark or toy_benchmark(),
        data=data or ToyDataset(),
        store=store,
        **settings,
    )


def test_score_finds_the_driven_units_and_not_the_others(store):
    score = run(store)

    per_unit = score.tree["units"]["score"].sel(layer="low")
    driven = score.tree["units"]["in_roi"].sel(roi="A1").astype(bool).to_numpy()
    assert float(per_unit[driven].mean()) > 0.8
    assert abs(float(per_unit[~driven].mean())) < 0.2
    assert score.value == pytest.approx(1.0, abs=0.1)
    assert score.tree["summary"]["n_units_dropped"].to_numpy().tolist() == [1, 1, 1]
    assert score.tree["summary"]["n_units"].sel(roi="A1").to_numpy().tolist() == [6, 6, 6]


def test_second_score_computes_nothing(store):
    model = Loudness()
    first = run(store, model)
    n_calls = model.n_calls

    second = run(store, model)

    assert model.n_calls == n_calls
    assert second.provenance["cells"] == '{"cached":9}'
    for group in ("summary", "population", "units", "ceiling"):
        xr.testing.assert_identical(first.tree[group].to_dataset(), second.tree[group].to_dataset())


def test_metric_runs_on_the_device_that_was_asked_and_says_so(store, monkeypatch):
    def on(self, device):
        asked.append(device)
        return dataclasses.replace(self, device="cpu")

    asked = []
    monkeypatch.setattr(Ridge, "on", on)
    benchmark = dataclasses.replace(toy_benchmark(), metric=Ridge())

    score = run(store, benchmark=benchmark, device="cpu")
    again = run(store, benchmark=benchmark)

    assert asked == ["cpu", "auto"]
    assert score.provenance["metric_ran_on"].startswith("cpu: NumPy with ")
    assert again.provenance["metric_ran_on"] == score.provenance["metric_ran_on"]
    assert again.provenance["cells"] == '{"cached":9}', "no key depends on the device"

    monkeypatch.setattr(Ridge, "on", lambda self, device: dataclasses.replace(self, score="r2"))
    with pytest.raises(BrokenPlugin, match="'ridge' has another configuration on 'cpu'"):
        run(store, benchmark=benchmark, device="cpu")


def test_subset_of_layers_reuses_the_cells_of_all(store):
    model = Loudness()
    run(store, model)
    n_calls = model.n_calls

    score = run(store, model, layers=["high"], subjects=["S2"])

    assert model.n_calls == n_calls
    assert score.tree["summary"]["layer"].to_numpy().tolist() == ["high"]
    assert score.tree["summary"]["subject"].to_numpy().tolist() == ["S2"]


def test_failed_cell_stops_no_other_and_the_same_call_runs_it_alone(store):
    data = ToyDataset(hurt="S2")
    with pytest.raises(CellsFailed, match="the disk of this listener is gone") as caught:
        run(store, data=data)
    assert "2 of 9 cells failed" in str(caught.value)
    data.hurt = None

    score = run(store, data=data)

    assert score.provenance["cells"] == '{"cached":7,"done":2}'


class Short(Ridge):
    """A metric that leaves out what a stranger's first metric leaves out."""

    def __init__(self, change):
        super().__init__()
        object.__setattr__(self, "change", change)

    def __call__(self, *arguments, **settings):
        return self.change(super().__call__(*arguments, **settings))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda found: found.drop_vars("alpha"), "returned no 'alpha', beside .*heschl check"),
        (lambda found: found.drop_vars("score"), "returned no 'score'"),
        (lambda found: found.assign(alpha=found["alpha"].mean("fold")), r"'alpha' \(unit\)"),
        (lambda found: found["score"], "returned a DataArray; expected an xarray.Dataset"),
        (lambda found: found.assign(score=found["score"] * np.nan), "scores that are not finite"),
    ],
    ids=["no penalty", "no score", "no folds", "no dataset", "not numbers"],
)
def test_metric_that_lacks_what_is_promised_is_told_what(store, change, message):
    with pytest.raises(CellsFailed, match=f"BrokenPlugin: the metric 'ridge' .*{message}"):
        run(store, benchmark=toy_benchmark(metric=Short(change)))


def test_failing_model_is_reported_with_stimulus_and_model(store):
    with pytest.raises(CellsFailed, match="the toy broke"):
        run(store, Loudness(fails_at=3))


def test_layer_is_chosen_on_the_other_listeners(store):
    score = run(store)

    summary = score.tree["summary"]["normalised"].sel(roi="A1")
    for subject in summary["subject"].to_numpy():
        others = summary.drop_sel(subject=subject).mean("subject")
        expected = str(others["layer"][int(others.argmax("layer"))].item())
        chosen = score.tree["population"]["nested_layer"].sel(roi="A1", subject=subject)
        assert str(chosen.item()) == expected


def test_single_listener_of_two_layers_has_a_curve_but_no_board_number(store):
    score = run(store, subjects=["S1"])

    assert np.isnan(score.value)
    assert np.isfinite(score.layers()["value"]).all()
    assert "One listener alone" in score.explain()


def test_lists_give_a_score_for_each_pair(store):
    scores = run(store, [Loudness(), Loudness(scale=2.0)], subjects=["S1"], layers=["low"])
    assert len(scores) == 2
    assert scores[0].value == pytest.approx(scores[1].value, abs=1e-6)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"layers": ["hgih"]}, "did you mean 'high'"),
        ({"subjects": ["s1"]}, "did you mean 'S1'"),
    ],
)
def test_unknown_names_get_a_hint(store, settings, message):
    with pytest.raises(UnknownName, match=message):
        run(store, **settings)


def test_watcher_hears_of_every_cell(store):
    heard = []

    class Ear:
        def planned(self, cells, n_cached):
            heard.append(("planned", len(cells), n_cached))

        def progressed(self, cell, fraction):
            assert 0 <= fraction <= 1

        def finished(self, cell, outcome):
            heard.append((cell.stage, outcome.status))

    run(store, watcher=Ear())

    assert heard[0] == ("planned", 9, 0)
    assert [stage for stage, _ in heard[1:]] == ["features"] * 3 + ["ceiling"] * 3 + ["scores"] * 3


def test_score_equals_a_reference_computed_apart(store):
    """The whole path again, in plain NumPy and scikit-learn, for one listener and layer."""
    from sklearn.linear_model import Ridge as SklearnRidge

    data, alpha = ToyDataset(), 100.0
    metric = toy_benchmark().metric
    estimator = type(metric.estimator)(n_draws=1, chunk=5, fraction=0.25, alphas=(alpha,))
    benchmark = toy_benchmark(metric=type(metric)(estimator))
    score = run(store, data=data, benchmark=benchmark, subjects=["S1"], layers=["low"])

    def lanczos(frames, old, new):
        cutoff = 1 / np.mean(np.diff(new))
        t = (new[:, None] - old[None, :]) * cutoff
        with np.errstate(invalid="ignore"):
            kernel = 3 * np.sin(np.pi * t) * np.sin(np.pi * t / 3) / (np.pi**2 * t**2)
        kernel = np.where(t == 0, 1.0, kernel)
        return np.where(np.abs(t) > 3, 0.0, kernel) @ frames

    def z(values):
        return (values - values.mean(0)) / values.std(0)

    designs, responses = {}, {}
    recording = data.recording("S1")
    for name in DURATIONS_S:
        waveform = data.stimuli()[name].sound.waveform(4000)
        frames = waveform.reshape(-1, 400).astype(np.float64)
        low = np.stack([np.abs(frames).mean(1), frames.std(1)], axis=1)
        ends = 0.1 * np.arange(1, len(frames) + 1)
        skipped = 3 if name == "test" else 0
        on_clock = z(lanczos(low, ends, data.clock(name))[skipped:])
        designs[name] = np.hstack([np.vstack([np.zeros((d, 2)), on_clock[:-d]]) for d in (1, 2)])
        responses[name] = z(recording.responses[name].to_numpy()[skipped:, :-1])
    model = SklearnRidge(alpha=alpha, fit_intercept=False)
    model.fit(
        np.vstack([designs["one"], designs["two"]]), np.vstack([responses["one"], responses["two"]])
    )
    predicted = model.predict(designs["test"])
    expected = [
        np.corrcoef(predicted[:, u], responses["test"][:, u])[0, 1]
        for u in range(predicted.shape[1])
    ]

    found = score.tree["units"]["score"].sel(layer="low").to_numpy()
    np.testing.assert_allclose(found, expected, atol=2e-6)


def test_folder_of_features_scores_as_the_model_that_wrote_it(store, tmp_path):
    from heschl.extraction import extract_frames
    from heschl.models.features_on_disk import write_features

    model, data, benchmark = Loudness(), ToyDataset(), toy_benchmark()
    frames = {
        name: {
            layer: (found.times_s, found.values)
            for layer, found in extract_frames(
                model, stimulus, ["low", "high"], benchmark.windowing
            ).items()
        }
        for name, stimulus in data.stimuli().items()
    }
    write_features(tmp_path / "features", "from-elsewhere", frames)

    found = run(store, f"features:{tmp_path / 'features'}", data)

    expected = run(store, model, data)
    xr.testing.assert_allclose(
        found.tree["summary"].to_dataset(), expected.tree["summary"].to_dataset()
    )
    assert found.model == "from-elsewhere"


def test_benchmark_without_a_protocol_is_refused_before_any_work(store):
    card = dataclasses.replace(toy_benchmark().card, protocol="")
    with pytest.raises(InvalidInput, match="declares no protocol"):
        run(store, benchmark=toy_benchmark(card=card))
    assert not list(store.entries())


def test_ceiling_is_of_the_rows_that_are_scored(store):
    class RepeatsEverything(ToyDataset):
        def recording(self, subject, stimuli=None):
            found = super().recording(subject, stimuli)
            training = found.responses["one"]
            repeats = xr.concat([training] * 4, "repeat").transpose("repeat", "time", "unit")
            return dataclasses.replace(found, repeats={**found.repeats, "one": repeats})

    plain = run(store)
    other = run(Store(store.folder / "other"), data=RepeatsEverything())

    xr.testing.assert_identical(
        plain.tree["ceiling"].to_dataset(), other.tree["ceiling"].to_dataset()
    )


@pytest.mark.parametrize("included", [None, ("one", "two", "test")])
def test_skipping_rows_of_no_stimulus_is_refused(store, included):
    benchmark = toy_benchmark(skipped_rows={"tset": 3}, included=included)
    with pytest.raises(UnknownName, match=r"skipped_rows of 'tset'.* did you mean 'test'"):
        run(store, benchmark=benchmark)


@pytest.mark.parametrize("count", [-1, 1.5, True, "3"])
def test_skipping_no_whole_number_of_rows_is_refused(count):
    with pytest.raises(InvalidInput, match=r"skipped_rows=.*expected a whole number"):
        toy_benchmark(skipped_rows={"test": count})


@pytest.mark.parametrize(
    ("settings", "match"),
    [
        ({"subjects": [1]}, "give a list of names"),
        ({"layers": [0]}, "give a list of names"),
        ({"seed": -1}, "expected a whole number"),
        ({"seed": 1.5}, "expected a whole number"),
        ({"seed": True}, "expected a whole number"),
        ({"data": 3}, "expected a folder"),
        ({"data": ToyDataset}, "expected a folder"),
        ({"executor": "process"}, "expected .serial., .processes:4."),
        ({"executor": 3}, "an object with submit"),
        ({"watcher": 3}, "lacks"),
        ({"device": "cpuu"}, "expected 'auto'"),
        ({"device": 0}, "expected 'auto'"),
    ],
)
def test_settings_of_the_wrong_kind_are_refused_before_any_work(store, settings, match):
    model = Loudness()
    with pytest.raises(InvalidInput, match=match):
        run(store, model, **settings)
    assert model.n_calls == 0


def test_seed_of_numpy_is_an_int(store):
    assert (
        heschl.plan(
            Loudness(), toy_benchmark(), data=ToyDataset(), store=store, seed=np.int64(1)
        ).session.seed
        == 1
    )


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"layers": ()}, "at least one heschl.contracts.Layer"),
        ({"layers": None}, "at least one heschl.contracts.Layer"),
        ({"layers": ("low",)}, "at least one heschl.contracts.Layer"),
        ({"layers": Loudness.layers + Loudness.layers}, "use each name once"),
        ({"layers": (Layer("low", 2),)}, "have no rate_hz"),
        ({"traits": None}, "expected heschl.contracts.Traits"),
        ({"sample_rate": "16000"}, "a whole number of Hz"),
        ({"sample_rate": 16000.0}, "a whole number of Hz"),
        ({"sample_rate": 0}, "a whole number of Hz"),
    ],
)
def test_model_of_another_form_is_refused_before_any_work(store, changes, match):
    model = Loudness()
    vars(model).update(changes)
    with pytest.raises(BrokenPlugin, match=match):
        run(store, model)
    assert model.n_calls == 0


@pytest.mark.parametrize("limit", ["maximum_s", "fixed_s"])
def test_windows_beyond_what_a_model_takes_are_refused_before_any_work(store, limit):
    model = Loudness(traits=Traits(minimum_samples=400, **{limit: 0.4}))
    match = r"0\.5 s of 'one' at once, but it takes at most 0\.4 s; choose shorter windows"
    with pytest.raises(InvalidInput, match=match):
        heschl.plan(model, toy_benchmark(), data=ToyDataset(), store=store)
    assert model.n_calls == 0


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: Layer(3, 2), "has no name"),
        (lambda: Layer("", 2), "has no name"),
        (lambda: Layer("low", 0), "width=0"),
        (lambda: Layer("low", 2.5), "width=2.5"),
        (lambda: Layer("low", 2, rate_hz=0), "rate_hz=0"),
        (lambda: Layer("low", 2, rate_hz="50"), "rate_hz='50'"),
        (lambda: Layer("low", 2, offset_s=np.nan), "offset_s=nan"),
        (lambda: Layer("low", 2, receptive_field_s=-1), "receptive_field_s=-1"),
        (lambda: Traits(is_local=1), "is_local=1"),
        (lambda: Traits(minimum_samples=0.5), "minimum_samples=0.5"),
        (lambda: Traits(maximum_s=0), "maximum_s=0"),
        (lambda: Traits(fixed_s=np.inf), "fixed_s=inf"),
    ],
)
def test_layers_and_traits_that_cannot_be_are_refused(make, match):
    with pytest.raises(InvalidInput, match=match):
        make()


def test_listeners_who_heard_none_of_a_benchmarks_stimuli_are_left_out():
    class Split(ToyDataset):
        def stimuli_of(self, subject):
            return ("one", "test") if subject == "S2" else ("two", "test")

    def planned(**settings):
        return heschl.plan(Loudness(), toy_benchmark(**settings), data=Split())

    of_one = planned(included=("one",), splitter=ContiguousKFold(2), skipped_rows={})
    assert of_one.session.subjects == ("S2",)
    assert planned().session.subjects == ("S1", "S2", "S3")
    with pytest.raises(MissingData, match=r"no listener on disk whom .* heard .* \(none\)"):
        planned(included=("none",), skipped_rows={})
