"""What is asked of items: one label, several, or numbers; and what an answer is worth.

Truth and answers are of the same classes. Each knows its vocabulary, so that answers which were
numbered otherwise cannot be held against it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Protocol

import numpy as np

from heschl.errors import InvalidInput
from heschl.metrics.probing.logistic import Loss
from heschl.metrics.probing.tallies import (
    scores_of_labels,
    scores_of_sets,
    scores_of_vectors,
    tally_labels,
    tally_sets,
    tally_vectors,
)

if TYPE_CHECKING:
    from typing_extensions import Self  # of typing itself from Python 3.11 on

__all__ = ["LabelSets", "Labels", "Target", "Vectors"]


class Target(Protocol):
    """What is asked of items, or answered of them."""

    loss: ClassVar[Loss | None]
    """What a logistic head minimises; None where there is nothing to classify."""
    shares_penalty: ClassVar[bool]
    """Whether all columns are one answer, so that one penalty serves them."""
    score_names: ClassVar[tuple[str, ...]]

    def __len__(self) -> int:
        """Return the number of items."""

    def take(self, rows: np.ndarray) -> Self:
        """Return the items of those numbers."""

    def columns(self) -> np.ndarray:
        """Return what is predicted, float64 (item, column)."""

    def decided(self, predicted: np.ndarray) -> Self:
        """Return the answers that predictions (item, column) amount to, trained on these items."""

    def constant(self, n_items: int) -> Self:
        """Return the best answer that is the same for every item, trained on these items."""

    def tally(self, answers: Self, groups: np.ndarray) -> np.ndarray:
        """Return sums (group, ...) of answers to these items, each of a group (item,)."""

    def scores(self, tally: np.ndarray) -> dict[str, np.ndarray]:
        """Return by name each score (...) of sums (..., of a tally)."""

    def varies(self) -> bool:
        """Return whether not all items are alike."""


def _check_same(truth: tuple[str, ...], answered: tuple[str, ...]) -> None:
    """Refuse answers that are numbered by another vocabulary."""
    if truth != answered:
        where = next(
            (
                k
                for k, (one, other) in enumerate(zip(truth, answered, strict=False))
                if one != other
            ),
            min(len(truth), len(answered)),
        )
        raise InvalidInput(
            f"answers number {len(answered)} labels and the truth {len(truth)}, otherwise from "
            f"number {where} on; take one vocabulary for training and test, that of the whole task"
        )


@dataclass(frozen=True, eq=False)
class Labels:
    """One label an item: ``codes`` (item,) of a vocabulary."""

    codes: np.ndarray
    vocabulary: tuple[str, ...]

    loss: ClassVar[Loss | None] = "softmax"
    shares_penalty: ClassVar[bool] = True
    score_names: ClassVar[tuple[str, ...]] = (
        "macro_f1",
        "micro_f1",
        "accuracy",
        "balanced_accuracy",
    )

    def __len__(self) -> int:
        return len(self.codes)

    def take(self, rows: np.ndarray) -> Labels:
        """Return the items of those numbers."""
        return replace(self, codes=self.codes[rows])

    def columns(self) -> np.ndarray:
        """Return 1 for an item's own label, else 0, (item, label)."""
        return np.asarray(np.eye(len(self.vocabulary))[self.codes])

    def decided(self, predicted: np.ndarray) -> Labels:
        """Return the label with the highest prediction, among those trained on."""
        is_known = np.bincount(self.codes, minlength=len(self.vocabulary)) > 0
        return replace(self, codes=np.where(is_known, predicted, -np.inf).argmax(axis=1))

    def constant(self, n_items: int) -> Labels:
        """Return the majority's label for every item."""
        counts = np.bincount(self.codes, minlength=len(self.vocabulary))
        return replace(self, codes=np.full(n_items, counts.argmax()))

    def tally(self, answers: Labels, groups: np.ndarray) -> np.ndarray:
        """Return counts (group, true label, answered label)."""
        _check_same(self.vocabulary, answers.vocabulary)
        return tally_labels(self.codes, answers.codes, len(self.vocabulary), groups)

    def scores(self, tally: np.ndarray) -> dict[str, np.ndarray]:
        """Return macro-F1, micro-F1, accuracy and balanced accuracy."""
        return scores_of_labels(tally)

    def varies(self) -> bool:
        """Return whether there are two labels or more."""
        return bool(np.ptp(self.codes))


@dataclass(frozen=True, eq=False)
class LabelSets:
    """Some labels an item: booleans ``present`` (item, label); those not counted enter no score."""

    present: np.ndarray
    vocabulary: tuple[str, ...]
    not_counted: tuple[str, ...] = ()

    loss: ClassVar[Loss | None] = "sigmoid"
    shares_penalty: ClassVar[bool] = True
    score_names: ClassVar[tuple[str, ...]] = Labels.score_names

    def __len__(self) -> int:
        return len(self.present)

    def take(self, rows: np.ndarray) -> LabelSets:
        """Return the items of those numbers."""
        return replace(self, present=self.present[rows])

    def columns(self) -> np.ndarray:
        """Return 1 for the labels that an item has, else 0, (item, label)."""
        return self.present.astype(np.float64)

    def decided(self, predicted: np.ndarray) -> LabelSets:
        """Return the labels whose log odds are above 0."""
        return replace(self, present=predicted > 0)

    def constant(self, n_items: int) -> LabelSets:
        """Return the labels that more than half of the items have."""
        usual = self.present.mean(axis=0) > 0.5  # noqa: PLR2004  the majority
        return replace(self, present=np.tile(usual, (n_items, 1)))

    def tally(self, answers: LabelSets, groups: np.ndarray) -> np.ndarray:
        """Return counts (group, label, 4)."""
        _check_same(self.vocabulary, answers.vocabulary)
        return tally_sets(self.present, answers.present, groups)

    def scores(self, tally: np.ndarray) -> dict[str, np.ndarray]:
        """Return macro-F1, micro-F1, accuracy and balanced accuracy."""
        return scores_of_sets(tally, ~np.isin(self.vocabulary, self.not_counted))

    def varies(self) -> bool:
        """Return whether some label is there in some items alone."""
        return bool((self.present != self.present[:1]).any())


@dataclass(frozen=True, eq=False)
class Vectors:
    """Numbers an item: ``values`` (item, column)."""

    values: np.ndarray

    loss: ClassVar[Loss | None] = None
    shares_penalty: ClassVar[bool] = False
    score_names: ClassVar[tuple[str, ...]] = ("r", "r2")

    def __len__(self) -> int:
        return len(self.values)

    def take(self, rows: np.ndarray) -> Vectors:
        """Return the items of those numbers."""
        return Vectors(self.values[rows])

    def columns(self) -> np.ndarray:
        """Return the values, float64."""
        return self.values.astype(np.float64, copy=False)

    def decided(self, predicted: np.ndarray) -> Vectors:
        """Return the predictions."""
        return Vectors(predicted)

    def constant(self, n_items: int) -> Vectors:
        """Return the mean for every item."""
        return Vectors(np.tile(self.values.mean(axis=0), (n_items, 1)))

    def tally(self, answers: Vectors, groups: np.ndarray) -> np.ndarray:
        """Return sums (group, column, 7), about the mean of the truth."""
        origin = self.values.mean(axis=0, dtype=np.float64)
        return tally_vectors(self.values - origin, answers.values - origin, groups)

    def scores(self, tally: np.ndarray) -> dict[str, np.ndarray]:
        """Return the means over columns of correlation and R²."""
        return scores_of_vectors(tally)

    def varies(self) -> bool:
        """Return whether some column varies."""
        return bool(np.ptp(self.values, axis=0).any())
