"""Sounds at any rate, in blocks or whole, and what identifies them."""

from __future__ import annotations

import json
import os
import pickle
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import scipy.io.wavfile
import scipy.signal
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st
from sounds import joined, pcm, sphere, tone, write

from heschl import _sources
from heschl.sound import RESAMPLING, Sound

RATES = (8000, 11025, 16000, 22050, 24000, 44056, 44100, 48000, 96000)


# Resampling


def test_native_rate_is_not_resampled():
    samples = tone(16000).astype(np.float32)

    np.testing.assert_array_equal(Sound.from_samples(samples, 16000).waveform(16000), samples)


def test_waveform_is_what_soxr_gives_in_one_call(tmp_path: Path):
    path = write(tmp_path / "a.wav", pcm(100_003), 44100)
    samples = pcm(100_003)[:, 0] / np.float32(32768)

    expected = soxr.resample(samples, 44100, 16000, quality="HQ")

    np.testing.assert_array_equal(Sound.from_file(path).waveform(16000), expected)


def test_resampled_tone_agrees_with_scipy_inside_the_band():
    sound = Sound.from_samples(tone(44100), 44100)

    found = sound.waveform(16000)

    other = scipy.signal.resample_poly(tone(44100), 160, 441)
    inside = slice(500, -500)
    np.testing.assert_allclose(found[inside], other[inside], atol=1e-3)
    np.testing.assert_allclose(found[inside], tone(16000)[inside], atol=1e-5)


def test_frequencies_beyond_the_new_band_are_removed():
    found = Sound.from_samples(tone(44100, hertz=12000), 44100).waveform(16000)

    assert np.abs(found[500:-500]).max() < 1e-4


@given(
    n_samples=st.integers(1, 3000),
    native=st.sampled_from(RATES),
    rate=st.sampled_from(RATES),
    block_s=st.floats(1e-4, 1.0),
    in_memory=st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_blocks_join_to_the_waveform_whatever_their_size(
    tmp_path_factory: pytest.TempPathFactory,
    n_samples: int,
    native: int,
    rate: int,
    block_s: float,
    in_memory: bool,
):
    samples = pcm(n_samples, 2, seed=n_samples)
    if in_memory:
        sound = Sound.from_samples(samples / 32768, native)
    else:
        folder = tmp_path_factory.mktemp("blocks")
        sound = Sound.from_file(write(folder / "a.flac", samples, native))

    whole = sound.waveform(rate)

    np.testing.assert_array_equal(joined(sound, rate, block_s), whole)
    assert sound.n_samples_at(rate) == len(whole)


@pytest.mark.parametrize("native", RATES)
def test_length_is_told_for_every_short_sound(native: int):
    rate = 16000 if native != 16000 else 11025
    for n_samples in (*range(1, 300), 4711, 100_001):
        sound = Sound.from_samples(np.zeros(n_samples), native)

        assert sound.n_samples_at(rate) == len(sound.waveform(rate)), n_samples


def test_length_is_told_where_exact_and_floating_arithmetic_part():
    # 480 * 11025 / 24000 is 220.5 exactly, which soxr's doubles put just below.
    sound = Sound.from_samples(np.zeros(480), 24000)

    assert sound.n_samples_at(11025) == len(sound.waveform(11025)) == 220


def test_sound_shorter_than_a_sample_of_the_rate_is_empty_there():
    sound = Sound.from_samples(np.ones(1), 48000)

    assert sound.n_samples_at(8000) == 0
    assert sound.waveform(8000).shape == (0,)


def test_blocks_hold_about_the_seconds_asked_for():
    sound = Sound.from_samples(tone(44100, 4.0), 44100)

    lengths = [len(block) for block in sound.blocks(16000, 0.5)]

    assert len(lengths) >= 8
    assert max(lengths) <= 0.75 * 16000


def test_block_beyond_the_sound_is_the_sound(tmp_path: Path):
    sound = Sound.from_file(write(tmp_path / "a.wav", pcm(1000)))

    (block,) = sound.blocks(16000, 1e12)

    np.testing.assert_array_equal(block, sound.waveform(16000))


def test_blocks_take_the_memory_of_a_block_not_of_the_sound(tmp_path: Path):
    path = write(tmp_path / "a.wav", pcm(44100 * 20, 2), 44100)
    sound = Sound.from_file(path)

    tracemalloc.start()
    n_samples = sum(len(block) for block in sound.blocks(16000, 0.25))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert n_samples == 20 * 16000
    assert peak < 10 * 0.25 * 44100 * 4  # ten copies of a block; the sound is eighty


def test_resampling_configuration_goes_into_json():
    assert json.loads(json.dumps(RESAMPLING)) == {
        "library": "soxr",
        "version": soxr.__libsoxr_version__,
        "quality": "HQ",
    }


# Identity


def test_digest_is_of_the_samples_whatever_holds_them(tmp_path: Path):
    samples = pcm(5000, 2)
    (tmp_path / "a.sph").write_bytes(sphere(samples, "10"))
    sounds = [
        Sound.from_file(write(tmp_path / "a.wav", samples)),
        Sound.from_file(write(tmp_path / "a.flac", samples)),
        Sound.from_file(tmp_path / "a.sph"),
        Sound.from_samples(samples / 32768, 16000),
        Sound.from_samples(samples.mean(axis=1) / 32768, 16000),
    ]

    assert len({sound.digest for sound in sounds}) == 1


def test_digest_differs_with_one_sample_and_with_the_rate():
    samples = tone(16000)
    changed = samples.copy()
    changed[7] += 1e-3

    digests = {
        Sound.from_samples(samples, 16000).digest,
        Sound.from_samples(changed, 16000).digest,
        Sound.from_samples(samples, 16001).digest,
        Sound.from_samples(samples[:-1], 16000).digest,
    }

    assert len(digests) == 4


def test_file_is_digested_once_until_it_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    n_decodings = 0
    decode = _sources.decode

    def counted(*arguments):
        nonlocal n_decodings
        n_decodings += 1
        return decode(*arguments)

    monkeypatch.setattr(_sources, "decode", counted)
    path = write(tmp_path / "a.wav", pcm(1000))
    first = Sound.from_file(path).digest

    assert Sound.from_file(path).digest == first
    assert n_decodings == 1

    write(path, pcm(1000, seed=1))
    os.utime(path, ns=(1, 1))
    assert Sound.from_file(path).digest != first
    assert n_decodings == 2


def test_sound_survives_pickling(tmp_path: Path):
    for sound in (
        Sound.from_file(write(tmp_path / "a.wav", pcm(1000))),
        Sound.from_samples(tone(16000), 16000),
    ):
        copy = pickle.loads(pickle.dumps(sound))  # noqa: S301

        assert copy.digest == sound.digest
        np.testing.assert_array_equal(copy.waveform(8000), sound.waveform(8000))


def test_relative_path_is_kept_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    write(tmp_path / "a.wav", pcm(1000))
    monkeypatch.chdir(tmp_path)
    sound = Sound.from_file("a.wav")
    monkeypatch.chdir("/")

    assert len(sound.waveform(16000)) == 1000


def test_sound_neither_shares_nor_gives_away_its_samples():
    samples = tone(16000).astype(np.float32)
    sound = Sound.from_samples(samples, 16000)
    digest = sound.digest

    samples[:] = 0
    for block in sound.blocks(16000):
        block[:] = 0

    assert sound.waveform(16000).any()
    assert Sound.from_samples(sound.waveform(16000), 16000).digest == digest
