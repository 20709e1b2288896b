"""Statistics over listeners and units: tests, false discoveries, intervals, best layers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import scipy.stats

from heschl.errors import InvalidInput
from heschl.wording import counted

__all__ = [
    "BestLayer",
    "Discoveries",
    "Interval",
    "TestResult",
    "best_layer",
    "bootstrap_interval",
    "fdr",
    "standard_error",
    "testability_floor",
    "wilcoxon",
]

_MINIMUM_N = 6
"""With fewer differences not even a unanimous sign reaches p < .05."""

_EXACT_UP_TO = 25
"""The largest number of differences for which p is exact."""

_ROUNDING = 1e-12
"""What directions around a circle and their means may be off; no two layers are so close."""

_RELIABLE_RESULTANT = 0.3
"""Best layers that agree less than this are flagged."""


@dataclass(frozen=True)
class TestResult:
    """The outcome of a test, or why there is none.

    Parameters
    ----------
    p
        Two-sided; NaN where the test is not possible.
    n
        The number of differences that entered, zeros dropped.
    is_testable
        Whether there is a p.
    reason
        Why not, in words; empty where there is one.
    """

    __test__ = False  # or pytest would collect it

    p: float
    n: int
    is_testable: bool = True
    reason: str = ""


def testability_floor(n: int) -> float:
    """Return the smallest two-sided p that n differences can reach.

    >>> [testability_floor(n) for n in (3, 5, 6, 8)]
    [0.25, 0.0625, 0.03125, 0.0078125]
    """
    if n < 1:
        raise InvalidInput(f"n={n}; expected at least one difference")
    return float(2.0 ** (1 - n))


def wilcoxon(differences: Sequence[float] | np.ndarray) -> TestResult:
    """Test whether paired differences are symmetric around zero (signed ranks, two-sided).

    Zeros are dropped. Up to 25 differences p is exact, ties included: it counts
    the sign flips of the observed ranks. Beyond, it is the normal approximation
    with the variance corrected for ties.

    Parameters
    ----------
    differences
        One for each listener (subject,).

    >>> wilcoxon([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]).p
    0.0078125
    >>> wilcoxon([1.0, 2.0, 3.0]).reason
    'not testable: 3 differences other than zero, of which p < .05 needs 6'
    """
    values = _finite_sample(differences, "differences")
    values = values[values != 0]
    n = len(values)
    if n < _MINIMUM_N:
        reason = (
            f"not testable: {counted(n, 'difference')} other than zero, of which p < .05 needs "
            f"{_MINIMUM_N}"
        )
        return TestResult(float("nan"), n, is_testable=False, reason=reason)
    # Twice the rank is a whole number, however many tie.
    ranks = np.rint(2 * scipy.stats.rankdata(np.abs(values))).astype(np.int64)
    positive = int(ranks[values > 0].sum())
    if n <= _EXACT_UP_TO:
        p = _exact_p(tuple(np.sort(ranks).tolist()), min(positive, int(ranks.sum()) - positive))
    else:
        # Under sign flips the doubled rank sum has this mean and variance, tied or not.
        z = (positive - ranks.sum() / 2) / np.sqrt((ranks.astype(np.float64) ** 2).sum() / 4)
        p = float(2 * scipy.stats.norm.sf(abs(z)))
    return TestResult(min(p, 1.0), n)


def _exact_p(ranks: tuple[int, ...], smaller_sum: int) -> float:
    """Return the two-sided share of sign flips whose smaller rank sum is no larger."""
    return float(2 * _sign_flips(ranks)[: smaller_sum + 1].sum() / 2 ** len(ranks))


@lru_cache(maxsize=64)
def _sign_flips(ranks: tuple[int, ...]) -> np.ndarray:
    """Return how many of all sign flips give each sum of positive ranks (sum,)."""
    counts = np.zeros(sum(ranks) + 1, dtype=np.int64)
    counts[0] = 1
    for rank in ranks:
        counts[rank:] = counts[rank:] + counts[: len(counts) - rank]
    return counts


class Discoveries(NamedTuple):
    """Adjusted p values, and which of them are discoveries; both in the shape of p."""

    adjusted: np.ndarray
    is_discovery: np.ndarray


def fdr(p: np.ndarray, q: float = 0.05) -> Discoveries:
    """Control the false discovery rate over all of ``p`` (Benjamini and Hochberg, 1995).

    NaN, which stands for not testable, does not count as a test, stays NaN and
    is never a discovery.

    Parameters
    ----------
    p
        Of any shape; all its entries are one family.
    q
        The rate to control.

    >>> fdr(np.array([0.01, 0.04, np.nan, 0.5])).adjusted.tolist()
    [0.03, 0.06, nan, 0.5]
    """
    values = np.asarray(p, dtype=np.float64)
    tested = ~np.isnan(values)
    if not 0 < q < 1:
        raise InvalidInput(f"q={q}; expected a rate between 0 and 1, such as .05")
    if not ((values[tested] >= 0) & (values[tested] <= 1)).all():
        raise InvalidInput(
            f"p values lie between {values[tested].min():.3g} and {values[tested].max():.3g}; "
            "expected 0 to 1, or NaN where there is no test"
        )
    adjusted = np.full(values.shape, np.nan)
    if tested.any():
        adjusted[tested] = scipy.stats.false_discovery_control(values[tested])
    return Discoveries(adjusted, adjusted <= q)


class Interval(NamedTuple):
    """Both ends of an interval: numbers, or arrays over what was not resampled."""

    low: np.ndarray
    high: np.ndarray


def bootstrap_interval(
    values: Sequence[float] | np.ndarray,
    *,
    level: float = 0.95,
    n_draws: int = 10_000,
    seed: int = 0,
) -> Interval:
    """Return the percentile bootstrap interval of the mean over the first axis.

    For a paired interval, give differences. Columns are resampled together.

    Parameters
    ----------
    values
        (resampled unit, ...), such as one score for each listener.
    level
        The share of draws inside.

    Returns
    -------
    Interval
        In the shape of the remaining axes; NaN for a single unit, which has no spread.
    """
    sample = _finite_sample(values, "values to resample")
    if not 0 < level < 1:
        raise InvalidInput(f"level={level}; expected a share between 0 and 1, such as .95")
    if n_draws < 1 / (1 - level):
        raise InvalidInput(f"n_draws={n_draws} cannot show a {level:.0%} interval; draw thousands")
    n = len(sample)
    if n == 1:
        undefined = np.full(sample.shape[1:], np.nan)
        return Interval(undefined, undefined.copy())
    generator = np.random.default_rng(seed)
    # How often each unit is drawn says all that the mean needs.
    counts = generator.multinomial(n, np.full(n, 1 / n), size=n_draws)
    means = counts @ sample.reshape(n, -1) / n  # (draw, column)
    ends = np.quantile(means, [(1 - level) / 2, (1 + level) / 2], axis=0)
    low, high = ends.reshape(2, *sample.shape[1:])
    return Interval(low, high)


def standard_error(values: Sequence[float] | np.ndarray) -> np.ndarray:
    """Return the standard error of the mean over the first axis; NaN for a single value.

    >>> float(standard_error([1.0, 2.0, 3.0, 4.0, 5.0])).__round__(6)
    0.707107
    """
    sample = _finite_sample(values, "values")
    if len(sample) == 1:
        return np.full(sample.shape[1:], np.nan)
    return np.asarray(sample.std(axis=0, ddof=1) / np.sqrt(len(sample)))


class BestLayer(NamedTuple):
    """Where layers are best over listeners; arrays in the shape of the units."""

    circular_mean: np.ndarray
    """k*, from 0 to below K + 1; NaN where opposite layers cancel."""
    resultant_length: np.ndarray
    """Agreement, from 0 to 1."""
    linear_median: np.ndarray
    """The median of layers, for which the first and the last are far apart."""
    is_reliable: np.ndarray
    """Whether listeners agree enough for k* to mean something."""


def best_layer(layers: np.ndarray, n_layers: int) -> BestLayer:
    """Summarise each listener's best layer by its circular mean (Millet et al., 2022).

    On the circle of K + 1 steps the first and the last layer are 2 apart.

    Parameters
    ----------
    layers
        Best layers (subject, ...), counted from 1.
    n_layers
        K, the number of layers to choose from.

    >>> float(best_layer(np.array([4, 8]), n_layers=19).circular_mean).__round__(9)
    6.0
    """
    chosen = np.asarray(layers)
    is_whole = chosen.dtype.kind in "iuf" and bool(np.all(chosen == np.floor(chosen)))
    if not chosen.size or not is_whole or chosen.min() < 1 or chosen.max() > n_layers:
        raise InvalidInput(
            f"best layers of shape {chosen.shape} are not whole numbers from 1 to {n_layers}; "
            "count layers from 1 and leave out listeners without one"
        )
    turn = n_layers + 1
    resultant = np.exp(2j * np.pi * chosen / turn).mean(axis=0)
    length = np.abs(resultant)
    mean = np.mod(np.angle(resultant) * turn / (2 * np.pi), turn)
    # The first and the last layer meet at 0, and not at K + 1 if rounding is below it.
    mean = np.where(turn - mean < _ROUNDING * turn, 0.0, mean)
    has_direction = length > _ROUNDING
    return BestLayer(
        circular_mean=np.where(has_direction, mean, np.nan),
        resultant_length=length,
        linear_median=np.median(chosen, axis=0),
        is_reliable=length >= _RELIABLE_RESULTANT,
    )


def _finite_sample(values: Sequence[float] | np.ndarray, what: str) -> np.ndarray:
    sample = np.asarray(values, dtype=np.float64)
    if not sample.ndim or not len(sample) or not np.isfinite(sample).all():
        raise InvalidInput(
            f"{what} of shape {sample.shape} hold {np.isfinite(sample).sum()} finite numbers; "
            "expected finite ones alone, at least one, so leave out those without a value"
        )
    return sample
