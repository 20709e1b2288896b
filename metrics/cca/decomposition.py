"""One fold's features, divided into what two models share and what they do not.

Everything is fitted on training rows and applied to all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from heschl.metrics.cca.canonical import CanonicalPairs, canonical_pairs
from heschl.metrics.cca.moments import Moments
from heschl.metrics.cca.whitening import penalty_share, whitened

__all__ = ["CONTEXT", "SIDES", "Block", "Decomposition", "residual"]

SIDES: Mapping[str, tuple[str, str]] = {
    "shared": ("model", "shared"),
    "rest": ("model", "rest"),
    "rest_full": ("model", "rest_full"),
    "partner_shared": ("partner", "shared"),
    "partner_rest": ("partner", "rest"),
    "partner_rest_full": ("partner", "rest_full"),
}
"""The blocks of canonical pairs: whose variates, and which of them."""

CONTEXT = "context"
"""The control that is made of the partner's own layers."""

_ROUNDING = 1e-10
"""The share of a feature's variance below which a residual of it is rounding."""


class Block(NamedTuple):
    """Variates to predict responses from.

    Parameters
    ----------
    design
        (row, direction), of all rows; no directions where there are none of the kind.
    correlation, held_out
        (pair,) the canonical correlations of its pairs, on training rows and on the others.
    """

    design: np.ndarray
    correlation: np.ndarray
    held_out: np.ndarray


@dataclass(frozen=True, eq=False)
class Decomposition:
    """Two models' features (row, feature), and what divides them in one fold.

    Parameters
    ----------
    model, partner
        The layers that are compared.
    words
        The partner's first layer.
    controls
        Further features that what is shared is compared with, by name.
    train, test
        Row numbers.
    moments
        Of model and partner on the training rows.
    n_shared
        How many pairs count as shared.
    """

    model: np.ndarray
    partner: np.ndarray
    words: np.ndarray
    controls: Mapping[str, np.ndarray]
    train: np.ndarray
    test: np.ndarray
    moments: Moments
    n_shared: int

    @cached_property
    def pairs(self) -> CanonicalPairs:
        """The canonical pairs of model and partner."""
        return canonical_pairs(self.moments)

    def directions(self, name: str) -> tuple[str, slice]:
        """Return whose variates make one of the blocks of `SIDES`, and which."""
        side, part = SIDES[name]
        view = self.pairs.first if side == "model" else self.pairs.second
        n_shared = min(self.n_shared, self.pairs.n_pairs)
        return side, {
            "shared": slice(0, n_shared),
            "rest": slice(n_shared, self.pairs.n_pairs),
            "rest_full": slice(n_shared, view.n_directions),
        }[part]

    def block(self, name: str) -> Block:
        """Return a block of `SIDES`, or one of a control's variates.

        A control's variates are its own side of the pairs with the partner's shared variates: the
        other side would be the same space for every control that has as many dimensions.
        """
        if name not in SIDES:
            return self._of_control(name)
        side, directions = self.directions(name)
        view, rows = (
            (self.pairs.first, self.model) if side == "model" else (self.pairs.second, self.partner)
        )
        return Block(
            view.transform(rows, directions),
            self.pairs.correlations[directions],
            self._held_out[directions],
        )

    @cached_property
    def _held_out(self) -> np.ndarray:
        return self.pairs.correlations_of(self.model[self.test], self.partner[self.test])

    @cached_property
    def _shared_of_partner(self) -> np.ndarray:
        return self.block("partner_shared").design

    def _of_control(self, name: str) -> Block:
        if name == CONTEXT:
            control = residual(self.partner, self.words, self.train)
        else:
            control = self.controls[name]
        if not np.ptp(control[self.train], axis=0).any():
            return Block(np.empty((len(control), 0)), np.empty(0), np.empty(0))
        shared = self._shared_of_partner
        pairs = canonical_pairs(Moments.of(shared[self.train], control[self.train]))
        return Block(
            pairs.second.transform(control, slice(pairs.n_pairs)),
            pairs.correlations,
            pairs.correlations_of(shared[self.test], control[self.test]),
        )


def residual(values: np.ndarray, predictors: np.ndarray, train: np.ndarray) -> np.ndarray:
    """Return features (row, feature) less what a linear map of the predictors says of them.

    The map is fitted on the training rows, with the penalty of `canonical_pairs`. What is left of a
    feature that is predicted wholly becomes 0.

    >>> words = np.random.default_rng(0).standard_normal((100, 2))
    >>> residual(3 * words + 1, words, np.arange(80)).any()
    np.False_
    """
    if not np.ptp(predictors[train], axis=0).any():
        return np.asarray(values - values[train].mean(axis=0, dtype=np.float64))
    moments = Moments.of(predictors[train], values[train])
    view = whitened(moments, 0, penalty_share(moments, None))
    weights = view.weights @ (view.weights.T @ moments.covariance(0, 1))
    left = values - moments.mean(1) - (predictors - view.means) @ weights
    variance = np.diagonal(moments.covariance(1, 1))
    left[:, left[train].var(axis=0) <= _ROUNDING * variance] = 0.0
    return np.asarray(left)
