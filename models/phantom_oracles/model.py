"""The oracles' two shells: one hears, one reads."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence

import numpy as np

from heschl.alignment import Alignment
from heschl.cards import ModelCard
from heschl.contracts import Events, Layer, Traits
from heschl.models import phantom_oracles
from heschl.models.inputs import chosen_layers, require_waveforms
from heschl.phantom import features

__all__ = ["ReadingOracle", "SpectrumOracle", "phones", "spectrum", "words"]

NUMERICS = 1
"""Raised whenever an output changes, here or in `heschl.phantom.features`."""

N_LAYERS = 5
SIMILARITY = 0.8
"""How much of its features a layer shares with the next."""


class SpectrumOracle:
    """The planted `features.spectral` as a model; keeps the `SpeechModel` contract."""

    card = phantom_oracles.PHANTOM_SPECTRUM
    sample_rate = features.SAMPLE_RATE
    layers = (
        Layer(
            "bands",
            width=len(features.BAND_EDGES_HZ) - 1,
            rate_hz=1 / features.HOP_S,
            offset_s=features.WINDOW_S / 2,
            receptive_field_s=features.WINDOW_S,
        ),
    )
    traits = Traits(
        is_causal=True,
        is_local=True,
        is_padding_safe=True,
        minimum_samples=round(features.WINDOW_S * features.SAMPLE_RATE),
    )

    @property
    def digest(self) -> str:
        """A text that changes whenever the outputs would."""
        return _digest(self.card, [features.HOP_S, features.WINDOW_S, *features.BAND_EDGES_HZ])

    def with_precision(self, _precision: str) -> SpectrumOracle:
        """Return the model: it has no network whose products a protocol could round."""
        return self

    def forward(self, waveforms: np.ndarray, taps: Sequence[str]) -> dict[str, np.ndarray]:
        """Return ``{"bands": float32 (batch, time, 8)}`` for ``waveforms (batch, sample)``."""
        require_waveforms(self, waveforms)
        chosen = chosen_layers(self.card.id, self.layers, taps)
        return {layer.name: features.spectral(waveforms).astype(np.float32) for layer in chosen}


class ReadingOracle:
    """Planted features of events as a model; keeps the `TextModel` contract.

    Layer ``blend.l`` holds ``c^d F + sqrt(1 - c^(2d)) R``, where F are the
    planted features, d is the distance to the planted layer, c is `SIMILARITY`
    and R is F with random signs: as large as F, but of no use to predict it. So
    the planted layer is the features themselves and its neighbours fade.
    """

    def __init__(
        self,
        card: ModelCard,
        features_of: Callable[[Alignment], Events],
        *,
        width: int,
        planted_layer: int,
    ) -> None:
        self.card = card
        self._features_of = features_of
        self._planted_layer = planted_layer
        self.layers = tuple(Layer(f"blend.{depth}", width) for depth in range(N_LAYERS))

    @property
    def digest(self) -> str:
        """A text that changes whenever the outputs would."""
        return _digest(self.card, [self._planted_layer, N_LAYERS, SIMILARITY])

    def read(self, alignment: Alignment, taps: Sequence[str]) -> dict[str, Events]:
        """Return ``{layer: Events}``, the values (event, width) of one stimulus."""
        chosen = chosen_layers(self.card.id, self.layers, taps)
        planted = self._features_of(alignment)
        return {
            layer.name: Events(
                self._blend(planted.values, self.layers.index(layer)),
                planted.onsets_s,
                planted.offsets_s,
            )
            for layer in chosen
        }

    def _blend(self, planted: np.ndarray, depth: int) -> np.ndarray:
        share = SIMILARITY ** abs(depth - self._planted_layer)
        # Drawn event by event, so that an event keeps its signs whatever follows it.
        signs = np.random.default_rng(depth).choice([-1.0, 1.0], size=planted.shape)
        blend: np.ndarray = share * planted + np.sqrt(1 - share**2) * signs * planted
        return blend


def _digest(card: ModelCard, configuration: list[float]) -> str:
    facts = {"model": card.id, "numerics": NUMERICS, "configuration": configuration}
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def spectrum() -> SpectrumOracle:
    """Return the oracle of the planted spectral features.

    >>> spectrum().forward(np.zeros((1, 16000), np.float32), ["bands"])["bands"].shape
    (1, 98, 8)
    """
    return SpectrumOracle()


def phones() -> ReadingOracle:
    """Return the oracle of the planted phonetic features, exact in ``blend.3``.

    >>> phones().read(Alignment(phones=((0.0, 0.1, "S"),)), ["blend.3"])["blend.3"].values.shape
    (1, 10)
    """
    return ReadingOracle(
        phantom_oracles.PHANTOM_PHONES,
        features.phonetic,
        width=len(features.PHONETIC_COLUMNS),
        planted_layer=3,
    )


def words() -> ReadingOracle:
    """Return the oracle of the planted lexical features, exact in ``blend.2``."""
    return ReadingOracle(
        phantom_oracles.PHANTOM_WORDS,
        features.lexical,
        width=len(features.LEXICAL_COLUMNS),
        planted_layer=2,
    )
