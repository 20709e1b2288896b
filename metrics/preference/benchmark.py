"""The preference kind of benchmark: spoken words, as a model hears them, and their relations.

Tokens are drawn from all words of a corpus, several times. A word's features are the mean over its
frames within the utterance; distances are taken within each sample of tokens, and a word's numbers
averaged over the samples in which it has both kinds of pairs.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol, runtime_checkable

import numpy as np
import xarray as xr

from heschl.cards import BenchmarkCard
from heschl.cells import Arrays, Cell, Report
from heschl.configuration import describe, digest
from heschl.contracts import LabelledDataset
from heschl.dimensions import LAYER, ROI, SUBJECT
from heschl.encoding_rows import stored
from heschl.errors import InvalidInput, MissingData
from heschl.item_features import item_cells, read_items
from heschl.items import Items
from heschl.metrics.preference.distances import Distance
from heschl.metrics.preference.metric import MEANING, NUMERICS, SemanticPhonetic
from heschl.metrics.preference.relations import NEAR, Relations, related_words
from heschl.samples import sample_groups
from heschl.session import Session
from heschl.windowing import Windowing

__all__ = ["PARTS", "Lexicon", "PreferenceBenchmark"]

PARTS: Mapping[str, tuple[Distance, str]] = {
    "cosine": ("cosine", "preference"),
    "cosine-relative": ("cosine", "relative"),
    "euclidean-relative": ("euclidean", "relative"),
}
"""What is reported: which number of `SemanticPhonetic`, by which distance."""

_RAW: Mapping[str, tuple[Distance, str]] = {"euclidean": ("euclidean", "preference")}
"""What stands beside it; it has the unit of the features, which differs between layers."""

_NUMERICS = 2
"""Raised whenever the same cells would hold other numbers, by a change in this folder; 1 divided
rounding by rounding in layers that never change."""

_TASK = "word"
_SPEAKER = "speaker"


@runtime_checkable
class Lexicon(LabelledDataset, Protocol):
    """What a labelled dataset offers beside its contract: how its words are said and related.

    Its task ``word`` asks for words in lower case and has the label ``speaker``.
    """

    def pronunciations(self) -> Mapping[str, Sequence[str]]:
        """Return the phones of words, of which some may be spoken nowhere."""

    def synonyms(self) -> Collection[tuple[str, str]]:
        """Return pairs of words that mean the same, in either order."""


@dataclass(frozen=True)
class PreferenceBenchmark:
    """How much nearer words are to their synonyms than to words that sound nearly the same.

    Parameters
    ----------
    card
        The metadata.
    windowing
        How an utterance is cut for the model.
    threshold
        The phone distance up to which words sound alike.
    n_samples, n_tokens
        How many samples of tokens are drawn (with the seeds 0, 1, ...), and of how many tokens; all
        tokens where there are fewer. Tokens of words that the lexicon lacks are not drawn.
    """

    card: BenchmarkCard
    windowing: Windowing
    threshold: float = NEAR
    n_samples: int = 5
    n_tokens: int = 10_000
    rois: tuple[str, ...] = field(default=tuple(PARTS), init=False)

    def __post_init__(self) -> None:
        """Refuse counts that are none."""
        for name in ("n_samples", "n_tokens"):
            count = getattr(self, name)
            if isinstance(count, bool) or not isinstance(count, int) or count < 1:
                raise InvalidInput(f"{name}={count!r}; expected a whole number of at least 1")

    def configuration(self) -> dict[str, Any]:
        """Return every setting, defaults included."""
        card = {"id": self.card.id, "version": self.card.version}
        return {**describe(self), "card": card, "numerics": NUMERICS}

    def description(self) -> dict[str, str]:
        """Return what the score is, in words."""
        return {
            "score_meaning": MEANING,
            "score_power": "correlation",
            "normalisation": "none: the score itself; relative parts are over the mean distance "
            "from other words",
            "layer_rule": "mean",
        }

    def cells(self, session: Session) -> list[Cell]:
        """Return the work: features of the tokens, and the preference of each word by layer."""
        items, samples = self._drawn(session)
        features = item_cells(session, items, windowing=self.windowing, pooling="mean")
        dataset = session.dataset.get()
        shared = {
            "stage": "preference",
            "numerics": _NUMERICS,
            "items": items.digest,
            "lexicon": digest(
                {
                    "synonyms": sorted(map(list, dataset.synonyms())),
                    "phones": {
                        word: list(dataset.pronunciations()[word]) for word in _words_of(items)
                    },
                }
            ),
            "threshold": self.threshold,
            "samples": [digest(sample.tolist()) for sample in samples],
        }
        cell = Cell(
            "preference",
            "words",
            f"{session.model_id} × words",
            tuple(
                {**shared, "features": [cell.keys[position] for cell in features]}
                for position in range(len(session.layers))
            ),
            partial(self._compute, session, tuple(features)),
        )
        return [*features, cell]

    def gather(self, session: Session, cells: Sequence[Cell]) -> dict[str, xr.Dataset]:
        """Return the preferences of words, averaged over samples."""
        (cell,) = (each for each in cells if each.stage == "preference")
        layers = [stored(session, key, cell.label) for key in cell.keys]
        words = layers[0]["words"]
        n_tokens = layers[0]["n_tokens"]

        def over_words(names: Sequence[str]) -> xr.DataArray:
            values = np.stack(
                [np.stack([layer[name] for name in names], axis=-1) for layer in layers]
            )
            coords = {LAYER: list(session.layers), SUBJECT: words, ROI: list(names)}
            return xr.DataArray(values, dims=(LAYER, SUBJECT, ROI), coords=coords)

        score = over_words(tuple(PARTS))
        # A layer in which all words lie at one place prefers none of them. Whatever else leaves a
        # word without a number does so in every layer.
        score = score.where(score.notnull() | score.isnull().all(LAYER), 0.0)
        counts = score.isel({LAYER: 0}, drop=True).copy(
            data=np.repeat(n_tokens[:, np.newaxis], len(PARTS), axis=1)
        )
        numbers = ("n_drawn", "n_unlisted", "n_without_synonym", "n_without_homophone")
        extra = {name: xr.DataArray(int(layers[0][name])) for name in numbers}
        extra["euclidean"] = over_words(("euclidean",)).isel({ROI: 0}, drop=True)
        return sample_groups(
            score,
            n_items=counts,
            chance=0.0,
            ceiling=1.0,
            kind="none",
            power="correlation",
            seed=session.seed,
            extra=extra,
        )

    def _drawn(self, session: Session) -> tuple[Items, list[np.ndarray]]:
        """Return the tokens that any sample has, and for each sample which of them it is."""
        dataset = session.dataset.get()
        if not isinstance(dataset, Lexicon):
            raise InvalidInput(
                f"{self.card.id} asks how words are said and related, which {dataset.card.id} does "
                "not tell; choose a dataset with pronunciations() and synonyms(), such as "
                "librispeech"
            )
        items = dataset.items(_TASK)
        known = set(dataset.pronunciations())
        listed = np.flatnonzero([word in known for word in items.labels[_TASK].tolist()])
        if not len(listed):
            raise MissingData(
                f"none of the {len(items)} words of {dataset.card.id} is in its lexicon; give one "
                "of their language, such as CMUdict"
            )
        size = min(self.n_tokens, len(listed))
        drawn = [
            np.sort(np.random.default_rng(seed).choice(listed, size, replace=False))
            for seed in range(self.n_samples)
        ]
        union = np.unique(np.concatenate(drawn))
        chosen = Items(items.task, items.table.isel(item=union))
        return chosen, [np.searchsorted(union, each) for each in drawn]

    def _relations(self, session: Session, items: Items) -> Relations:
        """Return how the words that were drawn are related."""
        dataset = session.dataset.get()
        spoken = dataset.pronunciations()
        relations = related_words(
            {word: spoken[word] for word in _words_of(items)}, dataset.synonyms(), self.threshold
        )
        if not len(relations.targets):
            raise MissingData(
                f"none of the {len(relations.words)} words that were drawn has both a synonym "
                f"({len(relations.synonyms) // 2} pairs) and a near-homophone "
                f"({len(relations.homophones) // 2} pairs); give more synonyms, or more speech"
            )
        return relations

    def _compute(
        self, session: Session, features: Sequence[Cell], missing: Sequence[int], report: Report
    ) -> Iterator[tuple[int, Arrays]]:
        """Yield the numbers of every word in the missing layers, averaged over samples."""
        items, samples = self._drawn(session)
        relations = self._relations(session, items)
        targets = np.array(relations.words)[relations.targets]
        words = items.labels[_TASK]
        n_tokens = np.array([np.count_nonzero(words == word) for word in targets.tolist()])
        whole = session.dataset.get().items(_TASK)
        known = set(session.dataset.get().pronunciations())
        facts = {
            "words": targets,
            "n_tokens": n_tokens,
            "n_drawn": np.array(len(items)),
            "n_unlisted": np.array(sum(word not in known for word in whole.labels[_TASK].tolist())),
            "n_without_synonym": np.array(
                len(relations.words) - len(np.unique(relations.synonyms[:, 0]))
            ),
            "n_without_homophone": np.array(
                len(relations.words) - len(np.unique(relations.homophones[:, 0]))
            ),
        }
        for number, position in enumerate(missing):
            values = read_items(session, items, features, session.layers[position]).values
            tokens = xr.DataArray(
                values,
                dims=("token", "unit"),
                coords={
                    "word": ("token", words),
                    _SPEAKER: ("token", items.labels[_SPEAKER]),
                },
            )
            found = self._over_samples(tokens, samples, relations)
            yield position, {**facts, **found}
            report((number + 1) / len(missing))

    def _over_samples(
        self, tokens: xr.DataArray, samples: Sequence[np.ndarray], relations: Relations
    ) -> dict[str, np.ndarray]:
        """Return each part (word,), the mean over the samples that have it."""
        different = {sample.tobytes(): sample for sample in samples}  # one, where all are drawn
        of_samples = [
            {
                distance: SemanticPhonetic(distance)(tokens[sample], relations)
                for distance in _DISTANCES
            }
            for sample in different.values()
        ]
        weights = np.array([sum(key == each.tobytes() for each in samples) for key in different])
        found = {}
        for part, (distance, quantity) in {**PARTS, **_RAW}.items():
            values = np.stack([each[distance][quantity].to_numpy() for each in of_samples])
            there = np.isfinite(values) * weights[:, np.newaxis]
            n_there = there.sum(axis=0)
            sums = (np.where(there > 0, values, 0.0) * there).sum(axis=0)
            found[part] = np.where(n_there > 0, sums, np.nan) / np.maximum(n_there, 1)
        return found


_DISTANCES: tuple[Distance, ...] = ("cosine", "euclidean")


def _words_of(items: Items) -> list[str]:
    return sorted(set(items.labels[_TASK].tolist()))
