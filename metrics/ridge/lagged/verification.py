"""Whether lagged ridge finds what was planted: S-chen.trf of the protocols.

Responses are the effect of ten white features at some lags, ``share`` of their variance, and
noise, of which presentations differ. With ``p`` lagged features and ``n`` training rows, least
squares add ``p / (n - p - 1)`` of the noise to the error of a prediction, so that

    R² = 1 - (1 - share) (1 + p / (n - p - 1))

of one presentation. The mean of N has the share ``share / (share + (1 - share) / N)``. Divided by
the explainable variance of one, which is ``share``, R² is ``1 - (1 - share) / share · p / (n - p -
1)``.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr

from heschl.ceilings import ExplainableVariance
from heschl.dimensions import FEATURE, REPEAT, STIMULUS, TIME, UNIT
from heschl.findings import Bound, Finding
from heschl.metrics.ridge.estimators import Nested
from heschl.metrics.ridge.lagged.metric import LAG, LaggedRidge
from heschl.metrics.ridge.scoring import Precision
from heschl.splits import GroupKFold
from heschl.temporal import delayed

__all__ = ["verification"]

_SEEDS = (0, 1, 2)
_SHARE = 0.4
_N_FEATURES, _N_UNITS, _N_FOLDS, _N_REPEATS = 10, 20, 5, 10
_LAGS = tuple(range(20))
_NEXT_TO_NONE = Nested((1.0,))
_CHOICE = Nested((1e1, 1e2, 1e3, 1e4, 1e5))


def verification() -> list[Finding]:
    """Return what was planted and what the metric found of it. Takes some seconds."""
    return [*_least_squares(n_sentences=10, n_frames=1000), _one_lag(), _future(), _order()]


def _least_squares(n_sentences: int, n_frames: int) -> list[Finding]:
    """Check R² of one presentation, of their mean, and beside the explainable variance.

    Sentences are long, as the effect is smaller where they begin.
    """
    n_train = n_sentences * n_frames * (_N_FOLDS - 1) // _N_FOLDS
    n_columns = len(_LAGS) * _N_FEATURES
    excess = n_columns / (n_train - n_columns - 1)
    found: dict[str, list[xr.DataArray]] = {"one": [], "mean": [], "normalised": []}
    for seed in _SEEDS:
        design, repeats = _simulated(_LAGS, seed, n_sentences, n_frames, n_repeats=_N_REPEATS)
        both = xr.concat([repeats[0], repeats.mean(REPEAT)], UNIT)
        score = _scored(design, both, _NEXT_TO_NONE)["score"]
        found["one"].append(score[:, :_N_UNITS])
        found["mean"].append(score[:, _N_UNITS:])
        ceiling = ExplainableVariance()(repeats).mean()
        found["normalised"].append(score[:, :_N_UNITS].mean() / ceiling)
    of_mean = _SHARE / (_SHARE + (1 - _SHARE) / _N_REPEATS)
    expected = {
        "one": ("mean R²", 1 - (1 - _SHARE) * (1 + excess)),
        "mean": (f"mean R² of {_N_REPEATS} averaged", 1 - (1 - of_mean) * (1 + excess)),
        "normalised": ("mean R² / NC-EV", 1 - (1 - _SHARE) / _SHARE * excess),
    }
    about = f"least squares, {n_train} frames, {n_columns} lagged features, {_SHARE:.0%} signal"
    return [
        _finding(about, quantity, planted, found[name], tolerance=0.015)
        for name, (quantity, planted) in expected.items()
    ]


def _one_lag() -> Finding:
    found = [_scored(*_once((5,), seed), _CHOICE, has_weights=True)["weights"] for seed in _SEEDS]
    energies = [(each**2).sum([dim for dim in each.dims if dim != LAG]) for each in found]
    shares = [each.sel({LAG: 5}) / each.sum() for each in energies]
    about = "an effect at lag 5 alone"
    return _finding(
        about, "energy of the kernels there", 1.0, shares, tolerance=0.05, bound="at least"
    )


def _future() -> Finding:
    found = [_scored(*_once((-1,), seed, n_sentences=50), _CHOICE)["score"] for seed in _SEEDS]
    about = "an effect of the frame to come, causal lags"
    return _finding(about, "mean R²", 0.0, found, tolerance=0.0, bound="at most")


def _order() -> Finding:
    """Check that no lag reaches into another sentence: their order must not matter."""
    off = []
    for seed in _SEEDS:
        design, responses = _once(_LAGS, seed, n_sentences=20)
        names = np.asarray(design[STIMULUS])
        shuffled = np.random.default_rng(seed).permutation(np.unique(names))
        order = np.concatenate([np.flatnonzero(names == name) for name in shuffled])
        once, again = (
            _scored(design[rows], responses[rows], _CHOICE, dtype="float64")["score"]
            for rows in (slice(None), order)
        )
        off.append(abs(once - again).max())
    about = "sentences in another order"
    return _finding(about, "largest change of R²", 0.0, off, tolerance=1e-8, bound="at most")


def _once(
    lags: Sequence[int], seed: int, n_sentences: int = 100
) -> tuple[xr.DataArray, xr.DataArray]:
    """Return a design (time, feature) and responses (time, unit) of short sentences."""
    design, repeats = _simulated(lags, seed, n_sentences, n_frames=107, n_repeats=1)
    return design, repeats[0]


def _simulated(
    lags: Sequence[int], seed: int, n_sentences: int, n_frames: int, n_repeats: int
) -> tuple[xr.DataArray, xr.DataArray]:
    """Return a design (time, feature) and responses (repeat, time, unit) to its frames at lags."""
    generator = np.random.default_rng([seed, n_sentences])
    frames = generator.standard_normal((n_sentences, n_frames, _N_FEATURES))
    lagged = np.concatenate([delayed(sentence, lags) for sentence in frames])
    weights = generator.standard_normal((lagged.shape[1], _N_UNITS))
    signal = lagged @ (weights * np.sqrt(_SHARE) / np.linalg.norm(weights, axis=0))
    noise = generator.standard_normal((n_repeats, *signal.shape)) * np.sqrt(1 - _SHARE)
    names = np.repeat([f"sentence {number:03}" for number in range(n_sentences)], n_frames)
    coords = {STIMULUS: (TIME, names), UNIT: np.arange(_N_UNITS)}
    return (
        xr.DataArray(
            frames.reshape(len(names), -1), dims=(TIME, FEATURE), coords={STIMULUS: (TIME, names)}
        ),
        xr.DataArray(signal + noise, dims=(REPEAT, TIME, UNIT), coords=coords),
    )


def _scored(
    design: xr.DataArray,
    responses: xr.DataArray,
    estimator: Nested,
    *,
    dtype: Precision = "float32",
    has_weights: bool = False,
) -> xr.Dataset:
    """Return what the metric itself makes of folds of sentences."""
    folds = GroupKFold(_N_FOLDS).folds({STIMULUS: np.asarray(design[STIMULUS])})
    metric = LaggedRidge(_LAGS, estimator, dtype=dtype, has_weights=has_weights)
    return metric(design, responses, folds, seed=0)


def _finding(
    about: str,
    quantity: str,
    planted: float,
    found: Sequence[xr.DataArray],
    *,
    tolerance: float,
    bound: Bound = "within",
) -> Finding:
    """Compare the means over folds and units, one for each seed."""
    return Finding.of_numbers(
        [planted] * len(found),
        [float(each.mean()) for each in found],
        tolerance,
        benchmark="lagged ridge",
        about=about,
        quantity=quantity,
        source="docs/protocols.md, S-chen.trf",
        bound=bound,
    )
