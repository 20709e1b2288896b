"""Similarity benchmarks: what a score holds, against SciPy on the same patterns."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field, replace

import numpy as np
import pytest
import scipy.spatial.distance
import scipy.stats
import xarray as xr
from made_scores import made_score

import heschl
from heschl.cards import BenchmarkCard, DatasetCard, ModelCard
from heschl.ceilings import NoCeiling
from heschl.clocks import Average
from heschl.comparison import compare, of_listeners
from heschl.contracts import Layer, Traits
from heschl.dual_bootstrap import dual_error
from heschl.encoding import EncodingBenchmark
from heschl.errors import CellsFailed, InvalidInput, UnknownName
from heschl.metrics.ridge.pooled import PooledRidge
from heschl.metrics.rsa import RSA, TuckuteRSA, to_rsatoolbox
from heschl.recording import Recording
from heschl.similarity import SimilarityBenchmark, Topline
from heschl.sound import Sound, Stimulus, StimulusSet
from heschl.splits import GroupKFold
from heschl.windowing import WholeStimulus

RATE, FRAME = 4000, 400
N_SOUNDS, N_VOXELS = 20, 30
NAMES = tuple(f"sound {number:02d}" for number in range(N_SOUNDS))
CARD = BenchmarkCard(
    "toy-rsa", load="none:none", summary="A toy", dataset="toy", metric="rsa", protocol="none"
)


MODEL = ModelCard("toy-bands", load="none:none", summary="A toy")
DATASET = DatasetCard("toy", load="none:none", summary="A toy")
TRAITS = Traits(minimum_samples=FRAME)


@functools.cache
def waveforms():
    """Return noise whose bands have levels of their own (sound, sample)."""
    generator = np.random.default_rng(0)
    spectra = generator.standard_normal((N_SOUNDS, 2 * FRAME + 1, 2)) @ [1, 1j]
    levels = np.exp(generator.standard_normal((N_SOUNDS, 8)))
    gain = np.repeat(levels, 101, axis=1)[:, : spectra.shape[1]]
    sounds = np.fft.irfft(spectra * gain, 4 * FRAME)
    return (sounds / np.abs(sounds).max() / 2).astype(np.float32)


def bands(sounds):
    """Return the log energy of eight bands in every frame (sound, frame, band)."""
    frames = sounds.reshape(len(sounds), -1, FRAME)
    energy = np.abs(np.fft.rfft(frames)[..., 1:]) ** 2
    return np.log(energy.reshape(*energy.shape[:2], 8, -1).mean(axis=3))


@dataclass
class Bands:
    """Eight bands, four of them, and one alone."""

    n_calls: int = 0
    card: ModelCard = MODEL
    sample_rate: int = RATE
    traits: Traits = TRAITS
    digest: str = "toy-bands"
    layers: tuple[Layer, ...] = tuple(
        Layer(name, width, rate_hz=10.0, offset_s=0.05)
        for name, width in (("one", 1), ("eight", 8), ("four", 4))
    )

    def forward(self, sounds, taps):
        self.n_calls += 1
        values = bands(sounds).astype(np.float32)
        return {tap: values[..., : {"one": 1, "eight": 8, "four": 4}[tap]] for tap in taps}


@dataclass
class Listeners:
    """Three listeners of all sounds; the last lost a voxel and has none of the region ``front``."""

    lacking: dict[str, int] = field(default_factory=dict)
    n_rows: int = 1
    is_reversed: bool = False
    card: DatasetCard = DATASET

    def stimuli(self):
        return StimulusSet(
            Stimulus(name, Sound.from_samples(own, RATE))
            for name, own in zip(NAMES, waveforms(), strict=True)
        )

    def subjects(self):
        return ("S1", "S2", "S3")

    def stimuli_of(self, subject):
        names = NAMES[: N_SOUNDS - self.lacking.get(subject, 0)]
        return names[::-1] if self.is_reversed else names

    def clock(self, stimulus):
        return np.linspace(0.2, 0.3, self.n_rows)

    def patterns(self, subject):
        generator = np.random.default_rng(int(subject[1:]))
        signal = bands(waveforms()).mean(axis=1)
        weights = generator.standard_normal((8, N_VOXELS))
        noise = generator.standard_normal((N_SOUNDS, N_VOXELS))
        patterns = (signal @ weights + noise).astype(np.float32)
        if subject == "S3":
            patterns[:, 4] = np.nan
        return patterns

    def recording(self, subject, stimuli=None):
        patterns = self.patterns(subject)
        responses = {
            name: xr.DataArray(
                np.repeat(patterns[[NAMES.index(name)]], self.n_rows, axis=0),
                dims=("time", "unit"),
                coords={"time": self.clock(name), "unit": np.arange(N_VOXELS)},
            )
            for name in stimuli or self.stimuli_of(subject)
        }
        return Recording(subject, responses)

    def rois(self, subject):
        front = (np.arange(N_VOXELS) < 10) & (subject != "S3")
        return xr.DataArray(
            np.stack([np.ones(N_VOXELS, dtype=bool), front]),
            dims=("roi", "unit"),
            coords={"roi": ["all", "front"], "unit": np.arange(N_VOXELS)},
        )

    def fingerprint(self, subject, stimuli):
        return f"{subject}-{len(stimuli)}-{self.n_rows}-{self.is_reversed}"


def declared(**changes):
    settings = {
        "card": CARD,
        "windowing": WholeStimulus(),
        "resampler": Average(),
        "splitter": GroupKFold(4),
        "metric": RSA(n_draws=100),
        "ceiling": Topline(),
        "rois": ("all", "front"),
    }
    return SimilarityBenchmark(**settings | changes)


def unlike(patterns):
    return scipy.spatial.distance.pdist(scipy.stats.zscore(patterns, axis=0), "correlation")


def alike(one, other):
    return scipy.stats.spearmanr(one, other).statistic


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("store")


@pytest.fixture(scope="module")
def score(folder):
    return heschl.score(Bands(), declared(), data=Listeners(), store=folder)


def test_scores_and_toplines_equal_scipys(score):
    kept = {subject: Listeners().patterns(subject) for subject in Listeners().subjects()}
    kept["S3"] = np.delete(kept["S3"], 4, axis=1)
    layer = unlike(bands(waveforms()).mean(axis=1).astype(np.float32))
    geometries = {subject: unlike(patterns) for subject, patterns in kept.items()}
    summary = score.tree["summary"].to_dataset()

    for subject, own in geometries.items():
        others = np.mean([each for name, each in geometries.items() if name != subject], axis=0)
        here = summary.sel(subject=subject, roi="all")
        assert float(here["score"].sel(layer="eight")) == pytest.approx(alike(layer, own), abs=1e-4)
        assert float(here["ceiling"]) == pytest.approx(alike(own, others), abs=1e-6)
    front = summary["score"].sel(subject="S2", roi="front", layer="eight")
    expected = alike(layer, unlike(kept["S2"][:, :10]))
    assert float(front) == pytest.approx(expected, abs=1e-4)


def test_a_mean_topline_divides_and_says_so(score):
    summary = score.tree["summary"].to_dataset()
    topline = float(summary["ceiling"].sel(roi="all").mean())

    inner = summary["inner_score"].sel(roi="all")

    assert score.value == pytest.approx(float(inner.mean()) / topline)
    assert "score / mean topline" in score.explain()
    assert "3 of 3 geometries" in score.explain()
    assert summary["n_units_dropped"].to_numpy().tolist() == [0, 0, 1]


def test_who_lacks_a_region_is_left_out_of_it(score):
    summary = score.tree["summary"].to_dataset()

    assert np.isnan(summary["score"].sel(subject="S3", roi="front")).all()
    assert summary["n_units_of_geometry"].sel(roi="front").to_numpy().tolist() == [10, 10, 0]
    assert score.tree["population"]["n"].to_numpy().tolist() == [3, 2]


def test_a_layer_of_one_unit_has_no_geometry(score):
    units = score.tree["units"].to_dataset()

    assert units["flag_constant"].sel(layer="one").all()
    assert (units["score"].sel(layer="one") == 0).all()
    assert not units["flag_constant"].sel(layer="eight").any()


def test_errors_of_other_sounds_stand_beside_those_of_listeners(score):
    population, summary = score.tree["population"], score.tree["summary"]

    dual = population["rule_dual_error"].sel(layer_rule="blocks", roi="all")

    error = population["rule_error"].sel(layer_rule="blocks", roi="all")
    assert float(dual.sel(quantity="score")) > float(error.sel(quantity="score"))
    ratio = dual.sel(quantity="score") / dual.sel(quantity="normalised")
    assert float(ratio) == pytest.approx(float(summary["divisor"].sel(roi="all")))
    assert np.isnan(population["rule_dual_error"].sel(layer_rule="best")).all()


def test_layers_are_compared_by_the_benchmarks_rule(score, folder):
    assert score.layer_rule == "blocks"
    inner = score.tree["summary"]["inner_normalised"]
    assert of_listeners(score).equals(inner)

    other = heschl.score(Bands(), declared(), layers=["four"], data=Listeners(), store=folder)

    difference = compare(score, other).regions["difference"].sel(roi="all")
    assert float(difference) == pytest.approx(score.value - other.value)


def test_a_subset_of_listeners_is_scored_as_all(score, folder):
    one = heschl.score(Bands(), declared(), subjects=["S2"], data=Listeners(), store=folder)

    for name in ("score", "normalised", "inner_score", "ceiling"):
        expected = score.tree["summary"][name].sel(subject=["S2"])
        np.testing.assert_array_equal(one.tree["summary"][name], expected)


def test_features_are_those_of_encoding(folder, score):
    ridge = EncodingBenchmark(
        card=replace(CARD, id="toy-ridge"),
        windowing=WholeStimulus(),
        resampler=Average(),
        delays=(),
        standardise=False,
        splitter=GroupKFold(4),
        metric=PooledRidge(),
        ceiling=NoCeiling(),
        rois=("all",),
    )
    model = Bands()

    heschl.score(model, ridge, data=Listeners(), store=folder)

    assert model.n_calls == 0


def test_the_same_sounds_in_another_order_are_other_pairs(score, folder):
    # In one store, where their features are the same.
    other = heschl.score(Bands(), declared(), data=Listeners(is_reversed=True), store=folder)

    for name in ("score", "ceiling"):
        one, again = (each.tree["summary"][name].to_numpy() for each in (score, other))
        np.testing.assert_allclose(again, one, atol=1e-6)


def test_without_listeners_sounds_are_drawn(folder):
    card = replace(CARD, unit_of_uncertainty="stimulus")

    with pytest.raises(InvalidInput, match="draws stimuli for its error"):
        declared(card=card)
    found = heschl.score(
        Bands(),
        declared(card=card, ceiling=NoCeiling()),
        subjects=["S1"],
        data=Listeners(),
        store=folder,
    )

    low, high = found.interval
    assert low < found.value < high
    assert found.value == float(found.tree["summary"]["inner_score"].sel(roi="all").squeeze())
    assert "With stimuli drawn anew" in found.explain()


def test_random_splits_have_no_draws(folder):
    benchmark = declared(metric=TuckuteRSA())

    found = heschl.score(Bands(), benchmark, data=Listeners(), store=folder)

    assert found.layer_rule == "training"
    assert "rule_dual_error" not in found.tree["population"]
    assert found.tree["units"]["inner_layer"].sizes["fold"] == 4


def test_rsatoolbox_goes_on_with_a_score(score):
    from rsatoolbox.inference import eval_fixed
    from rsatoolbox.model import ModelFixed

    models, listeners = to_rsatoolbox(score)
    result = eval_fixed(
        [ModelFixed(name, models[k]) for k, name in enumerate(models.rdm_descriptors["layer"])][1:],
        listeners,
        method="spearman",
    )

    expected = score.layers(quantity="score")["value"].sel(layer=["eight", "four"])
    assert result.get_means() == pytest.approx(expected.to_numpy(), abs=1e-4)
    assert listeners.pattern_descriptors["stimulus"] == list(NAMES)
    assert to_rsatoolbox(score, "front").listeners.rdm_descriptors["subject"] == ["S1", "S2"]
    with pytest.raises(UnknownName, match="no region 'fronts'"):
        to_rsatoolbox(score, "fronts")


def test_what_cannot_be_compared_is_refused(tmp_path):
    for data, words in (
        (Listeners(lacking={"S2": 3}), "S2 heard 17 sounds of toy and S1 20"),
        (Listeners(n_rows=2), "2 responses to 'sound 00'"),
    ):
        with pytest.raises(InvalidInput, match=words):
            heschl.plan(Bands(), declared(), data=data, store=tmp_path)
    with pytest.raises(CellsFailed, match="3 folds or more"):
        heschl.score(Bands(), declared(splitter=GroupKFold(2)), data=Listeners(), store=tmp_path)
    with pytest.raises(InvalidInput, match="holds no geometries"):
        to_rsatoolbox(made_score(np.ones((2, 1, 3))))


def test_the_dual_error_equals_rsatoolboxs():
    from rsatoolbox.util.inference_util import _dual_bootstrap

    generator = np.random.default_rng(1)
    found = generator.standard_normal(8)
    draws = (
        found
        + 0.3 * generator.standard_normal((500, 1))
        + 0.2 * generator.standard_normal((500, 8))
    )
    over_listeners = found.var() / 8
    over_sounds = draws.mean(axis=1).var()
    # Every listener as likely as any, for each draw of sounds: what bootstrapping both comes to.
    drawn = generator.integers(8, size=(500, 400, 8))
    both = np.take_along_axis(draws[:, None], drawn, axis=2).mean(axis=2).var()

    expected = _dual_bootstrap(np.array([both, over_listeners, over_sounds]), 8, 20)

    assert dual_error(found, draws, 20) == pytest.approx(np.sqrt(expected), rel=0.02)
    assert np.isnan(dual_error(found[:1], draws[:, :1], 20))
    with pytest.raises(InvalidInput, match="draw, listener"):
        dual_error(found, draws[:, :3], 20)
