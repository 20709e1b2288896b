"""The banded ridge metric: a design whose columns name their spaces in, labelled scores out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
import xarray as xr

from heschl.cards import MetricCard
from heschl.configuration import describe
from heschl.dimensions import FOLD, TIME, UNIT
from heschl.metrics.ridge.banded import BANDED_RIDGE
from heschl.metrics.ridge.banded.mixes import Mixes, RandomMixes
from heschl.metrics.ridge.banded.search import search_mixes
from heschl.metrics.ridge.banded.spaces import SPACE, Spaces, spaces_of
from heschl.metrics.ridge.checks import check_choice, check_inputs, check_settings
from heschl.metrics.ridge.engine.arrangement import arrange
from heschl.metrics.ridge.engine.devices import described_device
from heschl.metrics.ridge.estimators import Estimator, LeaveOneOut
from heschl.metrics.ridge.metric import BLOCK, MEANINGS, labelled
from heschl.metrics.ridge.scoring import Precision

if TYPE_CHECKING:
    from heschl.splits import Fold

__all__ = ["NUMERICS", "BandedRidge", "SplitScore", "checked_spaces"]

NUMERICS = 3
"""Raised whenever the same settings would give other numbers."""

SplitScore = Literal["pearson", "r2"]
"""The scores that can be split among spaces."""


@dataclass(frozen=True)
class BandedRidge:
    """Predict each unit from several feature spaces, each with its own penalty, and score that.

    The design names the space of each column in the coordinate ``space``. For
    each unit the mix of spaces and the penalty alpha are chosen on training
    rows alone; the penalty of a space is alpha / gamma, its gamma being its
    number in the mix.

    Parameters
    ----------
    estimator
        How mixes and penalties are judged.
    mixes
        Which mixes are tried: random ones, or given ones.
    score
        ``pearson`` correlation, or ``r2`` (1 - SSE/SST about the test mean).
    alpha_per_unit
        If False, in each mix all units share the alpha with the best mean.
    block
        Units that a thread works on at a time.
    dtype
        Of products with responses: ``float32``, or ``float64`` for all digits.

    Examples
    --------
    >>> import numpy as np, xarray as xr
    >>> from heschl.splits import Fold
    >>> generator = np.random.default_rng(0)
    >>> design = xr.DataArray(generator.normal(size=(90, 3)), dims=("time", "feature"))
    >>> design = design.assign_coords(space=("feature", ["sound", "sound", "words"]))
    >>> responses = xr.DataArray(design.values[:, :2] * 5, dims=("time", "unit"))
    >>> folds = [Fold("last", train=np.arange(60), test=np.arange(60, 90))]
    >>> found = BandedRidge(mixes=RandomMixes(10))(design, responses, folds, seed=0)
    >>> found["score_split"].sel(space="sound").values.round(2)
    array([[1., 1.]])
    """

    estimator: Estimator = field(default_factory=LeaveOneOut)
    mixes: Mixes = field(default_factory=RandomMixes)
    score: SplitScore = "pearson"
    alpha_per_unit: bool = True
    block: int = BLOCK
    dtype: Precision = "float32"

    def __post_init__(self) -> None:
        """Refuse settings that no score could come of."""
        check_settings(self.score, self.block, get_args(SplitScore))
        check_choice("dtype", self.dtype, get_args(Precision))

    @property
    def card(self) -> MetricCard:
        """The metadata."""
        return BANDED_RIDGE

    @property
    def meaning(self) -> str:
        """What the score is, in words."""
        return MEANINGS[self.score].replace("ridge", "banded ridge")

    @property
    def power(self) -> Literal["correlation", "variance"]:
        """Whether the score is on the scale of a correlation or of a share of variance."""
        return "variance" if self.score == "r2" else "correlation"

    def configuration(self) -> Mapping[str, Any]:
        """Return every setting, defaults included, and the numerics version."""
        parts = {"estimator": describe(self.estimator), "mixes": describe(self.mixes)}
        return {**describe(self), **parts, "numerics": NUMERICS}

    def __call__(
        self, design: xr.DataArray, responses: xr.DataArray, folds: Sequence[Fold], *, seed: int
    ) -> xr.Dataset:
        """Score every unit on the test rows of every fold.

        Parameters
        ----------
        design
            (time, feature) with the coordinate ``space`` (feature,), finite.
        responses
            (time, unit), row for row with the design, finite; may be a float32 memory map.
        folds
            Training and test rows.
        seed
            For the mixes, and for the estimators that draw rows.

        Returns
        -------
        xr.Dataset
            ``score`` and ``alpha`` (fold, unit); ``gamma`` (fold, space, unit), the mix;
            ``score_split`` (fold, space, unit), each space's part of the score by the product
            measure; ``flag_constant`` (fold, unit), 1 where response or prediction do not vary;
            ``n_train`` and ``n_test`` (fold,).
        """
        spaces = checked_spaces(design, responses, folds, seed=seed)
        mixes = self.mixes.draw(len(spaces), seed=seed)
        rows = [(fold.train, fold.test) for fold in folds]
        ((found,),) = search_mixes(
            design.to_numpy(),
            [responses.to_numpy()],
            spaces,
            arrange(rows, self.estimator, n_rows=design.sizes[TIME], seed=seed),
            self.estimator,
            [mixes],
            score=self.score,
            dtype=np.dtype(self.dtype),
            largest_chunk=self.block,
            alpha_per_unit=self.alpha_per_unit,
            has_split=True,
        )
        tables = {
            "score": found.score,
            "alpha": np.array(self.estimator.alphas)[found.alpha_index],
            "flag_constant": found.is_constant.astype(np.int8),
        }
        by_space = {
            "gamma": np.moveaxis(mixes[found.mix_index], -1, 1),
            "score_split": found.split,
        }
        return (
            labelled(tables, responses, folds, score=self.score, ran_on=described_device("cpu"))
            .assign(
                {name: ((FOLD, SPACE, UNIT), table) for name, table in by_space.items()},
            )
            .assign_coords({SPACE: [*spaces.names]})
        )


def checked_spaces(
    design: xr.DataArray, responses: xr.DataArray, folds: Sequence[Fold], *, seed: int
) -> Spaces:
    """Return the spaces of a design, if all inputs can be worked with; refuse them otherwise."""
    check_inputs(design, {"responses": responses}, folds, seed=seed)
    return spaces_of(design)
