"""Where the samples of a sound come from: a file, or memory."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol

import numpy as np
import soundfile

from heschl.decoding import Header, decode
from heschl.remembered import learned
from heschl.untrusted import check_file

__all__ = ["File", "Memory", "Source"]

_DIGEST_BLOCK = 1 << 18  # samples

_NUMERICS = 1
"""Raised whenever the same file would be decoded to other samples, or digested otherwise."""


class Source(Protocol):
    """Samples of one channel at their native rate."""

    @property
    def sample_rate(self) -> int:
        """The rate in Hz."""

    @property
    def n_samples(self) -> int:
        """The number of samples."""

    @property
    def digest(self) -> str:
        """The sha256 of rate and samples."""

    def mono(self, n_block: int) -> Iterator[np.ndarray]:
        """Yield the float32 samples (sample,), ``n_block`` at a time."""


@dataclass(frozen=True, eq=False)
class File:
    """A file whose header was read."""

    path: Path
    header: Header

    @property
    def sample_rate(self) -> int:
        """The rate in Hz."""
        return self.header.sample_rate

    @property
    def n_samples(self) -> int:
        """The number of samples, by decoding where the header does not tell it."""
        return self._contents()[0] if self.header.n_samples is None else self.header.n_samples

    @property
    def digest(self) -> str:
        """The sha256 of rate and samples."""
        return self._contents()[1]

    def mono(self, n_block: int) -> Iterator[np.ndarray]:
        """Yield the float32 samples (sample,), ``n_block`` at a time."""
        check_file(self.path)
        return decode(self.path, self.header, n_block)

    def _contents(self) -> tuple[int, str]:
        """Return the number of samples and the digest."""
        # Every cell of a run asks, and to decode a data set of some hundred stories takes a while.
        n_samples, digest = learned(
            f"samples {_NUMERICS}, {self.header}, libsndfile {soundfile.__libsndfile_version__}",
            self.path,
            lambda: _measured(self.sample_rate, decode(self.path, self.header, _DIGEST_BLOCK)),
        )
        return n_samples, digest


@dataclass(frozen=True, eq=False)
class Memory:
    """Samples (sample,) of one channel, float32."""

    samples: np.ndarray
    sample_rate: int

    @property
    def n_samples(self) -> int:
        """The number of samples."""
        return len(self.samples)

    @cached_property
    def digest(self) -> str:
        """The sha256 of rate and samples."""
        return _measured(self.sample_rate, iter([self.samples]))[1]

    def mono(self, n_block: int) -> Iterator[np.ndarray]:
        """Yield copies of the samples, ``n_block`` at a time."""
        for start in range(0, len(self.samples), n_block):
            yield self.samples[start : start + n_block].copy()


def _measured(sample_rate: int, blocks: Iterator[np.ndarray]) -> tuple[int, str]:
    sha = hashlib.sha256(f"float32 mono {sample_rate} Hz\n".encode())
    n_samples = 0
    for block in blocks:
        n_samples += len(block)
        sha.update(block.astype("<f4", copy=False).data)
    return n_samples, sha.hexdigest()
