"""The oracle of labelled phantoms: it hears the tones that tell a label, and nothing else."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from heschl.contracts import Layer, Traits
from heschl.models import phantom_oracles
from heschl.models.inputs import chosen_layers, require_waveforms
from heschl.phantom.labelled import TONES_HZ

__all__ = ["TonesOracle", "tones"]

NUMERICS = 1
"""Raised whenever an output changes."""

_SAMPLE_RATE = 16_000
_FRAME, _HOP = 320, 160
"""20 ms every 10: every tone is a whole number of periods."""
_POWER_FLOOR = 1e-7


class TonesOracle:
    """The log energy of each tone of `heschl.phantom.labelled`; keeps `SpeechModel`."""

    card = phantom_oracles.PHANTOM_TONES
    sample_rate = _SAMPLE_RATE
    layers = (
        Layer(
            "tones",
            width=len(TONES_HZ),
            rate_hz=_SAMPLE_RATE / _HOP,
            offset_s=_FRAME / 2 / _SAMPLE_RATE,
            receptive_field_s=_FRAME / _SAMPLE_RATE,
        ),
    )
    traits = Traits(is_causal=True, is_local=True, is_padding_safe=True, minimum_samples=_FRAME)

    @property
    def digest(self) -> str:
        """A text that changes whenever the outputs would."""
        return hashlib.sha256(f"{self.card.id} {NUMERICS} {TONES_HZ}".encode()).hexdigest()

    def forward(self, waveforms: np.ndarray, taps: Sequence[str]) -> dict[str, np.ndarray]:
        """Return ``{"tones": float32 (batch, time, tone)}`` for ``waveforms (batch, sample)``."""
        require_waveforms(self, waveforms)
        chosen = chosen_layers(self.card.id, self.layers, taps)
        frames = sliding_window_view(waveforms, _FRAME, axis=-1)[:, ::_HOP].astype(np.float64)
        times_s = np.arange(_FRAME) / _SAMPLE_RATE
        waves = np.exp(-2j * np.pi * times_s[:, None] * np.array(TONES_HZ))
        window = np.hanning(_FRAME + 1)[:-1]
        # Frame by frame, so that none's rounding depends on how many there are.
        spectrum = np.einsum("bts,sk->btk", frames * window, waves)
        power = np.abs(spectrum) ** 2 / np.sum(window) ** 2
        levels = np.log10(power + _POWER_FLOOR).astype(np.float32)
        return {layer.name: levels for layer in chosen}


def tones() -> TonesOracle:
    """Return the oracle of the tones that tell labels.

    >>> tones().forward(np.zeros((1, 16000), np.float32), ["tones"])["tones"].shape
    (1, 99, 12)
    """
    return TonesOracle()
