"""How the training sets of a mix are factored: as the engine chooses for the columns in it."""

from __future__ import annotations

import numpy as np

from heschl.metrics.ridge.banded.statistics import Statistics
from heschl.metrics.ridge.engine.factors import Route
from heschl.metrics.ridge.engine.route import Routing, choose_routes
from heschl.metrics.ridge.engine.settings import Settings

__all__ = ["MixRoutes"]


class MixRoutes:
    """The engine's choice for any mix, made once for all mixes of the same spaces.

    Parameters
    ----------
    statistics
        Of the design.
    settings
        What is asked for; each training set is a block of its own.
    largest_chunk
        As in `choose_routes`.
    largest_gamma
        Of any mix: by so much columns may be larger, beside a penalty, than they are.
    """

    def __init__(
        self,
        statistics: Statistics,
        settings: Settings,
        *,
        largest_chunk: int,
        largest_gamma: float,
    ) -> None:
        self._statistics = statistics
        self.settings = settings
        self._largest_chunk = largest_chunk
        self._largest_gamma = largest_gamma
        self._known: dict[bytes, Routing] = {}

    def of(self, gammas: np.ndarray) -> Routing:
        """Return the routing of a mix (space,)."""
        present = gammas > 0
        if present.tobytes() not in self._known:
            self._known[present.tobytes()] = choose_routes(
                self._statistics.mixed(present.astype(np.float64), has_kernel=False),
                self.settings.arrangement,
                self.settings.alphas / self._largest_gamma,
                self.settings.estimator,
                dtype=self.settings.dtype,
                largest_chunk=self._largest_chunk,
                is_raw=self.settings.is_raw,
            )
        return self._known[present.tobytes()]

    def has(self, route: Route, searches: list[np.ndarray]) -> bool:
        """Return whether any mix (mix, space) of any search takes a route."""
        return any(route in self.of(mix).routes for mixes in searches for mix in mixes)
