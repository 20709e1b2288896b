"""Nothing stale is ever served: whatever is flipped, the store misses."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from toy import MODEL_TRAITS, Loudness, ToyDataset, toy_benchmark

import heschl
from heschl.alignment import Alignment, Interval
from heschl.ceilings import NoCeiling, SplitHalf
from heschl.contracts import Events, Layer
from heschl.errors import BrokenPlugin
from heschl.extraction import extract
from heschl.metrics.ridge import KFold, LeaveOneOut, Nested
from heschl.sound import Sound, Stimulus, StimulusSet
from heschl.splits import ContiguousKFold, GroupKFold, StratifiedKFold
from heschl.temporal import Average, HemodynamicResponse
from heschl.windowing import ChunkedWindows, WholeStimulus

DATA = ToyDataset()
PRESENTATION = {("rois",), ("card",), ("unit_average",), ("left_out",)}
"""Fields that choose what is reported, and of whom, or name the benchmark."""


def keys(model=None, data=None, benchmark=None, **settings):
    """Return the keys of each stage."""
    planned = heschl.plan(
        model or Loudness(), benchmark or toy_benchmark(), data=data or DATA, **settings
    )
    stages = {}
    for cell in planned.cells:
        stages.setdefault(cell.stage, []).extend(cell.keys)
    return stages


def flipped(value):
    """Return a value of the same kind that is another one."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, float):
        return value * 0.5
    if isinstance(value, tuple):
        return value[1:] if len(value) > 1 else (*value, flipped(value[0]))
    if isinstance(value, dict):
        return {name: flipped(inner) for name, inner in value.items()}
    options = {
        "midpoint": "onset",
        "pearson": "r2",
        "r2": "pearson",
        "glover": "spm",
        "stimulus": "speaker",
        "fast": "reference",
        "float32": "float64",
        "none": "minmax",
        "nested": "inner",
        "mean": "median",
    }
    return options.get(value, f"{value}x")


def leaves(settings, path=()):
    """Yield the path of every field of a declaration, through the settings that it holds."""
    for field in (each for each in dataclasses.fields(settings) if each.compare):
        value = getattr(settings, field.name)
        if dataclasses.is_dataclass(value) and field.name != "card":
            yield from leaves(value, (*path, field.name))
        else:
            yield (*path, field.name)


def with_flipped(settings, path):
    inner = getattr(settings, path[0])
    if inner is None:
        changed = {"included": ("two", "test"), "train": ("one", "two"), "units": "A1"}[path[0]]
    else:
        changed = with_flipped(inner, path[1:]) if len(path) > 1 else flipped(inner)
        if path == ("precision",):
            changed = "bfloat16"
    return dataclasses.replace(settings, **{path[0]: changed})


def declarations():
    base = toy_benchmark()
    ridge = base.metric
    return {
        "toy": base,
        "hrf-loo": toy_benchmark(
            resampler=HemodynamicResponse(),
            metric=dataclasses.replace(ridge, estimator=LeaveOneOut()),
        ),
        "chunks-kfold": toy_benchmark(
            windowing=ChunkedWindows(window_s=10.0, stride_s=5.0),
            metric=dataclasses.replace(ridge, estimator=KFold()),
        ),
        "split-half": toy_benchmark(ceiling=SplitHalf(minimum=0.4)),
    }


FLIPS = [
    pytest.param(declaration, path, id=f"{name}-{'.'.join(path)}")
    for name, declaration in declarations().items()
    for path in leaves(declaration)
    if path not in PRESENTATION
]


@pytest.mark.parametrize(("declaration", "path"), FLIPS)
def test_every_flipped_field_of_a_declaration_misses(declaration, path):
    before = keys(benchmark=declaration)
    after = keys(benchmark=with_flipped(declaration, path))

    if path[0] == "ceiling":
        assert before["scores"] == after["scores"]
    else:
        assert not set(before["scores"]) & set(after["scores"])
    if path[0] in ("windowing", "resampler", "event_stamp", "precision", "frame_scaling"):
        assert not set(before["features"]) & set(after["features"])
    else:
        assert set(after["features"]) <= set(before["features"])
    if path[0] in ("ceiling", "skipped_rows", "splitter", "included", "units"):
        assert not set(before["ceiling"]) & set(after["ceiling"])


@pytest.mark.parametrize(
    ("field", "one", "other"),
    [
        ("windowing", WholeStimulus(), ChunkedWindows()),
        ("splitter", ContiguousKFold(5), GroupKFold(5, by="stimulus")),
        ("splitter", GroupKFold(5, by="stimulus"), StratifiedKFold(5, by="stimulus", seed=0)),
    ],
)
def test_another_kind_of_setting_misses(field, one, other):
    first, second = (keys(benchmark=toy_benchmark(**{field: each})) for each in (one, other))
    assert not set(first["scores"]) & set(second["scores"])


def test_estimators_with_the_same_fields_are_told_apart():
    metric = toy_benchmark().metric
    found = [
        keys(benchmark=toy_benchmark(metric=dataclasses.replace(metric, estimator=each)))["scores"]
        for each in (KFold(), Nested(), LeaveOneOut())
    ]
    assert len({key for each in found for key in each}) == 3 * len(found[0])


def test_version_of_the_benchmark_misses_its_scores():
    card = dataclasses.replace(toy_benchmark().card, version=2)
    before, after = keys(), keys(benchmark=toy_benchmark(card=card))
    assert not set(before["scores"]) & set(after["scores"])


def test_seed_misses_what_is_random():
    before, after = keys(), keys(seed=1)
    assert before["features"] == after["features"]
    assert not set(before["scores"]) & set(after["scores"])
    assert not set(before["ceiling"]) & set(after["ceiling"])


@pytest.mark.parametrize(
    "changes",
    [
        {"scale": 2.0},
        {"layers": (Layer("low", 2, 10.0, 0.06), Layer("high", 1, 10.0, 0.06))},
    ],
    ids=["weights", "timing"],
)
def test_another_model_misses(changes):
    before, after = keys(), keys(Loudness(**changes))
    assert not set(before["features"]) & set(after["features"])
    assert not set(before["scores"]) & set(after["scores"])


class Levelled(Loudness):
    """Takes off the mean of the input, which zeros behind the sound change."""

    def forward(self, waveforms, taps):
        levelled = waveforms - waveforms.mean(axis=1, keepdims=True)
        return super().forward(1.0 + levelled, taps)


def test_promise_that_was_taken_back_is_computed_anew(tmp_path):
    def curve(store, **promises):
        traits = dataclasses.replace(MODEL_TRAITS, **promises)
        score = heschl.score(Levelled(traits=traits), toy_benchmark(), data=DATA, store=store)
        return score.layers(roi="A1")["value"].to_numpy()

    broken = curve(tmp_path / "store", is_padding_safe=True)
    mended = curve(tmp_path / "store")

    np.testing.assert_array_equal(mended, curve(tmp_path / "another"))
    assert not np.array_equal(mended, broken)


@pytest.mark.parametrize("promise", [{"is_local": True}, {"minimum_samples": 800}])
def test_another_promise_misses(promise):
    before, after = (
        keys(Loudness(traits=traits))
        for traits in (MODEL_TRAITS, dataclasses.replace(MODEL_TRAITS, **promise))
    )
    assert not set(before["features"]) & set(after["features"])


def test_one_sample_of_one_sound_misses_its_features_and_all_scores():
    data = ToyDataset()
    stimuli = []
    for name, stimulus in data.stimuli().items():
        samples = stimulus.sound.waveform(stimulus.sound.sample_rate).copy()
        if name == "one":
            samples[1234] = np.nextafter(samples[1234], np.float32(1))
        sound = Sound.from_samples(samples, stimulus.sound.sample_rate)
        stimuli.append(Stimulus(name, sound, None))
    changed = ToyDataset(_stimuli=StimulusSet(stimuli))

    before, after = keys(data=data), keys(data=changed)

    assert len(set(before["features"]) & set(after["features"])) == 4  # the other two sounds
    assert not set(before["scores"]) & set(after["scores"])


def test_recording_misses_ceilings_and_scores():
    before, after = keys(), keys(data=ToyDataset(noise=0.25))
    assert before["features"] == after["features"]
    assert not set(before["ceiling"]) & set(after["ceiling"])
    assert not set(before["scores"]) & set(after["scores"])


def test_clock_misses_features(monkeypatch):
    before = keys()
    monkeypatch.setattr(ToyDataset, "clock", lambda self, name: np.arange(1.0, 80.0, 2.0) + 1e-9)
    assert not set(before["features"]) & set(keys()["features"])


class Reader:
    """Reads a word as the number of its letters."""

    def __init__(self):
        self.card = dataclasses.replace(Loudness().card, modality="text")
        self.digest = "reader"
        self.layers = (Layer("letters", 1),)

    def read(self, alignment, taps):
        values = np.array([[len(word.label)] for word in alignment.words], dtype=float)
        times = np.array([word[:2] for word in alignment.words]).reshape(-1, 2)
        return {tap: Events(values, times[:, 0], times[:, 1]) for tap in taps}


def test_word_of_the_alignment_misses_a_text_model_and_no_sound_does():
    def with_words(label):
        data = ToyDataset()
        alignment = Alignment(words=(Interval(0.5, 1.0, label),), phones=())
        return ToyDataset(
            _stimuli=StimulusSet(
                Stimulus(name, stimulus.sound, alignment)
                for name, stimulus in data.stimuli().items()
            )
        )

    before, after = (keys(Reader(), data=with_words(label)) for label in ("word", "words"))
    assert not set(before["features"]) & set(after["features"])


@pytest.mark.parametrize("event_stamp", ["hold", "repeat", "midpoint"])
def test_silence_after_the_last_word_misses_words_that_last(event_stamp):
    """A mean over frames of words is over those of the silence too."""

    def keys_and_mean(n_silent):
        samples = np.zeros(4 * 4000 + n_silent, np.float32)
        alignment = Alignment(words=(Interval(0.5, 1.0, "word"),), phones=())
        stimulus = Stimulus("one", Sound.from_samples(samples, 4000), alignment)

        class Data(ToyDataset):
            def stimuli_of(self, subject):
                return ("one",)

            def clock(self, stimulus):
                return np.array([1.0])

        data = Data(_stimuli=StimulusSet([stimulus]))
        benchmark = toy_benchmark(
            event_stamp=event_stamp,
            resampler=Average(),
            standardise=False,
            delays=(),
            skipped_rows={},
            ceiling=NoCeiling(),
        )
        mean = extract(
            Reader(),
            stimulus,
            ["letters"],
            benchmark.windowing,
            benchmark.resampler,
            data.clock("one"),
            event_stamp=event_stamp,
        )["letters"]
        return keys(Reader(), data=data, benchmark=benchmark)["features"], float(mean[0, 0])

    (short, mean), (long, mean_of_long) = (keys_and_mean(n) for n in (0, 4 * 4000))

    assert (short == long) == (mean == mean_of_long) == (event_stamp == "midpoint")


CELL = """
import dataclasses
from toy import Loudness, ToyDataset, toy_benchmark
from heschl.errors import BrokenPlugin
from heschl.metrics.ridge import Ridge

class Model(Loudness):
    def forward(self, waveforms, taps):
        return {tap: 1.0 * values for tap, values in super().forward(waveforms, taps).items()}

class Data(ToyDataset):
    def recording(self, subject, stimuli=None):
        return super().recording(subject, sorted(stimuli))

@dataclasses.dataclass(frozen=True)
class Metric(Ridge):
    def __call__(self, design, responses, folds, *, seed):
        return super().__call__(1.0 * design, responses, folds, seed=seed)
"""
"""What a notebook defines: everything but the code itself says that nothing has changed."""


@pytest.mark.parametrize(
    ("old", "new", "stages"),
    [
        ("1.0 * values", "2.0 * values", {"features", "scores"}),
        ("sorted(stimuli)", "sorted(stimuli)[::-1]", {"ceiling", "scores"}),
        ("1.0 * design", "2.0 * design", {"scores"}),
    ],
)
def test_edited_class_misses_though_its_digest_is_the_same(old, new, stages):
    found = []
    for source in (CELL, CELL.replace(old, new), CELL):
        cell = {"__name__": "__main__"}
        exec(source, cell)  # noqa: S102  as a notebook does
        metric = cell["Metric"](toy_benchmark().metric.estimator)
        found.append(keys(cell["Model"](), cell["Data"](), toy_benchmark(metric=metric)))
    before, after, again = found

    assert before == again
    for stage, of_stage in before.items():
        assert bool(set(of_stage) & set(after[stage])) == (stage not in stages)


@pytest.mark.parametrize("digest", [None, "", b"bytes", 3])
def test_model_without_a_digest_is_refused(digest):
    class Nameless(Loudness):
        pass

    Nameless.digest = digest
    with pytest.raises(BrokenPlugin, match="expected a text that changes"):
        keys(Nameless())
