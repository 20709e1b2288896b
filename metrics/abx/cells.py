"""Cells: which items are compared with which, and in what the three of a comparison agree.

In a cell every A and every X is of one kind and every B of another one. The score of a cell is the
share of its triplets in which X is nearer to A than to B.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from heschl.errors import InvalidInput, UnknownName, near_names
from heschl.items import Items

__all__ = ["Cells", "Condition", "cells_of_items", "cells_of_triplets", "of_x"]


@dataclass(frozen=True)
class Cells:
    """Cells of items.

    Those of role r, one of ``a``, ``b`` and ``x``, in cell k are the numbers
    ``r[r_first[k]:r_first[k + 1]]``.

    Parameters
    ----------
    labels
        For each cell what its comparisons have in common, ``{name: (cell,)}``: ``on`` and
        ``other``, the kinds of A and B, and what a condition names.
    """

    a: np.ndarray
    a_first: np.ndarray
    b: np.ndarray
    b_first: np.ndarray
    x: np.ndarray
    x_first: np.ndarray
    labels: dict[str, np.ndarray]

    def __len__(self) -> int:
        """Return the number of cells."""
        return len(self.a_first) - 1


@dataclass(frozen=True)
class Condition:
    """In what the items of a comparison agree and differ, in the words of ABXpy.

    Parameters
    ----------
    on
        The label that tells A and X from B.
    by
        Labels that all three share, such as ``("previous", "next", "speaker")``.
    across
        A label that A and B share, and of which X has another value, such as ``"speaker"``.
    most_items
        The most items of each role in a cell, drawn where there are more; None takes all.
    most_across
        The most values of the label across which X are taken in a cell; None takes all. The
        ZeroSpeech tasks have 10 and 5.
    """

    on: str
    by: tuple[str, ...] = ()
    across: str | None = None
    most_items: int | None = 10
    most_across: int | None = 5

    def __post_init__(self) -> None:
        """Refuse a label in two places, and limits that leave nothing."""
        named = [self.on, *self.by, *([self.across] if self.across is not None else [])]
        if isinstance(self.by, str) or len(set(named)) < len(named):
            raise InvalidInput(
                f"on={self.on!r}, by={self.by!r}, across={self.across!r}; expected different "
                "labels, and a tuple of them in 'by'"
            )
        for name, least in (("most_items", 2), ("most_across", 1)):
            limit = getattr(self, name)
            if limit is not None and (isinstance(limit, bool) or limit < least):
                raise InvalidInput(f"{name}={limit!r}; expected {least} or more, or None")


def cells_of_triplets(
    target: np.ndarray, other: np.ndarray, probe: np.ndarray, labels: dict[str, np.ndarray]
) -> Cells:
    """Return a cell for each triplet of item numbers (triplet,).

    >>> cells = cells_of_triplets(np.array([0]), np.array([1]), np.array([2]), {})
    >>> len(cells), cells.x.tolist()
    (1, [2])
    """
    roles = [np.asarray(each, dtype=np.int64) for each in (target, other, probe)]
    if not len(roles[0]) or len({len(each) for each in roles}) > 1:
        raise InvalidInput(
            f"there are {[len(each) for each in roles]} items for the roles of triplets; expected "
            "as many of each, one at least"
        )
    if (roles[0] == roles[2]).any():
        first = int(np.flatnonzero(roles[0] == roles[2])[0])
        raise InvalidInput(
            f"triplet {first} has the same item as A and as X, which are always alike; leave it out"
        )
    ends = np.arange(len(roles[0]) + 1)
    return Cells(roles[0], ends, roles[1], ends, roles[2], ends, labels)


def cells_of_items(items: Items, condition: Condition, *, seed: int = 0) -> Cells:
    """Return all cells of a condition that items fill.

    A cell needs an A, a B and an X that is no A: where nothing is across, two items of its kind.

    Parameters
    ----------
    items
        With the labels that the condition names.
    condition
        In what they are to agree and to differ.
    seed
        By which items are drawn where there are more than the condition allows.

    Examples
    --------
    >>> from heschl.items import Task
    >>> items = Items.from_columns(
    ...     Task("phone", "phone", ("a", "e")),
    ...     ["1", "2", "3", "4"],
    ...     stimulus=["s"] * 4,
    ...     labels={"phone": ["a", "e", "a", "a"], "speaker": ["ann", "ann", "bob", "cy"]},
    ...     known={"s"},
    ... )
    >>> cells = cells_of_items(items, Condition("phone", across="speaker"))
    >>> len(cells), sorted(cells.x.tolist())
    (2, [2, 3])
    """
    for name in (condition.on, *condition.by, condition.across or condition.on):
        if name not in items.labels:
            raise UnknownName(f"items have no label {name!r}; {near_names(name, items.labels)}")
    generator = np.random.default_rng(seed)
    shared = [items.labels[name] for name in condition.by]
    group = _numbered(shared) if shared else np.zeros(len(items), dtype=np.int64)
    across = (
        np.zeros(len(items), dtype=np.int64)
        if condition.across is None
        else _numbered([items.labels[condition.across]])
    )
    kinds, kind = np.unique(items.labels[condition.on], return_inverse=True)
    rows: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    for of_group in _grouped(group):
        # What can be A or B, or, from elsewhere, X.
        pools = {
            (int(kind[pool[0]]), int(across[pool[0]])): pool
            for pool in (of_group[each] for each in _grouped(kind[of_group], across[of_group]))
        }
        rows += _compared(pools, condition, generator)
    if not rows:
        raise InvalidInput(
            f"none of {len(items)} items can be compared on {condition.on!r}"
            f"{f' across {condition.across!r}' if condition.across else ''} with the same "
            f"{', '.join(condition.by) or 'anything'}; it takes two kinds of items"
            + (
                f", and two values of {condition.across!r}"
                if condition.across
                else ", two items of one of them"
            )
        )
    return _cells(rows, items, condition, kinds[kind])


def _compared(
    pools: Mapping[tuple[int, int], np.ndarray],
    condition: Condition,
    generator: np.random.Generator,
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Yield the A, B and X of cells, from the items of each kind and each place."""
    kinds_at: dict[int, list[int]] = {}
    places_of: dict[int, list[int]] = {}
    for on, place in pools:
        kinds_at.setdefault(place, []).append(on)
        places_of.setdefault(on, []).append(place)
    most = condition.most_items
    for (on, place), pool in pools.items():
        others = [pools[each, place] for each in kinds_at[place] if each != on]
        if condition.across is None:
            probes = [pool] if others and len(pool) > 1 else []
        else:
            elsewhere = [each for each in places_of[on] if each != place] if others else []
            chosen = _drawn(elsewhere, condition.most_across, generator)
            probes = [pools[on, each] for each in chosen]
        for probe in probes:
            a = _drawn_items(pool, most, generator)
            # Within, X are the A themselves, so that each pair of them is aligned once.
            x = a if condition.across is None else _drawn_items(probe, most, generator)
            for other in others:
                yield a, _drawn_items(other, most, generator), x


def _cells(
    rows: Sequence[tuple[np.ndarray, np.ndarray, np.ndarray]],
    items: Items,
    condition: Condition,
    kinds: np.ndarray,
) -> Cells:
    a, b, x = ([row[role] for row in rows] for role in range(3))
    heads = [np.array([each[0] for each in role]) for role in (a, b, x)]
    labels = {"on": kinds[heads[0]], "other": kinds[heads[1]]}
    labels |= {name: items.labels[name][heads[0]] for name in condition.by}
    if condition.across is not None:
        labels[condition.across] = items.labels[condition.across][heads[0]]
        labels[of_x(condition.across)] = items.labels[condition.across][heads[2]]
    return Cells(
        np.concatenate(a),
        _ends(a),
        np.concatenate(b),
        _ends(b),
        np.concatenate(x),
        _ends(x),
        labels,
    )


def of_x(label: str) -> str:
    """Return what a cell calls the value that X has of a label across which it is.

    >>> of_x("speaker")
    'speaker_of_x'
    """
    return f"{label}_of_x"


def _ends(parts: Sequence[np.ndarray]) -> np.ndarray:
    return np.concatenate([[0], np.cumsum([len(part) for part in parts])])


def _numbered(columns: Sequence[np.ndarray]) -> np.ndarray:
    """Return a number (item,) for each combination of labels."""
    codes = np.stack([np.unique(column, return_inverse=True)[1].reshape(-1) for column in columns])
    return np.asarray(np.unique(codes, axis=1, return_inverse=True)[1].reshape(-1))


def _grouped(*keys: np.ndarray) -> list[np.ndarray]:
    """Return the positions of each combination of numbers, in order."""
    order = np.lexsort(keys[::-1])
    changes = np.any([np.diff(key[order]) != 0 for key in keys], axis=0)
    return np.split(order, np.flatnonzero(changes) + 1)


def _drawn(places: list[int], most: int | None, generator: np.random.Generator) -> list[int]:
    if most is None or len(places) <= most:
        return places
    return sorted(generator.choice(places, most, replace=False).tolist())


def _drawn_items(pool: np.ndarray, most: int | None, generator: np.random.Generator) -> np.ndarray:
    if most is None or len(pool) <= most:
        return pool
    return np.sort(generator.choice(pool, most, replace=False))
