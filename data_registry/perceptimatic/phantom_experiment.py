"""What both phantoms of Perceptimatic simulate: sounds, triplets, listeners with a native ear.

Phones are told by the tones of `heschl.phantom.labelled` in faint noise. In half of the contrasts
the two phones have tones of their own, so that any model of the spectrum tells all of them apart;
in the others they have the same tones, so that none can do better than chance.

A listener chooses TGT with a probability that depends on the contrast and on whether its language
is the listener's; beside that, whatever was heard first is chosen a little more often, which the
two orders of every triplet balance.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from heschl.phantom.labelled import coded

__all__ = [
    "N_ANSWERS_OF_GROUP",
    "N_CONTEXTS",
    "RATE",
    "Answer",
    "Contrast",
    "Item",
    "Triplet",
    "contrasts",
    "planted",
]

RATE = 16_000
_PHONES = {
    "EN": ("i", "ɪ", "ɛ", "æ", "s", "ʃ", "l", "ɹ", "b", "v", "ʊ", "ʌ"),  # noqa: RUF001  IPA
    "FR": ("y", "u", "e", "ɛ", "s", "z", "l", "ʁ", "b", "p", "ɑ̃", "ɔ̃"),  # noqa: RUF001  as above
}
_CONTEXTS = ("p_s", "t_k", "k_t", "s_p", "f_l", "m_n")
_GAPS = (0.05, 0.15, 0.25, 0.35, 0.45, 0.55)
"""How much more often a native ear chooses TGT, by contrast."""
_COMPARED, _PROBE = "F01", "M02"
"""The speakers of TGT and OTH, and of X."""
_MEAN = 0.7
_FIRST = 0.04
_N_LISTENERS = 12
_LARGEST = 3
N_CONTEXTS = len(_CONTEXTS)
N_ANSWERS_OF_GROUP = 2 * _N_LISTENERS * 4 * N_CONTEXTS * len(_GAPS)
"""Each listener of either language answers to every triplet: four a context and contrast."""


@dataclass(frozen=True)
class Contrast:
    """Two phones of a language, and how well each group of listeners tells them apart."""

    language: str
    number: int
    phones: tuple[str, str]

    @property
    def is_audible(self) -> bool:
        """Whether the phones have tones of their own."""
        return self.number % 2 == 0

    def code(self, phone: str) -> int:
        """Return the number whose tones stand for a phone."""
        first = 18 * (self.language == "FR") + 2 * self.number
        return first + (self.is_audible and phone == self.phones[1])

    def chance_of(self, listener_language: str) -> float:
        """Return how often listeners of a language choose TGT, over both orders."""
        sign = 1 if listener_language == self.language else -1
        return _MEAN + sign * _GAPS[self.number] / 2


@dataclass(frozen=True)
class Item:
    """A triphone: which phone, by whom, and the sound of a second in which it lies."""

    contrast: Contrast
    phone: str
    context: str
    speaker: str
    onset_s: float
    offset_s: float

    def sound(self, generator: np.random.Generator) -> np.ndarray:
        """Return a second of samples (sample,).

        Around the items that X is compared with is the other phone, around X its own: who takes
        the whole second finds the wrong one nearer.
        """
        (other,) = (phone for phone in self.contrast.phones if phone != self.phone)
        around = other if self.speaker == _COMPARED else self.phone
        noise = 0.005 * generator.standard_normal(RATE)
        samples = coded(noise, self.contrast.code(around), RATE)
        within = slice(round(self.onset_s * RATE), round(self.offset_s * RATE))
        samples[within] = coded(noise[within], self.contrast.code(self.phone), RATE)
        return samples


@dataclass(frozen=True)
class Triplet:
    """Three items, in one of the two orders."""

    target: Item
    other: Item
    probe: Item
    is_target_first: bool


@dataclass(frozen=True)
class Answer:
    """What one listener answered to one triplet, from -3 to 3 without 0."""

    triplet: int
    listener: int
    listener_language: str
    answer: int
    trial: int


def contrasts(language: str) -> tuple[Contrast, ...]:
    """Return the six contrasts of a language."""
    phones = _PHONES[language]
    return tuple(Contrast(language, k, (phones[2 * k], phones[2 * k + 1])) for k in range(6))


def items_of(contrast: Contrast, context: str, generator: np.random.Generator) -> list[Item]:
    """Return both phones by two speakers, each somewhere in its second, to the millisecond."""
    found = []
    for speaker in (_COMPARED, _PROBE):
        for phone in contrast.phones:
            onset_s = round(float(generator.uniform(0.1, 0.5)), 3)
            offset_s = round(onset_s + float(generator.uniform(0.2, 0.4)), 3)
            found.append(Item(contrast, phone, context, speaker, onset_s, offset_s))
    return found


def triplets_of(items: list[Item]) -> Iterator[Triplet]:
    """Yield the triplets of four items: either phone as the target, in both orders."""
    first, second, *probes = items
    for target, other, probe in ((first, second, probes[0]), (second, first, probes[1])):
        for is_target_first in (True, False):
            yield Triplet(target, other, probe, is_target_first)


def answers_to(triplets: list[Triplet], generator: np.random.Generator) -> list[Answer]:
    """Return what all listeners answer, each to every triplet in an order of their own."""
    found = []
    for language in ("EN", "FR"):
        for listener in range(_N_LISTENERS):
            for trial, number in enumerate(generator.permutation(len(triplets)), start=1):
                triplet = triplets[number]
                bias = _FIRST if triplet.is_target_first else -_FIRST
                chance = triplet.target.contrast.chance_of(language) + bias
                sign = 1 if generator.random() < chance else -1
                surety = int(generator.integers(1, _LARGEST + 1))
                found.append(Answer(int(number), listener, language, sign * surety, trial))
    return found


def drawn(generator: np.random.Generator) -> dict[str, list[list[Item]]]:
    """Return the items of each language, four by four."""
    return {
        language: [
            items_of(contrast, context, generator)
            for contrast in contrasts(language)
            for context in _CONTEXTS
        ]
        for language in _PHONES
    }


def planted() -> dict[str, Any]:
    """Return what is to be found, by closed form.

    The accuracy is the mean over contrasts of the chance of choosing TGT, since the bias towards
    the first cancels over the two orders; a graded answer is its sign times a third of 1, 2 or 3,
    each as likely, so its mean is (2 chance - 1) · 2/3.
    """
    by_contrast = [
        {
            "language": contrast.language,
            "phones": list(contrast.phones),
            "audible": contrast.is_audible,
            "chance": {each: contrast.chance_of(each) for each in ("EN", "FR")},
        }
        for language in _PHONES
        for contrast in contrasts(language)
    ]
    mean_gap = sum(_GAPS) / len(_GAPS)
    return {
        "human_accuracy": {"native": _MEAN + mean_gap / 2, "nonnative": _MEAN - mean_gap / 2},
        "mean_answer": {
            "native": (2 * (_MEAN + mean_gap / 2) - 1) * 2 / 3,
            "nonnative": (2 * (_MEAN - mean_gap / 2) - 1) * 2 / 3,
        },
        "model_accuracy": {"audible": 1.0, "inaudible": 0.5},
        "n_listeners": 2 * _N_LISTENERS,
        "contrasts": by_contrast,
    }
