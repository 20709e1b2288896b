"""Layers chosen for each unit within its training rows, and errors from draws of stimuli."""

import itertools
from dataclasses import dataclass, field

import numpy as np
import pytest
import xarray as xr
from toy import toy_benchmark

import heschl
from heschl.cards import BenchmarkCard, DatasetCard, MetricCard, ModelCard
from heschl.ceilings import CorrelationCeiling, NoCeiling
from heschl.clocks import Average
from heschl.contracts import Layer, Traits
from heschl.errors import BrokenPlugin, CellsFailed, InvalidInput
from heschl.layer_choice import assembled, best_on_inner_folds, of_chosen_layer
from heschl.recording import Recording
from heschl.resampling import over_stimuli
from heschl.sound import Sound, Stimulus, StimulusSet
from heschl.splits import Fold, StratifiedKFold
from heschl.store import Store
from heschl.windowing import WholeStimulus

N_SOUNDS, N_UNITS, RATE = 40, 6, 16_000
NAMES = tuple(f"sound{number:02d}" for number in range(N_SOUNDS))
TRAITS = np.random.default_rng(0).uniform(0.1, 0.9, (N_SOUNDS, 2))


class TwoTraits:
    """Hears in one layer how loud the first half of a sound is, in the other the second."""

    card = ModelCard("two-traits", load="none:none", summary="A toy", parameters=0)
    digest = "two-traits"
    sample_rate = RATE
    layers = (
        Layer("first", 1, 2.0, 0.25, 0.5),
        Layer("second", 1, 2.0, 0.25, 0.5),
    )
    traits = Traits(minimum_samples=RATE)

    def forward(self, waveforms, taps):
        halves = np.abs(waveforms).reshape(len(waveforms), 2, -1).mean(axis=2)
        found = {"first": halves[:, :1], "second": halves[:, 1:]}
        return {tap: np.repeat(found[tap][:, :, None], 2, axis=1) for tap in taps}


@dataclass
class Sounds:
    """One number a sound: three units follow the first trait, two the second, one nothing."""

    is_phantom: bool = True
    card: DatasetCard = field(
        default=DatasetCard("sounds", load="none:none", summary="A toy", recording="none")
    )

    def stimuli(self):
        halves = np.repeat(TRAITS, RATE // 2, axis=1).astype(np.float32)
        return StimulusSet(
            Stimulus(name, Sound.from_samples(samples, RATE), None)
            for name, samples in zip(NAMES, halves, strict=True)
        )

    def subjects(self):
        return ("group",)

    def stimuli_of(self, subject):
        return NAMES

    def clock(self, stimulus):
        return np.array([0.5])

    def row_labels(self, stimulus):
        return {"category": "abcd"[int(stimulus[-1]) % 4]}

    def recording(self, subject, stimuli=None):
        noise = np.random.default_rng(1).standard_normal((N_SOUNDS, N_UNITS))
        signal = TRAITS[:, [0, 0, 0, 1, 1, 1]] * [1, 1, 1, 1, 1, 0]
        values = signal + 0.05 * noise
        coords = {"time": [0.5], "unit": np.arange(N_UNITS)}
        responses = {
            name: xr.DataArray(values[[NAMES.index(name)]], dims=("time", "unit"), coords=coords)
            for name in stimuli or NAMES
        }
        return Recording(subject, responses)

    def rois(self, subject):
        member = np.array([np.ones(N_UNITS), np.arange(N_UNITS) < 3, np.arange(N_UNITS) < 5]) > 0
        return xr.DataArray(
            member,
            dims=("roi", "unit"),
            coords={"roi": ["all", "first", "driven"], "unit": np.arange(N_UNITS)},
        )

    def fingerprint(self, subject, stimuli):
        return "sounds"


@dataclass(frozen=True)
class Lines:
    """A straight line for each unit, scored over all folds together."""

    card = MetricCard("lines", load="none:none", summary="A toy")
    meaning = "r² over all folds, 0 where r is negative"
    power = "variance"
    pools: bool = True
    tells: bool = True

    def configuration(self):
        return {"kind": "Lines", "pools": self.pools, "tells": self.tells, "numerics": 1}

    def score_of(self, prediction, responses):
        r = [np.corrcoef(*pair)[0, 1] for pair in zip(prediction.T, responses.T, strict=True)]
        return np.maximum(r, 0) ** 2

    def __call__(self, design, responses, folds, *, seed):
        x, y = design.to_numpy()[:, 0], responses.to_numpy()
        prediction = np.zeros_like(y)
        inner, scores = [], []
        for fold in folds:
            slope, offset = np.polyfit(x[fold.train], y[fold.train], 1)
            prediction[fold.test] = np.outer(x[fold.test], slope) + offset
            fitted = np.outer(x[fold.train], slope) + offset
            inner.append(self.score_of(fitted, y[fold.train]))
            scores.append(self.score_of(prediction[fold.test], y[fold.test]))
        names = {"fold": [fold.name for fold in folds], "unit": responses["unit"].to_numpy()}
        dims = ("fold", "unit")
        answer = {
            "alpha": (dims, np.zeros((len(folds), y.shape[1]))),
            "flag_constant": (dims, np.zeros((len(folds), y.shape[1]), dtype=bool)),
        }
        if self.tells:
            answer["inner_score"] = (dims, np.stack(inner))
        if self.pools:
            answer["score"] = (("unit",), self.score_of(prediction, y))
            answer["prediction"] = (("time", "unit"), prediction)
        else:
            answer["score"] = (dims, np.stack(scores))
        return xr.Dataset(answer, coords=names)


def benchmark(**changes):
    card = BenchmarkCard(
        "sounds-lines",
        load="none:none",
        summary="A toy",
        dataset="sounds",
        protocol="toy.protocol",
        unit_of_uncertainty=changes.pop("over", "subject"),
    )
    settings = {
        "card": card,
        "windowing": WholeStimulus(),
        "resampler": Average(),
        "delays": (),
        "standardise": False,
        "skipped_rows": {},
        "splitter": StratifiedKFold(4, by="category", seed=0),
        "metric": Lines(),
        "ceiling": NoCeiling(),
        "rois": ("driven", "all", "first"),
        "layer_rule": "inner",
        **changes,
    }
    return toy_benchmark(**settings)


def scored(store, **changes):
    return heschl.score(TwoTraits(), benchmark(**changes), data=Sounds(), store=store)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return tmp_path_factory.mktemp("store")


def test_each_unit_is_scored_with_the_layer_that_drives_it(store):
    score = scored(store)
    units = score.tree["units"]
    assert (units["inner_layer"][:, :3] == 0).all()
    assert (units["inner_layer"][:, 3:5] == 1).all()
    # Where every fold chose one layer, its own score is the score.
    own = units["score"].to_numpy()
    expected = [*own[0, :3], *own[1, 3:5]]
    np.testing.assert_allclose(units["inner_score"][:5], expected, rtol=1e-5)
    rule = {"quantity": "score", "roi": "driven"}
    population = score.tree["population"]["rule_value"].sel(rule)
    assert float(population.sel(layer_rule="inner")) == pytest.approx(np.mean(expected), rel=1e-5)
    assert score.value == float(population.sel(layer_rule="inner"))
    # One listener: no other one to choose on, and the optimistic best is that of every unit.
    assert np.isnan(population.sel(layer_rule="nested"))
    of_best = population.sel(layer_rule="best_of_unit")
    assert float(of_best) == pytest.approx(np.mean(own[:, :5].max(axis=0)), rel=1e-5)
    assert "for each unit and fold the layer that does best within" in score.explain()
    assert "most often first, 60 % of choices" in score.explain()


def test_scores_of_folds_are_averaged_with_the_layer_of_each_fold(store):
    score = scored(store, metric=Lines(pools=False), fold_average="median")
    units = score.tree["units"]
    own = units["score"].to_numpy()
    np.testing.assert_allclose(units["inner_score"][:5], [*own[0, :3], *own[1, 3:5]], rtol=1e-6)


def test_layers_may_be_chosen_on_half_of_the_splits(store):
    score = scored(
        store,
        metric=Lines(pools=False),
        layer_rule="splits",
        fold_average="median",
        unit_average="median",
    )
    units = score.tree["units"]
    assert units["inner_layer"].dims == ("iteration", "unit")
    assert (units["inner_layer"][:, :3] == 0).all()
    assert (units["inner_layer"][:, 3:5] == 1).all()
    # Over all ways to halve four splits, medians of halves are means of two.
    keys = [
        key
        for cell in heschl.plan(
            TwoTraits(),
            benchmark(
                metric=Lines(pools=False),
                layer_rule="splits",
                fold_average="median",
                unit_average="median",
            ),
            data=Sounds(),
            store=store,
        ).cells
        if cell.stage == "scores"
        for key in cell.keys
    ]
    folds = Store(store).read(keys[0])["fold_score"]
    halves = [folds[list(half), 0].mean() for half in itertools.combinations(range(4), 2)]
    assert min(halves) - 1e-9 <= float(units["inner_score"][0]) <= max(halves) + 1e-9
    assert score.layer_rule == "splits"
    assert "does best on half of the splits" in score.explain()
    assert score.value == float(
        score.tree["population"]["rule_value"].sel(
            quantity="normalised", layer_rule="splits", roi="driven"
        )
    )


def test_a_region_may_be_all_that_is_scored(store):
    score = scored(store, units="first")
    assert score.tree["units"].sizes["unit"] == 3
    with pytest.raises(CellsFailed, match="scores the units of 'A1', a region that group has not"):
        scored(store, units="A1")


def test_median_over_units_is_the_middle_one(store):
    score = scored(store, unit_average="median")
    units = score.tree["units"]["inner_score"].to_numpy()[:5]
    assert score.value == pytest.approx(np.median(units), rel=1e-6)


def test_errors_come_from_draws_of_stimuli_where_there_are_no_listeners(store):
    score = scored(store, over="stimulus")
    assert "With stimuli drawn anew" in score.explain()
    low, high = score.interval
    assert low < score.value < high
    # The draws of a correlation of 40 pairs have about the standard error of Fisher's z.
    first = score.tree["population"].sel(roi="first", quantity="score", layer="first")
    r = np.sqrt(float(first["value"]))
    of_one_unit = 2 * r * (1 - r**2) / np.sqrt(N_SOUNDS - 3)
    assert 0.3 * of_one_unit < float(first["error"]) < 1.5 * of_one_unit
    assert np.isnan(score.p)
    assert "draws" not in score.tree["summary"]
    plain = scored(store)
    assert np.isnan(plain.error)
    assert plain.value == score.value


def test_draws_repeat_with_their_seed_and_keep_rows_of_a_stimulus_together():
    rng = np.random.default_rng(0)
    prediction, responses = rng.normal(size=(2, 60, 3))
    stimuli = np.repeat(np.arange(20), 3)
    seen = []

    def score_of(predicted, measured):
        seen.append(predicted[:, 0])
        return (predicted * measured).mean(axis=0)

    draws = over_stimuli(score_of, prediction, responses, stimuli, seed=3, n_draws=4)
    again = over_stimuli(score_of, prediction, responses, stimuli, seed=3, n_draws=4)
    np.testing.assert_array_equal(draws, again)
    assert draws.shape == (4, 3)
    for rows in seen:
        numbers = [np.flatnonzero(prediction[:, 0] == value)[0] for value in rows]
        assert (np.asarray(numbers).reshape(-1, 3) % 3 == [0, 1, 2]).all()


def test_metrics_that_tell_nothing_of_inner_folds_are_refused(store):
    with pytest.raises(CellsFailed, match="'lines' returned no 'inner_score'"):
        scored(store, metric=Lines(tells=False))


def test_metrics_that_tell_nothing_of_folds_are_refused(store):
    with pytest.raises(CellsFailed, match=r"'lines' returned a 'score' [(]'unit',[)] alone"):
        scored(store, layer_rule="splits")


def test_draws_and_ceilings_do_not_go_together():
    with pytest.raises(InvalidInput, match="give ceiling=NoCeiling"):
        benchmark(over="stimulus", ceiling=CorrelationCeiling())
    with pytest.raises(
        InvalidInput, match="layer_rule='best'; expected one of nested, inner, splits"
    ):
        benchmark(layer_rule="best")


def test_labels_must_be_the_same_for_every_stimulus(store, monkeypatch):
    labels = {"sound00": {"speaker": "a"}}
    monkeypatch.setattr(Sounds, "row_labels", lambda _, name: labels.get(name, {"category": "a"}))
    with pytest.raises((CellsFailed, BrokenPlugin), match="name the same for every stimulus"):
        scored(store)
    monkeypatch.setattr(Sounds, "row_labels", lambda _, name: {"time": "now"})
    with pytest.raises((CellsFailed, BrokenPlugin), match="under other names than"):
        scored(store)


# --- on plain arrays ----------------------------------------------------------------------


def test_choice_takes_the_earliest_of_equals():
    inner = np.array([[[1.0, 2.0]], [[1.0, 3.0]], [[0.0, 3.0]]])
    chosen = best_on_inner_folds(inner)
    assert chosen.tolist() == [[0, 1]]
    assert of_chosen_layer(inner, chosen).tolist() == [[1.0, 3.0]]


def test_predictions_are_assembled_by_fold_and_unit():
    folds = [
        Fold("a", np.array([2, 3]), np.array([0, 1])),
        Fold("b", np.array([0, 1]), np.array([2, 3])),
    ]
    layers = [np.full((4, 2), float(number)) for number in range(3)]
    rows = assembled(layers, np.array([[0, 2], [1, 1]]), folds)
    assert rows.tolist() == [[0, 2], [0, 2], [1, 1], [1, 1]]
