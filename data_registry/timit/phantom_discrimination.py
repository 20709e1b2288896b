"""What ABX must find on the phantom, by closed form.

The oracle of phones gives every frame the features of the phone that it is in. So two classes of
phones are told apart without fail where their features point elsewhere, and not at all where they
are the same; whatever the context, the speakers, and the number of items.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from itertools import combinations

import numpy as np

from heschl.alignment import Alignment, Interval
from heschl.data_registry.timit.labels import folded
from heschl.data_registry.timit.spoken import Spoken
from heschl.phantom.features import phonetic

__all__ = ["discrimination_expectations"]

_TOLERANCE = 0.02
"""A burst may be shorter than a frame, so that its features are its neighbour's; and two classes
hold a second phone of other features (``aa`` that is AO, ``sh`` that is ZH)."""


def discrimination_expectations(
    spoken: Mapping[str, Spoken], speakers: Collection[str]
) -> list[dict[str, object]]:
    """Return what ``timit-abx`` must find, as ``truth.json`` holds it.

    Parameters
    ----------
    spoken
        The sentences, each named after its speaker: ``faks0_sa1``.
    speakers
        Those of the part of the disc that is compared.
    """
    said = {
        speaker: [
            phone
            for name, sentence in spoken.items()
            if name.partition("_")[0] == speaker
            for _, _, label in sentence.phones
            if (phone := folded(label)) not in (None, "sil")
        ]
        for speaker in speakers
    }
    within, across = set(), set()
    for speaker, phones in said.items():
        elsewhere = {phone for other in said if other != speaker for phone in said[other]}
        for pair in combinations(sorted(set(phones)), 2):
            # X is the second token of a phone by the same speaker, or any token by another one.
            if any(phones.count(phone) > 1 for phone in pair):
                within.add(pair)
            if elsewhere.intersection(pair):
                across.add(pair)
    return [
        {
            "benchmark": "timit-abx",
            "model": "phantom-phones",
            "layer": "blend.3",
            "roi": part,
            "quantity": "score",
            "expected": float(np.mean([_accuracy(*pair) for pair in sorted(pairs)])),
            "tolerance": _TOLERANCE,
            "source": "planted features of phones: 1 where they differ, 1/2 where they are equal",
        }
        for part, pairs in (("within-any", within), ("across-any", across))
    ]


def _accuracy(first: str, second: str) -> float:
    """Return how well two classes are told apart by the angle of their features."""
    one, other = (_direction(phone) for phone in (first, second))
    return 0.5 if np.allclose(one, other) else 1.0


def _direction(phone: str) -> np.ndarray:
    label = {"dx": "D"}.get(phone, phone.upper())
    values = phonetic(Alignment(phones=(Interval(0.0, 1.0, label),))).values[0]
    return np.asarray(values / max(float(np.linalg.norm(values)), 1.0))
