from __future__ import annotations

import json
import os
import pickle
import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import scipy.io.wavfile
import scipy.signal
import soundfile
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st

from heschl import _sources
from heschl.alignment import Alignment, Interval
from heschl.errors import CorruptData, DuplicateName, InvalidInput, MissingData, UnknownName
from heschl.mp3 import count_samples
from heschl.sound import RESAMPLING, Sound, Stimulus, StimulusSet

RATES = (8000, 11025, 16000, 22050, 24000, 44056, 44100, 48000, 96000)


def pcm(n_samples: int, n_channels: int = 1, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(
        -(2**15), 2**15, (n_samples, n_channels), dtype=np.int16
    )


def tone(rate: int, duration_s: float = 1.0, hertz: float = 440.0) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * hertz * np.arange(round(rate * duration_s)) / rate)


def sphere(
    samples: np.ndarray, byte_order: str, *, count: int | None = None, coding: str = "pcm"
) -> bytes:
    """Return a NIST SPHERE file made by hand, from the description of its header."""
    fields = [
        "database_id -s5 TIMIT",
        f"channel_count -i {samples.shape[1]}",
        f"sample_count -i {len(samples) if count is None else count}",
        "sample_rate -i 16000",
        "sample_n_bytes -i 2",
        f"sample_byte_format -s2 {byte_order}",
        "sample_sig_bits -i 16",
        f"sample_coding -s{len(coding)} {coding}",
    ]
    header = "NIST_1A\n   1024\n" + "\n".join(fields) + "\nend_head\n"
    order = "<i2" if byte_order == "01" else ">i2"
    return header.encode().ljust(1024) + samples.astype(order).tobytes()


def write(path: Path, samples: np.ndarray, rate: int = 16000, **options: str) -> Path:
    soundfile.write(path, samples, rate, **options)
    return path


def joined(sound: Sound, rate: int, block_s: float) -> np.ndarray:
    return np.concatenate([np.empty(0, np.float32), *sound.blocks(rate, block_s)])


# Decoding


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


@pytest.mark.parametrize("rate", [8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000])
def test_mp3_frames_count_to_the_length_and_padding(tmp_path: Path, rate: int):
    path = write(tmp_path / "a.mp3", tone(rate, 2.0), rate)

    counted = count_samples(path.read_bytes())

    assert 0 <= counted - 2 * rate <= 4 * 1152
    tag = b"ID3\x04\x00\x00" + bytes([0, 0, 1, 5]) + bytes(128 + 5)
    assert count_samples(tag + path.read_bytes()) == counted


def test_mp3_frames_made_by_hand_are_counted():
    # 128 kbit/s at 44.1 kHz is 144 * 128000 / 44100 = 417.96 bytes: 418 with padding, else 417.
    padded = b"\xff\xfb\x92\x00".ljust(418, b"\0")
    unpadded = b"\xff\xfb\x90\x00".ljust(417, b"\0")
    # 8 kbit/s at 8 kHz is 72 * 8000 / 8000 = 72 bytes of 576 samples.
    slow = b"\xff\xe3\x18\x00".ljust(72, b"\0")
    tag_with_footer = b"ID3\x04\x00\x10" + bytes([0, 0, 0, 9]) + bytes(9) + b"3DI".ljust(10)

    assert count_samples(padded + unpadded + padded + padded) == 4 * 1152
    assert count_samples(slow * 3 + b"TAG" + bytes(125)) == 3 * 576
    assert count_samples(tag_with_footer + unpadded) == 1152


def test_mp3_frames_of_no_known_rate_or_bit_rate_do_not_count():
    for header in (b"\xff\xfb\x9c", b"\xff\xfb\xf0", b"\xff\xfb\x00", b"\xff\xfd\x90", b"", b"ID3"):
        assert count_samples(header + bytes(2000)) == 0


def test_mp3_whose_length_is_guessed_short_is_refused(tmp_path: Path):
    noise = 0.1 * np.random.default_rng(0).standard_normal(48000)
    loud_first = np.concatenate([noise, 1e-3 * tone(16000, 6.0)])
    content = write(tmp_path / "a.mp3", loud_first).read_bytes()
    second_frame = content.index(content[:2], 4)
    untagged = tmp_path / "untagged.mp3"
    untagged.write_bytes(content[second_frame:])
    assert soundfile.info(untagged).frames < 0.9 * len(loud_first)  # libsndfile is fooled

    with pytest.raises(CorruptData, match="convert it to wav or flac"):
        Sound.from_file(untagged).waveform(16000)


def test_mp3_with_a_stale_tag_has_the_length_of_its_decoding(tmp_path: Path):
    content = write(tmp_path / "a.mp3", tone(16000, 4.0)).read_bytes()
    cut = tmp_path / "cut.mp3"
    cut.write_bytes(content[: int(0.995 * len(content))])
    assert soundfile.info(cut).frames == 64000

    sound = Sound.from_file(cut)

    assert sound.n_samples == len(sound.waveform(16000)) < 64000
    assert sound.n_samples_at(8000) == len(sound.waveform(8000))


def test_wav_written_to_a_pipe_is_read_to_its_end(tmp_path: Path):
    content = bytearray(write(tmp_path / "a.wav", pcm(1000)).read_bytes())
    at = content.index(b"data")
    content[4:8] = content[at + 4 : at + 8] = struct.pack("<I", 0xFFFFFFFF)
    path = tmp_path / "piped.wav"
    path.write_bytes(content)

    assert Sound.from_file(path).n_samples == 1000


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


# Sets


def stimulus(identifier: str) -> Stimulus:
    return Stimulus(identifier, Sound.from_samples(np.ones(10), 16000))


def test_stimulus_set_keeps_the_order_and_finds_by_name():
    stimuli = StimulusSet(map(stimulus, ["souls", "avatar", "legacy"]))

    assert list(stimuli) == ["souls", "avatar", "legacy"]
    assert len(stimuli) == 3
    assert stimuli["avatar"].identifier == "avatar"
    assert "avatar" in stimuli
    assert "life" not in stimuli
    assert stimuli.get("life") is None
    assert list(stimuli.subset(["legacy", "souls"])) == ["legacy", "souls"]
    assert repr(stimuli) == "StimulusSet(souls, avatar, legacy)"
    assert list(pickle.loads(pickle.dumps(stimuli))) == list(stimuli)  # noqa: S301


def test_stimulus_set_refuses_duplicates_and_hints_at_near_names():
    stimuli = StimulusSet(map(stimulus, ["souls", "avatar"]))

    with pytest.raises(DuplicateName, match="'souls'"):
        StimulusSet([stimulus("souls"), stimulus("souls")])
    with pytest.raises(DuplicateName, match="'souls'"):
        stimuli.subset(["souls", "souls"])
    with pytest.raises(UnknownName, match="did you mean 'avatar'"):
        _ = stimuli["avatr"]
    with pytest.raises(UnknownName, match="'life'"):
        stimuli.subset(["souls", "life"])


def test_stimulus_needs_a_name_and_takes_an_alignment():
    alignment = Alignment(words=(Interval(0.0, 0.5, "she"),))

    assert Stimulus("a", stimulus("b").sound, alignment).alignment is alignment
    with pytest.raises(InvalidInput, match="identifier"):
        stimulus("")
