"""Each malformed sound, rate or block gives one clear error."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from sounds import pcm, sphere, write

from heschl.errors import CorruptData, InvalidInput, MissingData
from heschl.sound import Sound

# Malformed files


def damaged(content: bytes, at: int, field: bytes) -> bytes:
    return content[:at] + field + content[at + len(field) :]


def wav_bytes(folder: Path) -> bytes:
    return write(folder / "whole.wav", pcm(1000)).read_bytes()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (lambda _: b"", "is empty"),
        (lambda _: b"just a text\n" * 400, "no sound file"),
        (lambda _: np.random.default_rng(0).bytes(5000), "no sound file"),
        (lambda folder: wav_bytes(folder)[:20], "no sound file"),
        (lambda folder: wav_bytes(folder)[:44], "no samples|promises"),
        (lambda folder: wav_bytes(folder)[:-2], "promises 2000 bytes .* holds 1998"),
        (lambda folder: damaged(wav_bytes(folder), 24, bytes(4)), "no sound file"),
        (lambda folder: damaged(wav_bytes(folder), 24, b"\1\0\0\0"), "claims 1 channels at 1 Hz"),
        (lambda folder: damaged(wav_bytes(folder), 24, b"\0\0\0\x40"), "at 1073741824 Hz"),
        (lambda folder: damaged(wav_bytes(folder), 22, b"\0\2"), "claims 512 channels"),
        (lambda folder: damaged(wav_bytes(folder), 22, bytes(2)), "no sound file"),
        (lambda folder: write(folder / "b.flac", pcm(9000)).read_bytes()[:-500], "cut short"),
        (lambda _: sphere(pcm(1000), "01")[:-2], "promises 1000 samples and holds 999"),
        (lambda _: sphere(pcm(1000), "01", count=900), "promises 900 samples and holds 1000"),
        (lambda _: sphere(pcm(1000), "01")[:1024], "no samples|no sound file"),
        (
            lambda folder: write(folder / "b.wav", pcm(0), subtype="PCM_16").read_bytes(),
            "no samples",
        ),
        (
            lambda folder: write(
                folder / "b.wav", np.array([0, np.nan, 0], np.float32), subtype="FLOAT"
            ).read_bytes(),
            "not finite",
        ),
        (
            lambda folder: write(
                folder / "b.wav", np.full((3, 2), 3e38, np.float32), subtype="FLOAT"
            ).read_bytes(),
            "not finite",
        ),
    ],
    ids=[
        "empty", "text", "junk", "half_header", "header_alone", "cut_wav", "rate_zero",
        "rate_one", "rate_giant", "channels_giant", "channels_zero", "cut_flac", "cut_sphere",
        "long_sphere", "sphere_header_alone", "zero_frames", "nan", "overflow",
    ],
)  # fmt: skip
def test_malformed_file_is_one_clear_error(tmp_path: Path, content, message: str):
    path = tmp_path / "a.wav"
    path.write_bytes(content(tmp_path))

    with pytest.raises(CorruptData, match=message) as caught:
        Sound.from_file(path).waveform(8000)
    assert str(path) in str(caught.value)


def test_compressed_sphere_says_how_to_convert(tmp_path: Path):
    path = tmp_path / "SA1.WAV"
    path.write_bytes(sphere(pcm(1000), "01", coding="pcm,embedded-shorten-v2.00"))

    with pytest.raises(InvalidInput, match="sph2pipe"):
        Sound.from_file(path)


@pytest.mark.parametrize(
    "pointer",
    [
        "../.git/annex/objects/x1/Kq/MD5E-s123--0123.wav/MD5E-s123--0123.wav",
        "/annex/objects/MD5E-s123--0123.wav\n",
        "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12345\n",
    ],
    ids=["annex_link_text", "annex_pointer", "lfs"],
)
def test_pointer_in_place_of_content_says_that_it_was_not_fetched(tmp_path: Path, pointer: str):
    path = tmp_path / "a.wav"
    path.write_text(pointer)

    with pytest.raises(MissingData, match="not fetched"):
        Sound.from_file(path)


def test_annex_link_into_nothing_says_that_it_was_not_fetched(tmp_path: Path):
    path = tmp_path / "a.wav"
    path.symlink_to(tmp_path / ".git/annex/objects/none")

    with pytest.raises(MissingData, match="not fetched"):
        Sound.from_file(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_pipe_is_refused_without_waiting_for_it(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe.wav")

    with pytest.raises(InvalidInput, match="no regular file"):
        Sound.from_file(tmp_path / "pipe.wav")


def test_missing_file_folder_and_raw_are_told_apart(tmp_path: Path):
    (tmp_path / "a.raw").write_bytes(bytes(1000))

    with pytest.raises(MissingData, match="does not exist"):
        Sound.from_file(tmp_path / "none.wav")
    with pytest.raises(InvalidInput, match="is a folder"):
        Sound.from_file(tmp_path)
    with pytest.raises(InvalidInput, match="without a header"):
        Sound.from_file(tmp_path / "a.raw")


def test_file_that_changes_or_goes_after_opening_is_noticed(tmp_path: Path):
    path = write(tmp_path / "a.wav", pcm(1000))
    sound = Sound.from_file(path)

    write(path, pcm(999))
    with pytest.raises(CorruptData, match="changed since"):
        sound.waveform(16000)
    path.unlink()
    with pytest.raises(MissingData):
        sound.waveform(16000)
    with pytest.raises(MissingData):
        _ = sound.digest


# Malformed samples


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        (pcm(10)[:, 0], "divide 16-bit integers"),
        (np.array([True]), "bool"),
        (np.ones(3, complex), "complex"),
        (np.array(["a"]), "expected floats"),
        (np.empty(0), "at least one sample"),
        (np.empty((5, 0)), "at least one sample"),
        (np.float64(1), "shape"),
        (np.ones((2, 2, 2)), "shape"),
        (np.ones((2, 1000)), "transpose"),
        (np.array([0, np.nan]), "finite"),
        (np.array([0, -np.inf]), "finite"),
        (np.array([1e39]), "finite"),
    ],
    ids=[
        "integers", "booleans", "complex", "texts", "empty", "no_channel", "scalar", "cube",
        "channels_first", "nan", "inf", "beyond_float32",
    ],
)  # fmt: skip
def test_malformed_samples_are_refused(samples: np.ndarray, message: str):
    with pytest.raises(InvalidInput, match=message):
        Sound.from_samples(samples, 16000)


@pytest.mark.parametrize("rate", [0, -1, 99, 10**6, 16000.0, "16000", None, np.nan])
def test_malformed_rate_is_refused(rate):
    sound = Sound.from_samples(np.ones(10), np.int64(16000))

    with pytest.raises(InvalidInput, match="whole number of Hz"):
        Sound.from_samples(np.ones(10), rate)
    for ask in (sound.waveform, sound.blocks, sound.n_samples_at):
        with pytest.raises(InvalidInput, match="whole number of Hz"):
            ask(rate)


@pytest.mark.parametrize("block_s", [0, -1.0, np.nan, np.inf])
def test_malformed_block_is_refused_at_the_call(block_s: float):
    with pytest.raises(InvalidInput, match="block_s"):
        Sound.from_samples(np.ones(10), 16000).blocks(16000, block_s)
