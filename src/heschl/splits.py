"""Splits: which rows train and which test, without any row in both.

A splitter reads the labels of rows (``stimulus``, ``time``, ``speaker``,
``category``) and nothing of their values.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from heschl.configuration import describe
from heschl.dimensions import STIMULUS
from heschl.errors import InvalidInput, UnknownName
from heschl.wording import counted

__all__ = [
    "ContiguousKFold",
    "Fold",
    "GroupKFold",
    "HeldOutStimuli",
    "Splitter",
    "StratifiedKFold",
]

_MINIMUM_FOLDS = 2


@dataclass(frozen=True, eq=False)
class Fold:
    """Row numbers to train and to test on, which share none.

    Parameters
    ----------
    name
        What stands in the coordinate ``fold``.
    train, test
        Row numbers (row,), kept as read-only copies.
    """

    name: str
    train: np.ndarray
    test: np.ndarray

    def __post_init__(self) -> None:
        """Refuse rows that are shared, repeated or no row numbers."""
        for side in ("train", "test"):
            rows = np.array(getattr(self, side))
            if rows.ndim != 1 or not len(rows) or rows.dtype.kind not in "iu" or rows.min() < 0:
                raise InvalidInput(
                    f"fold {self.name!r} has {side} rows of shape {rows.shape} and type "
                    f"{rows.dtype}; expected row numbers, 0 or more, at least one"
                )
            if len(np.unique(rows)) < len(rows):
                raise InvalidInput(f"fold {self.name!r} names a {side} row twice; name each once")
            rows = rows.astype(np.intp)
            rows.flags.writeable = False
            object.__setattr__(self, side, rows)
        shared = np.intersect1d(self.train, self.test)
        if len(shared):
            raise InvalidInput(
                f"fold {self.name!r} trains and tests on {len(shared)} of the same rows, the first "
                f"is {shared[0]}; no row may be on both sides"
            )


class Splitter(Protocol):
    """Cuts labelled rows into folds."""

    def configuration(self) -> Mapping[str, Any]:
        """Return every setting, defaults included, and the numerics version."""

    def folds(self, rows: Mapping[str, np.ndarray]) -> tuple[Fold, ...]:
        """Return the folds of rows whose labels ``{name: (row,)}`` are given."""


@dataclass(frozen=True)
class HeldOutStimuli:
    """One fold: whole stimuli to test, others to train.

    Parameters
    ----------
    test
        The stimuli to test on.
    train
        Those to train on; by default all others that are there.

    >>> rows = {"stimulus": np.array(["a", "a", "b", "c"])}
    >>> (fold,) = HeldOutStimuli(test=("b",)).folds(rows)
    >>> fold.train.tolist(), fold.test.tolist()
    ([0, 1, 3], [2])
    """

    test: tuple[str, ...]
    train: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        """Refuse a stimulus on both sides."""
        for side, names in (("test", self.test), ("train", self.train)):
            # A bare text is a sequence of letters.
            if isinstance(names, str) or (names is not None and not names):
                raise InvalidInput(f"{side}={names!r}; expected a tuple of at least one stimulus")
        shared = sorted(set(self.test) & set(self.train or ()))
        if shared:
            raise InvalidInput(f"{_listed(shared)} stand in train and in test; choose one side")

    def configuration(self) -> Mapping[str, Any]:
        """Return every setting and the numerics version."""
        return {**describe(self), "numerics": 1}

    def folds(self, rows: Mapping[str, np.ndarray]) -> tuple[Fold, ...]:
        """Return the one fold."""
        stimuli = _labels(rows, STIMULUS)
        present = np.unique(stimuli).tolist()
        unknown = sorted(set(self.test + (self.train or ())) - set(present))
        if unknown:
            raise UnknownName(
                f"{_listed(unknown)} are to be split but have no rows; "
                f"there are {_listed(present)}, so fetch the missing or name others"
            )
        is_test = np.isin(stimuli, self.test)
        is_train = ~is_test if self.train is None else np.isin(stimuli, self.train)
        if not is_train.any():
            raise InvalidInput(
                f"all stimuli that are there, {_listed(present)}, are held out; "
                "fetch or name at least one to train on"
            )
        name = "+".join(self.test)
        return (Fold(name, np.flatnonzero(is_train), np.flatnonzero(is_test)),)


@dataclass(frozen=True)
class ContiguousKFold:
    """Blocks of neighbouring rows, as equal as can be, each tested once.

    >>> [fold.test.tolist() for fold in ContiguousKFold(2).folds({"time": np.arange(5)})]
    [[0, 1, 2], [3, 4]]
    """

    n: int

    def __post_init__(self) -> None:
        """Refuse fewer folds than two."""
        _check_folds(self.n)

    def configuration(self) -> Mapping[str, Any]:
        """Return every setting and the numerics version."""
        return {**describe(self), "numerics": 1}

    def folds(self, rows: Mapping[str, np.ndarray]) -> tuple[Fold, ...]:
        """Return the folds in the order of rows."""
        n_rows = _n_rows(rows)
        _check_enough(n_rows, self.n, "row")
        blocks = np.array_split(np.arange(n_rows), self.n)
        return _each_tested_once(np.repeat(np.arange(self.n), [len(block) for block in blocks]))


@dataclass(frozen=True)
class GroupKFold:
    """Whole groups of rows, dealt so that folds are of like size.

    The largest group goes first, always to the smallest fold so far; ties go
    by the group's name and the fold's number.

    Parameters
    ----------
    n
        Number of folds.
    by
        The label that makes a group, such as ``stimulus`` or ``speaker``.

    >>> rows = {"speaker": np.array(["ann", "bob", "ann", "cid"])}
    >>> [fold.test.tolist() for fold in GroupKFold(2, by="speaker").folds(rows)]
    [[0, 2], [1, 3]]
    """

    n: int
    by: str = STIMULUS

    def __post_init__(self) -> None:
        """Refuse fewer folds than two."""
        _check_folds(self.n)

    def configuration(self) -> Mapping[str, Any]:
        """Return every setting and the numerics version."""
        return {**describe(self), "numerics": 1}

    def folds(self, rows: Mapping[str, np.ndarray]) -> tuple[Fold, ...]:
        """Return the folds."""
        groups, group_of_row, sizes = np.unique(
            _labels(rows, self.by), return_inverse=True, return_counts=True
        )
        _check_enough(len(groups), self.n, "group", f" by {self.by!r}")
        fold_of_group = np.empty(len(groups), dtype=np.intp)
        fold_sizes = np.zeros(self.n, dtype=np.intp)
        for group in np.argsort(-sizes, kind="stable"):
            fold_of_group[group] = fold_sizes.argmin()
            fold_sizes[fold_of_group[group]] += sizes[group]
        return _each_tested_once(fold_of_group[group_of_row])


@dataclass(frozen=True)
class StratifiedKFold:
    """Random folds with equal shares of every category, each row tested once.

    Counts of a category, and of all rows, differ by one at most between folds.

    Parameters
    ----------
    n
        Number of folds.
    by
        The label to share out evenly.
    seed
        Of the shuffle within categories.
    """

    n: int
    by: str = "category"
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse fewer folds than two."""
        _check_folds(self.n)

    def configuration(self) -> Mapping[str, Any]:
        """Return every setting and the numerics version."""
        return {**describe(self), "numerics": 1}

    def folds(self, rows: Mapping[str, np.ndarray]) -> tuple[Fold, ...]:
        """Return the folds."""
        labels = _labels(rows, self.by)
        _check_enough(len(labels), self.n, "row")
        generator = np.random.default_rng(self.seed)
        dealt = np.concatenate(
            [generator.permutation(np.flatnonzero(labels == each)) for each in np.unique(labels)]
        )
        fold_of_row = np.empty(len(labels), dtype=np.intp)
        # Dealing on from one category to the next keeps whole folds even as well.
        fold_of_row[dealt] = np.arange(len(labels)) % self.n
        return _each_tested_once(fold_of_row)


def _each_tested_once(fold_of_row: np.ndarray) -> tuple[Fold, ...]:
    n_folds = fold_of_row.max() + 1
    return tuple(
        Fold(
            f"{number + 1} of {n_folds}",
            train=np.flatnonzero(fold_of_row != number),
            test=np.flatnonzero(fold_of_row == number),
        )
        for number in range(n_folds)
    )


def _n_rows(rows: Mapping[str, np.ndarray]) -> int:
    shapes = {name: np.shape(labels) for name, labels in rows.items()}
    lengths = {shape[0] if len(shape) == 1 else None for shape in shapes.values()}
    if len(lengths) != 1 or None in lengths:
        raise InvalidInput(
            f"the labels of rows have shapes {shapes}; expected one label or more, each (row,)"
        )
    return int(next(iter(shapes.values()))[0])


def _labels(rows: Mapping[str, np.ndarray], name: str) -> np.ndarray:
    _n_rows(rows)
    if name not in rows:
        raise UnknownName(f"rows have no label {name!r} to split by; they have {_listed(rows)}")
    labels = np.asarray(rows[name])
    # NaN is the one value that differs from itself.
    if any(label is None or label != label for label in labels.tolist()):  # noqa: PLR0124
        raise InvalidInput(f"some rows have no {name!r}: it is NaN or None; label every row")
    return labels.astype(str) if labels.dtype.kind == "O" else labels


def _check_folds(n: int) -> None:
    if n < _MINIMUM_FOLDS:
        raise InvalidInput(f"n={n} folds; expected at least {_MINIMUM_FOLDS}")


def _check_enough(n_available: int, n: int, noun: str, of_what: str = "") -> None:
    if n_available < n:
        can_be_fewer = n_available >= _MINIMUM_FOLDS
        fewer = f"ask for {n_available} folds at most or " if can_be_fewer else ""
        raise InvalidInput(
            f"{counted(n_available, noun)}{of_what} cannot make {n} folds; {fewer}give more data"
        )


def _listed(names: Iterable[str]) -> str:
    return ", ".join(repr(str(name)) for name in names) or "nothing"
