"""Ways of cutting sound by name, what they cost, and the precision beside them."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hearing import SLIDING, NumpyModel, noise, refused, stimulus_of
from small_net import build
from toy import Loudness, ToyDataset, toy_benchmark

import heschl
from heschl.costs import estimate
from heschl.errors import BrokenPlugin, InvalidInput, UnknownName
from heschl.extraction import extract_frames
from heschl.presets import PRESETS, preset, preset_name
from heschl.sound import Sound, Stimulus
from heschl.windowing import ChunkedWindows, SlidingWindows, WholeStimulus

RATE = 16_000


@pytest.mark.parametrize(
    ("name", "times", "length_s"),
    [("sliding", 161, 16.1), ("strided", 32.2, 16.1), ("chunked", 2, 10), ("single-pass", 1.5, 30)],
)
def test_presets_cost_what_is_stated(name, times, length_s):
    hour = 3600 * RATE
    plan = preset(name).windows(hour, RATE, period=320)

    lengths = [window.n_samples for window in plan.windows]

    # The first windows of a sliding hour are shorter, chunks have one step less than they could.
    assert sum(lengths) / hour == pytest.approx(times, rel=5e-3)
    assert max(lengths) == round(length_s * RATE)


def test_presets_are_known_by_name_and_by_value():
    assert all(preset_name(preset(name)) == name for name in PRESETS)
    assert preset_name(SlidingWindows(context_s=16, hop_s=0.1)) == "sliding"
    assert preset_name(WholeStimulus()) is None
    with pytest.raises(UnknownName, match="no windowing is named 'slding'; did you mean 'sliding'"):
        preset("slding")


def test_strided_windows_are_every_fifth_of_the_sliding_ones():
    sliding, strided = (preset(name).windows(40 * RATE, RATE) for name in ("sliding", "strided"))

    assert strided.windows == sliding.windows[4::5]


def test_single_passes_keep_five_seconds_of_context_on_both_sides():
    plan = preset("single-pass").windows(70 * RATE, RATE, period=320)

    assert [[end / RATE for end in window[:2]] for window in plan.windows] == [
        [0, 30],
        [20, 50],
        [40, 70],
    ]
    assert [window.keep_from / RATE for window in plan.windows[1:]] == [25, 45]


def test_plans_say_how_often_each_second_is_heard():
    windowing = ChunkedWindows(window_s=10.0, stride_s=5.0)
    planned = heschl.plan(Loudness(), toy_benchmark(windowing=windowing), data=ToyDataset())

    cost = estimate(planned)

    # 100, 90 and 80 s: a window less than every five seconds.
    n_windows = 19 + 17 + 15
    assert (cost.protocol, cost.n_windows) == ("chunked", n_windows)
    assert cost.redundancy == pytest.approx(10 * n_windows / 270)
    other = heschl.plan(Loudness(), toy_benchmark(), data=ToyDataset())
    assert estimate(other).protocol == "SlidingWindows(context_s=0.4, hop_s=0.1)"


# --- precision ----------------------------------------------------------------------------


def small_speech():
    samples = np.random.default_rng(0).standard_normal(3 * RATE).astype(np.float32)
    return Stimulus("story", Sound.from_samples(samples, RATE))


@pytest.mark.parametrize("windowing", [SLIDING, ChunkedWindows(2.0, 1.0)], ids=["sliding", "chunk"])
def test_bfloat16_is_what_the_protocol_asks_for_and_nothing_else(windowing):
    exact, rounded = (
        extract_frames(build(), small_speech(), ["final"], windowing, precision=precision)["final"]
        for precision in ("float32", "bfloat16")
    )

    assert np.array_equal(exact.times_s, rounded.times_s)
    error = np.linalg.norm(rounded.values - exact.values) / np.linalg.norm(exact.values)
    assert 1e-4 < error < 3e-2


def test_precisions_that_a_model_does_not_offer_are_refused():
    refused(
        InvalidInput,
        "precision='bfloat16', but the model 'numpy-model' computes in float32 alone; choose",
        NumpyModel(),
        precision="bfloat16",
    )
    refused(InvalidInput, "expected one of float32, bfloat16", NumpyModel(), precision="float16")
    with pytest.raises(InvalidInput, match="precision='half'; expected one of float32, bfloat16"):
        dataclasses.replace(toy_benchmark(), precision="half")


def test_benchmarks_in_bfloat16_are_scored_in_it_under_keys_of_their_own(tmp_path):
    precisions = []

    class Rounding(Loudness):
        def with_precision(self, precision):
            precisions.append(precision)
            return self

    for precision in ("float32", "bfloat16"):
        heschl.score(
            Rounding(), toy_benchmark(precision=precision), data=ToyDataset(), store=tmp_path
        )

    assert precisions == ["bfloat16"] * 3, "one for each sound; nothing is taken from float32"


# --- last frames --------------------------------------------------------------------------


class WithLastFrames(NumpyModel):
    """Gives last frames alone, as a torch module does."""

    def __init__(self, spoil=lambda values: values):
        super().__init__()
        self.spoil = spoil
        self.n_last, self.n_views = 0, 0

    def last_frames(self, waveforms, taps):
        self.n_last += len(waveforms)
        self.n_views += len(waveforms) > 1 and not waveforms.flags.owndata
        outputs = NumpyModel().forward(waveforms, taps)
        return {name: self.spoil(values[:, -1:]) for name, values in outputs.items()}


def test_sliding_windows_take_last_frames_of_views():
    stimulus = stimulus_of(noise(3.0))
    model = WithLastFrames()

    found = extract_frames(model, stimulus, ["fine", "coarse"], SLIDING, batch_size=4)

    expected = extract_frames(NumpyModel(), stimulus, ["fine", "coarse"], SLIDING, batch_size=4)
    for name in found:
        assert np.array_equal(found[name].values, expected[name].values)
    assert model.n_last == 30 + 1, "each window, and the first once more to hold it against forward"
    assert model.n_views == 5
    assert len(model.shapes) == 1


def test_chunks_do_not_take_last_frames():
    model = WithLastFrames()

    extract_frames(model, stimulus_of(noise(3.0)), ["fine"], ChunkedWindows(2.0, 1.0))

    assert model.n_last == 0


@pytest.mark.parametrize(
    ("spoil", "match"),
    [
        (lambda values: values + 1, "another last frame by last_frames than by forward"),
        (lambda values: np.repeat(values, 2, axis=1), "gave 2 frames by last_frames; expected the"),
        (lambda values: values[:, 0], "expected an array"),
        (lambda values: values * np.nan, "gave NaN or infinity"),
    ],
    ids=["other", "two", "flat", "nan"],
)
def test_last_frames_that_are_others_are_refused(spoil, match):
    refused(BrokenPlugin, match, WithLastFrames(spoil))
