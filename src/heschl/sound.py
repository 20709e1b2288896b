"""Sounds: decoded when used, one channel, at whatever rate a model wants."""

from __future__ import annotations

import math
import operator
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import soxr

from heschl._sources import File, Memory, Source
from heschl.alignment import Alignment
from heschl.decoding import (
    MAX_CHANNELS,
    MAX_SAMPLE_RATE,
    MIN_SAMPLE_RATE,
    mix_down,
    read_header,
)
from heschl.errors import DuplicateName, InvalidInput, UnknownName, near_names

__all__ = ["RESAMPLING", "Sound", "Stimulus", "StimulusSet"]

_QUALITY = "HQ"
RESAMPLING: Final[Mapping[str, str]] = {
    "library": "soxr",
    "version": soxr.__libsoxr_version__,
    "quality": _QUALITY,
}
"""How sounds are resampled, for cache keys: resamplers differ audibly near the Nyquist rate."""


@dataclass(frozen=True, eq=False)
class Sound:
    """A sound of one channel; make it with `from_file` or `from_samples`.

    Several channels are averaged in float32. A sound of a file holds nothing
    but the file's path and header, so it is cheap to keep and to send to
    another process.

    Examples
    --------
    >>> tone = Sound.from_samples(np.sin(np.arange(44100) / 10), 44100)
    >>> tone.duration_s, tone.n_samples_at(16000), tone.waveform(16000).dtype
    (1.0, 16000, dtype('float32'))
    """

    _source: Source

    @classmethod
    def from_file(cls, path: str | os.PathLike[str]) -> Sound:
        """Open a wav, flac, ogg, mp3 or NIST SPHERE file and read its header alone."""
        absolute = Path(path).absolute()
        return cls(File(absolute, read_header(absolute)))

    @classmethod
    def from_samples(cls, samples: np.ndarray, sample_rate: int) -> Sound:
        """Copy floating-point samples (sample,) or (sample, channel), full scale at 1."""
        samples = np.asarray(samples)
        if not np.issubdtype(samples.dtype, np.floating):
            raise InvalidInput(
                f"samples are {samples.dtype}; expected floats with full scale at 1: "
                "divide 16-bit integers by 32768"
            )
        if samples.ndim not in (1, 2) or samples.size == 0:
            raise InvalidInput(
                f"samples have shape {samples.shape}; expected (sample,) or (sample, channel), "
                "at least one sample"
            )
        frames = samples.reshape(len(samples), -1)
        if frames.shape[1] > MAX_CHANNELS:
            raise InvalidInput(
                f"samples have shape {samples.shape}, so {frames.shape[1]} channels; at most "
                f"{MAX_CHANNELS} are taken: transpose to (sample, channel)"
            )
        with np.errstate(over="ignore"):
            mono = mix_down(frames.astype(np.float32))
        if not np.isfinite(mono).all():
            raise InvalidInput("samples are not all finite in float32; mend or drop the bad ones")
        return cls(Memory(mono, _checked_rate(sample_rate)))

    @property
    def sample_rate(self) -> int:
        """The native rate in Hz."""
        return self._source.sample_rate

    @property
    def n_samples(self) -> int:
        """The number of samples at the native rate; an mp3 is decoded to count them, once."""
        return self._source.n_samples

    @property
    def duration_s(self) -> float:
        """The duration in seconds."""
        return self.n_samples / self.sample_rate

    @property
    def digest(self) -> str:
        """The sha256 of the native rate and the float32 samples of the one channel.

        The same samples in wav and in flac have the same digest. Files are
        decoded for it, once in a process while they do not change.
        """
        return self._source.digest

    def n_samples_at(self, sample_rate: int) -> int:
        """Return the length of ``waveform(sample_rate)``, without decoding (but see `n_samples`).

        Halves are rounded up, in the very doubles that soxr uses.
        """
        sample_rate = _checked_rate(sample_rate)
        if sample_rate == self.sample_rate:
            return self.n_samples
        return int(self.n_samples / (self.sample_rate / sample_rate) + 0.5)

    def blocks(self, sample_rate: int, block_s: float = 30.0) -> Iterator[np.ndarray]:
        """Yield the float32 samples (sample,) at a rate, about ``block_s`` seconds at a time.

        Joined, the blocks are ``waveform(sample_rate)`` bit for bit, whatever
        ``block_s`` is. Memory is that of a block, or of the whole for an mp3.
        """
        sample_rate = _checked_rate(sample_rate)
        if not (math.isfinite(block_s) and block_s > 0):
            raise InvalidInput(f"block_s={block_s}; expected a positive number of seconds")
        n_block = max(1, round(block_s * self.sample_rate))
        native = self._source.mono(n_block)
        if sample_rate == self.sample_rate:
            return native
        return _resampled(native, self.sample_rate, sample_rate)

    def waveform(self, sample_rate: int) -> np.ndarray:
        """Return all float32 samples (sample,) at a rate; at the native one as they are."""
        return np.concatenate([np.empty(0, np.float32), *self.blocks(sample_rate)])


def _resampled(native: Iterator[np.ndarray], native_rate: int, rate: int) -> Iterator[np.ndarray]:
    stream = soxr.ResampleStream(native_rate, rate, 1, dtype="float32", quality=_QUALITY)
    for block in native:
        resampled = stream.resample_chunk(block)
        if len(resampled):
            yield resampled
    rest = stream.resample_chunk(np.empty(0, np.float32), last=True)
    if len(rest):
        yield rest


def _checked_rate(sample_rate: int) -> int:
    try:
        rate = operator.index(sample_rate)
    except TypeError:
        rate = 0
    if not MIN_SAMPLE_RATE <= rate <= MAX_SAMPLE_RATE:
        raise InvalidInput(
            f"sample_rate={sample_rate!r}; expected a whole number of Hz from "
            f"{MIN_SAMPLE_RATE} to {MAX_SAMPLE_RATE}"
        )
    return rate


@dataclass(frozen=True)
class Stimulus:
    """A sound that listeners heard, with its transcription where there is one."""

    identifier: str
    sound: Sound
    alignment: Alignment | None = None

    def __post_init__(self) -> None:
        """Refuse a stimulus without a name."""
        if not self.identifier:
            raise InvalidInput("a stimulus has an empty identifier; give it a name")


class StimulusSet(Mapping[str, Stimulus]):
    """Stimuli by identifier, in the order in which they were given."""

    def __init__(self, stimuli: Iterable[Stimulus]) -> None:
        self._stimuli: dict[str, Stimulus] = {}
        for stimulus in stimuli:
            if stimulus.identifier in self._stimuli:
                raise DuplicateName(
                    f"two stimuli are named {stimulus.identifier!r}; identifiers must differ"
                )
            self._stimuli[stimulus.identifier] = stimulus

    def __getitem__(self, identifier: str) -> Stimulus:
        """Return the stimulus of that name."""
        try:
            return self._stimuli[identifier]
        except KeyError:
            raise UnknownName(
                f"no stimulus is named {identifier!r}; {near_names(identifier, self._stimuli)}"
            ) from None

    def __contains__(self, identifier: object) -> bool:
        """Return whether there is a stimulus of that name."""
        return identifier in self._stimuli

    def __iter__(self) -> Iterator[str]:
        """Return the identifiers, in order."""
        return iter(self._stimuli)

    def __len__(self) -> int:
        """Return the number of stimuli."""
        return len(self._stimuli)

    def __repr__(self) -> str:
        """Return the identifiers."""
        return f"StimulusSet({', '.join(self)})"

    def subset(self, identifiers: Iterable[str]) -> StimulusSet:
        """Return the named stimuli, in the order of the names."""
        return StimulusSet(self[identifier] for identifier in identifiers)
