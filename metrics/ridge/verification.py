"""Whether the ridge metric scores simulated responses as their closed forms say.

Responses are ``y = Xw + n`` with w ~ N(0, share / features) and n ~ N(0, 1 - share), so that they
have unit variance, of which ``share`` can be explained.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy.signal
import xarray as xr

from heschl.dimensions import FEATURE, FOLD, TIME, UNIT
from heschl.findings import Bound, Finding
from heschl.metrics.ridge.agreement import Agreement
from heschl.metrics.ridge.estimators import (
    Bootstrap,
    Estimator,
    KFold,
    LeaveOneOut,
    huth_penalties,
)
from heschl.metrics.ridge.metric import Ridge
from heschl.splits import Fold
from heschl.statistics import fdr, wilcoxon

__all__ = ["verification"]

_SEEDS = (0, 1, 2)
_N_UNITS = 100
_N_TEST = 1000
_NO_PENALTY = 1e-3
"""So small beside eigenvalues of hundreds that it leaves least squares."""

_LEVEL = 0.05
_N_LISTENERS = 12
_N_NULL_UNITS = 1000
_N_NULL_TEST = 60
_FAMILY = 20
"""Units whose p values are corrected together. With 12 listeners no p is below .0005: in a family
of 1,000 nothing could be discovered, and that nothing is would prove nothing."""


def verification() -> list[Finding]:
    """Return what was planted and what the metric found of it. Takes some seconds."""
    return [
        *_least_squares(n_train=1500, n_features=200, share=0.25),
        *_best_penalty(n_train=1500, n_features=200, share=0.25),
        *_best_penalty(n_train=600, n_features=300, share=0.3),
        *_slow_design(n_train=800, n_features=60, share=0.3),
        *_noise(),
    ]


def _least_squares(n_train: int, n_features: int, share: float) -> list[Finding]:
    inflation = n_features / (n_train - n_features - 1)
    planted = {
        "r": (share / (1 + (1 - share) / share * inflation)) ** 0.5,
        "R²": 1 - (1 - share) * (1 + inflation),
    }
    simulated = [_simulated(_white(n_train, n_features, seed), share, seed=seed) for seed in _SEEDS]
    about = f"least squares, {n_train} rows, {n_features} features, {share:.0%} signal"
    agreements: dict[str, Agreement] = {"r": "pearson", "R²": "r2"}
    return [
        _finding(
            about,
            f"mean {quantity}",
            [planted[quantity]] * len(_SEEDS),
            [_scored(_fixed(_NO_PENALTY), *each, score=score)["score"] for each in simulated],
            tolerance=0.01,
        )
        for quantity, score in agreements.items()
    ]


def _best_penalty(n_train: int, n_features: int, share: float) -> list[Finding]:
    """Check the score at the best penalty, that leave-one-out finds it, and what it then scores."""
    alpha = n_features * (1 - share) / share
    gamma, ell = n_features / n_train, alpha / n_train
    root = np.sqrt((1 - gamma + ell) ** 2 + 4 * gamma * ell)
    excess = (1 - share) * (root - (1 - gamma + ell)) / (2 * ell)
    planted = [float(np.sqrt(share - excess))] * len(_SEEDS)
    simulated = [_simulated(_white(n_train, n_features, seed), share, seed=seed) for seed in _SEEDS]
    known = [_scored(_fixed(alpha), *each)["score"] for each in simulated]
    chosen = [_scored(LeaveOneOut(), *each) for each in simulated]
    grid = np.log10(LeaveOneOut().alphas)
    steps = [np.abs(np.log10(each["alpha"] / alpha)) / (grid[1] - grid[0]) for each in chosen]
    about = f"{n_train} rows, {n_features} features, {share:.0%} signal"
    return [
        _finding(f"ridge at the best penalty, {about}", "mean r", planted, known, tolerance=0.01),
        _finding(
            f"leave-one-out, {about}",
            "units within a grid step of the best penalty",
            [1.0] * len(_SEEDS),
            [each <= 1 for each in steps],
            tolerance=0.2,
            bound="at least",
        ),
        _finding(
            f"leave-one-out, {about}",
            "mean r",
            planted,
            [each["score"] for each in chosen],
            tolerance=0.015,
            bound="at least",
        ),
    ]


def _slow_design(n_train: int, n_features: int, share: float) -> list[Finding]:
    """Check R² where neighbouring rows are alike: what is expected then depends on the design."""
    best = n_features * (1 - share) / share
    findings = []
    for name, alpha in (("least squares", _NO_PENALTY), ("ridge at the best penalty", best)):
        planted, found = [], []
        for seed in _SEEDS:
            white = _white(n_train, n_features, seed)
            design = scipy.signal.lfilter([np.sqrt(1 - 0.8**2)], [1, -0.8], white, axis=0)
            planted.append(_conditional_r2(design[:n_train], design[n_train:], alpha, share))
            found.append(_scored(_fixed(alpha), *_simulated(design, share, seed=seed), score="r2"))
        about = f"{name}, AR(.8), {n_train} rows, {n_features} features, {share:.0%} signal"
        scores = [each["score"] for each in found]
        findings.append(_finding(about, "mean R²", planted, scores, tolerance=0.01))
    return findings


def _conditional_r2(train: np.ndarray, test: np.ndarray, alpha: float, share: float) -> float:
    """Return the expected R² (weights and noise being random) of ridge on fixed designs."""
    n_features = train.shape[1]
    gram = train.T @ train
    inverse = np.linalg.inv(gram + alpha * np.eye(n_features))
    of_noise = np.einsum("ti,ij,tj->t", test, inverse @ gram @ inverse, test)
    of_shrinkage = np.sum((test @ (np.eye(n_features) - gram @ inverse)) ** 2, axis=1)
    excess = (1 - share) * of_noise.mean() + share / n_features * of_shrinkage.mean()
    variance = share / n_features * np.sum(test.var(axis=0)) + 1 - share
    return float(1 - (1 - share + excess) / variance)


def _noise() -> list[Finding]:
    """Check that noise scores 0 and is called significant as often as the level says."""
    estimator = Bootstrap(huth_penalties(1, 4, 15))
    scores, p_values = [], []
    for seed in _SEEDS:
        design = np.random.default_rng(seed).standard_normal((120 + _N_NULL_TEST, 20))
        of_listeners = [
            _scored(
                estimator,
                *_simulated(design, 0.0, seed=seed, stream=listener, n_units=_N_NULL_UNITS),
                n_test=_N_NULL_TEST,
            )["score"]
            for listener in range(_N_LISTENERS)
        ]
        scores.append(np.asarray(of_listeners))
        p_values.append([wilcoxon(unit).p for unit in np.transpose(of_listeners)])
    n_scores = len(_SEEDS) * _N_LISTENERS * _N_NULL_UNITS
    families = np.reshape(p_values, (len(_SEEDS), -1, _FAMILY))
    has_discovery = [
        np.array([fdr(family, _LEVEL).is_discovery.any() for family in of_seed])
        for of_seed in families
    ]
    n_families = families.shape[0] * families.shape[1]
    half_interval = 1.96 * np.sqrt(_LEVEL * (1 - _LEVEL) / n_families)
    about = f"noise, {_N_LISTENERS} listeners, {_N_NULL_UNITS} units"
    nothing, level = [0.0] * len(_SEEDS), [_LEVEL] * len(_SEEDS)
    return [
        _finding(about, "mean r", nothing, scores, tolerance=3 / np.sqrt(_N_NULL_TEST * n_scores)),
        _finding(
            about,
            "false positives of the signed-rank test",
            level,
            [np.less_equal(each, _LEVEL) for each in p_values],
            tolerance=0.02,
        ),
        # The tolerance is the half width of the 95 % binomial interval of so many families.
        _finding(
            about,
            f"{n_families} families of {_FAMILY} with a false discovery",
            level,
            has_discovery,
            tolerance=float(half_interval),
            bound="at most",
        ),
    ]


def _white(n_train: int, n_features: int, seed: int) -> np.ndarray:
    generator = np.random.default_rng([seed, n_train])
    return generator.standard_normal((n_train + _N_TEST, n_features))


def _simulated(
    design: np.ndarray, share: float, *, seed: int, stream: int = 0, n_units: int = _N_UNITS
) -> tuple[np.ndarray, np.ndarray]:
    """Return a design (row, feature) and responses (row, unit) to it."""
    n_rows, n_features = design.shape
    generator = np.random.default_rng([seed, n_rows, stream, 1])
    weights = generator.standard_normal((n_features, n_units)) * np.sqrt(share / n_features)
    noise = generator.standard_normal((n_rows, n_units)) * np.sqrt(1 - share)
    return design, design @ weights + noise


def _fixed(alpha: float) -> Estimator:
    """Return the estimator that has no choice."""
    return KFold((alpha,), n_folds=2, has_intercept=False)


def _scored(
    estimator: Estimator,
    design: np.ndarray,
    responses: np.ndarray,
    *,
    score: Agreement = "pearson",
    n_test: int = _N_TEST,
) -> xr.Dataset:
    """Return what the metric itself makes of the last rows (unit,)."""
    rows = np.arange(len(design))
    fold = Fold("last rows", rows[:-n_test], rows[-n_test:])
    return Ridge(estimator, score=score)(
        xr.DataArray(design, dims=(TIME, FEATURE)),
        xr.DataArray(responses, dims=(TIME, UNIT)),
        [fold],
        seed=0,
    ).isel({FOLD: 0})


def _finding(
    about: str,
    quantity: str,
    planted: Sequence[float],
    found: Sequence[xr.DataArray | np.ndarray],
    *,
    tolerance: float,
    bound: Bound = "within",
) -> Finding:
    """Compare the means over units, one for each seed."""
    return Finding.of_numbers(
        planted,
        [float(np.mean(np.asarray(each))) for each in found],
        tolerance,
        benchmark="engine",
        about=about,
        quantity=quantity,
        source="docs/protocols.md, S0",
        bound=bound,
    )
