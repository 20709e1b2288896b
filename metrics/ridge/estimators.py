"""The ways in which a ridge penalty is chosen: frozen settings and the rows they hold out.

A penalty ``alpha`` is always the coefficient of ``|W|²``, as in scikit-learn.

All but `LeaveOneOut` have ``splits(rows, others, seed)``: from the training
rows of an outer fold (row numbers), the test rows of the other outer folds and
the seed of the run, to the pairs of what is fitted on and what is held out.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, TypeAlias

import numpy as np

from heschl.errors import InvalidInput
from heschl.metrics.ridge.agreement import AGREEMENTS, Agreement

__all__ = ["Bootstrap", "Estimator", "KFold", "LeaveOneOut", "Nested", "Split", "huth_penalties"]

Split: TypeAlias = tuple[np.ndarray, np.ndarray]
"""Positions among the training rows: those fitted on, those held out."""

PENALTIES = tuple(float(alpha) for alpha in np.logspace(1, 8, 20))


def huth_penalties(start: float, stop: float, count: int) -> tuple[float, ...]:
    """Return the penalties that ``logspace(start, stop, count)`` means in the Huth lab's ridge.

    There the weights are S / (S² + a²), so that alpha = a².

    >>> huth_penalties(1, 3, 3)
    (100.0, 10000.0, 1000000.0)
    """
    return tuple(float(a) ** 2 for a in np.logspace(start, stop, count))


@dataclass(frozen=True)
class _Estimator:
    alphas: tuple[float, ...] = PENALTIES

    def __post_init__(self) -> None:
        """Refuse penalties that are no penalties, or not in order."""
        try:
            alphas = tuple(float(alpha) for alpha in self.alphas)
        except (TypeError, ValueError) as error:
            raise InvalidInput(f"alphas={self.alphas!r}; expected a sequence of numbers") from error
        object.__setattr__(self, "alphas", alphas)
        is_ascending = all(low < high for low, high in itertools.pairwise(alphas))
        if not alphas or not np.isfinite(alphas).all() or alphas[0] <= 0 or not is_ascending:
            raise InvalidInput(
                f"alphas={alphas}; expected at least one finite penalty above 0, in ascending "
                "order without repeats; for plain least squares give one tiny penalty"
            )


@dataclass(frozen=True)
class LeaveOneOut(_Estimator):
    """RIDGE-LOO: the penalty with the least squared error over left-out training rows.

    The errors come in closed form from one decomposition; design and responses
    are centred, and the mean is left out with its row. The same rule as
    scikit-learn's ``RidgeCV(alpha_per_target=True)``. Neighbouring rows of a
    slow recording are nearly copies, which this rule does not see: it tends to
    small penalties there.

    Parameters
    ----------
    alphas
        Penalties, ascending.
    """

    has_intercept: ClassVar[bool] = True


@dataclass(frozen=True)
class _HeldOut(_Estimator):
    """What the estimators share that fit on some training rows and predict others."""

    criterion: Agreement = "r2"

    def __post_init__(self) -> None:
        """Refuse an unknown criterion."""
        super().__post_init__()
        if self.criterion not in AGREEMENTS:
            raise InvalidInput(f"criterion={self.criterion!r}; expected one of {[*AGREEMENTS]}")


@dataclass(frozen=True)
class KFold(_HeldOut):
    """RIDGE-KFOLD(k): the penalty with the best mean agreement over contiguous parts.

    The training rows, in their order, are cut into ``n_folds`` parts of equal
    length (the first ones are a row longer where it does not go evenly), and
    each is predicted from the rest.

    Parameters
    ----------
    alphas
        Penalties, ascending.
    criterion
        What is averaged over the parts; ``r2`` minimises the mean of 1 - R².
    n_folds
        The number of parts.
    has_intercept
        Whether design and responses are centred on the rows fitted on.
    """

    n_folds: int = 5
    has_intercept: bool = True

    def __post_init__(self) -> None:
        """Refuse a count that is none."""
        super().__post_init__()
        _require_count("n_folds", self.n_folds, least=2)

    def splits(self, rows: np.ndarray, others: Sequence[np.ndarray], seed: int) -> list[Split]:
        """Cut the training rows into contiguous parts."""
        del others, seed
        if len(rows) < 2 * self.n_folds:
            raise InvalidInput(
                f"{len(rows)} training rows for {self.n_folds} inner folds; each needs at least 2 "
                "rows to be scored: lower n_folds"
            )
        positions = np.arange(len(rows))
        parts = np.array_split(positions, self.n_folds)
        return [(np.setdiff1d(positions, part), part) for part in parts]


@dataclass(frozen=True)
class Bootstrap(_HeldOut):
    """RIDGE-BOOT(n, chunk, fraction): the Huth lab's choice from random chunks held out.

    In each draw the training rows are cut into chunks of ``chunk`` rows, of
    which ``fraction`` is held out at random; rows after the last whole chunk are
    always fitted on. The agreement is averaged over draws, the best penalty is
    taken for each unit, and all training rows are refitted. There is no
    intercept: z-score design and responses beforehand.

    Draws depend on ``seed`` and the number of training rows alone, so that all
    layers, listeners and units are judged on the same rows. Chunks count rows
    of the stacked training stories, as the original does: one chunk may hold
    the end of a story and the beginning of the next. Held-out rows then still
    touch fitted rows at a chunk's two edges only, so no more leaks than within
    a story.

    Parameters
    ----------
    alphas
        Penalties, ascending; `huth_penalties` turns the original's grid into this convention.
    criterion
        What is averaged over draws. The original averages sign(R²)·√|R²| (``signed_r``) or, by
        default, the correlation.
    n_draws
        The number of draws.
    chunk
        Rows in a chunk.
    fraction
        The share of training rows held out, rounded down to whole chunks.
    alpha_per_unit
        If False, all units share the penalty with the best mean over units.
    """

    has_intercept: ClassVar[bool] = False
    n_draws: int = 3
    chunk: int = 20
    fraction: float = 0.25
    alpha_per_unit: bool = True

    def __post_init__(self) -> None:
        """Refuse counts and shares that are none."""
        super().__post_init__()
        _require_count("n_draws", self.n_draws, least=1)
        _require_count("chunk", self.chunk, least=1)
        if not 0 < self.fraction < 1:
            raise InvalidInput(f"fraction={self.fraction}; expected a share between 0 and 1")

    def splits(self, rows: np.ndarray, others: Sequence[np.ndarray], seed: int) -> list[Split]:
        """Draw the chunks that are held out."""
        del others
        n_rows = len(rows)
        n_held = int(self.fraction * n_rows / self.chunk)
        if n_held * self.chunk < 2:  # noqa: PLR2004 - a single row cannot be scored
            raise InvalidInput(
                f"{n_rows} training rows; a share of {self.fraction} must hold at least one chunk "
                f"of {self.chunk} rows, and 2 rows: give more rows, or a shorter chunk"
            )
        chunks = np.arange(n_rows // self.chunk * self.chunk).reshape(-1, self.chunk)
        generator = np.random.default_rng([seed, n_rows])
        splits = []
        for _ in range(self.n_draws):
            drawn = generator.permutation(len(chunks))[:n_held]
            held_out = np.sort(chunks[drawn].ravel())
            splits.append((np.setdiff1d(np.arange(n_rows), held_out), held_out))
        return splits


@dataclass(frozen=True)
class Nested(_HeldOut):
    """RIDGE-NESTED: the penalty with the best mean agreement over the other outer folds.

    Each other fold's test rows, as far as they are training rows here, are
    predicted from the remaining training rows. So whatever the outer folds keep
    apart, such as stories or speakers, the inner ones keep apart as well.

    Parameters
    ----------
    alphas
        Penalties, ascending.
    criterion
        What is averaged over the inner folds.
    has_intercept
        Whether design and responses are centred on the rows fitted on.
    """

    has_intercept: bool = True

    def splits(self, rows: np.ndarray, others: Sequence[np.ndarray], seed: int) -> list[Split]:
        """Hold out the other folds' test rows, one fold at a time."""
        del seed
        splits = []
        for test in others:
            is_held_out = np.isin(rows, test)
            split = np.flatnonzero(~is_held_out), np.flatnonzero(is_held_out)
            if min(map(len, split)) >= 2:  # noqa: PLR2004 - a single row cannot be scored
                splits.append(split)
        if len(splits) < 2:  # noqa: PLR2004 - one inner fold is no cross-validation
            raise InvalidInput(
                f"{len(splits)} of the {len(others)} other folds can be held out from these "
                "training rows; RIDGE-NESTED needs at least 2 with 2 rows each: give 3 or more "
                "outer folds, or choose the penalty by KFold or LeaveOneOut"
            )
        return splits


Estimator: TypeAlias = LeaveOneOut | KFold | Bootstrap | Nested


def _require_count(name: str, value: int, least: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise InvalidInput(f"{name}={value!r}; expected a whole number of at least {least}")
