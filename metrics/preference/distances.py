"""Mean distances between the tokens of words, over pairs of tokens by different speakers.

With tokens scaled to length 1, n_w the number of those of word w and S_w their sum, the cosine
distances of all pairs of tokens of w and v add up to n_w n_v - S_w · S_v. Those by one speaker s
add up to the same of that speaker's tokens, so that what is left,

    Σ = (n_w n_v - S_w · S_v) - Σ_s (n_ws n_vs - S_ws · S_vs)    over    n_w n_v - Σ_s n_ws n_vs,

is exact without ever forming a pair. Euclidean distances have no such sum, and are all formed.
"""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
import scipy.sparse

from heschl.errors import InvalidInput

__all__ = ["Distance", "mean_distances"]

Distance = Literal["cosine", "euclidean"]

_NUMBERS_AT_ONCE = 2**24


def mean_distances(
    values: np.ndarray, word: np.ndarray, speaker: np.ndarray, distance: Distance, n_words: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean distance (word, word) of tokens, and over how many pairs it is.

    Parameters
    ----------
    values
        (token, unit), finite.
    word, speaker
        (token,) the number of the word, below ``n_words``, and of the speaker.
    distance
        ``cosine`` is 1 - cos; a token of zeros is at 1 from all others.
    n_words
        How many words there are, with tokens or without.

    Returns
    -------
    tuple
        Means, NaN where no pair is by different speakers, and counts.

    Examples
    --------
    >>> values = np.array([[1.0, 0.0], [0.0, 2.0], [0.0, 1.0]])
    >>> means, counts = mean_distances(
    ...     values, np.array([0, 1, 1]), np.array([0, 0, 1]), "cosine", n_words=2
    ... )
    >>> float(means[0, 1]), counts.tolist()
    (1.0, [[0.0, 1.0], [1.0, 2.0]])
    """
    _check(values, word, speaker, distance, n_words)
    tokens = np.asarray(values, dtype=np.float64)
    sums_of = _cosine_sums if distance == "cosine" else _euclidean_sums
    if distance == "cosine":
        lengths = np.linalg.norm(tokens, axis=1, keepdims=True)
        tokens = tokens / np.where(lengths > 0, lengths, 1.0)
    else:
        tokens = tokens - tokens.mean(axis=0)  # fewer digits are lost to what all have in common
    sums, counts = sums_of(tokens, word, n_words)
    for each in np.unique(speaker):
        own = np.flatnonzero(speaker == each)
        there, place = np.unique(word[own], return_inverse=True)
        own_sums, own_counts = sums_of(tokens[own], place, len(there))
        sums[np.ix_(there, there)] -= own_sums
        counts[np.ix_(there, there)] -= own_counts
    means = np.divide(sums, counts, out=np.full_like(sums, np.nan), where=counts > 0)
    return means, counts


def _cosine_sums(
    tokens: np.ndarray, word: np.ndarray, n_words: int
) -> tuple[np.ndarray, np.ndarray]:
    belongs = _membership(word, n_words)
    of_words = belongs @ tokens
    n_tokens = np.bincount(word, minlength=n_words).astype(np.float64)
    counts = np.outer(n_tokens, n_tokens)
    return counts - of_words @ of_words.T, counts


def _euclidean_sums(
    tokens: np.ndarray, word: np.ndarray, n_words: int
) -> tuple[np.ndarray, np.ndarray]:
    belongs = _membership(word, n_words)
    squares = np.einsum("tu,tu->t", tokens, tokens)
    sums = np.zeros((n_words, n_words))
    step = max(1, _NUMBERS_AT_ONCE // max(1, len(tokens)))
    for start in range(0, len(tokens), step):
        part = slice(start, start + step)
        apart = squares[part, None] + squares - 2 * tokens[part] @ tokens.T
        rows = np.arange(len(apart))
        apart[rows, rows + start] = 0.0  # a token from itself, whatever is rounded
        np.sqrt(np.maximum(apart, 0.0, out=apart), out=apart)
        # The words of these rows are few, the table of all words is not.
        there, place = np.unique(word[part], return_inverse=True)
        of_rows = _membership(place, len(there)) @ apart
        sums[there] += (belongs @ of_rows.T).T
    n_tokens = np.bincount(word, minlength=n_words).astype(np.float64)
    return sums, np.outer(n_tokens, n_tokens)


def _membership(word: np.ndarray, n_words: int) -> scipy.sparse.csr_array:
    """Return which token is of which word (word, token)."""
    places = (word, np.arange(len(word)))
    return scipy.sparse.csr_array((np.ones(len(word)), places), shape=(n_words, len(word)))


def _check(
    values: np.ndarray, word: np.ndarray, speaker: np.ndarray, distance: str, n_words: int
) -> None:
    if distance not in get_args(Distance):
        raise InvalidInput(
            f"distance={distance!r}; expected one of {', '.join(get_args(Distance))}"
        )
    if values.ndim != 2 or not values.size:  # noqa: PLR2004  tokens and units
        raise InvalidInput(f"values have shape {values.shape}; expected (token, unit), one each")
    if not len(values) == len(word) == len(speaker):
        raise InvalidInput(
            f"there are {len(values)} tokens, {len(word)} words and {len(speaker)} speakers of "
            "them; expected as many of each"
        )
    if word.min() < 0 or word.max() >= n_words:
        raise InvalidInput(f"words are numbered up to {word.max()}; expected 0 to {n_words - 1}")
    if not np.isfinite(values).all():
        bad = int(np.flatnonzero(~np.isfinite(values).all(axis=1))[0])
        raise InvalidInput(f"token {bad} holds numbers that are not finite; repair the features")
