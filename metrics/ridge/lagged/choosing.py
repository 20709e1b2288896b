"""The penalty of each unit and fold, from the training sets that leave out two folds."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from heschl.metrics.ridge.estimators import Nested
from heschl.metrics.ridge.lagged.folds import LaggedFolds
from heschl.metrics.ridge.lagged.judging import JudgedPenalties, judge_penalties
from heschl.metrics.ridge.lagged.krylov import Solved
from heschl.metrics.ridge.penalties import TIE, best_penalties

__all__ = ["Choice", "choose_penalties", "is_safe", "precisions"]

SAFE_SHARE = 1e-4
"""In float32 a penalty below this share of the largest eigenvalue drowns in rounding."""

UNDECIDED = 1e-3
"""The share of choices that may remain open between penalties as good within their errors."""


@dataclass(frozen=True)
class Choice:
    """What was chosen, each (tested fold, unit).

    Parameters
    ----------
    alpha, value, error
        The penalty, its mean criterion, and how far that is thought to be off.
    is_undecided
        Whether another penalty, outside of the tie rule, is as good within these errors.
    judged
        For each pair of folds.
    """

    alpha: np.ndarray
    value: np.ndarray
    error: np.ndarray
    is_undecided: np.ndarray
    judged: Mapping[tuple[int, int], JudgedPenalties]

    @property
    def n_blocks(self) -> int:
        """The most blocks that a training set took."""
        return max(found.solved.n_blocks for found in self.judged.values())


def choose_penalties(
    folds: LaggedFolds,
    estimator: Nested,
    *,
    tolerance: float,
    dtype: np.dtype,
    tested: Sequence[int],
) -> Choice:
    """Choose the penalty with the best mean over the other folds, for every unit and tested fold.

    A first round stops in each training set where the rivals of the mean so far
    are known well enough. If more than `UNDECIDED` choices prove to hang on
    values that are not, their training sets are solved again.
    """
    judged: dict[tuple[int, int], JudgedPenalties] = {}
    wanted: dict[tuple[int, int], np.ndarray | None] = dict.fromkeys(
        pair for pair in itertools.combinations(range(len(folds)), 2) if set(pair) & set(tested)
    )
    is_tested = np.isin(np.arange(len(folds)), tested)
    least_blocks = 1
    while wanted:
        for pair, those in wanted.items():
            training = folds.train_without(*pair)
            known = [found.values for other, found in judged.items() if other != pair]
            for kind in precisions(dtype):
                found = judge_penalties(
                    training,
                    # A fold's penalty is judged on the other fold of the pair.
                    [folds.held_out(fold, kind) for fold in reversed(pair)],
                    estimator.alphas,
                    criterion=estimator.criterion,
                    tolerance=tolerance,
                    dtype=kind,
                    least_blocks=least_blocks,
                    known=known,
                    wanted=those,
                )
                if is_safe(found.smallest, found.solved):
                    break
            least_blocks = max(1, found.solved.n_blocks - 1)
            judged[pair] = found if those is None else judged[pair].improve(found)
        values, errors = (_means(judged, name, len(folds)) for name in ("values", "errors"))
        chosen = np.stack([best_penalties(value, estimator) for value in values])[:, None]
        value, error = (np.take_along_axis(table, chosen, axis=1) for table in (values, errors))
        others = values + errors >= value - error + TIE
        np.put_along_axis(others, chosen, values=False, axis=1)
        others[~is_tested] = False
        is_undecided = others.any(axis=1)
        if is_undecided[is_tested].mean() <= UNDECIDED:
            break
        np.put_along_axis(others, chosen, values=is_undecided[:, None], axis=1)
        wanted = {
            pair: others[list(pair)]
            for pair, found in judged.items()
            if np.where(others[list(pair)], found.errors, 0.0).max() > tolerance
        }
    rows = list(tested)
    return Choice(
        np.array(estimator.alphas)[chosen[rows, 0]],
        value[rows, 0],
        error[rows, 0],
        is_undecided[rows],
        judged,
    )


def precisions(dtype: np.dtype) -> list[np.dtype]:
    """Return the types to solve in, one after the other, until one is safe."""
    return list(dict.fromkeys([dtype, np.dtype(np.float64)]))


def is_safe(alpha: float, solved: Solved) -> bool:
    """Return whether a penalty stands out from the rounding of the products."""
    return solved.dtype == np.float64 or alpha >= SAFE_SHARE * solved.largest_eigenvalue


def _means(
    judged: Mapping[tuple[int, int], JudgedPenalties], name: str, n_folds: int
) -> np.ndarray:
    """Return the means (fold, alpha, unit) of a table over the folds held out with each."""
    total: list[np.ndarray] = [np.zeros(())] * n_folds
    for pair, found in judged.items():
        for fold, table in zip(pair, getattr(found, name), strict=True):
            total[fold] = total[fold] + table / (n_folds - 1)
    return np.stack(total)
