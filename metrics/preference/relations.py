"""Which words mean the same, and which sound alike: the pairs whose distances are compared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from heschl.errors import InvalidInput
from heschl.metrics.preference.phones import Phones, near_pairs, phone_distances

__all__ = ["NEAR", "Relations", "related_words"]

NEAR = 0.4
"""The phone distance up to which words sound alike."""


@dataclass(frozen=True)
class Relations:
    """Pairs of words by their numbers; a pair is there in both directions.

    Parameters
    ----------
    words
        Their names, sorted.
    synonyms, homophones
        (pair, 2): a word, and one that means the same, or one that sounds nearly the same.
    """

    words: tuple[str, ...]
    synonyms: np.ndarray
    homophones: np.ndarray

    @property
    def targets(self) -> np.ndarray:
        """The words that have both (word,), by their numbers."""
        return np.intersect1d(self.synonyms[:, 0], self.homophones[:, 0])


def related_words(
    pronunciations: Mapping[str, Phones],
    synonyms: Iterable[tuple[str, str]],
    threshold: float = NEAR,
) -> Relations:
    """Return which of some words are related, and how.

    Near-homophones differ by more than 0 and at most the threshold, and neither is a synonym of the
    other. Synonyms differ by more than the threshold, so that they do not sound alike.

    Parameters
    ----------
    pronunciations
        The phones of every word there is.
    synonyms
        Pairs of words, in either order; those of which a word is not there are no pairs.
    threshold
        Of the phone distance.

    Examples
    --------
    >>> phones = {"cat": "K AE T", "hat": "HH AE T", "feline": "F IY L AY N"}
    >>> spoken = {word: text.split() for word, text in phones.items()}
    >>> found = related_words(spoken, [("feline", "cat"), ("cat", "tomcat")])
    >>> [found.words[number] for number in found.targets]
    ['cat']
    """
    if not 0 < threshold < 1:
        raise InvalidInput(f"threshold={threshold!r}; expected a phone distance between 0 and 1")
    words = tuple(sorted(pronunciations))
    number = {word: place for place, word in enumerate(words)}
    listed = {
        (min(number[a], number[b]), max(number[a], number[b]))
        for a, b in synonyms
        if a in number and b in number and a != b
    }
    named = np.array(sorted(listed), dtype=np.intp).reshape(-1, 2)
    phones = [pronunciations[word] for word in words]
    near, _ = near_pairs(phones, threshold)
    alike = phone_distances([phones[a] for a in named[:, 0]], [phones[b] for b in named[:, 1]])
    is_synonym = np.isin(_code(near, len(words)), _code(named, len(words)))
    return Relations(
        words,
        _both_ways(named[alike > threshold + 1e-9]),
        _both_ways(near[~is_synonym]),
    )


def _code(pairs: np.ndarray, n_words: int) -> np.ndarray:
    return np.asarray(pairs[:, 0] * n_words + pairs[:, 1])


def _both_ways(pairs: np.ndarray) -> np.ndarray:
    """Return pairs (pair, 2) and their reverses, in order."""
    both: Sequence[np.ndarray] = (pairs, pairs[:, ::-1])
    found = np.concatenate(both)
    return np.asarray(found[np.lexsort((found[:, 1], found[:, 0]))])
