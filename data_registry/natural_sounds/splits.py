"""The random splits of Tuckute et al. (2023), to the sound."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from heschl.configuration import describe
from heschl.dimensions import STIMULUS
from heschl.errors import InvalidInput
from heschl.splits import Fold

__all__ = ["RandomSplits"]


@dataclass(frozen=True)
class RandomSplits:
    """Draw training rows at random, and test rows from the rest, anew for each split.

    NumPy's legacy generator draws both, so that the seed 0 gives the published splits of the 165
    sounds in the order of the neural data.

    Parameters
    ----------
    n
        Number of splits.
    n_train, n_test
        Rows on each side; together no more than there are.
    seed
        Of the legacy generator.

    Examples
    --------
    >>> first, *_ = RandomSplits().folds({"stimulus": np.arange(165).astype(str)})
    >>> first.train[:3].tolist(), first.test[:3].tolist()
    ([45, 51, 108], [124, 67, 49])
    """

    n: int = 10
    n_train: int = 83
    n_test: int = 82
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse counts that are none."""
        for name in ("n", "n_train", "n_test"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise InvalidInput(f"{name}={value!r}; expected a whole number, 1 or above")

    def configuration(self) -> Mapping[str, Any]:
        """Return every setting and the numerics version."""
        return {**describe(self), "numerics": 1}

    def folds(self, rows: Mapping[str, np.ndarray]) -> tuple[Fold, ...]:
        """Return the splits of rows whose labels ``{name: (row,)}`` are given."""
        n_rows = len(rows[STIMULUS])
        if n_rows < self.n_train + self.n_test:
            raise InvalidInput(
                f"{n_rows} rows cannot give {self.n_train} to train and {self.n_test} to test on; "
                "fetch the missing sounds or ask for fewer"
            )
        generator = np.random.RandomState(self.seed)
        return tuple(self._draw(generator, number, n_rows) for number in range(1, self.n + 1))

    def _draw(self, generator: np.random.RandomState, number: int, n_rows: int) -> Fold:
        train = generator.choice(n_rows, self.n_train, replace=False)
        rest = np.setdiff1d(np.arange(n_rows), train)
        test = generator.choice(rest, self.n_test, replace=False)
        return Fold(f"{number} of {self.n}", train=train, test=test)
