"""What ``librispeech-semantic_phonetic`` must find: every pair of tokens, one by one.

Nothing of the benchmark's sums is used: distances are those of a table of all tokens with all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.spatial.distance

from heschl.alignment import Alignment, Interval
from heschl.phantom import features

__all__ = ["Token", "edits", "expectations", "lexical_values"]

_NEAR = 0.4
_RATE_HZ = 50
"""Frames a second of a model that reads."""
_SOURCE = "docs/protocols.md, S-moussa.semantic_phonetic (over all pairs of tokens)"
_TOLERANCE = 0.002
"""Nothing is noisy; features are kept in float32."""


@dataclass(frozen=True)
class Token:
    """A word, who says it, and the phones of its utterance."""

    word: Interval
    speaker: str
    said: tuple[Interval, ...]

    @property
    def own(self) -> list[Interval]:
        """The phones of the word."""
        onset_s, offset_s, _ = self.word
        return [p for p in self.said if onset_s <= (p.onset_s + p.offset_s) / 2 < offset_s]

    @property
    def phones(self) -> tuple[str, ...]:
        """Their names."""
        return tuple(phone.label for phone in self.own)


def edits(first: Sequence[str], second: Sequence[str]) -> float:
    """Return the edit operations between two words over the longer length."""
    row = list(range(len(second) + 1))
    for number, one in enumerate(first, start=1):
        before, row[0] = row[0], number
        for place, other in enumerate(second, start=1):
            replaced = before + (one != other)
            before = row[place]
            row[place] = min(row[place] + 1, row[place - 1] + 1, replaced)
    return row[-1] / max(len(first), len(second))


def lexical_values(word: str) -> np.ndarray:
    """Return what the oracle of words makes of a word (unit,)."""
    return np.asarray(features.lexical(Alignment(words=(Interval(0.0, 1.0, word),))).values[0])


def expectations(
    tokens: Sequence[Token],
    pronunciations: Mapping[str, Sequence[str]],
    synonyms: set[tuple[str, str]],
) -> list[dict[str, Any]]:
    """Return what ``truth.json`` expects of the oracles of words and of phones."""
    near = {
        (a, b)
        for a in pronunciations
        for b in pronunciations
        if a < b and (a, b) not in synonyms and _quick(pronunciations[a], pronunciations[b]) > 0
    }
    values = {
        ("phantom-words", "blend.2"): [lexical_values(token.word.label) for token in tokens],
        ("phantom-phones", "blend.3"): [_phonetic_values(token) for token in tokens],
    }
    found = []
    for (model, layer), rows in values.items():
        for part, expected in _preferences(tokens, np.stack(rows), synonyms, near).items():
            found.append(
                {"benchmark": "librispeech-semantic_phonetic", "model": model, "layer": layer}
                | {"roi": part, "quantity": "score", "expected": expected}
                | {"tolerance": _TOLERANCE, "source": _SOURCE}
            )
    return found


def _quick(first: Sequence[str], second: Sequence[str]) -> float:
    """Return the distance of words that sound nearly alike, -1 of others."""
    longer = max(len(first), len(second))
    if abs(len(first) - len(second)) > _NEAR * longer:
        return -1.0
    distance = edits(first, second)
    return distance if distance <= _NEAR + 1e-9 else -1.0


def _phonetic_values(token: Token) -> np.ndarray:
    """Return the mean (unit,) of a word's phones, as frames at fifty a second find them."""
    onset_s, offset_s, _ = token.word
    first = int(onset_s * _RATE_HZ)
    centres_s = (np.arange(first, int(offset_s * _RATE_HZ) + 1) + 0.5) / _RATE_HZ
    centres_s = centres_s[(centres_s >= onset_s - 1e-6) & (centres_s < offset_s - 1e-6)]
    if not len(centres_s):
        centres_s = np.array([(onset_s + offset_s) / 2])
    heard = [
        next(p for p in reversed(token.said) if p.onset_s <= centre_s < p.offset_s)
        for centre_s in centres_s.tolist()
    ]
    return np.asarray(features.phonetic(Alignment(phones=tuple(heard))).values.mean(axis=0))


def _preferences(
    tokens: Sequence[Token],
    values: np.ndarray,
    synonyms: set[tuple[str, str]],
    near: set[tuple[str, str]],
) -> dict[str, float]:
    """Return each part of the score: the mean over the words that have both kinds of pairs."""
    labels = np.array([token.word.label for token in tokens])
    speakers = np.array([token.speaker for token in tokens])
    apart = speakers[:, None] != speakers
    of_word = {word: labels == word for word in sorted(set(labels.tolist()))}
    found: dict[str, list[float]] = {"cosine": [], "cosine-relative": [], "euclidean-relative": []}
    for metric in ("cosine", "euclidean"):
        table = scipy.spatial.distance.cdist(values, values, metric)
        for word, own in of_word.items():
            means = []
            for pairs in (synonyms, near):
                partners = {b if a == word else a for a, b in pairs if word in (a, b)}
                taken = [
                    own[:, None] & of_word[other] & apart for other in partners if other in of_word
                ]
                means.append([float(table[each].mean()) for each in taken if each.any()])
            if not all(means):
                continue
            difference = float(np.mean(means[0]) - np.mean(means[1]))
            others = float(table[own[:, None] & ~own & apart].mean())
            found[f"{metric}-relative"].append(difference / others)
            if metric == "cosine":
                found["cosine"].append(difference)
    return {part: float(np.mean(values)) for part, values in found.items()}
