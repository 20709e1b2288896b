"""Heads: what is trained on a model's features, and how its penalty is chosen on training items."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np

from heschl.configuration import describe
from heschl.errors import InvalidInput
from heschl.metrics.probing.logistic import Axes, logistic_path, losses
from heschl.metrics.probing.parts import blocks_of, held_out
from heschl.metrics.probing.ridge import Blocks, chosen_penalties
from heschl.metrics.probing.targets import Target
from heschl.metrics.ridge.estimators import LeaveOneOut
from heschl.splits import Fold

__all__ = ["Answered", "Head", "LogisticHead", "RidgeHead"]

T = TypeVar("T", bound=Target)

TIE = 1e-6
"""Among penalties that do this nearly as well as the best, the one with the least loss is taken."""
_RIDGE = tuple(float(alpha) for alpha in np.logspace(1, 8, 20))
_LOGISTIC = tuple(float(alpha) for alpha in np.logspace(-2, 4, 7))


@dataclass(frozen=True, eq=False)
class Answered(Generic[T]):
    """What a head answers to the test items of a fold.

    Parameters
    ----------
    fold
        Which items it trained on and which it answers.
    answers
        Trained on the truth.
    permuted
        Trained on the same items, and with the same penalty, with their truths exchanged at random.
    constant
        The best constant answer.
    inner
        How well it did on training items that were left out; comparable between layers.
    alpha
        The penalty; the median where columns have their own.
    """

    fold: Fold
    answers: T
    permuted: T
    constant: T
    inner: float
    alpha: float


@dataclass(frozen=True)
class RidgeHead:
    """Least squares with an L2 penalty, on standardised features.

    Labels are classified by the highest of the predictions of their indicators. The penalty is that
    with the least squared error over training items that are left out part by part: the test items
    of the other folds, or, where these are no partition, parts of whole groups. Each column of
    numbers has its own; labels share one.

    Parameters
    ----------
    alphas
        Penalties, ascending.
    n_parts
        Into how many parts training items are cut where folds are no partition.
    """

    alphas: tuple[float, ...] = _RIDGE
    n_parts: int = 5

    def __post_init__(self) -> None:
        """Refuse penalties that are none, or not in order."""
        object.__setattr__(self, "alphas", LeaveOneOut(self.alphas).alphas)

    def configuration(self) -> Mapping[str, Any]:
        """Return every setting."""
        return describe(self)

    def answered(
        self,
        design: np.ndarray,
        target: T,
        folds: Sequence[Fold],
        groups: np.ndarray,
        *,
        seed: int,
    ) -> list[Answered[T]]:
        """Return the answers of each fold; see `Head`."""
        for fold in folds:
            _check_variety(target.take(fold.train), fold)
        columns = target.columns()
        order = np.random.default_rng(seed).permutation(len(target))
        both = np.concatenate([columns, columns[order]], axis=1)
        n_columns = columns.shape[1]
        shared = np.zeros(n_columns, int) if target.shares_penalty else np.arange(n_columns)
        found = []
        for rows, numbered in blocks_of(folds, groups, self.n_parts):
            for fold, trained in numbered.values():
                _check_left([len(rows[block]) for block in trained], fold)
            blocks = Blocks(design, both, rows)
            trained_on = {test: trained for test, (_, trained) in numbered.items()}
            choices = chosen_penalties(blocks, trained_on, self.alphas, shared)
            for test, (fold, trained) in numbered.items():
                choice = choices[test]
                predicted = blocks.fit(trained).predict(
                    design[fold.test], np.tile(choice.alphas, 2)
                )
                known = target.take(fold.train)
                found.append(
                    Answered(
                        fold,
                        known.decided(_centred(predicted[:, :n_columns], target)),
                        known.decided(_centred(predicted[:, n_columns:], target)),
                        known.constant(len(fold.test)),
                        float(choice.inner.mean()),
                        float(np.median(choice.alphas)),
                    )
                )
        return found


def _centred(predicted: np.ndarray, target: Target) -> np.ndarray:
    """Return predictions as log odds would be: an indicator of one half is undecided."""
    return predicted - 0.5 if target.loss == "sigmoid" else predicted


@dataclass(frozen=True)
class LogisticHead:
    """Logistic regression with an L2 penalty, on standardised features.

    One answer of several is multinomial; yes or no for each of several labels are as many binary
    ones. A share of the training items, whole groups of them, is held out; the penalty is that with
    the best macro-F1 there, of equals that with the least loss there, and what is trained on the
    others answers the test.

    Parameters
    ----------
    alphas
        Penalties, the weight of half the squared weights beside the sum of losses: scikit-learn's
        ``1 / C``.
    validation
        The share held out.
    """

    alphas: tuple[float, ...] = _LOGISTIC
    validation: float = 0.1

    def __post_init__(self) -> None:
        """Refuse penalties that are none, and a share that is none."""
        object.__setattr__(self, "alphas", LeaveOneOut(self.alphas).alphas)
        if not 0 < self.validation < 1:
            raise InvalidInput(f"validation={self.validation}; expected a share between 0 and 1")

    def configuration(self) -> Mapping[str, Any]:
        """Return every setting."""
        return describe(self)

    def answered(
        self,
        design: np.ndarray,
        target: T,
        folds: Sequence[Fold],
        groups: np.ndarray,
        *,
        seed: int,
    ) -> list[Answered[T]]:
        """Return the answers of each fold; see `Head`."""
        if target.loss is None:
            raise InvalidInput(
                "a LogisticHead tells labels apart, and numbers were asked for; take a RidgeHead"
            )
        return [self._of_fold(design, target, fold, groups, seed) for fold in folds]

    def _of_fold(
        self, design: np.ndarray, target: T, fold: Fold, groups: np.ndarray, seed: int
    ) -> Answered[T]:
        assert target.loss is not None  # noqa: S101  tells the type checker
        judging = held_out(groups[fold.train], self.validation, seed=seed)
        judged, fitted = fold.train[judging], fold.train[~judging]
        known, wanted = target.take(fitted), target.take(judged)
        _check_variety(known, fold)
        axes = Axes.of(design[fitted])
        on_axes = axes.project(design[judged])
        together = np.zeros(len(judged), dtype=np.intp)
        best, inner, least = None, -np.inf, np.inf
        for fit in logistic_path(axes, known.columns(), self.alphas, target.loss):
            decided = fit.decide(on_axes)
            tally = wanted.tally(known.decided(decided), together)
            value = float(wanted.scores(tally[0])["macro_f1"])
            loss, _ = losses(decided, wanted.columns(), target.loss)
            if value > inner + TIE or (value > inner - TIE and loss < least):
                best, inner, least = fit, value, loss
        assert best is not None  # noqa: S101  a macro-F1 is above minus infinity
        tested = axes.project(design[fold.test])
        order = np.random.default_rng(seed).permutation(len(fitted))
        exchanged = known.take(order)
        (without,) = logistic_path(axes, exchanged.columns(), [best.alpha], target.loss)
        return Answered(
            fold,
            known.decided(best.decide(tested)),
            known.decided(without.decide(tested)),
            target.take(fold.train).constant(len(fold.test)),
            inner,
            best.alpha,
        )


Head = RidgeHead | LogisticHead
"""``answered(design, target, folds, groups, seed)`` takes features (item, feature), finite, the
target and the group of each item (item,), of which none is on both sides of a choice."""


def _check_left(sizes: Sequence[int], fold: Fold) -> None:
    """Refuse blocks of which one cannot be left out, as less than two items would be left."""
    if sum(sizes) - max(sizes) < 2:  # noqa: PLR2004
        raise InvalidInput(
            f"fold {fold.name!r} trains on {sum(sizes)} items, of which {max(sizes)} are left out "
            "together to choose a penalty, so that too few are left to fit; give more"
        )


def _check_variety(target: Target, fold: Fold) -> None:
    if not target.varies():
        raise InvalidInput(
            f"the training items of fold {fold.name!r} have one answer alone, so that nothing can "
            "be learned; give items with two answers or more"
        )
