"""Banded ridge fitted to all rows, for those who want its weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from heschl.metrics.ridge.banded.mixes import Mixes
from heschl.metrics.ridge.banded.search import search_mixes
from heschl.metrics.ridge.banded.spaces import Spaces
from heschl.metrics.ridge.engine.arrangement import arrange
from heschl.metrics.ridge.estimators import Estimator

__all__ = ["FittedBandedRidge", "fit_banded_ridge"]


@dataclass(frozen=True)
class FittedBandedRidge:
    """A fitted banded ridge regression.

    Parameters
    ----------
    weights
        (feature, unit).
    intercept
        (unit,), zeros if the estimator has none.
    alphas
        (unit,) the penalties chosen.
    gammas
        (space, unit) the mixes chosen. The penalty of a space is alpha / gamma.
    inner
        (unit,) the values by which both were chosen.
    """

    weights: np.ndarray
    intercept: np.ndarray
    alphas: np.ndarray
    gammas: np.ndarray
    inner: np.ndarray

    @property
    def deltas(self) -> np.ndarray:
        """Return log(gamma / alpha) (space, unit), as himalaya states penalties; -inf for none."""
        with np.errstate(divide="ignore"):
            return np.asarray(np.log(self.gammas / self.alphas))

    def predict(self, design: np.ndarray) -> np.ndarray:
        """Return predictions (row, unit) for ``design (row, feature)``."""
        return np.asarray(design @ self.weights + self.intercept)


def fit_banded_ridge(
    design: np.ndarray,
    responses: np.ndarray,
    spaces: Sequence[str],
    estimator: Estimator,
    mixes: Mixes,
    *,
    seed: int = 0,
    alpha_per_unit: bool = True,
) -> FittedBandedRidge:
    """Fit all rows in float64.

    Parameters
    ----------
    design
        (row, feature), finite.
    responses
        (row, unit), finite. All units are fitted at once: pass blocks of them to bound memory.
    spaces
        (feature,) the name of each column's space.
    estimator
        How mixes and penalties are judged; `Nested` needs outer folds and has none here.
    mixes
        Which mixes are tried, their numbers in the order in which spaces first appear.
    seed
        For the mixes, and for the estimators that draw rows.
    alpha_per_unit
        If False, in each mix all units share the alpha with the best mean.

    >>> from heschl.metrics.ridge import KFold
    >>> from heschl.metrics.ridge.banded import GivenMixes
    >>> design = np.random.default_rng(0).normal(size=(40, 2))
    >>> estimator, mixes = KFold((1e-6,), n_folds=2), GivenMixes(((0.5, 0.5), (1.0, 0.0)))
    >>> fitted = fit_banded_ridge(design, 2 * design[:, :1] + 1, ["a", "b"], estimator, mixes)
    >>> fitted.weights.round(3).tolist(), fitted.intercept.round(3).tolist()
    ([[2.0], [0.0]], [1.0])
    """
    design = np.asarray(design, dtype=np.float64)
    responses = np.asarray(responses, dtype=np.float64)
    grouped = Spaces.from_labels(spaces)
    tried = mixes.draw(len(grouped), seed=seed)
    rows = np.arange(len(design))
    ((found,),) = search_mixes(
        design,
        [responses],
        grouped,
        arrange([(rows, rows)], estimator, n_rows=len(rows), seed=seed),
        estimator,
        [tried],
        score="r2",
        dtype=np.float64,
        alpha_per_unit=alpha_per_unit,
        has_weights=True,
    )
    assert found.weights is not None  # noqa: S101 - tells the type checker
    weights = found.weights[0]
    intercept = np.zeros(responses.shape[1])
    if estimator.has_intercept:
        intercept = responses.mean(axis=0) - design.mean(axis=0) @ weights
    return FittedBandedRidge(
        weights,
        intercept,
        np.array(estimator.alphas)[found.alpha_index[0]],
        tried[found.mix_index[0]].T,
        found.inner[0],
    )
