"""Averages of cells, in the order that a protocol gives: contexts, speakers, orders of a pair."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from heschl.errors import UnknownName, near_names

__all__ = ["Averaged", "averaged", "in_pairs", "pairs_of"]

_TO = "–"


class Averaged(NamedTuple):
    """Values (..., row), and what the rows of each are of, ``{name: (row,)}``."""

    values: np.ndarray
    labels: dict[str, np.ndarray]


def averaged(
    values: np.ndarray, labels: Mapping[str, np.ndarray], levels: Sequence[Sequence[str]]
) -> Averaged:
    """Average ``values`` (..., row) over labels, level by level; each row counts the same.

    NaN counts as nothing; the mean of nothing is NaN.

    Parameters
    ----------
    values
        What is averaged.
    labels
        For each row; rows with all labels in common are averaged first.
    levels
        The labels that are averaged over, in order: ``[["context"], ["speaker"]]`` gives the mean
        over speakers of means over contexts.

    Examples
    --------
    >>> labels = {"phone": np.array(["a", "a", "a"]), "context": np.array(["k", "k", "t"])}
    >>> averaged(np.array([0.0, 1.0, 1.0]), labels, [["context"]]).values
    array([0.75])
    """
    kept = dict(labels)
    found = np.asarray(values, dtype=np.float64)
    for level in [(), *levels]:
        for name in level:
            if name not in kept:
                raise UnknownName(f"cells have no label {name!r}; {near_names(name, kept)}")
            del kept[name]
        codes = np.stack(
            [np.unique(column, return_inverse=True)[1].reshape(-1) for column in kept.values()]
        )
        _, where, group = np.unique(codes, axis=1, return_index=True, return_inverse=True)
        group = group.reshape(-1)
        is_there = np.isfinite(found)
        counts, sums = (
            np.stack([np.bincount(group, row, len(where)) for row in of.reshape(-1, len(group))])
            for of in (is_there.astype(np.float64), np.where(is_there, found, 0.0))
        )
        means = np.divide(sums, counts, where=counts > 0, out=np.full_like(sums, np.nan))
        found = means.reshape(*found.shape[:-1], len(where))
        kept = {name: column[where] for name, column in kept.items()}
    return Averaged(found, kept)


def in_pairs(
    values: np.ndarray, labels: Mapping[str, np.ndarray], levels: Sequence[Sequence[str]]
) -> Averaged:
    """Average cells to pairs of kinds, after the levels over both orders of the two.

    The rows have the label ``pair`` in the place of ``on`` and ``other``, such as ``a–e``.

    >>> labels = {"on": np.array(["e", "a"]), "other": np.array(["a", "e"])}
    >>> found = in_pairs(np.array([0.5, 1.0]), labels, [])
    >>> found.values.tolist(), found.labels["pair"].tolist()
    ([0.75], ['a–e'])
    """
    found = averaged(values, labels, levels)
    rest = {name: column for name, column in found.labels.items() if name not in ("on", "other")}
    return averaged(found.values, {**rest, "pair": pairs_of(found.labels)}, [])


def pairs_of(labels: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return what the two kinds of each cell are called, whichever of them is X.

    >>> pairs_of({"on": np.array(["e"]), "other": np.array(["a"])}).tolist()
    ['a–e']
    """
    both = np.sort(np.stack([labels["on"], labels["other"]]), axis=0)
    return np.array([_TO.join(names) for names in both.T.tolist()])
