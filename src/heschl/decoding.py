"""Sound files: their headers, and their samples as one channel in blocks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soundfile

from heschl.errors import CorruptData, InvalidInput
from heschl.mp3 import count_samples, ends_within_frame
from heschl.untrusted import check_file

__all__ = [
    "MAX_CHANNELS",
    "MAX_SAMPLE_RATE",
    "MIN_SAMPLE_RATE",
    "Header",
    "decode",
    "mix_down",
    "read_header",
]

MAX_CHANNELS = 32
# Within these rates the costliest resampling still ends; soxr does not beyond.
MIN_SAMPLE_RATE = 100
MAX_SAMPLE_RATE = 768_000

# An encoder that writes to a pipe cannot know the size and leaves one near the 32-bit limits.
_UNKNOWN_SIZE = 0x7FFF_0000
# The densest layer III stream has 576 samples in 72 bytes (8 kHz, 8 kbit/s); twice that is safe.
_MP3_SAMPLES_PER_BYTE = 16
# A tag, the encoder's delay and its padding take under four frames.
_MP3_PADDING = 4 * 1152


class Header(NamedTuple):
    """What a sound file says of itself; ``n_samples`` is None where only decoding tells."""

    sample_rate: int
    n_channels: int
    n_samples: int | None


def read_header(path: Path) -> Header:
    """Return the header of a sound file, refusing what cannot be true."""
    check_file(path)
    with _opened(path) as file:
        rate, n_channels = file.samplerate, file.channels
        if not MIN_SAMPLE_RATE <= rate <= MAX_SAMPLE_RATE or not 1 <= n_channels <= MAX_CHANNELS:
            raise CorruptData(
                f"{path} claims {n_channels} channels at {rate} Hz; expected 1 to {MAX_CHANNELS} "
                f"channels at {MIN_SAMPLE_RATE} to {MAX_SAMPLE_RATE} Hz, so its header is damaged"
            )
        if file.frames == 0:
            raise CorruptData(f"{path} has a header but no samples; fetch it again")
        promised = _promised_bytes_or_samples(path, file)
        if promised:
            raise CorruptData(f"{path} {promised}; it was cut short or damaged: fetch it again")
        # The count of an mp3 is a guess, or a tag that an editor may have left stale.
        return Header(rate, n_channels, None if file.format == "MP3" else file.frames)


def decode(path: Path, header: Header, n_block: int) -> Iterator[np.ndarray]:
    """Yield the samples of a file, mixed to one channel, in float32 blocks of ``n_block``.

    The samples do not depend on ``n_block``. An mp3 is decoded whole, since
    seeking in it, as every read of a block does, is not exact to the sample.
    """
    read = _mp3_blocks if header.n_samples is None else _blocks
    n_seen = 0
    for frames in read(path, n_block):
        n_seen += len(frames)
        mono = mix_down(frames)
        if not np.isfinite(mono).all():
            raise CorruptData(f"{path} holds samples that are not finite; convert it anew")
        yield mono
    if n_seen == 0 or header.n_samples not in (None, n_seen):
        raise CorruptData(
            f"{path} decodes to {n_seen} samples, its header said {header.n_samples}; "
            "it was cut short or has changed since it was opened: fetch it again"
        )


def mix_down(frames: np.ndarray) -> np.ndarray:
    """Return the mean over channels (sample,) of float32 ``frames`` (sample, channel).

    The channels are added one after another in float32, in the order of the
    file, and the sum is divided once, so that the result depends neither on
    the number of samples nor on how NumPy would order a reduction.
    """
    mono = frames[:, 0].astype(np.float32)
    with np.errstate(over="ignore", invalid="ignore"):  # the caller checks that all is finite
        for channel in range(1, frames.shape[1]):
            mono += frames[:, channel]
    mono /= np.float32(frames.shape[1])
    return mono


def _opened(path: Path) -> soundfile.SoundFile:
    try:
        return soundfile.SoundFile(path)
    except soundfile.SoundFileError as error:
        with path.open("rb") as stream:
            start = stream.read(1024)
        if start.startswith(b"NIST_1A") and b"shorten" in start:
            raise InvalidInput(
                f"{path} is SPHERE with embedded shorten compression, which is not read; convert "
                "it with `sph2pipe -f wav in.wav out.wav` or `w_decode -o pcm in.wav out.wav`"
            ) from error
        raise CorruptData(
            f"{path} is no sound file that can be read ({error}); expected wav, flac, ogg, mp3 "
            "or NIST SPHERE"
        ) from error
    except TypeError as error:  # soundfile's answer to the suffix .raw
        raise InvalidInput(
            f"{path} has the suffix of sound without a header; convert it to wav"
        ) from error


def _promised_bytes_or_samples(path: Path, file: soundfile.SoundFile) -> str | None:
    """Say how the header contradicts the size of the file, where libsndfile keeps silent."""
    if file.format == "NIST":
        with path.open("rb") as stream:
            count = re.search(rb"^sample_count -i (\d{1,18})\s", stream.read(1024), re.MULTILINE)
        if count and int(count[1]) != file.frames:
            return f"promises {int(count[1])} samples and holds {file.frames}"
    # libsndfile's log: "data : 1000 (should be 500)".
    sizes = re.search(r"^data : (\d+) \(should be (\d+)\)", file.extra_info, re.MULTILINE)
    if sizes and int(sizes[2]) < int(sizes[1]) < _UNKNOWN_SIZE:
        return f"promises {sizes[1]} bytes of samples and holds {sizes[2]}"
    return None


def _blocks(path: Path, n_block: int) -> Iterator[np.ndarray]:
    with _opened(path) as file:
        shape = (min(n_block, file.frames), file.channels)
        while len(frames := _frames(path, file, np.empty(shape, np.float32))):
            yield frames


def _mp3_blocks(path: Path, n_block: int) -> Iterator[np.ndarray]:
    data = path.read_bytes()
    with _opened(path) as file:
        # In one read, since a second one would seek.
        n_promised = file.frames
        n_room = min(n_promised, _MP3_SAMPLES_PER_BYTE * len(data))
        frames = _frames(path, file, np.empty((n_room, file.channels), np.float32))
    # Without a tag libsndfile guesses the length, and decodes no further than its guess.
    n_held = count_samples(data)
    if len(frames) + _MP3_PADDING < n_held:
        raise CorruptData(
            f"{path} holds {n_held} samples, of which its length as stated or guessed leaves "
            f"{len(frames)}; convert it to wav or flac"
        )
    # A length that is not reached is no fault by itself: an editor may have left its tag as it was.
    if len(frames) + _MP3_PADDING < n_promised and ends_within_frame(data):
        raise CorruptData(
            f"{path} promises about {n_promised} samples and ends within a frame after "
            f"{len(frames)}; it was cut short or damaged: fetch it again"
        )
    for start in range(0, len(frames), n_block):
        yield frames[start : start + n_block]


def _frames(path: Path, file: soundfile.SoundFile, room: np.ndarray) -> np.ndarray:
    """Return the next frames (sample, channel) of a file, as many as there is room for."""
    try:
        frames: np.ndarray = file.read(out=room)
    except soundfile.SoundFileError as error:
        raise CorruptData(
            f"{path} cannot be decoded after sample {file.tell()} ({error}); "
            "it was cut short or damaged: fetch it again"
        ) from error
    return frames
