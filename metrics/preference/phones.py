"""How alike words sound: edit operations between their phones over the longer length."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy.spatial.distance

from heschl.errors import InvalidInput

__all__ = ["Phones", "near_pairs", "phone_distances"]

Phones = Sequence[str]
"""The phones of a word."""

_PAIRS_AT_ONCE = 100_000
_WORDS_AT_ONCE = 512
_ROUNDING = 1e-9


def phone_distances(first: Sequence[Phones], second: Sequence[Phones]) -> np.ndarray:
    """Return the distance D (pair,) of pairs of words, from 0 to 1.

    Insertions, deletions and substitutions count 1 each; D is the least number of them that makes
    one word of the other, over the number of phones of the longer one.

    Examples
    --------
    >>> cat, hat, at, dog = ("K AE T", "HH AE T", "AE T", "D AO G")
    >>> first, second = ([word.split() for word in words] for words in ([cat] * 3, [hat, at, dog]))
    >>> phone_distances(first, second).round(2).tolist()
    [0.33, 0.33, 1.0]
    """
    if len(first) != len(second):
        raise InvalidInput(f"{len(first)} words were paired with {len(second)}; expected as many")
    numbers: dict[str, int] = {}
    (codes, lengths), (others, other_lengths) = (
        _coded(words, numbers) for words in (first, second)
    )
    found = np.zeros(len(first))
    for start in range(0, len(first), _PAIRS_AT_ONCE):
        part = slice(start, start + _PAIRS_AT_ONCE)
        edits = _edits(codes[part], lengths[part], others[part], other_lengths[part])
        found[part] = edits / np.maximum(lengths[part], other_lengths[part])
    return found


def near_pairs(words: Sequence[Phones], threshold: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the pairs of words that differ, and by no more than a threshold.

    Returns
    -------
    tuple
        Word numbers (pair, 2), the smaller one first, in order; and D (pair,), above 0.

    Examples
    --------
    >>> near_pairs([["K", "AE", "T"], ["HH", "AE", "T"], ["D", "AO", "G"]], 0.4)[0].tolist()
    [[0, 1]]
    """
    numbers: dict[str, int] = {}
    codes, lengths = _coded(words, numbers)
    counts = np.zeros((len(words), len(numbers)))
    for column in range(codes.shape[1]):
        is_phone = column < lengths
        np.add.at(counts, (np.flatnonzero(is_phone), codes[is_phone, column]), 1)
    candidates = []
    for start in range(0, len(words), _WORDS_AT_ONCE):
        part = slice(start, start + _WORDS_AT_ONCE)
        # An edit changes the counts of two phones at most, and the length by 1 at most.
        apart = scipy.spatial.distance.cdist(counts[part], counts, "cityblock") / 2
        apart = np.maximum(apart, np.abs(lengths[part, None] - lengths))
        longer = np.maximum(lengths[part, None], lengths)
        rows, others = np.nonzero(apart <= threshold * longer + _ROUNDING)
        rows += start
        candidates.append(np.stack([rows, others], axis=1)[rows < others])
    pairs = np.concatenate(candidates) if candidates else np.empty((0, 2), dtype=np.intp)
    distances = np.concatenate(
        [
            np.empty(0),
            *(
                _edits(codes[a], lengths[a], codes[b], lengths[b])
                / np.maximum(lengths[a], lengths[b])
                for a, b in (
                    pairs[start : start + _PAIRS_AT_ONCE].T
                    for start in range(0, len(pairs), _PAIRS_AT_ONCE)
                )
            ),
        ]
    )
    is_near = (distances > 0) & (distances <= threshold + _ROUNDING)
    return pairs[is_near], distances[is_near]


def _coded(words: Sequence[Phones], numbers: dict[str, int]) -> tuple[np.ndarray, np.ndarray]:
    """Return the phones of words as numbers (word, phone), -1 behind the end, and their lengths."""
    lengths = np.array([len(word) for word in words], dtype=np.intp)
    if len(words) and lengths.min() < 1:
        raise InvalidInput("a word has no phones; leave it out, or give its pronunciation")
    codes = np.full((len(words), int(lengths.max(initial=0))), -1, dtype=np.int32)
    for row, word in enumerate(words):
        codes[row, : len(word)] = [numbers.setdefault(phone, len(numbers)) for phone in word]
    return codes, lengths


def _edits(
    codes: np.ndarray, lengths: np.ndarray, others: np.ndarray, other_lengths: np.ndarray
) -> np.ndarray:
    """Return the edit distance (pair,), row by row of the table of all pairs at once.

    Within a row an insertion costs 1 more than the entry before it, so that the row less its column
    number is a running minimum.
    """
    columns = np.arange(others.shape[1] + 1)
    row = np.broadcast_to(columns, (len(codes), len(columns))).astype(np.int32)
    found = np.zeros(len(codes), dtype=np.int64)
    for number in range(1, codes.shape[1] + 1):
        replaced = row[:, :-1] + (codes[:, number - 1, None] != others)
        following = np.empty_like(row)
        following[:, 0] = number
        following[:, 1:] = np.minimum(replaced, row[:, 1:] + 1)
        row = np.minimum.accumulate(following - columns, axis=1) + columns
        ends = lengths == number
        found[ends] = row[ends, other_lengths[ends]]
    return found
