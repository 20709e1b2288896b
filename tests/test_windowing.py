import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from heschl.contracts import Layer
from heschl.errors import BrokenPlugin, InvalidInput
from heschl.windowing import ChunkedWindows, FrameClock, SlidingWindows, WholeStimulus, Window

RATE = 16_000


def test_sliding_windows_are_those_of_the_original_code():
    # The loop of extract_speech_features.py, in its own words: a window ends at each hop and
    # begins context + hop earlier, or at the start.
    chunk, context = 1600, 256_000
    expected = [
        (max(0, end - context - chunk), end)
        for end in range(chunk, 20 * RATE + 1, chunk)
        if end - max(0, end - context - chunk) >= 400
    ]

    plan = SlidingWindows(16.0, 0.1).windows(20 * RATE + 799, RATE)

    assert [(window.start, window.stop) for window in plan.windows] == expected
    assert plan.windows[-1].n_samples == 257_600  # 16.1 s, not 16
    assert plan.hop_s == 0.1


def test_sliding_windows_do_not_drift_over_hours():
    plan = SlidingWindows(1.0, 0.1).windows(10 * 3600 * 11_050, 11_050)

    stops = np.array([window.stop for window in plan.windows])
    assert np.array_equal(stops, 1105 * np.arange(1, 360_001))
    # Times are exact tenths, correctly rounded; adding up 0.1 is off by then.
    assert stops[-1] / 11_050 == 36_000.0
    assert np.array_equal(stops / 11_050, np.arange(1, 360_001) / 10)


def test_sliding_windows_drop_what_is_too_short():
    by_default = SlidingWindows(0.1, 0.01).windows(800, RATE)
    by_model = SlidingWindows(0.1, 0.01).windows(800, RATE, minimum_samples=640)

    assert [window.stop for window in by_default.windows] == [480, 640, 800]
    assert [window.stop for window in by_model.windows] == [640, 800]
    assert SlidingWindows(16.0, 0.1).windows(1599, RATE).windows == ()


def test_sliding_window_without_context_is_one_hop():
    plan = SlidingWindows(0.0, 0.1).windows(RATE, RATE)

    assert {window.n_samples for window in plan.windows} == {1600}
    assert len(plan.windows) == 10


@pytest.mark.parametrize("hop_s", [1 / 3, 0.3333, 1e-7, 0.1000001])
def test_sliding_hop_of_broken_samples_is_refused(hop_s):
    with pytest.raises(InvalidInput, match=r"hop_s=.* samples at 16000 Hz; expected a whole"):
        SlidingWindows(16.0, hop_s).windows(RATE, RATE)


def test_sliding_hop_of_a_third_fits_a_rate_that_three_divides():
    plan = SlidingWindows(1.0, 1 / 3).windows(48_000, 48_000)

    assert [window.stop for window in plan.windows] == [16_000, 32_000, 48_000]


@pytest.mark.parametrize("seconds", [-1.0, math.nan, math.inf])
def test_lengths_that_are_none_are_refused(seconds):
    with pytest.raises(InvalidInput, match="context_s"):
        SlidingWindows(seconds, 0.1)
    with pytest.raises(InvalidInput, match="hop_s"):
        SlidingWindows(16.0, seconds)
    with pytest.raises(InvalidInput, match="window_s"):
        ChunkedWindows(seconds, 5.0)


def test_zero_hops_are_refused():
    with pytest.raises(InvalidInput, match="hop_s=0"):
        SlidingWindows(16.0, 0.0)
    with pytest.raises(InvalidInput, match="stride_s=0"):
        ChunkedWindows(10.0, 0.0)


def test_chunks_that_skip_sound_are_refused():
    with pytest.raises(InvalidInput, match="exceeds window_s"):
        ChunkedWindows(5.0, 10.0)


def test_chunks_keep_the_central_five_seconds_and_full_edges():
    plan = ChunkedWindows(10.0, 5.0).windows(22 * RATE + 100, RATE, period=320)

    seconds = [[None if x is None else x / RATE for x in window] for window in plan.windows]
    last_start = 12.02  # 12 s and 100 samples, up to the next whole frame of 20 ms
    assert seconds == [
        [0, 10, None, 7.5],
        [5, 15, 7.5, 12.5],
        [10, 20, 12.5, 17.5],
        [last_start, 22 + 100 / RATE, 17.5, None],
    ]


@pytest.mark.parametrize("n_samples", [1, 100, 9 * RATE, 10 * RATE])
def test_chunks_of_a_short_sound_are_one_window(n_samples):
    plan = ChunkedWindows(10.0, 5.0).windows(n_samples, RATE, period=320)

    assert plan.windows == (Window(0, n_samples),)


@settings(deadline=None)  # a busy machine is no failure
@given(
    n_samples=st.integers(1, 4000),
    strides=st.tuples(st.sampled_from([1, 2, 4, 5, 10, 20]), st.sampled_from([1, 2, 3])),
    convolution=st.tuples(st.integers(1, 60), st.integers(0, 40)),
    n_strides=st.integers(10, 60),
    overlap=st.integers(0, 400),
)
def test_chunks_keep_every_frame_exactly_once(n_samples, strides, convolution, n_strides, overlap):
    # A network of two layers, with a stride and a coarser one, at 100 Hz: one pass over the
    # whole sound gives the frames that must be found again.
    rate = 100
    stride, coarse = strides
    field, padding = convolution
    hop = stride * coarse * n_strides
    windowing = ChunkedWindows((hop + overlap) / rate, hop / rate)
    for step in (stride, stride * coarse):
        layer = Layer("layer", 1, rate / step, (field / 2 - padding) / rate, field / rate)
        clock = FrameClock.of(layer, rate)

        def n_frames(length, step=step):
            return (length + 2 * padding - field) // step + 1

        plan = windowing.windows(n_samples, rate, period=stride * coarse)
        assume(all(n_frames(window.n_samples) >= 1 for window in plan.windows))
        try:
            times = [
                clock.times_s(window.start, *clock.kept(window, n_frames(window.n_samples)))
                for window in plan.windows
            ]
        except InvalidInput:
            # Seams may lack frames only where windows overlap by less than a field needs.
            assume(overlap >= 2 * (max(field, 2 * padding) + step))
            raise

        whole = clock.times_s(0, 0, n_frames(n_samples))
        assert np.array_equal(np.concatenate(times), whole)


@settings(deadline=None)  # a busy machine is no failure
@given(
    n_samples=st.integers(1, 20_000),
    window=st.integers(50, 3000),
    stride=st.integers(50, 3000),
    period=st.integers(1, 500),
)
def test_chunks_are_full_but_for_less_than_a_period(n_samples, window, stride, period):
    assume(stride <= window)

    plan = ChunkedWindows(window / 1000, stride / 1000).windows(n_samples, 1000, period=period)

    lengths = [each.n_samples for each in plan.windows]
    assert plan.windows[0].start == 0
    assert plan.windows[-1].stop == n_samples
    assert all(length == min(window, n_samples) for length in lengths[:-1])
    assert min(window, n_samples) - period < lengths[-1] <= min(window, n_samples)
    # What is kept tiles the sound.
    assert [each.keep_until for each in plan.windows[:-1]] == [
        each.keep_from for each in plan.windows[1:]
    ]
    # Nothing is kept outside of its own window.
    for each in plan.windows:
        assert each.keep_from is None or each.keep_from >= each.start
        assert each.keep_until is None or each.keep_until <= each.stop


def test_chunks_that_overlap_too_little_say_by_how_much():
    clock = FrameClock.of(Layer("cnn", 1, 50.0, 0.0125, 0.025), RATE)
    plan = ChunkedWindows(10.0, 10.0).windows(30 * RATE, RATE, period=320)

    with pytest.raises(InvalidInput, match=r"layer 'cnn' lacks 0\.02 s of frames; make window_s"):
        clock.kept(plan.windows[0], 499)


def test_chunks_without_a_common_grid_keep_frames_by_time():
    # 70 Hz at 16 kHz: 5 s are whole samples but 1142.86 x 350 frames repeat every 8000 samples.
    clock = FrameClock.of(Layer("layer", 1, 70.0, 0.01, 0.02), RATE)
    plan = ChunkedWindows(1.1, 0.55).windows(5 * RATE, RATE, period=clock.period)

    times = np.concatenate(
        [
            clock.times_s(
                window.start,
                *clock.kept(window, int((window.n_samples - 320) / clock.stride) + 1),
            )
            for window in plan.windows
        ]
    )

    assert (np.diff(times) > 0).all()
    assert np.diff(times).max() < 2 / 70


def test_whole_stimulus_is_one_window():
    assert WholeStimulus().windows(12_345, RATE).windows == (Window(0, 12_345),)


@pytest.mark.parametrize(
    ("windowing", "expected"),
    [
        (
            SlidingWindows(),
            {"kind": "SlidingWindows", "context_s": 16.0, "hop_s": 0.1, "numerics": 1},
        ),
        (
            ChunkedWindows(),
            {"kind": "ChunkedWindows", "window_s": 10.0, "stride_s": 5.0, "numerics": 1},
        ),
        (WholeStimulus(), {"kind": "WholeStimulus", "numerics": 1}),
    ],
    ids=["sliding", "chunked", "whole"],
)
def test_configuration_holds_every_setting(windowing, expected):
    assert windowing.configuration() == expected


def test_clock_reads_rounded_floats_as_the_fractions_that_were_meant():
    clock = FrameClock.of(Layer("layer", 1, 33.333333333, 0.0125, 0.025), RATE)
    fine = FrameClock.of(Layer("layer", 1, 44_100 / 512, 1023.5 / 44_100, 0.1), 44_100)

    assert (clock.stride, clock.offset, clock.half_field) == (480, 200, 200)
    assert (fine.stride, fine.offset) == (512, Fraction(2047, 2))


def test_clock_times_are_correctly_rounded_after_hours():
    clock = FrameClock.of(Layer("layer", 1, 50.0, 0.0125, 0.025), RATE)

    times = clock.times_s(3600 * RATE, 0, 3)

    assert times.tolist() == [3600.0125, 3600.0325, 3600.0525]


def test_clock_of_wav2vec_expects_its_frames():
    clock = FrameClock.of(Layer("cnn", 1, 50.0, 0.0125, 0.025), RATE)

    assert clock.can_have(804, 257_600)
    assert clock.can_have(49, 16_000)
    assert clock.can_have(1, 400)
    assert not clock.can_have(1608, 257_600)  # a rate of 100 Hz
    assert not clock.can_have(402, 257_600)  # 25 Hz
    assert not clock.can_have(810, 257_600)  # tokens that are not frames
    assert not clock.can_have(0, 400)


def test_clock_refuses_a_layer_without_a_rate():
    with pytest.raises(BrokenPlugin, match="'pooled' of a speech model declares no rate_hz"):
        FrameClock.of(Layer("pooled", 4), RATE)
