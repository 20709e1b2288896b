"""Recordings: one listener's responses, labelled, and the checks on their labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import xarray as xr

from heschl.dimensions import REPEAT, TIME, UNIT
from heschl.errors import InvalidInput

__all__ = ["Recording"]


@dataclass(frozen=True)
class Recording:
    """The responses of one listener.

    Parameters
    ----------
    subject
        The listener's identifier.
    responses
        For each stimulus an array (time, unit). The coordinate ``time`` holds
        seconds of the sound, the middle of each acquisition; ``unit`` numbers
        the voxels, vertices or electrodes, the same in every stimulus.
    repeats
        For each stimulus that was presented several times, the single
        presentations (repeat, time, unit), row for row with ``responses``.

    Units with a non-finite value anywhere are dropped by the benchmark, once,
    and counted; the loader keeps them so that the numbering is the file's.
    """

    subject: str
    responses: Mapping[str, xr.DataArray]
    repeats: Mapping[str, xr.DataArray] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check every label once, here, so that nothing downstream has to."""
        if not self.responses:
            raise InvalidInput(
                f"the recording of {self.subject} holds no stimulus; expected at least one"
            )
        units = next(iter(self.responses.values())).coords.get(UNIT)
        if units is not None and len(np.unique(units)) < units.size:
            raise InvalidInput(
                f"the recording of {self.subject} names a unit twice; number the units along "
                f"{UNIT!r}, each once, or nobody could tell which region it is in"
            )
        for stimulus, response in self.responses.items():
            self._check(stimulus, response, (TIME, UNIT), units)
        for stimulus, repeats in self.repeats.items():
            self._check(stimulus, repeats, (REPEAT, TIME, UNIT), units)
            if stimulus not in self.responses:
                raise InvalidInput(
                    f"the recording of {self.subject} repeats {stimulus!r}, "
                    "which is not among its responses"
                )
            if not np.array_equal(repeats[TIME], self.responses[stimulus][TIME]):
                raise InvalidInput(
                    f"the repeats of {stimulus!r} by {self.subject} have other times "
                    "than its response"
                )

    def _check(
        self,
        stimulus: str,
        array: xr.DataArray,
        dims: tuple[str, ...],
        units: xr.DataArray | None,
    ) -> None:
        where = f"the recording of {self.subject} for {stimulus!r}"
        if array.dims != dims:
            raise InvalidInput(f"{where} has dims {array.dims}; expected {dims}")
        if TIME not in array.coords or units is None or UNIT not in array.coords:
            raise InvalidInput(f"{where} lacks the coordinates {TIME!r} (seconds) and {UNIT!r}")
        times = np.asarray(array[TIME])
        if len(times) > 1 and not np.all(np.diff(times) > 0):
            raise InvalidInput(f"{where} has times that do not increase")
        if not np.array_equal(array[UNIT], units):
            raise InvalidInput(f"{where} has other units than the listener's first stimulus")

    @property
    def units(self) -> np.ndarray:
        """The unit numbers (unit,)."""
        return np.asarray(next(iter(self.responses.values()))[UNIT])

    def finite_units(self) -> np.ndarray:
        """Return which units are finite in every row of every stimulus, as booleans (unit,)."""
        finite = np.ones(len(self.units), dtype=bool)
        for array in (*self.responses.values(), *self.repeats.values()):
            values = array.to_numpy()
            finite &= np.isfinite(values).all(axis=tuple(range(values.ndim - 1)))
        return finite
