"""Oracles: models that know what was planted in the phantoms.

A benchmark works if each finds its own features, in its own layer, at the
score that follows from the signal that was planted.
"""

from __future__ import annotations

from heschl.cards import UNTRAINED, ModelCard

__all__ = [
    "CARDS",
    "PHANTOM_BANDS",
    "PHANTOM_PHONES",
    "PHANTOM_SILENCE",
    "PHANTOM_SPECTRUM",
    "PHANTOM_TONES",
    "PHANTOM_WORDS",
]

PHANTOM_SPECTRUM = ModelCard(
    id="phantom-spectrum",
    load="heschl.models.phantom_oracles.model:spectrum",
    summary="Oracle of the phantoms: log energy in 8 bands, 25 ms Hann windows every 10 ms",
    licence="BSD-3-Clause",
    family="phantom",
    parameters=0,
    training=UNTRAINED,
)

PHANTOM_BANDS = ModelCard(
    id="phantom-bands",
    load="heschl.models.phantom_oracles.bands:bands",
    summary="Oracle of the phantoms: the bands of phantom-spectrum, each a layer of its own",
    licence="BSD-3-Clause",
    family="phantom",
    parameters=0,
    training=UNTRAINED,
)

PHANTOM_PHONES = ModelCard(
    id="phantom-phones",
    load="heschl.models.phantom_oracles.model:phones",
    summary="Oracle of the phantoms: 10 articulatory features of phones, exact in layer blend.3",
    licence="BSD-3-Clause",
    modality="text",
    family="phantom",
    parameters=0,
    training=UNTRAINED,
)

PHANTOM_WORDS = ModelCard(
    id="phantom-words",
    load="heschl.models.phantom_oracles.model:words",
    summary="Oracle of the phantoms: 4 lexical features of words, exact in layer blend.2",
    licence="BSD-3-Clause",
    modality="text",
    family="phantom",
    parameters=0,
    training=UNTRAINED,
)

PHANTOM_SILENCE = ModelCard(
    id="phantom-silence",
    load="heschl.models.phantom_oracles.silence:silence",
    summary="Oracle of the phantoms that hears nothing: frames that never change, and can learn",
    licence="BSD-3-Clause",
    requires=("torch",),
    extra="speech",
    family="phantom",
    parameters=4,
    training=UNTRAINED,
)

PHANTOM_TONES = ModelCard(
    id="phantom-tones",
    load="heschl.models.phantom_oracles.tones:tones",
    summary="Oracle of the labelled phantoms: log energy of the 12 tones that tell labels",
    licence="BSD-3-Clause",
    family="phantom",
    parameters=0,
    training=UNTRAINED,
)

CARDS = (
    PHANTOM_BANDS,
    PHANTOM_SILENCE,
    PHANTOM_SPECTRUM,
    PHANTOM_PHONES,
    PHANTOM_TONES,
    PHANTOM_WORDS,
)
"""Every card of the family."""
