"""The oracle whose layers are single bands: what one of them drives, no other layer explains."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from heschl.models import phantom_oracles
from heschl.models.inputs import chosen_layers, require_waveforms
from heschl.models.phantom_oracles.model import SpectrumOracle, spectrum
from heschl.phantom import features

__all__ = ["BandsOracle", "bands"]

(_ALL,) = SpectrumOracle.layers


class BandsOracle:
    """The bands of `SpectrumOracle`, layer by layer; keeps the `SpeechModel` contract."""

    card = phantom_oracles.PHANTOM_BANDS
    sample_rate = SpectrumOracle.sample_rate
    traits = SpectrumOracle.traits
    layers = tuple(
        replace(_ALL, name=f"band.{number}", width=1)
        for number in range(len(features.BAND_EDGES_HZ) - 1)
    )

    @property
    def digest(self) -> str:
        """A text that changes whenever the outputs would."""
        return hashlib.sha256(f"{self.card.id} 1 {spectrum().digest}".encode()).hexdigest()

    def forward(self, waveforms: np.ndarray, taps: Sequence[str]) -> dict[str, np.ndarray]:
        """Return ``{"band.k": float32 (batch, time, 1)}`` for ``waveforms (batch, sample)``."""
        require_waveforms(self, waveforms)
        chosen = chosen_layers(self.card.id, self.layers, taps)
        levels = features.spectral(waveforms).astype(np.float32)
        return {layer.name: levels[:, :, [self.layers.index(layer)]] for layer in chosen}


def bands() -> BandsOracle:
    """Return the oracle of single bands.

    >>> bands().forward(np.zeros((1, 16000), np.float32), ["band.2"])["band.2"].shape
    (1, 98, 1)
    """
    return BandsOracle()
