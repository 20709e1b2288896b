"""Noise ceilings: how well a perfect model could do, each with its conditions.

The kinds here rest on repeats of one stimulus; those of `heschl.shared_ceilings` on listeners who
share one. Most confusion about ceilings is between two powers: a *correlation* ceiling
divides correlations, a *variance* ceiling (a reliability) divides r squared and
R squared; `normalise` sees to it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Protocol, get_args

import numpy as np
import xarray as xr

from heschl.configuration import describe
from heschl.dimensions import REPEAT, TIME, UNIT
from heschl.errors import InvalidInput
from heschl.reliability import (
    ccmax,
    explainable_variance,
    repeat_covariance,
    split_half,
)
from heschl.temporal import is_constant, zscore

__all__ = [
    "Ceiling",
    "CorrelationCeiling",
    "ExplainableVariance",
    "NoCeiling",
    "Power",
    "RepeatCeiling",
    "SplitHalf",
    "check_rows",
    "normalise",
]

Power = Literal["correlation", "variance"]

_MINIMUM_ROWS = 10
"""With fewer rows the noise of an estimate is larger than any ceiling."""

_UNITS_AT_ONCE = 4096
"""Bounds the memory of intermediate results; it changes no number."""

_MINIMUM_REPEATS = 2


class Ceiling(Protocol):
    """What is common to all kinds."""

    kind: ClassVar[str]
    power: ClassVar[Power]

    @property
    def minimum(self) -> float:
        """Units whose ceiling is not above it are left out of normalised averages."""

    def configuration(self) -> Mapping[str, Any]:
        """Return every setting, defaults included, and the numerics version."""


class RepeatCeiling(Ceiling, Protocol):
    """A ceiling from repeats of the stimulus that is scored."""

    def __call__(self, repeats: xr.DataArray, *, seed: int = 0) -> xr.DataArray:
        """Return the ceiling (unit,) of ``repeats`` (repeat, time, unit).

        Give exactly the rows that are scored. Units of which a repeat does not
        vary get 0, and True in the coordinate ``is_constant``.
        """


@dataclass(frozen=True)
class CorrelationCeiling:
    """CCmax: the correlation of the true signal with the mean of all repeats.

    NC-CCMAX of Schoppe et al. (2016). Repeats are z-scored first. Divides
    correlations with that mean.
    """

    kind: ClassVar[str] = "NC-CCMAX"
    power: ClassVar[Power] = "correlation"
    minimum: float = 0.0

    def configuration(self) -> Mapping[str, Any]:
        """Return every setting and the numerics version."""
        return {**describe(self), "numerics": 1}

    def __call__(self, repeats: xr.DataArray, *, seed: int = 0) -> xr.DataArray:  # noqa: ARG002
        """Return the ceiling (unit,); nothing is random in it."""
        return _labelled(repeats, lambda values: ccmax(repeat_covariance(zscore(values))))


@dataclass(frozen=True)
class ExplainableVariance:
    """The share of signal in the variance of a single repeat, corrected for bias.

    NC-EV. Divides R squared, or r squared, with single repeats. It may be
    negative where there is no signal.
    """

    kind: ClassVar[str] = "NC-EV"
    power: ClassVar[Power] = "variance"
    minimum: float = 0.0

    def configuration(self) -> Mapping[str, Any]:
        """Return every setting and the numerics version."""
        return {**describe(self), "numerics": 1}

    def __call__(self, repeats: xr.DataArray, *, seed: int = 0) -> xr.DataArray:  # noqa: ARG002
        """Return the ceiling (unit,); nothing is random in it."""
        return _labelled(repeats, lambda values: explainable_variance(repeat_covariance(values)))


@dataclass(frozen=True)
class SplitHalf:
    """The reliability of the mean of all repeats, from random halves.

    NC-SPLIT. Divides r squared, or R squared, with that mean; its square root
    divides correlations. An odd repeat sits out in turn, and the correction
    goes from the half to all repeats.
    """

    kind: ClassVar[str] = "NC-SPLIT"
    power: ClassVar[Power] = "variance"
    n_draws: int = 100
    minimum: float = 0.0

    def configuration(self) -> Mapping[str, Any]:
        """Return every setting and the numerics version."""
        return {**describe(self), "numerics": 1}

    def __call__(self, repeats: xr.DataArray, *, seed: int = 0) -> xr.DataArray:
        """Return the ceiling (unit,); ``seed`` draws the halves."""
        n_repeats = repeats.sizes.get(REPEAT, 0)
        generator = np.random.default_rng(seed)
        orders = generator.permuted(np.tile(np.arange(n_repeats), (self.n_draws, 1)), axis=1)
        return _labelled(repeats, lambda values: split_half(repeat_covariance(values), orders))


@dataclass(frozen=True)
class NoCeiling:
    """Nothing to divide by, for protocols that compare raw scores.

    Also for metrics whose correction depends on the model: they return ``normalised`` themselves.
    """

    kind: ClassVar[str] = "none"
    power: ClassVar[Power] = "correlation"
    minimum: float = 0.0

    def configuration(self) -> Mapping[str, Any]:
        """Return every setting and the numerics version."""
        return {**describe(self), "numerics": 1}


def normalise(
    score: xr.DataArray, values: xr.DataArray, *, score_power: Power, ceiling: Ceiling
) -> xr.DataArray:
    """Divide scores by their ceiling in the right power; nothing is clipped.

    Correlations are divided by a correlation ceiling or the square root of a
    variance ceiling, r squared and R squared by the variance ceiling or the
    square of a correlation ceiling. Units whose ceiling is not above
    ``ceiling.minimum`` become NaN: there the quotient is undefined.

    Parameters
    ----------
    score
        Of any dims, ``unit`` among them.
    values
        What ``ceiling`` returned, with no dim that the score has not.
    score_power
        Whether the score is a correlation or a share of variance.
    ceiling
        The kind of ceiling.
    """
    for name, power in (("the score", score_power), ("the ceiling", ceiling.power)):
        if power not in get_args(Power):
            raise InvalidInput(f"{name} has power {power!r}; expected one of {get_args(Power)}")
    if UNIT not in values.dims or not set(values.dims) <= set(score.dims):
        raise InvalidInput(
            f"a ceiling {values.dims} cannot normalise a score {score.dims}; "
            "both need the dim unit, and the score every dim of the ceiling"
        )
    for name, array in (("score", score), ("ceiling", values)):
        if not np.isfinite(array).all():
            raise InvalidInput(f"the {name} holds NaN or infinity; drop such units beforehand")
    try:
        score, values = xr.align(score, values, join="exact", copy=False)
    except ValueError as error:
        raise InvalidInput(
            "the score and its ceiling are labelled for different units; "
            "select the scored units of the ceiling"
        ) from error
    # Below 0 there is neither a quotient nor a square root, whatever the minimum.
    usable = values.where(values > max(ceiling.minimum, 0.0))
    if score_power != ceiling.power:
        usable = usable ** (2.0 if score_power == "variance" else 0.5)
    return score / usable


def _labelled(repeats: xr.DataArray, estimate: Callable[[np.ndarray], np.ndarray]) -> xr.DataArray:
    """Return the estimate (unit,) from values (row, repeat, unit), with flat units at 0."""
    check_rows(repeats, REPEAT, _MINIMUM_REPEATS, "a ceiling from repeats needs the single repeats")
    n_units = repeats.sizes[UNIT]
    ceiling, flat = np.zeros(n_units), np.zeros(n_units, dtype=bool)
    for start in range(0, n_units, _UNITS_AT_ONCE):
        block = slice(start, start + _UNITS_AT_ONCE)
        # One layout, so that sums are in one order whatever that of the units.
        values = np.array(
            repeats[:, :, block].to_numpy().transpose(1, 0, 2), dtype=np.float64, order="C"
        )
        flat[block] = is_constant(values).any(axis=0)
        ceiling[block] = np.where(flat[block], 0.0, estimate(values))
    return xr.DataArray(
        ceiling,
        dims=UNIT,
        coords={UNIT: repeats[UNIT].to_numpy(), "is_constant": (UNIT, flat)},
        name="ceiling",
    )


def check_rows(array: xr.DataArray, first: str, at_least: int, need: str) -> None:
    """Refuse an array that is not (``first``, time, unit), long enough and finite."""
    if array.dims != (first, TIME, UNIT):
        raise InvalidInput(f"{need}: got dims {array.dims}, expected {(first, TIME, UNIT)}")
    if array.sizes[first] < at_least:
        raise InvalidInput(
            f"{need}: got {array.sizes[first]}, expected at least {at_least}; "
            "take another kind of ceiling where there are no more"
        )
    if array.sizes[TIME] < _MINIMUM_ROWS:
        raise InvalidInput(
            f"{need}: got {array.sizes[TIME]} rows, expected at least {_MINIMUM_ROWS}"
        )
    if not np.isfinite(array.to_numpy()).all():
        raise InvalidInput(
            f"{need}: some values are not finite; drop units without data, and give listeners "
            "on the identical, time-aligned stimulus"
        )
