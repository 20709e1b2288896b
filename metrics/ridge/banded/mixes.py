"""Mixes: how much of the design each feature space is, drawn from the simplex or given.

In the mix ``gammas (space,)`` the penalty of space s is alpha / gamma_s. A gamma
of 0 leaves the space out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from heschl.errors import InvalidInput

__all__ = ["GivenMixes", "Mixes", "RandomMixes"]


@dataclass(frozen=True)
class RandomMixes:
    """Draw mixes from Dirichlet distributions over the simplex, the even mix first.

    The draws are those of himalaya's random search with the same
    ``random_state``; one space alone needs no second mix.

    Parameters
    ----------
    n_mixes
        The number of mixes.
    concentrations
        Of the distributions, taken in turn. 1 is uniform over the simplex; below, most mixes
        nearly leave out all spaces but one.

    Examples
    --------
    >>> RandomMixes(n_mixes=3).draw(2, seed=0).round(3)
    array([[0.5  , 0.5  ],
           [0.873, 0.127],
           [0.42 , 0.58 ]])
    """

    n_mixes: int = 100
    concentrations: tuple[float, ...] = (0.1, 1.0)

    def __post_init__(self) -> None:
        """Refuse no mixes, and concentrations that no distribution has."""
        count = self.n_mixes
        if isinstance(count, bool) or not isinstance(count, int) or count < 1:
            raise InvalidInput(f"n_mixes={count!r}; expected a whole number of at least 1")
        try:
            values = tuple(float(value) for value in self.concentrations)
        except (TypeError, ValueError) as error:
            raise InvalidInput(
                f"concentrations={self.concentrations!r}; expected a sequence of numbers"
            ) from error
        if not values or not np.isfinite(values).all() or min(values) <= 0:
            raise InvalidInput(f"concentrations={values}; expected finite numbers above 0")
        object.__setattr__(self, "concentrations", values)

    def draw(self, n_spaces: int, *, seed: int) -> np.ndarray:
        """Return the mixes (mix, space), each of sum 1."""
        if n_spaces == 1:
            return np.ones((1, 1))
        # The legacy generator: its stream is frozen for good, and it is himalaya's.
        generator = np.random.RandomState(seed % 2**32)
        n_rounds = -(-self.n_mixes // len(self.concentrations))
        drawn = [generator.dirichlet([c] * n_spaces, n_rounds) for c in self.concentrations]
        mixes = np.stack(drawn, axis=1).reshape(-1, n_spaces)[: self.n_mixes]
        mixes[0] = 1.0 / n_spaces
        return mixes


@dataclass(frozen=True)
class GivenMixes:
    """Try these mixes in this order; among equals the first is taken.

    Parameters
    ----------
    gammas
        For each mix a number for each space, 0 or above.

    Examples
    --------
    >>> GivenMixes(((1.0, 1.0), (0.1, 0.9))).draw(2, seed=0).shape
    (2, 2)
    """

    gammas: tuple[tuple[float, ...], ...]

    def __post_init__(self) -> None:
        """Refuse mixes that are none."""
        try:
            gammas = tuple(tuple(float(gamma) for gamma in mix) for mix in self.gammas)
        except (TypeError, ValueError) as error:
            raise InvalidInput(
                f"gammas={self.gammas!r}; expected a sequence of numbers for each mix"
            ) from error
        object.__setattr__(self, "gammas", gammas)
        if not gammas:
            raise InvalidInput("gammas=(); expected at least one mix")
        for mix in gammas:
            if not np.isfinite(mix).all() or min(mix, default=-1.0) < 0 or sum(mix) <= 0:
                raise InvalidInput(
                    f"the mix {mix}; expected finite numbers of 0 or above, one of them above 0"
                )

    def draw(self, n_spaces: int, *, seed: int) -> np.ndarray:
        """Return the mixes (mix, space) as they are."""
        del seed
        for mix in self.gammas:
            if len(mix) != n_spaces:
                raise InvalidInput(
                    f"the mix {mix} is of {len(mix)} feature spaces and the design has {n_spaces}; "
                    "give one number for each, in the order of their names in the design"
                )
        return np.array(self.gammas)


Mixes: TypeAlias = RandomMixes | GivenMixes
