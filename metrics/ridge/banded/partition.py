"""Variance partitioning: what each feature space explains alone, and what several explain alike.

Let f(U) be the R² on test rows of the model of the union U of spaces, and
g(T) = f(all) - f(all but T), what is lost without T. The part that all spaces
of T explain alike, and no others, follows by inclusion and exclusion,

    part(T) = Σ over U ⊆ T of (-1)^(|T| - |U|) g(U),    g(∅) = 0,

so that f(U) is the sum of the parts of all T that share a space with U. For one
space the part is its unique contribution, g.

All unions are solved on the same statistics. R² on held-out rows is an estimate
with an error, and the models are shrunk: parts can be negative, are not clipped,
and mean little where they are small beside the spread over folds.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias, get_args

import numpy as np
import xarray as xr

from heschl.dimensions import FOLD, TIME, UNIT
from heschl.errors import InvalidInput
from heschl.metrics.ridge.banded.best import Found
from heschl.metrics.ridge.banded.metric import checked_spaces
from heschl.metrics.ridge.banded.mixes import RandomMixes
from heschl.metrics.ridge.banded.search import search_mixes
from heschl.metrics.ridge.banded.spaces import SPACE, Spaces
from heschl.metrics.ridge.checks import check_choice, check_settings
from heschl.metrics.ridge.engine.arrangement import arrange
from heschl.metrics.ridge.engine.devices import described_device
from heschl.metrics.ridge.estimators import Estimator
from heschl.metrics.ridge.metric import BLOCK, labelled
from heschl.metrics.ridge.scoring import Precision

if TYPE_CHECKING:
    from heschl.splits import Fold

__all__ = ["PARTITION", "UNION", "parts_by_exclusion", "unique_contributions", "variance_partition"]

UNION = "union"
PARTITION = "partition"

LARGEST = 6
"""Spaces whose unions are all solved: 63."""

_Union: TypeAlias = tuple[int, ...]


def variance_partition(
    design: xr.DataArray,
    responses: xr.DataArray,
    folds: Sequence[Fold],
    estimator: Estimator,
    *,
    seed: int,
    mixes: RandomMixes | None = None,
    block: int = BLOCK,
    dtype: Precision = "float32",
) -> xr.Dataset:
    """Part the explained variance of every unit among feature spaces and what they share.

    Parameters
    ----------
    design
        (time, feature) with the coordinate ``space`` (feature,), finite; 2 to 6 spaces.
    responses
        (time, unit), row for row with the design, finite.
    folds
        Training and test rows.
    estimator
        How the penalties of each union are chosen, on training rows alone.
    seed
        For the mixes, and for the estimators that draw rows.
    mixes
        Given, each union is a banded ridge with so many mixes of its spaces; otherwise a ridge
        with one penalty for all its columns.
    block, dtype
        As in `Ridge`.

    Returns
    -------
    xr.Dataset
        ``score`` (union, fold, unit), the R² of each union, named like ``sound + words``;
        ``part`` (partition, fold, unit): the unique part of each space under its name, and the
        shared ones, named like ``sound & words``; ``alpha`` and ``flag_constant`` (union, fold,
        unit); ``gamma`` (union, fold, space, unit); ``n_train`` and ``n_test`` (fold,).

    Examples
    --------
    >>> from heschl.metrics.ridge import LeaveOneOut
    >>> from heschl.splits import Fold
    >>> generator = np.random.default_rng(0)
    >>> design = xr.DataArray(generator.normal(size=(900, 2)), dims=("time", "feature"))
    >>> design = design.assign_coords(space=("feature", ["sound", "words"]))
    >>> responses = xr.DataArray(design.values @ [[3.0], [4.0]], dims=("time", "unit"))
    >>> folds = [Fold("last", train=np.arange(600), test=np.arange(600, 900))]
    >>> found = variance_partition(design, responses, folds, LeaveOneOut((1e-3, 1.0)), seed=0)
    >>> found["part"].sel(partition=["sound", "words"]).values.ravel().round(1)
    array([0.4, 0.6])
    """
    spaces = checked_spaces(design, responses, folds, seed=seed)
    if not 2 <= len(spaces) <= LARGEST:  # noqa: PLR2004 - one space shares with none
        raise InvalidInput(
            f"the design has {len(spaces)} feature spaces, {[*spaces.names]}; variance is parted "
            f"among 2 to {LARGEST}: name others, or use unique_contributions for more"
        )
    unions = _subsets(len(spaces))
    dataset = _solve(
        design, responses, folds, spaces, unions, estimator,
        seed=seed, mixes=mixes, block=block, dtype=dtype,
    )  # fmt: skip
    parts = parts_by_exclusion(dataset["score"].to_numpy(), len(spaces))
    names = [" & ".join(spaces.names[each] for each in union) for union in unions]
    return dataset.assign(part=((PARTITION, FOLD, UNIT), parts)).assign_coords({PARTITION: names})


def unique_contributions(
    design: xr.DataArray,
    responses: xr.DataArray,
    folds: Sequence[Fold],
    estimator: Estimator,
    *,
    seed: int,
    mixes: RandomMixes | None = None,
    block: int = BLOCK,
    dtype: Precision = "float32",
) -> xr.Dataset:
    """Return what the R² of all feature spaces loses without each of them.

    Parameters
    ----------
    design, responses, folds, estimator, seed, mixes, block, dtype
        As in `variance_partition`, for 2 spaces or more.

    Returns
    -------
    xr.Dataset
        ``unique`` (space, fold, unit); ``score`` (union, fold, unit) of all spaces and of all but
        each; and the rest as in `variance_partition`.
    """
    spaces = checked_spaces(design, responses, folds, seed=seed)
    if len(spaces) < 2:  # noqa: PLR2004 - nothing is left without the only one
        raise InvalidInput(
            f"the design has one feature space, {spaces.names[0]!r}; a contribution is unique "
            "beside others: name 2 or more"
        )
    everything = tuple(range(len(spaces)))
    unions = [everything]
    unions += [tuple(each for each in everything if each != left_out) for left_out in everything]
    dataset = _solve(
        design, responses, folds, spaces, unions, estimator,
        seed=seed, mixes=mixes, block=block, dtype=dtype,
    )  # fmt: skip
    score = dataset["score"].to_numpy()
    return dataset.assign(unique=((SPACE, FOLD, UNIT), score[0] - score[1:]))


def parts_by_exclusion(scores: np.ndarray, n_spaces: int) -> np.ndarray:
    """Return the parts (partition, ...) from the R² of all unions (union, ...).

    Both are in the order of one space, two, and so on; each of them in that of
    `itertools.combinations`.

    >>> parts_by_exclusion(np.array([0.5, 0.25, 0.625]), 2)
    array([0.375, 0.125, 0.125])
    """
    unions = _subsets(n_spaces)
    score_of = {(): np.zeros(scores.shape[1:]), **dict(zip(unions, scores, strict=True))}
    parts = np.zeros(scores.shape)
    for row, of_part in enumerate(unions):
        for size in range(1, len(of_part) + 1):
            for lost in itertools.combinations(of_part, size):
                rest = tuple(each for each in range(n_spaces) if each not in lost)
                sign = (-1) ** (len(of_part) - size)
                parts[row] += sign * (score_of[unions[-1]] - score_of[rest])
    return parts


def _subsets(n_spaces: int) -> list[_Union]:
    sizes = range(1, n_spaces + 1)
    return [union for size in sizes for union in itertools.combinations(range(n_spaces), size)]


def _solve(
    design: xr.DataArray,
    responses: xr.DataArray,
    folds: Sequence[Fold],
    spaces: Spaces,
    unions: Sequence[_Union],
    estimator: Estimator,
    *,
    seed: int,
    mixes: RandomMixes | None,
    block: int,
    dtype: Precision,
) -> xr.Dataset:
    check_settings("r2", block, ["r2"])
    check_choice("dtype", dtype, get_args(Precision))
    searches = []
    for union in unions:
        drawn = np.ones((1, len(union))) if mixes is None else mixes.draw(len(union), seed=seed)
        of_union = np.zeros((len(drawn), len(spaces)))
        of_union[:, union] = drawn
        searches.append(of_union)
    rows = [(fold.train, fold.test) for fold in folds]
    solved = search_mixes(
        design.to_numpy(),
        [responses.to_numpy()],
        spaces,
        arrange(rows, estimator, n_rows=design.sizes[TIME], seed=seed),
        estimator,
        searches,
        score="r2",
        dtype=np.dtype(dtype),
        largest_chunk=block,
    )
    tables = [
        _tables(found, np.array(estimator.alphas), of_union)
        for (found,), of_union in zip(solved, searches, strict=True)
    ]
    dims = (UNION, FOLD, UNIT)
    stacked = {name: np.stack([table[name] for table in tables]) for name in tables[0]}
    gamma = stacked.pop("gamma")
    return (
        labelled({}, responses, folds, score="r2", ran_on=described_device("cpu"))
        .assign({name: (dims, table) for name, table in stacked.items()})
        .assign(gamma=((UNION, FOLD, SPACE, UNIT), gamma))
        .assign_coords(
            {
                UNION: [" + ".join(spaces.names[each] for each in union) for union in unions],
                SPACE: [*spaces.names],
            }
        )
    )


def _tables(found: Found, alphas: np.ndarray, mixes: np.ndarray) -> dict[str, np.ndarray]:
    return {
        "score": found.score,
        "alpha": alphas[found.alpha_index],
        "flag_constant": found.is_constant.astype(np.int8),
        "gamma": np.moveaxis(mixes[found.mix_index], -1, 1),
    }
