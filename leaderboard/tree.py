"""The tree of benchmarks: kind of recording, dataset, variants of one benchmark.

A group is the mean of its children, each counted once however many benchmarks it holds, so that a
dataset with four benchmarks weighs no more than one with a single one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from heschl.cards import BenchmarkCard
from heschl.leaderboard.board import DESCRIPTIVE, Column, Group

__all__ = ["NO_BETTER", "NO_SHARE", "OUTSIDE", "Tree", "path_of", "tree_of"]

_KINDS = {
    "fMRI": ("Brain", "fMRI"),
    "ECoG": ("Brain", "ECoG"),
    "MEG": ("Brain", "MEG"),
    "EEG": ("Brain", "EEG"),
    "behaviour": ("Behaviour",),
    "labelled sounds": ("Probing",),
    "labelled speech": ("Probing",),
}
"""By what a dataset's card calls its recording."""
OUTSIDE = (DESCRIPTIVE, "Unregistered")
"""Groups that the overall mean leaves out."""
NO_BETTER = {
    "moussa2025.low_level_impact": "how much of an alignment goes with low-level features",
    "moussa2025.semantic_phonetic": "whether words lie by meaning or by sound",
    "chen2023.shared_cca": "what a fit to recordings shares with another model's",
    "chen2023.prediction_similarity": "how alike predictions are to another model's",
}
"""Protocols whose number describes a model and praises none: more is neither better nor worse."""
NO_SHARE = {
    "moussa2025.low_level_impact": "Percent lost",
    "moussa2025.semantic_phonetic": "Difference of distances",
    "chen2023.prediction_similarity": "Squared correlation",
}
"""What the number of a protocol is that is not normalised: no share of any ceiling."""
_WORDS = {
    "": "The mean of the groups below, each counted once. Only models with a ranked number in "
    "every benchmark that counts have it.",
    "Brain": "The mean over kinds of recording of how well models predict brains.",
    "Behaviour": "The mean over datasets of what models and listeners tell apart.",
    "Probing": "The mean over datasets of what can be read off a model's features.",
    DESCRIPTIVE: "Numbers that describe models: more is neither better nor worse, so that none "
    "is ranked and none counts overall.",
    "Unregistered": "Benchmarks that this Heschl does not know, shown as their files describe "
    "them.",
}


def path_of(
    card: BenchmarkCard | None, dataset: str, recording: str, siblings: Collection[str]
) -> tuple[str, ...]:
    """Return the groups above a benchmark, from the top on.

    Parameters
    ----------
    card
        None for a benchmark that is not registered.
    dataset
        The dataset's id.
    recording
        What its dataset's card calls the kind of recording.
    siblings
        The ids of all benchmarks on the board: variants of one, such as languages, make a group.

    Examples
    --------
    >>> card = BenchmarkCard("moth-ridge-en", load="a:b", summary="", dataset="moth")
    >>> path_of(card, "moth", "fMRI", ["moth-ridge-en", "moth-ridge-fr"])
    ('Brain', 'fMRI', 'moth', 'ridge')
    """
    label = dataset.replace("/", ":") or "no dataset"
    if card is None:
        return (OUTSIDE[1], label)
    if card.protocol in NO_BETTER:
        return (OUTSIDE[0], label)
    stem = _stem(card.id, card.dataset)
    n_alike = sum(_stem(each, card.dataset) == stem for each in siblings)
    above = _KINDS.get(recording, (recording.replace("/", ":").capitalize() or "Other",))
    return (*above, label, *([stem.replace("/", ":")] if n_alike > 1 else []))


def _stem(benchmark: str, dataset: str) -> str:
    """Return what variants of a benchmark share: ``ridge`` of ``little_prince-ridge-en``."""
    prefix = f"{dataset}-"
    if not benchmark.startswith(prefix):
        return benchmark
    return benchmark.removeprefix(prefix).partition("-")[0]


@dataclass(frozen=True)
class Tree:
    """Groups from the root on, and what each column weighs in their means."""

    groups: tuple[Group, ...]

    def weights(self, counted: Collection[str], path: Sequence[str] = ()) -> Mapping[str, float]:
        """Return by slug what a column weighs in the mean of a group.

        Parameters
        ----------
        counted
            The columns that count; groups without any are no children.
        path
            Of the group; the root by default.
        """
        by_path = {"/".join(group.path): group for group in self.groups}

        def descend(key: str, share: float) -> Iterable[tuple[str, float]]:
            children = [
                child
                for child in by_path[key].children
                if (child in counted if child not in by_path else _has(by_path[child], counted))
            ]
            for child in children:
                if child in by_path:
                    yield from descend(child, share / len(children))
                else:
                    yield child, share / len(children)

        return dict(descend("/".join(path), 1.0))

    def mean(self, values: Mapping[str, np.ndarray], path: Sequence[str] = ()) -> np.ndarray:
        """Return the mean of a group, of values of any shape by the slug of a column."""
        weights = self.weights(values.keys(), path)
        # Multiplied and added one by one: equal rows stay equal wherever they stand.
        total = np.zeros(np.shape(next(iter(values.values()))))
        for slug, weight in weights.items():
            total = total + weight * values[slug]
        return total


def _has(group: Group, counted: Collection[str]) -> bool:
    return any(slug in counted for slug in group.columns)


def tree_of(columns: Sequence[Column]) -> Tree:
    """Return the tree of some columns, in their order.

    Columns of `OUTSIDE` are below the root only if they count overall.
    """
    paths = dict.fromkeys(
        [(), *(column.path[:n] for column in columns for n in range(1, len(column.path) + 1))]
    )
    groups = []
    for path in paths:
        below = [column for column in columns if column.path[: len(path)] == path]
        children = dict.fromkeys(
            column.slug if column.path == path else "/".join(column.path[: len(path) + 1])
            for column in below
            if path or _is_inside(column)
        )
        groups.append(
            Group(
                path=path,
                label=path[-1] if path else "Overall",
                children=tuple(children),
                columns=tuple(column.slug for column in below if path or _is_inside(column)),
                words=_words_of(path),
            )
        )
    return Tree(tuple(groups))


def _words_of(path: tuple[str, ...]) -> str:
    if path[:1] == (DESCRIPTIVE,):  # of which there are no means, whatever the depth
        return _WORDS[DESCRIPTIVE]
    return _WORDS.get("/".join(path), "The mean of what is below, each counted once.")


def _is_inside(column: Column) -> bool:
    return column.in_overall or column.path[0] not in OUTSIDE
