"""Items: stretches of sound with their labels, and the task that asks for one of them."""

from __future__ import annotations

import hashlib
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import xarray as xr

from heschl.configuration import array_digest, digest
from heschl.dimensions import ITEM, STIMULUS
from heschl.errors import InvalidInput, UnknownName, near_names

__all__ = ["OFFSET", "ONSET", "SPLIT", "SPLITS", "Items", "Task", "chosen_task"]

ONSET, OFFSET = "onset_s", "offset_s"
SPLIT = "split"
"""The column of the official split, where there is one."""
SPLITS = ("train", "validation", "test")
"""What it may hold."""


@dataclass(frozen=True)
class Task:
    """What is asked of every item: one of its labels.

    Parameters
    ----------
    name
        As `heschl.contracts.LabelledDataset.items` takes it.
    target
        The column that holds the answer.
    vocabulary
        Every answer there is, whichever split it occurs in, in the one order
        that numbers them. None where answers are open, as words are.
    groups
        Columns, such as ``speaker``, of which no value should be on both sides
        of folds.
    """

    name: str
    target: str
    vocabulary: tuple[str, ...] | None = None
    groups: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse names that are none, and a vocabulary that numbers an answer twice."""
        about = f"Task({self.name!r})"
        for field, names in {
            "name": (self.name,),
            "target": (self.target,),
            "vocabulary": self.vocabulary or (),
            "groups": self.groups,
        }.items():
            if not isinstance(names, tuple) or not all(map(_is_label, names)):
                raise InvalidInput(f"{about} has {field}={names!r}; expected texts, none blank")
            if len(set(names)) < len(names):
                raise InvalidInput(f"{about} has {field}={names!r}; name each once")
        if self.vocabulary is not None and len(self.vocabulary) < 2:  # noqa: PLR2004  a choice
            raise InvalidInput(
                f"{about} has vocabulary={self.vocabulary!r}; expected two answers at least, or "
                "None where they are open"
            )
        if self.target in self.groups:
            raise InvalidInput(
                f"{about} asks for {self.target!r} and keeps it apart in folds, so no answer could "
                "be learned; leave it out of groups"
            )


@dataclass(frozen=True, eq=False)
class Items:
    """The items of a task, each a stretch of a stimulus with all of its labels.

    Make it with `from_columns`.

    Parameters
    ----------
    task
        What is asked.
    table
        Along ``item``, whose coordinate names each item once: ``stimulus``,
        ``onset_s`` and ``offset_s`` in seconds of the sound (``inf`` for its
        end, so that no file is opened to know it), and labels, all of them
        text and none missing.

    Examples
    --------
    >>> task = Task("phone", "phone", vocabulary=("a", "e", "i"), groups=("speaker",))
    >>> items = Items.from_columns(
    ...     task,
    ...     ["1", "2"],
    ...     stimulus=["one", "one"],
    ...     onset_s=[0.1, 0.3],
    ...     offset_s=[0.2, 0.4],
    ...     labels={"phone": ["i", "a"], "speaker": ["ann", "ann"], "split": ["train", "test"]},
    ...     known={"one"},
    ... )
    >>> items.codes().tolist(), items.select(split="train").codes().tolist()
    ([2, 0], [2])
    """

    task: Task
    table: xr.Dataset

    def __post_init__(self) -> None:
        """Check every column once, here, so that nothing downstream has to."""
        where = f"the items of the task {self.task.name!r}"
        _check_shape(where, self.table)
        _check_times(where, self.table)
        for name in self.labels:
            _check_labels(where, name, self.labels[name])
        identifiers = self.identifiers
        _check_labels(where, ITEM, identifiers)
        if len(np.unique(identifiers)) < len(identifiers):
            values, counts = np.unique(identifiers, return_counts=True)
            raise InvalidInput(f"{where} hold {str(values[counts.argmax()])!r} twice; name it once")
        for name in (self.task.target, *self.task.groups):
            if name not in self.labels:
                raise InvalidInput(
                    f"{where} have no column {name!r}; {near_names(name, self.labels)}"
                )
        self._check_among(where, self.task.target, self.task.vocabulary, "the task's vocabulary")
        if SPLIT in self.labels:
            self._check_among(where, SPLIT, SPLITS, "the splits")

    @classmethod
    def from_columns(
        cls,
        task: Task,
        identifiers: Sequence[str],
        *,
        stimulus: Sequence[str],
        labels: Mapping[str, Sequence[str]],
        known: Container[str],
        onset_s: Sequence[float] | np.ndarray | None = None,
        offset_s: Sequence[float] | np.ndarray | None = None,
    ) -> Items:
        """Return items of columns of equal length.

        Parameters
        ----------
        known
            The stimuli that there are; an item of any other is refused.
        onset_s, offset_s
            By default the sound from its beginning to its end.
        """
        n = len(identifiers)
        columns: dict[str, Any] = {
            STIMULUS: _texts(stimulus),
            ONSET: np.zeros(n) if onset_s is None else np.asarray(onset_s, dtype=np.float64),
            OFFSET: np.full(n, np.inf) if offset_s is None else np.asarray(offset_s, np.float64),
        }
        for name, values in labels.items():
            if name in columns or name == ITEM:
                raise InvalidInput(f"a label is called {name!r}, as a column of every table is")
            columns[name] = _texts(values)
        for name, column in columns.items():
            if column.shape != (n,):
                raise InvalidInput(
                    f"the column {name!r} of the task {task.name!r} has shape {column.shape}; "
                    f"expected ({n},), one value for each item"
                )
        unknown = sorted({name for name in columns[STIMULUS].tolist() if name not in known})
        if unknown:
            raise UnknownName(
                f"{len(unknown)} stimuli of the task {task.name!r} are not there, the first is "
                f"{unknown[0]!r}; leave their items out, or bring their sounds"
            )
        table = xr.Dataset(
            {name: (ITEM, column) for name, column in columns.items()},
            coords={ITEM: _texts(identifiers)},
        )
        return cls(task, table)

    def __len__(self) -> int:
        """Return the number of items."""
        return int(self.table.sizes[ITEM])

    @property
    def identifiers(self) -> np.ndarray:
        """The names of the items (item,)."""
        return self.table[ITEM].to_numpy()

    @property
    def stimuli(self) -> tuple[str, ...]:
        """The stimuli that have items, each once, in the order of their first."""
        return tuple(dict.fromkeys(self.table[STIMULUS].to_numpy().tolist()))

    @property
    def onsets_s(self) -> np.ndarray:
        """Where each item begins (item,), in seconds of the sound."""
        return self.table[ONSET].to_numpy()

    @property
    def offsets_s(self) -> np.ndarray:
        """Where each item ends (item,), in seconds of the sound; ``inf`` at the sound's end."""
        return self.table[OFFSET].to_numpy()

    @cached_property
    def labels(self) -> Mapping[str, np.ndarray]:
        """The stimulus and every label, ``{name: (item,)}``, as splitters take them."""
        times = (ONSET, OFFSET)
        return {
            str(name): column.to_numpy()
            for name, column in self.table.data_vars.items()
            if name not in times
        }

    def codes(self) -> np.ndarray:
        """Return the number of each item's answer in the task's vocabulary (item,).

        It is the same for the same answer whatever was selected.
        """
        if self.task.vocabulary is None:
            raise InvalidInput(
                f"the answers of the task {self.task.name!r} are open, so they have no numbers; "
                "choose a task with a vocabulary"
            )
        number = {answer: code for code, answer in enumerate(self.task.vocabulary)}
        answers = self.labels[self.task.target].tolist()
        return np.array([number[answer] for answer in answers], dtype=np.intp)

    def select(self, **wanted: str | Iterable[str]) -> Items:
        """Return the items with these labels, such as ``select(split="train")``.

        The task stays, and with it the number of each answer.
        """
        keep = np.ones(len(self), dtype=bool)
        for name, value in wanted.items():
            if name not in self.labels:
                raise UnknownName(f"items have no label {name!r}; {near_names(name, self.labels)}")
            values = [value] if isinstance(value, str) else list(value)
            there = np.unique(self.labels[name]).tolist()
            for each in values:
                if each not in there:
                    raise UnknownName(
                        f"no item has {name} {each!r}; {near_names(str(each), there)}"
                    )
            keep &= np.isin(self.labels[name], values)
        if not keep.any():
            raise InvalidInput(f"no item has all of {wanted}; ask for less")
        return Items(self.task, self.table.isel({ITEM: np.flatnonzero(keep)}))

    @cached_property
    def digest(self) -> str:
        """The sha256 of the task and of every name, time and label, for cache keys."""
        sha = hashlib.sha256(digest(self.task).encode())
        for name in sorted(map(str, self.table.variables)):
            column = self.table[name].to_numpy()
            if column.dtype.kind == "U":  # whose width depends on what else was read
                column = np.frombuffer("\0".join(column.tolist()).encode(), dtype=np.uint8)
            sha.update(f"{name}\t{array_digest(column)}\n".encode())
        return sha.hexdigest()

    def _check_among(
        self, where: str, name: str, allowed: tuple[str, ...] | None, what: str
    ) -> None:
        strange = set(self.labels[name].tolist()) - set(allowed or ()) if allowed else set()
        if strange:
            first = min(strange)
            raise InvalidInput(
                f"{where} have {name} {first!r}, which is not among {what}; "
                f"{near_names(first, allowed or ())}"
            )


def chosen_task(dataset_id: str, tasks: Sequence[Task], name: str) -> Task:
    """Return the task of that name, or raise with those that there are."""
    for task in tasks:
        if task.name == name:
            return task
    known = [task.name for task in tasks]
    raise UnknownName(f"{dataset_id} has no task {name!r}; {near_names(str(name), known)}")


def _is_label(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip()) and "\0" not in value


def _texts(values: Sequence[str]) -> np.ndarray:
    """Return texts as one array; what holds anything else stays an array of objects."""
    if isinstance(values, str):
        raise InvalidInput(f"{values!r} is one text; expected a list with one for each item")
    listed = values.tolist() if isinstance(values, np.ndarray) else list(values)
    # NumPy would drop the signs of code 0 at the end of a text.
    is_text = all(isinstance(value, str) and "\0" not in value for value in listed)
    return np.array(listed, dtype=np.str_ if is_text else object)


def _check_shape(where: str, table: xr.Dataset) -> None:
    if ITEM not in table.coords or not table.sizes[ITEM]:
        raise InvalidInput(f"{where} are none, or have no names along {ITEM!r}; expected one")
    for name in (STIMULUS, ONSET, OFFSET):
        if name not in table.data_vars:
            raise InvalidInput(f"{where} have no column {name!r}; every table of items has it")
    for label, column in table.data_vars.items():
        if column.dims != (ITEM,):
            raise InvalidInput(f"{where} have {label!r} along {column.dims}; expected ({ITEM!r},)")


def _check_times(where: str, table: xr.Dataset) -> None:
    onsets_s, offsets_s = table[ONSET].to_numpy(), table[OFFSET].to_numpy()
    for name, times in ((ONSET, onsets_s), (OFFSET, offsets_s)):
        if times.dtype.kind != "f":
            raise InvalidInput(f"{where} have {name!r} of {times.dtype}; expected floats")
    # A comparison with NaN is false, so NaN is among the wrong ones.
    right = (onsets_s >= 0) & (onsets_s < offsets_s)
    if not right.all():
        first = int(np.flatnonzero(~right)[0])
        raise InvalidInput(
            f"{where} have {table[ITEM].to_numpy()[first]!s} from {onsets_s[first]} to "
            f"{offsets_s[first]} s; expected it to begin at 0 or later and to end after that"
        )


def _check_labels(where: str, name: str, labels: np.ndarray) -> None:
    if labels.dtype.kind == "U" and all(map(str.strip, labels.tolist())):
        return
    wrong = [(row, label) for row, label in enumerate(labels.tolist()) if not _is_label(label)]
    row, label = wrong[0] if wrong else (0, labels.dtype)
    raise InvalidInput(
        f"{where} have {name}={label!r} in row {row}; every label is a text that is not blank, so "
        "name what is unknown, or leave the item out"
    )
