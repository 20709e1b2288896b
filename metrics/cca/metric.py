"""The CCA metric: a design and responses in, what their common directions explain out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import xarray as xr

from heschl.cards import MetricCard
from heschl.configuration import describe
from heschl.dimensions import FOLD
from heschl.errors import InvalidInput
from heschl.metrics.cca import CCA
from heschl.metrics.cca.canonical import CanonicalPairs, canonical_pairs
from heschl.metrics.cca.moments import Moments
from heschl.metrics.cca.whitening import check_share
from heschl.metrics.ridge.agreement import is_constant, r2
from heschl.metrics.ridge.checks import check_inputs
from heschl.metrics.ridge.engine.devices import described_device
from heschl.metrics.ridge.metric import labelled

if TYPE_CHECKING:
    from heschl.splits import Fold

__all__ = ["NUMERICS", "PAIR", "CanonicalCorrelation", "check_pairs"]

NUMERICS = 1
"""Raised whenever the same settings would give other numbers."""

PAIR = "pair"


@dataclass(frozen=True)
class CanonicalCorrelation:
    """Explain each unit by the directions that features and units share (CCA, redundancy).

    On training rows the canonical pairs of features X and units Y are found; of X the variates Z of
    the first pairs are kept, and units regressed on them. The score of a unit is R² on the test
    rows,

        1 - |y - ȳ - Z L|² / |y - mean y|²,     L = (Z'Z)⁻¹ Z'(y - ȳ) of the training rows

    With fewer pairs than there are features or units this is regression of reduced rank.

    Parameters
    ----------
    n_pairs
        How many pairs are kept, or as many as there are.
    share
        The penalty of either side as a share of the mean variance of its columns; by default 0 from
        20 training rows for each feature and unit on, and 1e-3 below that.

    Examples
    --------
    >>> generator = np.random.default_rng(0)
    >>> shared = generator.normal(size=(90, 1))
    >>> design = xr.DataArray(shared + generator.normal(size=(90, 3)), dims=("time", "feature"))
    >>> responses = xr.DataArray(shared * [[1.0, -2.0]], dims=("time", "unit"))
    >>> from heschl.splits import ContiguousKFold
    >>> folds = ContiguousKFold(3).folds({"time": np.arange(90)})
    >>> found = CanonicalCorrelation(n_pairs=1)(design, responses, folds, seed=0)
    >>> bool(found["score"].min() > 0.4), found["held_out_correlation"].shape
    (True, (3, 1))
    """

    n_pairs: int = 50
    share: float | None = None

    def __post_init__(self) -> None:
        """Refuse settings that no score could come of."""
        check_pairs(self.n_pairs)
        check_share(self.share)

    @property
    def card(self) -> MetricCard:
        """The metadata."""
        return CCA

    @property
    def meaning(self) -> str:
        """What the score is, in words."""
        return "R² of the directions that features share with all units (CCA)"

    @property
    def power(self) -> Literal["variance"]:
        """The score is on the scale of a share of variance."""
        return "variance"

    def configuration(self) -> Mapping[str, Any]:
        """Return every setting, defaults included, and the numerics version."""
        return {**describe(self), "numerics": NUMERICS}

    def __call__(
        self, design: xr.DataArray, responses: xr.DataArray, folds: Sequence[Fold], *, seed: int
    ) -> xr.Dataset:
        """Score every unit on the test rows of every fold.

        Parameters
        ----------
        design
            (time, feature), finite.
        responses
            (time, unit), row for row with the design, finite.
        folds
            Training and test rows.
        seed
            Nothing is drawn.

        Returns
        -------
        xr.Dataset
            ``score`` (fold, unit); ``alpha`` (fold, unit), the penalty of the features' side;
            ``flag_constant`` (fold, unit), 1 where response or prediction do not vary;
            ``canonical_correlation`` and ``held_out_correlation`` (fold, pair), on the training
            and on the test rows, 0 where a fold has fewer pairs than another; ``n_train`` and
            ``n_test`` (fold,).
        """
        check_inputs(design, {"responses": responses}, folds, seed=seed)
        features, units = design.to_numpy(), responses.to_numpy()
        fitted = [self._fit(features[fold.train], units[fold.train]) for fold in folds]
        kept = min(self.n_pairs, max(pairs.n_pairs for pairs, _ in fitted))
        names = ("score", "alpha", "flag_constant", "canonical_correlation", "held_out_correlation")
        tables: dict[str, list[np.ndarray]] = {name: [] for name in names}
        for fold, (pairs, weights) in zip(folds, fitted, strict=True):
            tested = units[fold.test].astype(np.float64) - pairs.second.means
            variates = pairs.first.transform(features[fold.test], slice(len(weights)))
            predicted = variates @ weights
            still = is_constant(tested) | is_constant(predicted)
            still |= is_constant(units[fold.train].astype(np.float64))
            tables["score"].append(np.where(still, 0.0, r2(predicted, tested)))
            tables["alpha"].append(np.full(len(still), pairs.first.penalty))
            tables["flag_constant"].append(still.astype(np.int8))
            held_out = pairs.correlations_of(features[fold.test], units[fold.test])
            tables["canonical_correlation"].append(_filled(pairs.correlations, kept))
            tables["held_out_correlation"].append(_filled(held_out, kept))
        stacked = {name: np.stack(values) for name, values in tables.items()}
        of_pairs = {name: stacked.pop(name) for name in names[3:]}
        return labelled(
            stacked, responses, folds, score="r2", ran_on=described_device("cpu")
        ).assign({name: ((FOLD, PAIR), values) for name, values in of_pairs.items()})

    def _fit(self, features: np.ndarray, units: np.ndarray) -> tuple[CanonicalPairs, np.ndarray]:
        """Return the pairs, and what units (pair, unit) make of the variates of the kept ones."""
        moments = Moments.of(features, units)
        pairs = canonical_pairs(moments, share=self.share)
        directions = pairs.first.weights[:, : min(self.n_pairs, pairs.n_pairs)]
        among = directions.T @ moments.covariance(0, 0) @ directions
        return pairs, np.linalg.solve(among, directions.T @ moments.covariance(0, 1))


def check_pairs(n_pairs: int) -> None:
    """Refuse what is no number of pairs."""
    if isinstance(n_pairs, bool) or not isinstance(n_pairs, int) or n_pairs < 1:
        raise InvalidInput(f"n_pairs={n_pairs!r}; expected a whole number, 1 or above")


def _filled(values: np.ndarray, length: int) -> np.ndarray:
    found = np.zeros(length)
    found[: len(values)] = values[:length]
    return found
