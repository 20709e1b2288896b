"""Sounds and sound files made by hand, for the tests of what reads them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile

from heschl.sound import Sound


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
