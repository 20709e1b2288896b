"""One target probed in one layer: every score of every fold, beside what needs no hearing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from heschl.errors import InvalidInput
from heschl.metrics.probing.heads import Head
from heschl.metrics.probing.tallies import drawn_scores
from heschl.metrics.probing.targets import Target, Vectors
from heschl.splits import Fold

__all__ = ["KINDS", "Probed", "probe"]

KINDS = ("answers", "permuted", "constant")
"""What was scored: the head; the same trained on truths that were exchanged at random; the best
answer that is the same for every item, such as the majority's label."""


@dataclass(frozen=True, eq=False)
class Probed:
    """The scores of one target in one layer.

    Parameters
    ----------
    scores
        By the name of a score, (kind, fold); kinds are `KINDS`.
    draws
        By the name of a score, (draw,) of the head with groups of test items drawn anew; empty
        where there are several folds.
    inner, alpha
        (fold,), see `heschl.metrics.probing.heads.Answered`.
    flag_constant
        (fold,), whether the answers do not vary.
    n_train, n_test
        (fold,) items.
    """

    scores: dict[str, np.ndarray]
    draws: dict[str, np.ndarray]
    inner: np.ndarray
    alpha: np.ndarray
    flag_constant: np.ndarray
    n_train: np.ndarray
    n_test: np.ndarray


def probe(
    head: Head,
    design: np.ndarray,
    target: Target,
    folds: Sequence[Fold],
    groups: np.ndarray,
    *,
    seed: int,
) -> Probed:
    """Train a head on some items and score it on others, fold by fold.

    Parameters
    ----------
    head
        `RidgeHead` or `LogisticHead`.
    design
        Features (item, feature).
    target
        What is asked of the same items.
    folds
        Items to train and to test on.
    groups
        (item,), such as speakers: none is on both sides when a penalty is chosen, and whole groups
        are drawn for the error of a single fold.
    seed
        Of what is held out, exchanged and drawn.

    Examples
    --------
    >>> from heschl.metrics.probing import Labels, LogisticHead
    >>> from heschl.splits import GroupKFold
    >>> codes, speakers = np.arange(60) % 3, np.arange(60) // 6
    >>> folds = GroupKFold(5, by="speaker").folds({"speaker": speakers})
    >>> design = np.eye(3)[codes] + 0.1 * np.random.default_rng(0).standard_normal((60, 3))
    >>> target = Labels(codes, ("a", "e", "i"))
    >>> probe(LogisticHead(), design, target, folds, speakers, seed=0).scores["macro_f1"][0]
    array([1., 1., 1., 1., 1.])
    """
    _check(design, target, groups)
    answered = head.answered(design, target, folds, groups, seed=seed)
    answered.sort(key=lambda each: [fold.name for fold in folds].index(each.fold.name))
    scores = {name: np.zeros((len(KINDS), len(folds))) for name in target.score_names}
    draws: dict[str, np.ndarray] = {}
    for number, each in enumerate(answered):
        truth = target.take(each.fold.test)
        _, of_item = np.unique(groups[each.fold.test], return_inverse=True)
        for kind, name in enumerate(KINDS):
            tally = truth.tally(getattr(each, name), of_item)
            for score, value in truth.scores(tally.sum(axis=0)).items():
                scores[score][kind, number] = value
            if name == "answers" and len(folds) == 1:
                draws = drawn_scores(truth.scores, tally, seed=seed)
    return Probed(
        scores,
        draws,
        inner=np.array([each.inner for each in answered]),
        alpha=np.array([each.alpha for each in answered]),
        flag_constant=np.array([not each.answers.varies() for each in answered]),
        n_train=np.array([len(each.fold.train) for each in answered]),
        n_test=np.array([len(each.fold.test) for each in answered]),
    )


def _check(design: np.ndarray, target: Target, groups: np.ndarray) -> None:
    n_items = len(target)
    if design.ndim != 2 or len(design) != n_items or groups.shape != (n_items,):  # noqa: PLR2004
        raise InvalidInput(
            f"features have shape {design.shape} and groups {groups.shape}, with {n_items} items "
            "asked for; expected (item, feature) and (item,)"
        )
    if isinstance(target, Vectors) and not np.isfinite(target.values).all():
        raise InvalidInput(
            "the truth holds values that are not finite; leave items without an answer out"
        )
    # The sum of a column is finite only where all of it is, and takes no memory.
    with np.errstate(invalid="ignore", over="ignore"):
        bad = np.flatnonzero(~np.isfinite(design.sum(axis=0, dtype=np.float64)))
    if len(bad):
        raise InvalidInput(
            f"{len(bad)} of {design.shape[1]} features hold values that are not finite, the first "
            f"is number {bad[0]}; mend the model, or leave the layer out"
        )
