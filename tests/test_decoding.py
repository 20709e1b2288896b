"""Sound files decode to what other readers make of them."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
import scipy.io.wavfile
import scipy.signal
from sounds import joined, pcm, sphere, tone, write

from heschl.sound import Sound


def test_wav_decodes_to_what_scipy_reads(tmp_path: Path):
    path = write(tmp_path / "a.wav", pcm(1234), 22050, subtype="PCM_16")

    sound = Sound.from_file(path)

    rate, expected = scipy.io.wavfile.read(path)
    assert (sound.sample_rate, sound.n_samples) == (rate, 1234)
    assert sound.duration_s == 1234 / 22050
    assert sound.waveform(22050).dtype == np.float32
    np.testing.assert_array_equal(sound.waveform(22050), expected / np.float32(32768))


@pytest.mark.parametrize("byte_order", ["01", "10"], ids=["little", "big"])
@pytest.mark.parametrize("n_channels", [1, 2], ids=["mono", "stereo"])
def test_sphere_made_by_hand_is_read_bit_exact(tmp_path: Path, byte_order: str, n_channels: int):
    samples = pcm(2001, n_channels)
    path = tmp_path / "SA1.WAV"
    path.write_bytes(sphere(samples, byte_order))

    sound = Sound.from_file(path)

    assert (sound.sample_rate, sound.n_samples) == (16000, 2001)
    expected = samples.astype(np.float64).mean(axis=1) / 32768  # exact: 17 bits fit float32
    np.testing.assert_array_equal(sound.waveform(16000), expected)


def test_channels_are_added_in_order_in_float32_and_divided_once(tmp_path: Path):
    samples = np.random.default_rng(0).standard_normal((500, 5)).astype(np.float32)
    path = write(tmp_path / "a.wav", samples, subtype="FLOAT")

    expected = np.empty(500, np.float32)
    for row, frame in enumerate(samples):
        total = np.float32(0)
        for value in frame:
            total = np.float32(total + value)
        expected[row] = total / np.float32(5)
    np.testing.assert_array_equal(Sound.from_file(path).waveform(16000), expected)
    np.testing.assert_array_equal(Sound.from_samples(samples, 16000).waveform(16000), expected)


@pytest.mark.parametrize(
    ("suffix", "options"),
    [
        ("ogg", {"format": "OGG", "subtype": "VORBIS"}),
        ("opus.ogg", {"format": "OGG", "subtype": "OPUS"}),
        ("mp3", {"format": "MP3"}),
    ],
    ids=["vorbis", "opus", "mp3"],
)
def test_lossy_formats_keep_length_and_tone(tmp_path: Path, suffix: str, options: dict[str, str]):
    original = tone(48000, 3.2)
    path = write(tmp_path / f"a.{suffix}", original, 48000, **options)

    sound = Sound.from_file(path)

    waveform = sound.waveform(48000)
    assert sound.n_samples == len(waveform) == len(original)
    middle = slice(2000, -2000)
    error = waveform[middle] - original[middle]
    # A shift by one sample would leave 2 - 2 cos(2 pi 440 / 48000) = 3.3e-3 of the power.
    assert np.mean(error**2) < 1e-3 * np.mean(original[middle] ** 2)
    for block_s in (0.01, 0.37, 1.0):
        np.testing.assert_array_equal(joined(sound, 48000, block_s), waveform)
        np.testing.assert_array_equal(joined(sound, 16000, block_s), sound.waveform(16000))


def test_wav_written_to_a_pipe_is_read_to_its_end(tmp_path: Path):
    content = bytearray(write(tmp_path / "a.wav", pcm(1000)).read_bytes())
    at = content.index(b"data")
    content[4:8] = content[at + 4 : at + 8] = struct.pack("<I", 0xFFFFFFFF)
    path = tmp_path / "piped.wav"
    path.write_bytes(content)

    assert Sound.from_file(path).n_samples == 1000
