"""Where the comparisons of a benchmark come from: triplets that were heard, or labels of items."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol
from weakref import WeakKeyDictionary

import numpy as np

from heschl.configuration import canonical_json
from heschl.contracts import LabelledDataset
from heschl.dimensions import ITEM
from heschl.errors import InvalidInput, UnknownName, near_names
from heschl.items import Items
from heschl.metrics.abx.cells import (
    Cells,
    Condition,
    cells_of_items,
    cells_of_triplets,
    of_x,
)

__all__ = ["ALL", "Comparisons", "GivenTriplets", "ItemContrasts", "Source", "comparisons_of"]

ALL = "all"
_NO_NEIGHBOUR = "#"


class Comparisons(NamedTuple):
    """What is compared: items, and their cells by name."""

    items: Items
    cells: dict[str, Cells]


class Source(Protocol):
    """What a benchmark asks of the origin of its comparisons."""

    @property
    def parts(self) -> tuple[str, ...]:
        """What is reported, the primary part first."""

    def comparisons(self, dataset: LabelledDataset) -> Comparisons:
        """Return what is compared."""

    def levels(self, name: str) -> tuple[tuple[str, ...], ...]:
        """Return the labels of some cells that are averaged over before pairs are."""

    def membership(self, name: str, labels: Mapping[str, np.ndarray]) -> np.ndarray:
        """Return to which parts the pairs of some cells belong, booleans (part, pair)."""


@dataclass(frozen=True)
class GivenTriplets:
    """The triplets of a `heschl.contracts.DiscriminationDataset`, a cell each.

    Its accuracies are averaged over triplets, contexts, and both orders of two phones.

    Parameters
    ----------
    parts
        What is reported: ``all``, and values of ``by``.
    by
        The label of triplets that tells parts apart.
    """

    parts: tuple[str, ...] = (ALL, "EN", "FR")
    by: str = "language"

    def comparisons(self, dataset: LabelledDataset) -> Comparisons:
        """Return every triplet of a dataset, as a cell of items of its first task."""
        if not hasattr(dataset, "triplets"):
            raise InvalidInput(
                f"{dataset.card.id} lists no triplets; choose a dataset with them, or build "
                "comparisons from its items by ItemContrasts"
            )
        table = dataset.triplets()
        if not table.sizes.get("triplet"):
            raise InvalidInput(f"{dataset.card.id} lists no triplet; give one at least")
        strange = set(self.parts) - {ALL, *table[self.by].to_numpy().tolist()}
        if strange:
            raise InvalidInput(
                f"{dataset.card.id} has no triplet of {self.by} {min(strange)!r}; "
                f"{near_names(min(strange), np.unique(table[self.by]).tolist())}"
            )
        items = dataset.items(dataset.tasks()[0].name)
        roles = [table[role].to_numpy() for role in ("TGT", "OTH", "X")]
        used = chosen_items(items, np.isin(items.identifiers, np.concatenate(roles)))
        labels = {
            "on": table["phone_TGT"].to_numpy(),
            "other": table["phone_OTH"].to_numpy(),
            "context": table["context"].to_numpy(),
            self.by: table[self.by].to_numpy(),
        }
        target, other, probe = _numbers(used, roles)
        return Comparisons(used, {ALL: cells_of_triplets(target, other, probe, labels)})

    def levels(self, _name: str) -> tuple[tuple[str, ...], ...]:
        """Return the labels that are averaged over before pairs are."""
        return (("context",),)

    def membership(self, _name: str, labels: Mapping[str, np.ndarray]) -> np.ndarray:
        """Return to which parts pairs belong, booleans (part, pair)."""
        return np.stack([(labels[self.by] == part) | (part == ALL) for part in self.parts])


@dataclass(frozen=True)
class ItemContrasts:
    """All comparisons that the labels of items allow, under one or more conditions.

    Parameters
    ----------
    task
        Of the dataset.
    conditions
        The parts that are reported, the primary one first.
    select
        Which items: values of labels, as `heschl.items.Items.select` takes them.
    left_out
        Labels of which no item is taken, such as ``{"phone": ("sil",)}``.
    in_context
        Give each item the labels ``previous`` and ``next``: what is asked of its neighbours within
        the sound, ``#`` where it has none.
    averages
        The labels that are averaged over before pairs are, level by level: as the ZeroSpeech tasks
        do, contexts, then speakers. A condition without a label does without it.
    seed
        By which items are drawn where a condition limits them.
    """

    task: str
    conditions: Mapping[str, Condition]
    select: Mapping[str, str] = field(default_factory=dict)
    left_out: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    in_context: bool = False
    averages: tuple[tuple[str, ...], ...] = (("previous", "next"), ("speaker",))
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse to compare under no condition, or to leave a label without an average."""
        if not self.conditions:
            raise InvalidInput("conditions={}; name one condition at least")
        averaged_over = {name for level in self.averages for name in level}
        for part, condition in self.conditions.items():
            kept = {*condition.by, *([condition.across] if condition.across else [])}
            if kept - averaged_over:
                raise InvalidInput(
                    f"the condition {part!r} has the label {min(kept - averaged_over)!r}, over "
                    f"which averages={self.averages} takes no mean; add it to a level"
                )

    @property
    def parts(self) -> tuple[str, ...]:
        """The names of the conditions."""
        return tuple(self.conditions)

    def levels(self, name: str) -> tuple[tuple[str, ...], ...]:
        """Return the labels that are averaged over before pairs are, of one condition."""
        condition = self.conditions[name]
        told: dict[str, tuple[str, ...]] = {label: (label,) for label in condition.by}
        if condition.across is not None:
            told[condition.across] = (condition.across, of_x(condition.across))
        return tuple(
            tuple(each for label in level if label in told for each in told[label])
            for level in self.averages
        )

    def membership(self, name: str, labels: Mapping[str, np.ndarray]) -> np.ndarray:
        """Return to which parts pairs belong, booleans (part, pair)."""
        is_of_part = np.array([[part == name] for part in self.parts])
        return np.repeat(is_of_part, len(labels["pair"]), axis=1)

    def comparisons(self, dataset: LabelledDataset) -> Comparisons:
        """Return the cells of every condition."""
        items = dataset.items(self.task)
        if self.in_context:
            items = with_neighbours(items)
        if self.select:
            items = items.select(**self.select)
        for name, values in self.left_out.items():
            if name not in items.labels:
                raise UnknownName(f"items have no label {name!r}; {near_names(name, items.labels)}")
            strange = set(values) - set(items.labels[name].tolist())
            if strange:
                raise UnknownName(
                    f"no item has {name} {min(strange)!r}, which is to be left out; "
                    f"{near_names(min(strange), np.unique(items.labels[name]).tolist())}"
                )
            items = chosen_items(items, ~np.isin(items.labels[name], values))
        cells = {
            name: cells_of_items(items, condition, seed=self.seed)
            for name, condition in self.conditions.items()
        }
        return Comparisons(items, cells)


_KNOWN: WeakKeyDictionary[LabelledDataset, dict[str, Comparisons]] = WeakKeyDictionary()


def comparisons_of(source: Source, dataset: LabelledDataset) -> Comparisons:
    """Return the comparisons of a dataset, built once: those of large ones take seconds."""
    try:
        known = _KNOWN.setdefault(dataset, {})
    except TypeError:  # a stranger's object may be one that no table can hold
        return source.comparisons(dataset)
    key = canonical_json(source)
    if key not in known:
        known[key] = source.comparisons(dataset)
    return known[key]


def chosen_items(items: Items, is_chosen: np.ndarray) -> Items:
    """Return some of the items, their order kept."""
    if not is_chosen.any():
        raise InvalidInput(f"none of the {len(items)} items is left; leave out less")
    return Items(items.task, items.table.isel({ITEM: np.flatnonzero(is_chosen)}))


def with_neighbours(items: Items) -> Items:
    """Return items with the labels ``previous`` and ``next``, in the order of time of each sound.

    >>> from heschl.items import Task
    >>> two = Items.from_columns(
    ...     Task("phone", "phone", ("a", "e")), ["1", "2"], stimulus=["s", "s"],
    ...     onset_s=[0.2, 0.0], offset_s=[0.4, 0.2], labels={"phone": ["a", "e"]}, known={"s"},
    ... )
    >>> with_neighbours(two).labels["previous"].tolist()
    ['e', '#']
    """
    target, stimulus = items.labels[items.task.target], items.labels["stimulus"]
    order = np.lexsort((items.onsets_s, stimulus))
    is_neighbour = stimulus[order][1:] == stimulus[order][:-1]
    around = {}
    for name, places, neighbours in (
        ("previous", order[1:], order[:-1]),
        ("next", order[:-1], order[1:]),
    ):
        column = np.full(len(items), _NO_NEIGHBOUR, dtype=np.result_type(target, "U1"))
        column[places[is_neighbour]] = target[neighbours[is_neighbour]]
        around[name] = (ITEM, column)
    return Items(items.task, items.table.assign(around))


def _numbers(items: Items, roles: list[np.ndarray]) -> list[np.ndarray]:
    """Return the numbers of items that are given by name (role, triplet)."""
    order = np.argsort(items.identifiers)
    names = items.identifiers[order]
    found = []
    for role in roles:
        place = np.minimum(np.searchsorted(names, role), len(names) - 1)
        unknown = role[names[place] != role]
        if len(unknown):
            raise UnknownName(
                f"{len(unknown)} triplets are of items that are not there, the first is "
                f"{unknown[0]!s}; fetch the lists of both again"
            )
        found.append(order[place])
    return found
