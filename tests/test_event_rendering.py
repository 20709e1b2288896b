"""Words that last: held and repeated values against loops, nilearn, and what is not written out."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hearing import SLIDING, noise, stimulus_of
from hypothesis import given, settings
from hypothesis import strategies as st
from nilearn.glm.first_level import compute_regressor

from heschl.alignment import Alignment
from heschl.cards import ModelCard
from heschl.contracts import Events, Layer
from heschl.event_rendering import RATE_HZ, rendering
from heschl.extraction import WholeStimulus, extract, extract_frames
from heschl.temporal import HemodynamicResponse, Lanczos

WORDS = Alignment(words=((0.1, 0.4, "had"), (0.5, 0.7, "your"), (0.6, 2.0, "dark")))

events = st.lists(
    st.tuples(st.floats(0, 3), st.floats(0, 0.5)), max_size=12
).map(lambda pairs: np.array(sorted(pairs)).reshape(-1, 2))  # fmt: skip


class Reader:
    """A text model of a width to choose, with random values."""

    card = ModelCard("reader", load="nowhere:nothing", summary="Fake.", modality="text")
    digest = "fake"

    def __init__(self, width=2):
        self.layers = (Layer("values", width),)

    def read(self, alignment, taps):
        onsets, offsets = (np.array([word[i] for word in alignment.words]) for i in (0, 1))
        values = np.random.default_rng(0).standard_normal((len(onsets), self.layers[0].width))
        return {tap: Events(values.astype(np.float32), onsets, offsets) for tap in taps}


@settings(max_examples=60, deadline=None)
@given(events)
def test_held_events_add_up_to_what_they_last(pairs):
    onsets_s, offsets_s = pairs[:, 0], pairs[:, 0] + pairs[:, 1]

    times_s, matrix = rendering(onsets_s, offsets_s, "hold", 3.0)

    assert matrix.shape == (len(times_s), len(pairs))
    # A millionth of a frame at the end is rounding and gets no frame of its own.
    np.testing.assert_allclose(matrix.sum(axis=0) / RATE_HZ, pairs[:, 1], atol=1e-6 / RATE_HZ)
    edges = np.arange(len(times_s) + 1) / RATE_HZ
    for frame, weights in enumerate(matrix.toarray()):
        for event, weight in enumerate(weights):
            shared = min(edges[frame + 1], offsets_s[event]) - max(edges[frame], onsets_s[event])
            assert weight == pytest.approx(max(shared, 0) * RATE_HZ, abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(events)
def test_repeated_values_are_those_heard_at_each_centre(pairs):
    onsets_s, offsets_s = pairs[:, 0], pairs[:, 0] + pairs[:, 1]

    times_s, matrix = rendering(onsets_s, offsets_s, "repeat", 3.0)

    rows = matrix.toarray()
    assert set(np.unique(rows)) <= {0.0, 1.0}
    np.testing.assert_allclose(times_s * RATE_HZ, np.arange(len(rows)) + 0.5, rtol=1e-12)
    for frame, row in enumerate(rows):
        heard = [
            event
            for event in range(len(pairs))
            if onsets_s[event] * RATE_HZ <= frame + 0.5 < offsets_s[event] * RATE_HZ
        ]
        assert np.flatnonzero(row).tolist() == heard[-1:]


@pytest.mark.parametrize("event_stamp", ["hold", "repeat"])
def test_frames_cover_the_sound_and_silence_is_zero(event_stamp):
    stimulus = stimulus_of(noise(2.5), WORDS)

    found = extract_frames(Reader(), stimulus, ["values"], SLIDING, event_stamp=event_stamp)

    frames = found["values"]
    np.testing.assert_allclose(frames.times_s, (np.arange(125) + 0.5) / 50, atol=1e-12)
    is_silent = ~frames.values.any(axis=1)
    assert np.flatnonzero(is_silent).tolist() == [*range(5), *range(20, 25), *range(100, 125)]
    values = Reader().read(WORDS, ["values"])["values"].values
    np.testing.assert_array_equal(frames.values[5:20], np.repeat(values[:1], 15, axis=0))
    both = values[1] + values[2] if event_stamp == "hold" else values[2]
    np.testing.assert_allclose(frames.values[30:35], np.tile(both, (5, 1)), rtol=1e-6)


def test_held_words_through_the_hemodynamic_response_are_nilearns():
    # On the grid of the frames; each side rounds to a grid of 2 ms, a tenth of a frame.
    onsets_s = np.array([1.0, 2.5, 2.9, 9.0])
    durations_s = np.array([0.3, 0.4, 0.62, 0.2])
    alignment = Alignment(
        words=tuple((a, a + d, "word") for a, d in zip(onsets_s, durations_s, strict=True))
    )
    model = Reader(width=1)
    amplitudes = model.read(alignment, ["values"])["values"].values[:, 0]
    times_s = np.arange(16) * 2.0
    expected, _ = compute_regressor(
        np.stack([onsets_s, durations_s, amplitudes]), "glover", times_s, oversampling=1000
    )

    found = extract(
        model,
        stimulus_of(noise(31), alignment),
        ["values"],
        WholeStimulus(),
        HemodynamicResponse("glover", oversampling=1000),
        times_s,
        event_stamp="hold",
    )["values"]

    np.testing.assert_allclose(found, expected, atol=0.01 * np.abs(expected).max())


@pytest.mark.parametrize("event_stamp", ["hold", "repeat"])
def test_held_words_are_never_written_out(event_stamp):
    held, impulses = (peak_of_extraction(stamp) for stamp in (event_stamp, "offset"))

    # All 12,000 frames of 2,000 units in float32 would be 96 MB more; a block of 256 is not.
    assert held - impulses < 0.2 * 96e6


def peak_of_extraction(event_stamp):
    words = tuple((0.5 * n, 0.5 * n + 0.4, "word") for n in range(480))
    stimulus, model = stimulus_of(noise(240), Alignment(words=words)), Reader(width=2000)
    scans_s = np.arange(1.0, 240, 2.0)
    tracemalloc.start()
    try:
        extract(
            model,
            stimulus,
            ["values"],
            WholeStimulus(),
            Lanczos(lobes=3),
            scans_s,
            event_stamp=event_stamp,
        )
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_no_words_give_frames_of_zeros():
    stimulus = stimulus_of(noise(1.0), Alignment())

    found = extract_frames(Reader(), stimulus, ["values"], SLIDING, event_stamp="hold")

    assert found["values"].values.shape == (50, 2)
    assert not found["values"].values.any()
