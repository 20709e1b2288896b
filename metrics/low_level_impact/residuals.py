"""Residuals: what of a model's features a low-level feature space does not predict.

With F the low-level features and X the model's, both row by row on the scanner's clock,

    residual = X - F W,    W = argmin |X - F W|² + λ |W|²    on training rows, no intercept,

where each column of X has the λ whose predictions of ten contiguous parts of the training rows,
each from the rest, have the best mean R². F is z-scored with the means and spreads of the training
rows. The original z-scores training and test rows apart; here nothing of a test row is fitted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from heschl.errors import InvalidInput
from heschl.metrics.ridge.estimators import KFold
from heschl.temporal import is_constant

if TYPE_CHECKING:
    from heschl.splits import Fold

__all__ = ["Residualiser", "residualise", "standardised"]

PENALTIES = tuple(10.0**exponent for exponent in range(-6, 10))

_WEIGHTS_BYTES = 2**30
"""Of weights, held at once; layers that need more are taken some at a time."""


@dataclass(frozen=True)
class Residualiser:
    """How low-level features are taken out.

    Parameters
    ----------
    alphas
        Penalties, ascending.
    n_folds
        The contiguous parts of the training rows on which each column's penalty is judged.
    """

    alphas: tuple[float, ...] = PENALTIES
    n_folds: int = 10

    def __post_init__(self) -> None:
        """Refuse what the estimator refuses."""
        object.__setattr__(self, "alphas", self.estimator.alphas)

    @property
    def estimator(self) -> KFold:
        """The rule that chooses penalties."""
        return KFold(self.alphas, n_folds=self.n_folds, has_intercept=False)


def residualise(
    features: Sequence[np.ndarray],
    low_level: np.ndarray,
    fold: Fold,
    residualiser: Residualiser | None = None,
) -> list[np.ndarray]:
    """Return what a low-level space leaves of features, on the rows of a fold.

    Parameters
    ----------
    features
        Of each layer (row, unit), z-scored within stimuli; finite.
    low_level
        (row, column), the same rows; finite.
    fold
        Fitted on its training rows, applied to all rows.
    residualiser
        By default that of moussa2025.low_level_impact.

    Returns
    -------
    list
        For each layer the residual (row, unit) in float32.

    Examples
    --------
    >>> from heschl.splits import Fold
    >>> generator = np.random.default_rng(0)
    >>> low_level, other = generator.normal(size=(2, 90, 2))
    >>> fold = Fold("last", train=np.arange(60), test=np.arange(60, 90))
    >>> own = low_level @ [3.0, 4.0]
    >>> (left,) = residualise([np.column_stack([own, other])], low_level, fold)
    >>> left.shape, bool(left[:, 0].var() < 1e-3 * own.var())
    ((90, 3), True)
    """
    _check_rows(features, low_level, fold)
    known = standardised(low_level, fold.train)
    if not known.shape[1]:  # nothing low-level varies where it could be learned
        return [np.array(layer, dtype=np.float32) for layer in features]
    residuals: list[np.ndarray] = []
    for layers in _batches(features, known.shape[1]):
        weights = _weights(layers, known, fold, residualiser or Residualiser())
        residuals += [
            (np.asarray(layer, dtype=np.float64) - known @ of_layer).astype(np.float32)
            for layer, of_layer in zip(layers, weights, strict=True)
        ]
    return residuals


def standardised(low_level: np.ndarray, train: np.ndarray) -> np.ndarray:
    """Return the columns that vary over training rows, z-scored by their mean and spread there.

    A column that does not has no weight, so it may as well be left out: of 59,319 triphones a few
    thousand are ever heard.
    """
    kept = ~is_constant(low_level[train])
    known = low_level[:, kept].astype(np.float64)
    known -= known[train].mean(axis=0)
    known /= np.abs(known[train]).max(axis=0)  # squares of tiny columns would vanish
    return np.asarray(known / known[train].std(axis=0))


def _weights(
    layers: Sequence[np.ndarray], known: np.ndarray, fold: Fold, residualiser: Residualiser
) -> list[np.ndarray]:
    """Return for each layer the ridge weights (column, unit), by the engine of banded ridge."""
    from heschl.metrics.ridge.banded.search import search_mixes
    from heschl.metrics.ridge.banded.spaces import Spaces
    from heschl.metrics.ridge.engine.arrangement import arrange

    rows = np.arange(len(fold.train))
    estimator = residualiser.estimator
    (found,) = search_mixes(
        known[fold.train],
        [layer[fold.train] for layer in layers],
        Spaces.from_labels(np.zeros(known.shape[1], dtype=int)),
        arrange([(rows, rows)], estimator, n_rows=len(rows), seed=0),
        estimator,
        [np.ones((1, 1))],
        score="r2",
        dtype=np.float64,
        has_weights=True,
    )
    return [each.weights[0] for each in found if each.weights is not None]


def _batches(features: Sequence[np.ndarray], n_columns: int) -> list[list[np.ndarray]]:
    """Return the layers in batches that share one decomposition of the low-level features."""
    batches: list[list[np.ndarray]] = [[]]
    n_bytes = 0
    for layer in features:
        of_layer = 8 * layer.shape[1] * (n_columns + len(layer))
        if batches[-1] and n_bytes + of_layer > _WEIGHTS_BYTES:
            batches.append([])
            n_bytes = 0
        batches[-1].append(layer)
        n_bytes += of_layer
    return batches


def _check_rows(features: Sequence[np.ndarray], low_level: np.ndarray, fold: Fold) -> None:
    """Refuse features of other rows, and what is not finite."""
    arrays = {"the low-level features": low_level}
    arrays |= {f"the features of layer {number}": layer for number, layer in enumerate(features)}
    for name, values in arrays.items():
        if values.ndim != 2 or not values.size:  # noqa: PLR2004  rows and columns
            raise InvalidInput(f"{name} have shape {values.shape}; expected (row, column), not 0")
        if len(values) != len(low_level):
            raise InvalidInput(
                f"{name} have {len(values)} rows and the low-level features {len(low_level)}; "
                "expected the same rows of the same stimuli"
            )
        if not np.isfinite(values).all():
            raise InvalidInput(f"{name} hold numbers that are not finite; repair them")
    last = max(int(fold.train.max()), int(fold.test.max()))
    if last >= len(low_level):
        raise InvalidInput(
            f"the fold {fold.name!r} names row {last}, and there are {len(low_level)} rows"
        )
