"""Whether the impact of planted low-level features is what their closed form says.

Features are ``X = F A + U B``, F low-level and U independent of it, each column z-scored as on the
scanner's clock; responses are ``y = r √φ F w + r √(1 - φ) U v + n`` with w and v of length 1.
Without F the correlation falls from r to r √(1 - φ), so that the impact is 100 (1 - √(1 - φ)).
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from heschl.dimensions import FEATURE, TIME, UNIT
from heschl.errors import InvalidInput
from heschl.findings import Finding, engine_findings
from heschl.metrics.low_level_impact.metric import LowLevelImpact
from heschl.metrics.low_level_impact.reduction import impact, require_same_rows
from heschl.metrics.low_level_impact.residuals import residualise
from heschl.metrics.ridge import Ridge
from heschl.splits import Fold

__all__ = ["simulated", "verification"]

_SEEDS = (0, 1, 2)
_SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
_TOLERANCES = {3000: 4.0, 10_000: 2.0}
"""Percentage points, for so many training rows."""
_N_COLUMNS, _N_UNITS, _N_TEST = 20, 60, 2000
_SIGNAL = 0.5
_SOURCE = "docs/protocols.md, S-moussa.low_level_impact"


_finding = engine_findings(_SOURCE)


def verification() -> list[Finding]:
    """Return what was planted and what the metric found of it. Takes some 8 seconds."""
    findings = []
    for n_train, tolerance in _TOLERANCES.items():
        for share in _SHARES:
            found = [_impact(n_train, share, seed) for seed in _SEEDS]
            about = f"{share:.0%} of the signal low-level, {n_train} rows"
            planted = [100 * (1 - np.sqrt(1 - share))] * len(found)
            findings.append(_finding(about, "impact of a region, %", planted, found, tolerance))
    return [*findings, *_orthogonality(), _noise(), *_reductions(), _refusal()]


def simulated(
    n_train: int, share: float, seed: int, *, signal: float = _SIGNAL
) -> tuple[np.ndarray, np.ndarray, np.ndarray, Fold]:
    """Return features, low-level features and responses, each (row, column), and the fold."""
    generator = np.random.default_rng([seed, n_train, round(100 * share)])
    n_rows = n_train + _N_TEST
    low, other = generator.standard_normal((2, n_rows, _N_COLUMNS))
    mixed = np.hstack([low, other]) @ generator.standard_normal((2 * _N_COLUMNS, 3 * _N_COLUMNS))
    weights = generator.standard_normal((2, _N_COLUMNS, _N_UNITS))
    weights /= np.linalg.norm(weights, axis=1, keepdims=True)
    responses = np.sqrt(signal * share) * low @ weights[0]
    responses += np.sqrt(signal * (1 - share)) * other @ weights[1]
    responses += np.sqrt(1 - signal) * generator.standard_normal(responses.shape)
    rows = np.arange(n_rows)
    fold = Fold("last rows", train=rows[:n_train], test=rows[n_train:])
    return (mixed - mixed.mean(axis=0)) / mixed.std(axis=0), low, responses, fold


def _scored(n_train: int, share: float, seed: int, *, signal: float = _SIGNAL) -> xr.Dataset:
    features, low, responses, fold = simulated(n_train, share, seed, signal=signal)
    return LowLevelImpact()(
        xr.DataArray(features, dims=(TIME, FEATURE)),
        xr.DataArray(responses, dims=(TIME, UNIT)),
        [fold],
        seed=seed,
        low_level={"low": xr.DataArray(low, dims=(TIME, FEATURE))},
    )


def _impact(n_train: int, share: float, seed: int) -> float:
    """Return the impact of a region of all units."""
    found = _scored(n_train, share, seed)
    return float(impact(found["original"].mean(), found["residual"].mean()))


def _orthogonality() -> list[Finding]:
    """Check that residuals know nothing of F on training rows, and are nothing where X is F."""
    correlations, left = [], []
    for seed in _SEEDS:
        features, low, _, fold = simulated(3000, 0.5, seed)
        explained = low @ np.linalg.lstsq(low, features, rcond=None)[0]
        residual, rest = residualise([features, explained], low, fold)
        both = np.corrcoef(residual[fold.train].T, low[fold.train].T)
        correlations.append(float(np.abs(both[: features.shape[1], features.shape[1] :]).max()))
        left.append(float((rest.var(axis=0) / explained.var(axis=0)).max()))
    nothing = [0.0] * len(_SEEDS)
    return [
        _finding("residuals", "largest |r| with F on training rows", nothing, correlations, 0.02),
        _finding("features that F explains", "largest share of variance left", nothing, left, 1e-3),
    ]


def _noise() -> Finding:
    """Check that nothing is said of units that the features do not predict."""
    found = [float(_scored(3000, 0.5, 0, signal=0.0)["impact"].notnull().mean())]
    # A correlation over 2,000 rows of noise has a spread of .022: .05 is 2.2 of them.
    return _finding("noise", "share of units with an impact", [0.0], found, 0.05)


def _reductions() -> list[Finding]:
    original, residual = np.array([0.5, 0.1]), np.array([0.5, 0.0])
    of_region = float(impact(original.mean(), residual.mean()))
    of_units = float(impact(original, residual).mean())
    about = "two units, .5 → .5 and .1 → 0"
    return [
        _finding(about, "impact of the region, %", [100 / 6], [of_region], 1e-9),
        _finding(about, "mean impact of the units, %", [50.0], [of_units], 1e-9),
    ]


def _refusal() -> Finding:
    """Check that fits on other rows are refused, since fewer rows alone pass for an impact."""
    features, _, responses, fold = simulated(600, 0.0, 0)
    fewer = Fold(fold.name, train=fold.train[:250], test=fold.test)
    scores = [
        float(
            Ridge(LowLevelImpact().ridge.estimator)(
                xr.DataArray(features, dims=(TIME, FEATURE)),
                xr.DataArray(responses, dims=(TIME, UNIT)),
                [each],
                seed=0,
            )["score"].mean()
        )
        for each in (fold, fewer)
    ]
    try:
        require_same_rows([fold], [fewer])
    except InvalidInput:
        found = "refused"
    else:
        found = "compared"
    return Finding.of_words(
        "refused",
        [found],
        benchmark="engine",
        about=f"600 rows against 250: {100 * (1 - scores[1] / scores[0]):.1f} % by itself",
        quantity="fits on other rows",
        source=_SOURCE,
    )
