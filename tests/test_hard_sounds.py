"""Sounds that go wrong elsewhere, through extraction and a score, with a real torch network."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import soundfile
from small_net import build
from toy import ToyDataset, toy_benchmark

import heschl
from heschl.errors import CorruptData, HeschlError, InvalidInput
from heschl.extraction import ChunkedWindows, SlidingWindows, WholeStimulus, extract
from heschl.sound import Sound, Stimulus, StimulusSet
from heschl.temporal import Lanczos

pytest.importorskip("torch")

RATE = 16_000
LAYERS = ["cnn", "block.1"]
SLIDING = SlidingWindows(context_s=0.4, hop_s=0.1)
WINDOWINGS = pytest.mark.parametrize(
    "windowing",
    [SLIDING, ChunkedWindows(window_s=1.0, stride_s=0.5), WholeStimulus()],
    ids=["sliding", "chunked", "whole"],
)
TARGETS_S = np.arange(0.5, 4.0, 0.5)


def melody(rate, duration_s=4.0):
    """Return tones well below every Nyquist rate here, louder and softer."""
    t = np.arange(round(rate * duration_s)) / rate
    tones = [np.sin(2 * np.pi * hertz * t) for hertz in (210, 440, 1100)]
    return 0.3 * (1 + np.sin(2 * np.pi * 0.7 * t)) / 2 * np.sum(tones, axis=0)


def features(sound, windowing):
    stimulus = Stimulus("story", sound)
    found = extract(build(), stimulus, LAYERS, windowing, Lanczos(), TARGETS_S)
    return np.concatenate([found[name] for name in LAYERS], axis=1)


def written(path, samples, rate=RATE, subtype="FLOAT"):
    soundfile.write(path, samples, rate, subtype=subtype)
    return Sound.from_file(path)


@WINDOWINGS
@pytest.mark.parametrize("rate", [8000, 22_050, 44_100, 48_000])
def test_other_sample_rates_give_the_features_of_the_same_sound(windowing, rate, tmp_path):
    expected = features(Sound.from_samples(melody(RATE), RATE), windowing)

    found = features(written(tmp_path / "other.wav", melody(rate), rate), windowing)

    assert np.linalg.norm(found - expected) < 0.01 * np.linalg.norm(expected)


@WINDOWINGS
def test_eight_channels_are_heard_as_their_mean(windowing, tmp_path):
    generator = np.random.default_rng(0)
    mono = melody(RATE).astype(np.float32)
    parts = generator.normal(scale=0.05, size=(len(mono), 8)).astype(np.float32)
    parts += (mono - parts.mean(axis=1))[:, np.newaxis]

    found = features(written(tmp_path / "eight.wav", parts), windowing)

    expected = features(Sound.from_samples(mono, RATE), windowing)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5 * np.abs(expected).max())


@WINDOWINGS
def test_clipped_sound_is_heard_as_it_is(windowing, tmp_path):
    clipped = np.clip(32_768 * 20 * melody(RATE), -32_768, 32_767).astype(np.int16)
    assert np.mean((clipped == 32_767) | (clipped == -32_768)) > 0.5

    found = features(written(tmp_path / "clipped.wav", clipped, subtype="PCM_16"), windowing)

    samples = (clipped / 32_768).astype(np.float32)
    assert np.array_equal(found, features(Sound.from_samples(samples, RATE), windowing))


@WINDOWINGS
def test_silence_is_a_sound(windowing, tmp_path):
    found = features(written(tmp_path / "silent.wav", np.zeros(4 * RATE)), windowing)

    assert np.isfinite(found).all()


@WINDOWINGS
def test_ten_milliseconds_are_refused(windowing, tmp_path):
    short = written(tmp_path / "short.wav", melody(RATE, 0.01))

    with pytest.raises(
        InvalidInput, match=r"cuts the 0\.01 s of 'story' into no window, or one sh"
    ):
        features(short, windowing)


@WINDOWINGS
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_samples_that_are_no_numbers_are_refused_wherever_they_are(windowing, bad, tmp_path):
    samples = melody(RATE, 65.0)
    samples[64 * RATE] = bad
    late = written(tmp_path / "late.wav", samples)

    with pytest.raises(CorruptData, match="not finite"):
        features(late, windowing)
    with pytest.raises(InvalidInput, match="not all finite"):
        Sound.from_samples(samples, RATE)


def test_empty_sound_is_refused_when_it_is_opened(tmp_path):
    with pytest.raises(CorruptData, match="no samples"):
        written(tmp_path / "empty.wav", np.empty(0))
    with pytest.raises(InvalidInput, match="at least one sample"):
        Sound.from_samples(np.empty(0, np.float32), RATE)


def scored(sound, tmp_path):
    stimuli = [
        dataclasses.replace(each, sound=sound) if name == "two" else each
        for name, each in ToyDataset().stimuli().items()
    ]
    data = ToyDataset(_stimuli=StimulusSet(stimuli), n_listeners=1)
    return heschl.score(
        build(), toy_benchmark(), layers=["block.1"], data=data, store=tmp_path / "store"
    )


@pytest.mark.parametrize(
    ("hurt", "match"),
    [
        (lambda samples: samples[:160], r"0\.01 s of 'two' into no window"),
        (lambda samples: np.where(np.arange(len(samples)) == 700_000, np.nan, samples), "not fin"),
    ],
    ids=["ten-milliseconds", "nan"],
)
def test_scores_name_the_sound_that_is_at_fault(hurt, match, tmp_path):
    samples = hurt(melody(RATE, 90.0))

    with pytest.raises(HeschlError, match=match):
        scored(written(tmp_path / "hurt.wav", samples), tmp_path)


def test_scores_of_eight_clipped_channels_at_another_rate_are_numbers(tmp_path):
    samples = np.clip(20 * melody(44_100, 90.0), -1, 1)
    sound = written(tmp_path / "eight.flac", np.tile(samples[:, None], 8), 44_100, "PCM_16")

    score = scored(sound, tmp_path)

    assert np.isfinite(score.value)
