"""The semantic-phonetic preference: tokens of words and their relations in, a number a word out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, get_args

import numpy as np
import xarray as xr

from heschl.cards import MetricCard
from heschl.configuration import describe
from heschl.errors import InvalidInput
from heschl.metrics.preference import SEMANTIC_PHONETIC
from heschl.metrics.preference.distances import Distance, mean_distances
from heschl.metrics.preference.relations import Relations

__all__ = ["MEANING", "NUMERICS", "WORD", "SemanticPhonetic"]

NUMERICS = 1
"""Raised whenever the same settings would give other numbers, by a change in this folder."""

WORD = "word"
"""The dimension of words."""

MEANING = "the mean distance to synonyms less that to near-homophones (below 0: semantic)"

_LEAST_APART: Mapping[Distance, float] = {"cosine": 1e-12, "euclidean": 1e-7}
"""Words that are no farther from all others lie where these do: what is left is the rounding of
float32 features and of sums. Euclidean distances as a share of the tokens' length."""


@dataclass(frozen=True)
class SemanticPhonetic:
    """Compare how far words are from their synonyms and from their near-homophones.

    For each word that has both,

        d = E[distance(word, synonym)] - E[distance(word, near-homophone)]

    with the mean over pairs of tokens by different speakers, then over the words that it is paired
    with. Below 0 the model prefers meaning, above 0 sound. Since a space that shrinks draws all
    words together, d is also given over the mean distance from all other words: that is the
    difference of ``(random - pair) / random``, which no scaling of the space changes.

    Parameters
    ----------
    distance
        ``cosine`` or ``euclidean``.

    Examples
    --------
    >>> from heschl.metrics.preference.relations import related_words
    >>> phones = {"cat": "K AE T".split(), "hat": "HH AE T".split(), "pet": "P EH".split()}
    >>> relations = related_words(phones, [("cat", "pet")])
    >>> values = xr.DataArray([[0.0], [1.0], [3.0]], dims=("token", "unit"))
    >>> values = values.assign_coords(word=("token", ["cat", "hat", "pet"]))
    >>> values = values.assign_coords(speaker=("token", ["ann", "bob", "cem"]))
    >>> found = SemanticPhonetic("euclidean")(values, relations)
    >>> found.word.values.tolist(), found.preference.values.tolist()
    (['cat'], [2.0])
    """

    distance: Distance = "cosine"

    card: ClassVar[MetricCard] = SEMANTIC_PHONETIC

    def __post_init__(self) -> None:
        """Refuse an unknown distance."""
        if self.distance not in get_args(Distance):
            raise InvalidInput(
                f"distance={self.distance!r}; expected one of {', '.join(get_args(Distance))}"
            )

    def configuration(self) -> Mapping[str, Any]:
        """Return every setting and the numerics version."""
        return {**describe(self), "numerics": NUMERICS}

    def __call__(self, values: xr.DataArray, relations: Relations) -> xr.Dataset:
        """Return the preference of every word that has synonyms and near-homophones.

        Parameters
        ----------
        values
            (token, unit), finite, with the coordinates ``word`` and ``speaker`` (token,).
        relations
            Of the words; those of tokens that it does not name are no pair of any, but count among
            the other words.

        Returns
        -------
        xr.Dataset
            ``preference`` (d), ``relative`` (d over the distance from other words), ``synonym``,
            ``homophone`` and ``other`` (the three distances), all (word,) and NaN where no tokens
            by different speakers are there. ``relative`` is NaN too where a word lies at one place
            with all others, as in a layer that never changes.
        """
        lacking = [name for name in (WORD, "speaker") if name not in values.coords]
        if values.ndim != 2 or lacking:  # noqa: PLR2004  tokens and units
            raise InvalidInput(
                f"values have the dims {values.dims} and lack the coordinates {lacking}; expected "
                "(token, unit) with the word and the speaker of each token"
            )
        spoken = values[WORD].to_numpy().astype(str)
        strangers = sorted(set(spoken.tolist()) - set(relations.words))
        number = {name: place for place, name in enumerate((*relations.words, *strangers))}
        word = np.array([number[name] for name in spoken.tolist()], dtype=np.intp)
        _, speaker = np.unique(values["speaker"].to_numpy(), return_inverse=True)
        means, counts = mean_distances(
            values.to_numpy(), word, speaker, self.distance, n_words=len(number)
        )
        synonym = _over_pairs(means, relations.synonyms)
        homophone = _over_pairs(means, relations.homophones)
        other = _from_others(means, counts)
        least = _LEAST_APART[self.distance] * self._length(values.to_numpy())
        found = {
            "preference": synonym - homophone,
            "relative": _divided(synonym - homophone, np.where(other > least, other, 0.0)),
            "synonym": synonym,
            "homophone": homophone,
            "other": other,
        }
        targets = relations.targets
        return xr.Dataset(
            {name: (WORD, column[targets]) for name, column in found.items()},
            coords={WORD: np.array(relations.words, dtype=np.str_)[targets]},
        )

    def _length(self, values: np.ndarray) -> float:
        """Return the root mean square length of tokens (token, unit), 1 where it does not count."""
        if self.distance == "cosine":
            return 1.0
        squares = np.einsum("tu,tu->t", values, values, dtype=np.float64)
        return float(np.sqrt(squares.mean()))


def _over_pairs(means: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """Return the mean (word,) over the words that a word is paired with, NaN without any."""
    distances = means[pairs[:, 0], pairs[:, 1]]
    there = np.isfinite(distances)
    sums = np.bincount(pairs[there, 0], distances[there], minlength=len(means))
    counts = np.bincount(pairs[there, 0], minlength=len(means))
    return _divided(sums, counts)


def _from_others(means: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Return the mean distance (word,) of a word's tokens from those of all other words."""
    is_other = ~np.eye(len(means), dtype=bool) & (counts > 0)
    sums = np.where(is_other, means, 0.0) * counts
    return _divided(sums.sum(axis=1), np.where(is_other, counts, 0.0).sum(axis=1))


def _divided(values: np.ndarray, by: np.ndarray) -> np.ndarray:
    is_there = by > 0
    return np.where(is_there, values, np.nan) / np.where(is_there, by, 1.0)
