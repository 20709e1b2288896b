"""Models that hear nothing: words that are read, and stored features that are looked up."""

from dataclasses import replace

import numpy as np
import pytest
from hearing import SLIDING, noise, refused, stimulus_of

from heschl.alignment import Alignment
from heschl.cards import ModelCard
from heschl.contracts import Events, Layer
from heschl.errors import BrokenPlugin, InvalidInput, MissingExtra
from heschl.extraction import extract, extract_frames
from heschl.temporal import Lanczos

WORDS = Alignment(words=((0.0, 0.4, "had"), (0.5, 0.7, "your"), (0.6, 2.0, "dark")))


class Reader:
    """A text model with the length of each word and its position."""

    layers = (Layer("length", 1), Layer("position", 1))
    card = ModelCard("reader", load="nowhere:nothing", summary="Fake.", modality="text")
    digest = "fake"

    def __init__(self, fault=lambda events: events):
        self.fault = fault

    def read(self, alignment, taps):
        words = alignment.words
        onsets = np.array([word.onset_s for word in words])
        offsets = np.array([word.offset_s for word in words])
        values = {
            "length": np.array([[len(word.label)] for word in words], float).reshape(-1, 1),
            "position": np.arange(len(words), dtype=float)[:, None],
        }
        return {tap: self.fault(Events(values[tap], onsets, offsets)) for tap in taps}


@pytest.mark.parametrize(
    ("event_stamp", "expected_s"),
    [
        ("onset", [0.0, 0.5, 0.6]),
        ("midpoint", [0.2, 0.6, 1.3]),
        ("offset", [0.4, 0.7, 2.0]),
    ],
)
def test_words_are_stamped_where_asked(event_stamp, expected_s):
    stimulus = stimulus_of(noise(2.5), WORDS)

    frames = extract_frames(Reader(), stimulus, ["length"], SLIDING, event_stamp=event_stamp)

    np.testing.assert_allclose(frames["length"].times_s, expected_s, rtol=0, atol=1e-12)
    assert frames["length"].values[:, 0].tolist() == [3, 4, 4]


def test_words_that_overlap_come_in_the_order_of_their_stamps():
    nested = Alignment(words=((0.0, 2.0, "long"), (0.5, 0.7, "in")))

    frames = extract_frames(Reader(), stimulus_of(noise(2.5), nested), ["position"], SLIDING)

    assert frames["position"].times_s.tolist() == [0.7, 2.0]
    assert frames["position"].values[:, 0].tolist() == [1, 0]


def test_words_become_rates():
    words = [(t, t + 0.1, "a" * n) for n, t in enumerate(np.arange(0, 12, 0.25), start=1)]
    stimulus = stimulus_of(noise(1.0), Alignment(words=tuple(words)))
    targets_s = np.arange(0, 12, 2.0)
    fractions = []

    found = extract(
        Reader(),
        stimulus,
        ["length"],
        SLIDING,
        Lanczos(),
        targets_s,
        event_stamp="midpoint",
        report=fractions.append,
    )["length"]

    # The kernel of B2, spelled out: not normalised, so a sum over words.
    lags = (targets_s[:, None] - (np.arange(0, 12, 0.25) + 0.05)) / 2.0
    kernel = 3 * np.sin(np.pi * lags) * np.sin(np.pi * lags / 3) / (np.pi * lags) ** 2
    kernel[np.abs(lags) > 3] = 0
    np.testing.assert_allclose(found[:, 0], kernel @ np.arange(1, 49), rtol=1e-6)
    assert fractions == [1.0]


def test_a_sound_without_words_gives_zeros():
    stimulus = stimulus_of(noise(1.0), Alignment())

    found = extract(Reader(), stimulus, ["length"], SLIDING, Lanczos(), np.arange(4.0))

    assert np.array_equal(found["length"], np.zeros((4, 1), np.float32))


def test_text_models_need_an_alignment():
    refused(InvalidInput, "'story' has no alignment", Reader(), layers=["length"])


@pytest.mark.parametrize(
    ("fault", "match"),
    [
        (lambda events: None, "is a NoneType; expected Events"),
        (lambda events: replace(events, values=events.values[:, 0]), r"expected \(event, 1\)"),
        (lambda events: replace(events, values=events.values[1:]), r"expected \(event, 1\)"),
        (lambda events: replace(events, onsets_s=events.onsets_s[1:]), r"expected \(event, 1\)"),
        (lambda events: replace(events, values=events.values * np.nan), "not finite"),
        (lambda events: replace(events, onsets_s=events.onsets_s * np.inf), "not finite"),
        (lambda events: replace(events, offsets_s=-1 - events.offsets_s), "end before they begin"),
    ],
)
def test_events_that_break_a_promise_name_model_and_layer(fault, match):
    stimulus = stimulus_of(noise(1.0), Alignment(words=((0.1, 0.4, "had"), (0.5, 0.7, "your"))))

    with pytest.raises(BrokenPlugin, match=rf"'length' of the model 'reader' for 'story'.*{match}"):
        extract_frames(Reader(fault=fault), stimulus, ["length"], SLIDING)


def test_readers_may_lack_an_extra():
    def fault(events):
        raise MissingExtra('run: pip install "heschl[speech]"')

    with pytest.raises(MissingExtra):
        extract_frames(Reader(fault), stimulus_of(noise(1.0), WORDS), ["length"], SLIDING)


def test_failing_readers_are_named():
    def fault(events):
        raise KeyError("vocabulary")

    with pytest.raises(BrokenPlugin, match="'reader' failed to read 'story' with KeyError"):
        extract_frames(Reader(fault=fault), stimulus_of(noise(1.0), WORDS), ["length"], SLIDING)


class Stored:
    """A feature source with frames at given times for every stimulus."""

    card = ModelCard("stored", load="nowhere:nothing", summary="Fake.")
    digest = "fake"

    def __init__(self, times_s, rate_hz=None):
        self.times_s = np.asarray(times_s, dtype=float)
        self.layers = (Layer("one", 1, rate_hz=rate_hz),)

    def frames(self, stimulus, taps):
        return {tap: (self.times_s, np.ones((len(self.times_s), 1))) for tap in taps}


EVEN = np.arange(500) / 50 + 0.01
"""Fifty frames a second of a sound of ten seconds."""


@pytest.mark.parametrize(
    ("times_s", "rate_hz"),
    [
        (EVEN, 50.0),
        (EVEN, None),
        (EVEN[:-80], 50.0),  # the last window was not whole
        (EVEN + 0.9, 50.0),  # stamped with the window's end
        ([2.0, 3.0, 8.5], None),  # words
        (EVEN * (1 + 1e-4), 50.0),
    ],
)
def test_features_that_cover_the_sound_are_taken(times_s, rate_hz):
    found = extract_frames(Stored(times_s, rate_hz), stimulus_of(noise(10.0)), ["one"], SLIDING)
    assert np.array_equal(found["one"].times_s, times_s)


@pytest.mark.parametrize(
    ("times_s", "rate_hz", "match"),
    [
        (EVEN / 2, 50.0, "0.01 s apart.*rate_hz=50 promises 0.02"),
        (EVEN / 2, 100.0, "from 0.01 to 5.00 s of 'story', which lasts 10.00 s"),
        (EVEN / 2, None, "from 0.01 to 5.00 s"),
        (EVEN * 2, None, "from 0.02 to 19.98 s"),
        (EVEN * 1000, None, "from 10.00 to 9990.00 s"),
        (EVEN[200:], 50.0, "from 4.01 to 9.99 s"),
        (EVEN[200:], None, "from 4.01 to 9.99 s"),
        (EVEN[:350], 50.0, "from 0.01 to 6.99 s"),
        ([], None, "no frame"),
    ],
    ids=[
        *("half-the-rate", "half-the-times", "half-the-times-uneven", "twice", "milliseconds"),
        *("late", "late-uneven", "short", "none"),
    ],
)
def test_features_of_another_clock_are_refused(times_s, rate_hz, match):
    with pytest.raises(BrokenPlugin, match=f"'one' of 'stored' .*{match}"):
        extract_frames(Stored(times_s, rate_hz), stimulus_of(noise(10.0)), ["one"], SLIDING)
