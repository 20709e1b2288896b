"""The probing metric: labelled arrays in, labelled scores out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import xarray as xr

from heschl.cards import MetricCard
from heschl.configuration import describe
from heschl.dimensions import FOLD, TIME, UNIT
from heschl.metrics.probing import PROBING
from heschl.metrics.probing.heads import Head, RidgeHead
from heschl.metrics.probing.probed import KINDS, Probed, probe
from heschl.metrics.probing.targets import Labels, Target, Vectors
from heschl.metrics.ridge.checks import check_design, check_folds, check_responses, check_seed

if TYPE_CHECKING:
    from heschl.splits import Fold

__all__ = ["NUMERICS", "Probing"]

NUMERICS = 1
"""Raised whenever the same settings would give other numbers."""


@dataclass(frozen=True)
class Probing:
    """What linear heads read off features.

    Numbers are predicted by ridge regression and scored by the correlation r of prediction and
    truth; labels are classified and scored by balanced accuracy, the mean over labels of the share
    of its items that are given it. See `heschl.metrics.probing.probed` for other scores, and for
    what constant answers and exchanged labels reach.

    Parameters
    ----------
    of_labels
        The head that classifies.
    of_numbers
        The head that predicts numbers.

    Examples
    --------
    >>> from heschl.splits import GroupKFold
    >>> generator = np.random.default_rng(0)
    >>> design = xr.DataArray(generator.normal(size=(60, 3)), dims=("time", "feature"))
    >>> responses = xr.DataArray(design.values[:, :2] * 5, dims=("time", "unit"))
    >>> folds = GroupKFold(5).folds({"stimulus": np.arange(60)})
    >>> Probing(of_numbers=RidgeHead(alphas=(1e-3, 1.0)))(design, responses, folds, seed=0)[
    ...     "score"
    ... ].mean("fold").values.round(2)
    array([1., 1.])
    """

    of_labels: Head = field(default_factory=RidgeHead)
    of_numbers: RidgeHead = field(default_factory=RidgeHead)

    card: ClassVar[MetricCard] = PROBING

    def configuration(self) -> Mapping[str, Any]:
        """Return every setting and the numerics version."""
        return {**describe(self), "numerics": NUMERICS}

    def probed(
        self,
        design: np.ndarray,
        target: Target,
        folds: Sequence[Fold],
        groups: np.ndarray,
        *,
        seed: int,
    ) -> Probed:
        """Probe one target by the head that is meant for it; see `probe`."""
        head = self.of_numbers if target.loss is None else self.of_labels
        return probe(head, design, target, folds, groups, seed=seed)

    def __call__(
        self, design: xr.DataArray, responses: xr.DataArray, folds: Sequence[Fold], *, seed: int
    ) -> xr.Dataset:
        """Score every unit by itself, each row a group of its own.

        Parameters
        ----------
        design
            (time, feature), finite.
        responses
            (time, unit), row for row: numbers, or texts, which are labels.
        folds
            Training and test rows.
        seed
            Of what is held out to choose penalties.

        Returns
        -------
        xr.Dataset
            ``score``, ``permuted`` and ``constant``, of the same head trained on exchanged truths
            and of the best constant answer, ``alpha`` and ``flag_constant`` (fold, unit).
        """
        are_labels = responses.dtype.kind in "UO"
        numeric = xr.zeros_like(responses, dtype=float) if are_labels else responses
        check_design(design, numeric)
        check_responses(numeric)
        check_folds(folds, n_rows=design.sizes[TIME])
        check_seed(seed)
        shape = len(folds), responses.sizes[UNIT]
        tables = {name: np.zeros(shape) for name in ("score", "permuted", "constant", "alpha")}
        flags = np.zeros(shape, dtype=np.int8)
        rows = np.arange(design.sizes[TIME])
        for unit in range(shape[1]):
            column = responses.to_numpy()[:, unit]
            truth = _labels(column) if are_labels else Vectors(column[:, None].astype(np.float64))
            varies = np.array([truth.take(fold.test).varies() for fold in folds])
            if not all(truth.take(fold.train).varies() for fold in folds):
                flags[:, unit] = 1
                continue
            found = self.probed(design.to_numpy(), truth, folds, rows, seed=seed)
            scores = found.scores["balanced_accuracy" if are_labels else "r"]
            for name, of_kind in zip(("score", *KINDS[1:]), scores, strict=True):
                tables[name][:, unit] = of_kind
            tables["alpha"][:, unit] = found.alpha
            flags[:, unit] = ~varies | found.flag_constant
        kept = {
            name: coordinate
            for name, coordinate in responses.coords.items()
            if coordinate.dims == (UNIT,)
        }
        return xr.Dataset(
            {name: ((FOLD, UNIT), table) for name, table in tables.items()}
            | {"flag_constant": ((FOLD, UNIT), flags)},
            coords=kept | {FOLD: [fold.name for fold in folds]},
        )


def _labels(column: np.ndarray) -> Target:
    """Return a column of texts as labels, all of them one vocabulary."""
    vocabulary, codes = np.unique(column.astype(str), return_inverse=True)
    return Labels(codes, tuple(vocabulary.tolist()))
