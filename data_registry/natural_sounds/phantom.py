"""Simulated natural sounds: half a second of noise each, by the real names.

The level of each of eight bands is drawn anew for each sound, so that the bands tell sounds apart
and hardly go together. The levels that voxels respond to are measured on the file itself.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import scipy.signal
import soundfile

from heschl.phantom import features
from heschl.sound import Sound

__all__ = ["band_levels", "write_sounds"]

_DURATION_S = 0.5
_SPREAD = 1.0
"""Of the logarithm of a band's amplitude, over sounds."""


def write_sounds(
    folder: Path, names: Sequence[str], *, seed: int, sample_rate: int
) -> dict[str, np.ndarray]:
    """Write ``<name>.wav`` for each name, and return the levels (band,) that are in it."""
    folder.mkdir(parents=True)
    levels = {}
    for number, name in enumerate(sorted(names)):
        path = folder / f"{name}.wav"
        samples = _noise(np.random.default_rng([seed, number]), sample_rate)
        soundfile.write(path, samples, sample_rate, subtype="PCM_16")
        levels[name] = band_levels(path)
    return levels


def band_levels(path: Path) -> np.ndarray:
    """Return the mean over frames of the log energy in each band (band,) of a sound."""
    waveform = Sound.from_file(path).waveform(features.SAMPLE_RATE)
    return np.asarray(features.spectral(waveform).mean(axis=0))


def _noise(generator: np.random.Generator, sample_rate: int) -> np.ndarray:
    """Return noise whose bands have levels of their own."""
    n_samples = round(_DURATION_S * sample_rate)
    samples = np.zeros(n_samples)
    edges = np.minimum(features.BAND_EDGES_HZ, 0.49 * sample_rate)
    for low, high in itertools.pairwise(edges):
        white = generator.standard_normal(n_samples)
        sections = scipy.signal.butter(2, (low, high), "bandpass", fs=sample_rate, output="sos")
        band = scipy.signal.sosfilt(sections, white)
        samples += np.exp(_SPREAD * generator.standard_normal()) * band / band.std()
    return np.asarray(0.5 * samples / np.abs(samples).max())
