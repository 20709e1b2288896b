"""Sounds for phantoms of labelled datasets: speech with tones that tell the label.

Whatever a label is, two tones above most of the energy of speech stand for its
number, one in each of two sets, so that a model of the spectrum can read it off
and a label that a loader confuses is found out.
"""

from __future__ import annotations

import numpy as np

from heschl.phantom.corpus import utterances

__all__ = ["MOST_CODES", "TONES_HZ", "Speech", "coded", "guessed", "told", "told_code", "tones_of"]

_LOW_HZ = (3400, 3700, 4000, 4300, 4600, 4900)
_HIGH_HZ = (5400, 5700, 6000, 6300, 6600, 6900)
TONES_HZ = (*_LOW_HZ, *_HIGH_HZ)
MOST_CODES = len(_LOW_HZ) * len(_HIGH_HZ)
_LEVEL = 0.1


def tones_of(code: int) -> tuple[int, int]:
    """Return the two frequencies in Hz that stand for a number below `MOST_CODES`."""
    return _LOW_HZ[code // len(_HIGH_HZ)], _HIGH_HZ[code % len(_HIGH_HZ)]


def coded(samples: np.ndarray, code: int, sample_rate: int) -> np.ndarray:
    """Return samples (sample,) with the tones of a number added."""
    times_s = np.arange(len(samples)) / sample_rate
    tones = sum(np.sin(2 * np.pi * frequency * times_s) for frequency in tones_of(code))
    return np.asarray(samples + _LEVEL * tones)


def told_code(samples: np.ndarray, sample_rate: int) -> int:
    """Return the number whose tones are the loudest in samples (sample,)."""
    power = np.abs(np.fft.rfft(samples * np.hanning(len(samples)))) ** 2
    frequencies = np.fft.rfftfreq(len(samples), 1 / sample_rate)

    def loudest(of: tuple[int, ...]) -> int:
        return int(np.argmax([power[np.abs(frequencies - each) < 50].sum() for each in of]))  # noqa: PLR2004  well below the spacing

    return loudest(_LOW_HZ) * len(_HIGH_HZ) + loudest(_HIGH_HZ)


class Speech:
    """Stretches of the phantom speech of one language, drawn in turn."""

    def __init__(self, language: str, sample_rate: int, generator: np.random.Generator) -> None:
        spoken = utterances(language)[:6]
        self._waveforms = [each.sound.waveform(sample_rate) for each in spoken]
        self._sample_rate = sample_rate
        self._generator = generator

    def stretch(self, duration_s: float) -> np.ndarray:
        """Return the samples (sample,) of some stretch, the loudest of them at 0.2."""
        waveform = self._waveforms[self._generator.integers(len(self._waveforms))]
        n = round(duration_s * self._sample_rate)
        start = int(self._generator.integers(max(1, len(waveform) - n)))
        samples = np.zeros(n)
        piece = waveform[start : start + n]
        samples[: len(piece)] = piece
        return 0.2 * samples / max(float(np.abs(samples).max()), 1e-3)


def told(benchmark: str, *, tolerance: float = 0.02) -> dict[str, object]:
    """Return what a benchmark must find of labels that tones tell: an oracle of tones errs never.

    It goes into the ``expectations`` of a phantom's ``truth.json``.
    """
    return {
        "benchmark": benchmark,
        "model": "phantom-tones",
        "layer": "tones",
        "roi": "all",
        "quantity": "score",
        "expected": 1.0,
        "tolerance": tolerance,
        "source": "classes far apart are told: docs/protocols.md, S-millet.probing (b)",
    }


def guessed(benchmark: str, share: float, n_labels: int) -> dict[str, object]:
    """Return what the majority's label reaches: it is the label of a share of the test items."""
    return {
        **told(benchmark, tolerance=1e-6),
        "quantity": "summary:chance",
        "expected": 2 * share / (1 + share) / n_labels,
        "source": "macro-F1 of the majority's label: docs/protocols.md, S-moussa.downstream",
    }
