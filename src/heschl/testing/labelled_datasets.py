"""The promises of a dataset of labelled sounds, held on its phantom or on a folder."""

from __future__ import annotations

import contextlib
import functools
import inspect
from pathlib import Path
from typing import Any

import numpy as np

from heschl.cards import DatasetCard
from heschl.configuration import array_digest
from heschl.contracts import Dataset, LabelledDataset
from heschl.errors import HeschlError, MissingData, UnknownName
from heschl.items import SPLIT, Items, Task
from heschl.registry import datasets
from heschl.structure import has_methods, missing_members
from heschl.testing.check import refused, require, skip
from heschl.testing.dataset_files import CHECKS_OF_LABELS, read_truth
from heschl.testing.datasets import DatasetUnderTest, card_is_complete
from heschl.testing.folders import classes_of_files
from heschl.testing.kinds import card_of
from heschl.testing.loading import loads
from heschl.truth import read_expectations

__all__ = ["CHECKS", "LabelledUnderTest", "is_labelled"]

_NOBODY = "no such name"
_MOST_SOUNDS = 20
_TIMING_S = 1e-3
"""How far an item may reach beyond its sound: times are often rounded to milliseconds."""


def is_labelled(plugin: object, root: str | Path | None) -> bool:
    """Say whether a dataset holds labelled sounds and no recordings."""
    thing: object = plugin
    with contextlib.suppress(HeschlError, ImportError):  # the check `loads` says what it is
        card = card_of(datasets, plugin)
        if isinstance(card, DatasetCard):
            thing = card.target()
    if not inspect.isclass(thing) and (isinstance(thing, str) or inspect.isroutine(thing)):
        made = DatasetUnderTest(plugin, root)
        thing = made.dataset if made.is_loaded else None
    keeps = _keeps_methods if inspect.isclass(thing) else _keeps
    return keeps(thing, LabelledDataset) and not keeps(thing, Dataset)


def _keeps(thing: object, contract: type) -> bool:
    return not missing_members(thing, (contract,))[1]


def _keeps_methods(thing: Any, contract: type) -> bool:  # a class
    return has_methods(thing, (contract,))


class LabelledUnderTest(DatasetUnderTest):
    """Labelled sounds over the folder that was given, or over their phantom; or in memory."""

    @functools.cached_property
    def items(self) -> dict[str, Items]:
        """The items of every task."""
        return {task.name: self.dataset.items(task.name) for task in self.dataset.tasks()}

    def classes_of_files(self, root: Path) -> dict[str, Path]:
        """Return one file of each class, such as "the sound of a stimulus"."""
        return classes_of_files(root, _NOBODY, (), list(self.dataset.stimuli()))

    def content_of(self, data: Any) -> str:
        """Return the digests of all tables, or the kind of error that reading them raises."""
        try:
            digests = [data.items(task.name).digest for task in data.tasks()]
            for name in ("triplets", "answers"):
                table = getattr(data, name)().reset_coords() if hasattr(data, name) else {}
                digests += [array_digest(table[column].to_numpy()) for column in table]
        except MissingData:
            raise
        except HeschlError as error:
            return type(error).__name__
        return " ".join(digests)

    def heard_stimuli(self) -> tuple[str, ...]:
        """Return some stimuli, evenly from the first to the last."""
        names = list(self.dataset.stimuli())
        places = np.unique(np.linspace(0, len(names) - 1, _MOST_SOUNDS).astype(int))
        return tuple(names[place] for place in places)


def tasks_are_named(dataset: LabelledUnderTest) -> None:
    """Offer tasks, each name once, in a tuple that is the same whenever it is asked."""
    tasks = dataset.dataset.tasks()
    require(
        isinstance(tasks, tuple) and tasks and all(isinstance(task, Task) for task in tasks),
        f"the tasks of {dataset.name!r} are {tasks!r}; expected a tuple of heschl.items.Task, one "
        "at least",
    )
    names = [task.name for task in tasks]
    require(
        len(set(names)) == len(names),
        f"{dataset.name!r} lists its tasks as {names}; name each once",
    )
    require(
        dataset.made_again().object.tasks() == tasks,
        f"the tasks of {dataset.name!r} differ from one opening to the next; give vocabularies an "
        "order of their own, such as the alphabet's",
    )


def items_are_of_their_task(dataset: LabelledUnderTest) -> None:
    """Return checked items of the task that was asked for, with its very vocabulary."""
    for task in dataset.dataset.tasks():
        items = dataset.dataset.items(task.name)
        require(
            isinstance(items, Items) and items.task == task,
            f"{dataset.name!r}, asked for the task {task.name!r}, gives {type(items).__name__} of "
            f"{getattr(items, 'task', None)!r}; expected Items of {task!r}",
        )


def sounds_have_their_items(dataset: LabelledUnderTest) -> None:
    """Bring the sound of every item, which lies within it."""
    stimuli = dataset.dataset.stimuli()
    for name, items in dataset.items.items():
        unknown = sorted(set(items.stimuli) - set(stimuli))
        require(
            not unknown,
            f"items of {name!r} in {dataset.name!r} are of stimuli without a sound: {unknown[:3]}",
        )
        chosen = items.stimuli[:: max(1, len(items.stimuli) // _MOST_SOUNDS)]
        for stimulus in chosen:
            part = items.select(stimulus=stimulus)
            ends_s = part.offsets_s[np.isfinite(part.offsets_s)]
            latest_s = max([*ends_s.tolist(), *part.onsets_s.tolist()])
            duration_s = stimuli[stimulus].sound.duration_s
            require(
                latest_s <= duration_s + _TIMING_S,
                f"items of {name!r} in {dataset.name!r} go on to {latest_s:g} s of {stimulus!r}, "
                f"which ends at {duration_s:g} s; give times in seconds of the sound",
            )


def splits_and_groups_can_be_used(dataset: LabelledUnderTest) -> None:
    """Have items to train and to test on in an official split, and two groups to keep apart."""
    for name, items in dataset.items.items():
        if SPLIT in items.labels:
            there = set(items.labels[SPLIT].tolist())
            require(
                {"train", "test"} <= there,
                f"the official split of {name!r} in {dataset.name!r} has items in {sorted(there)} "
                "alone; expected train and test, or no column 'split'",
            )
        for group in items.task.groups:
            require(
                len(set(items.labels[group].tolist())) > 1,
                f"all items of {name!r} in {dataset.name!r} have one {group!r}; groups are there "
                "to be kept apart, so leave it out",
            )


def unknown_tasks_are_refused(dataset: LabelledUnderTest) -> None:
    """Refuse a task or stimulus that is not there with UnknownName."""
    asked = {
        "items": lambda: dataset.dataset.items(_NOBODY),
        "stimuli()[...]": lambda: dataset.dataset.stimuli()[_NOBODY],
    }
    for method, ask in asked.items():
        refused(
            ask,
            UnknownName,
            f"an unknown name, given to {method} of {dataset.name!r},",
            "name what there is, with heschl.items.chosen_task or heschl.errors.near_names",
        )


def items_are_stable(dataset: LabelledUnderTest) -> None:
    """Give the same tables whenever they are asked, wherever the folder lies."""
    require(
        dataset.content_of(dataset.dataset) == dataset.content_of(dataset.made_again().object),
        f"the tables of {dataset.name!r} differ from one opening to the next; sort what a folder "
        "lists, and draw nothing",
    )


def triplets_and_answers_agree(dataset: LabelledUnderTest) -> None:
    """Make triplets of items that are there, and answers of triplets that are there."""
    data = dataset.dataset
    if not hasattr(data, "triplets"):
        raise skip("it offers no triplets")
    triplets, answers = data.triplets(), data.answers()
    items = set(data.items(data.tasks()[0].name).identifiers.tolist())
    names = triplets["triplet"].to_numpy().tolist()
    require(
        len(names) == len(set(names)), f"{dataset.name!r} names a triplet twice; name each once"
    )
    for role in ("TGT", "OTH", "X"):
        unknown = sorted(set(triplets[role].to_numpy().tolist()) - items)
        require(not unknown, f"triplets of {dataset.name!r} have a {role} {unknown[:1]}, no item")
    unknown = sorted(set(answers["triplet"].to_numpy().tolist()) - set(names))
    require(not unknown, f"answers of {dataset.name!r} are to {unknown[:1]}, which is no triplet")
    values = answers["value"].to_numpy()
    require(
        bool(np.all((np.abs(values) <= 1) & (values != 0))),
        f"answers of {dataset.name!r} reach from {values.min()} to {values.max()}; expected -1 to "
        "1 without 0, above 0 where TGT was chosen",
    )


def planted_truth_is_told(dataset: LabelledUnderTest) -> None:
    """Say in ``truth.json`` which phantom it is and what is planted in it."""
    truth = read_truth(dataset)
    require(truth.get("planted"), f"truth.json of {dataset.name!r} tells nothing that is 'planted'")
    read_expectations(dataset.root)


CHECKS = (
    loads,
    card_is_complete,
    tasks_are_named,
    items_are_of_their_task,
    sounds_have_their_items,
    splits_and_groups_can_be_used,
    unknown_tasks_are_refused,
    items_are_stable,
    triplets_and_answers_agree,
    *CHECKS_OF_LABELS,
    planted_truth_is_told,
)
"""What a dataset of labelled sounds promises."""
