"""Whether noise ceilings come out as their closed forms say, on repeats simulated in memory."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import xarray as xr

from heschl.ceilings import (
    CorrelationCeiling,
    ExplainableVariance,
    Power,
    RepeatCeiling,
    SplitHalf,
    normalise,
)
from heschl.dimensions import REPEAT, SUBJECT, TIME, UNIT
from heschl.findings import Finding
from heschl.shared_ceilings import SharedCorrelation

__all__ = ["verification"]

_SEEDS = (0, 1, 2)
_N_UNITS = 200
_N_DRAWS = 10
"""Of halves: enough for a mean over 600 units."""

_HIGH_CEILING = 0.4
"""What voxels of moussa2025 must exceed."""


def verification() -> list[Finding]:
    """Return what every kind of ceiling makes of a known share of signal. Takes a few seconds."""
    return [*_ccmax(), _ccmax_of_noise(), *_reliabilities(), _shared(), *_perfect_model()]


def _ccmax() -> list[Finding]:
    return [
        _finding(
            f"NC-CCMAX, {n_repeats} repeats, {share:.2%} signal",
            "median ceiling",
            (share / (share + (1 - share) / n_repeats)) ** 0.5,
            lambda repeats: CorrelationCeiling()(repeats).median(),
            heard=partial(_heard, n_repeats, 251, share),
            tolerance=0.03,
            source="S-moussa.alignment",
        )
        for n_repeats, share in ((10, 0.0187), (10, 0.05), (10, 0.3), (5, 0.0367))
    ]


def _ccmax_of_noise() -> Finding:
    # The closed form is of one digit. The share of 3,000 units has a standard error of 0.3 %.
    return _finding(
        "NC-CCMAX, 10 repeats, noise",
        f"units with ceiling > {_HIGH_CEILING}",
        0.03,
        lambda repeats: (CorrelationCeiling()(repeats) > _HIGH_CEILING).mean(),
        heard=partial(_heard, 10, 251, 0.0, n_units=1000),
        tolerance=0.015,
        source="S-moussa.alignment",
    )


def _reliabilities() -> list[Finding]:
    n_repeats, share = 10, 0.4
    kinds: list[tuple[RepeatCeiling, float]] = [
        (ExplainableVariance(), share),
        (SplitHalf(n_draws=_N_DRAWS), share / (share + (1 - share) / n_repeats)),
    ]
    return [
        _finding(
            f"{kind.kind}, {n_repeats} repeats, {share:.0%} signal",
            "mean ceiling",
            planted,
            partial(_mean, kind),
            heard=partial(_heard, n_repeats, 500, share),
            tolerance=0.015,
            source="S-chen.trf",
        )
        for kind, planted in kinds
    ]


def _shared() -> Finding:
    n_subjects, share = 30, 0.5
    return _finding(
        f"NC-SHARED univariate, {n_subjects} listeners, {share:.0%} signal",
        "mean ceiling",
        share / (share + (1 - share) / (n_subjects - 1)) ** 0.5,
        lambda repeats: SharedCorrelation()(repeats.rename({REPEAT: SUBJECT})).mean(),
        heard=partial(_heard, n_subjects, 300, share),
        tolerance=0.01,
        source="S-millet.noise_ceiling",
    )


def _perfect_model() -> list[Finding]:
    """Divide the agreement of the signal itself with the mean of repeats by each ceiling."""
    kinds: list[RepeatCeiling] = [CorrelationCeiling(), SplitHalf(n_draws=_N_DRAWS)]
    powers: list[Power] = ["correlation", "variance"]
    return [
        _finding(
            f"perfect model, {'r' if power == 'correlation' else 'r²'} with {kind.kind}",
            "mean ratio",
            1.0,
            partial(_ratio, kind, power),
            heard=partial(_heard, 5, 500, 0.5),
            tolerance=0.03,
            source="cross-cutting (iv)",
        )
        for power in powers
        for kind in kinds
    ]


def _mean(kind: RepeatCeiling, repeats: xr.DataArray) -> xr.DataArray:
    return kind(repeats).mean()


def _ratio(kind: RepeatCeiling, power: Power, repeats: xr.DataArray) -> xr.DataArray:
    r = xr.corr(repeats["signal"], repeats.mean(REPEAT), dim=TIME)
    score = r if power == "correlation" else r**2
    ceiling = kind(repeats).drop_vars("is_constant")
    return normalise(score, ceiling, score_power=power, ceiling=kind).mean()


def _heard(
    n_repeats: int, n_rows: int, share: float, seed: int, *, n_units: int = _N_UNITS
) -> xr.DataArray:
    """Return noisy repeats (repeat, time, unit) of a signal, which is the coordinate ``signal``."""
    generator = np.random.default_rng(seed)
    signal = generator.standard_normal((n_rows, n_units)) * share**0.5
    noise = generator.standard_normal((n_repeats, n_rows, n_units)) * (1 - share) ** 0.5
    labels = {TIME: np.arange(n_rows), UNIT: np.arange(n_units), "signal": ((TIME, UNIT), signal)}
    return xr.DataArray(signal + noise, dims=(REPEAT, TIME, UNIT), coords=labels)


def _finding(
    about: str,
    quantity: str,
    planted: float,
    measure: Callable[[xr.DataArray], xr.DataArray],
    *,
    heard: Callable[[int], xr.DataArray],
    tolerance: float,
    source: str,
) -> Finding:
    """Compare a closed form with the mean over what is measured of repeats, heard with a seed."""
    return Finding.of_numbers(
        [planted] * len(_SEEDS),
        [float(measure(heard(seed))) for seed in _SEEDS],
        tolerance,
        benchmark="engine",
        about=about,
        quantity=quantity,
        source=f"docs/protocols.md, {source}",
    )
