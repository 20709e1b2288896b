"""Whether CCA finds what was planted: S-chen.shared_cca and S-chen.prediction_similarity.

Two models mix a latent Z of k dimensions with what each has alone,

    X = [Z + ε, A] M,   Y = [Z + ε', B] M'          noise ε of variance s², any M of full rank

so that k canonical correlations are 1 / (1 + s²), and the others those of independent noise, at
most √(a(1-b)) + √(b(1-a)) with a = p/n and b = q/n. A response to Z with the share ρ² of its
variance has R² = ρ² / (1 + s²) from the first k variates and 0 from the rest, one to A has 0 and
ρ². Two predictions s + u of a common s have the squared correlation 1 / ((1 + σ₁²)(1 + σ₂²)).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from heschl.findings import Bound, Finding
from heschl.metrics.cca.canonical import CanonicalPairs, canonical_pairs
from heschl.metrics.cca.decomposition import residual
from heschl.metrics.cca.moments import Moments
from heschl.metrics.cca.multiview import common_directions
from heschl.metrics.cca.similarity import shared_variance
from heschl.metrics.ridge.agreement import r2

__all__ = ["verification"]

_SEEDS = (0, 1, 2)
_N_TRAIN, _N_TEST = 10_000, 4_000
_N_SHARED, _WIDE, _WIDER = 10, 30, 40
_NOISE = 0.25
_SHARE = 0.4
_N_UNITS = 50


class _Rows(NamedTuple):
    """Features of two models, and responses to what they share and to what one has alone."""

    first: np.ndarray
    second: np.ndarray
    to_shared: np.ndarray
    to_alone: np.ndarray


def verification() -> list[Finding]:
    """Return what was planted and what was found of it. Takes some seconds."""
    correlations, scores = _shared_and_rest()
    return [*correlations, *scores, *_residual(), _several_views(), *_similarity()]


def _shared_and_rest() -> tuple[list[Finding], list[Finding]]:
    found: dict[str, list[float]] = {}
    for seed in _SEEDS:
        rows = _simulated(seed)
        train = _Rows(*(each[:_N_TRAIN] for each in rows))
        test = _Rows(*(each[_N_TRAIN:] for each in rows))
        pairs = canonical_pairs(Moments.of(train.first, train.second))
        held_out = pairs.correlations_of(test.first, test.second)
        _add(found, "shared", pairs.correlations[:_N_SHARED].mean())
        _add(found, "held out", held_out[:_N_SHARED].mean())
        _add(found, "next", pairs.correlations[_N_SHARED])
        for name in ("to_shared", "to_alone"):
            for block, directions in (
                ("first", slice(_N_SHARED)),
                ("rest", slice(_N_SHARED, pairs.n_pairs)),
            ):
                _add(found, f"{name} {block}", _scored(pairs, directions, train, test, name))
    planted = 1 / (1 + _NOISE)
    a, b = _WIDE / _N_TRAIN, _WIDER / _N_TRAIN
    edge = np.sqrt(a * (1 - b)) + np.sqrt(b * (1 - a))
    about = f"{_N_SHARED} shared dimensions of {_WIDE} and {_WIDER}, {_N_TRAIN} rows"
    first, rest = f"mean R² of the first {_N_SHARED} variates", "mean R² of the rest"
    correlations = [
        _finding(about, "mean canonical correlation", planted, found["shared"], 0.02),
        _finding(about, "the same on other rows", planted, found["held out"], 0.02),
        _finding(about, "next correlation", edge, found["next"], 0.01, bound="at most"),
    ]
    driven, alone = "a response to what is shared", "a response to what one model has alone"
    return correlations, [
        _finding(driven, first, _SHARE * planted, found["to_shared first"], 0.02),
        _finding(driven, rest, 0.0, found["to_shared rest"], 0.02),
        _finding(alone, first, 0.0, found["to_alone first"], 0.02),
        _finding(alone, rest, _SHARE, found["to_alone rest"], 0.02),
    ]


def _residual() -> list[Finding]:
    """Check that of a layer that is E M + C there is left C, and nothing of E."""
    found: dict[str, list[float]] = {}
    for seed in _SEEDS:
        generator = np.random.default_rng([seed, 4])
        words = generator.standard_normal((_N_TRAIN + _N_TEST, _WIDE))
        context = generator.standard_normal((len(words), _WIDER))
        layer = words @ generator.standard_normal((_WIDE, _WIDER)) + context
        left = residual(layer, words, np.arange(_N_TRAIN))[_N_TRAIN:]
        among = np.corrcoef(left.T, np.hstack([context, words])[_N_TRAIN:].T)[:_WIDER, _WIDER:]
        _add(found, "context", np.diagonal(among[:, :_WIDER]).min())
        _add(found, "words", np.abs(among[:, _WIDER:]).mean())
    about = "a layer less what its words say of it"
    return [
        _finding(
            about, "least correlation with the rest", 0.99, found["context"], 0.0, bound="at least"
        ),
        _finding(
            about, "mean |correlation| with words", 0.02, found["words"], 0.0, bound="at most"
        ),
    ]


def _several_views() -> Finding:
    """Check the eigenvalues of three views that share a latent: 1 + 2 / (1 + s²)."""
    found = []
    for seed in _SEEDS:
        generator = np.random.default_rng([seed, 2])
        latent = generator.standard_normal((_N_TRAIN, _N_SHARED))
        views = [_mixed(generator, latent, width) for width in (_WIDE, _WIDER, _WIDE)]
        common = common_directions(Moments.of(*views))
        found.append(float(common.eigenvalues[:_N_SHARED].mean()))
    planted = 1 + 2 / (1 + _NOISE)
    return _finding("three models", "mean eigenvalue of MAXVAR", planted, found, 0.02)


def _similarity() -> list[Finding]:
    """Check the shared variance of two predictions that err in ways of their own."""
    n_rows, errors = 20_000, (0.8, 0.65)
    found: dict[str, list[float]] = {}
    for seed in _SEEDS:
        generator = np.random.default_rng([seed, 3])
        signal, *own = generator.standard_normal((3, n_rows, _N_UNITS))
        one, other = (signal + np.sqrt(each) * u for each, u in zip(errors, own, strict=True))
        _add(found, "two", shared_variance(one, other).mean())
        _add(found, "same", shared_variance(one, one).mean())
        _add(found, "none", shared_variance(*own).mean())
    planted = 1 / np.prod([1 + each for each in errors])
    about, quantity = "predictions of two models", "shared variance"
    none = "predictions of nothing in common"
    return [
        _finding(about, quantity, float(planted), found["two"], 0.01),
        _finding("the same predictions twice", quantity, 1.0, found["same"], 1e-12),
        _finding(none, quantity, 3 / n_rows, found["none"], 0.0, bound="at most"),
    ]


def _simulated(seed: int) -> _Rows:
    generator = np.random.default_rng([seed, 1])
    n_rows = _N_TRAIN + _N_TEST
    latent = generator.standard_normal((n_rows, _N_SHARED))
    alone = generator.standard_normal((n_rows, _WIDE - _N_SHARED))
    first, second = (
        _mixed(generator, latent, width, own) for width, own in ((_WIDE, alone), (_WIDER, None))
    )
    return _Rows(first, second, _driven(generator, latent), _driven(generator, alone))


def _mixed(
    generator: np.random.Generator, latent: np.ndarray, width: int, alone: np.ndarray | None = None
) -> np.ndarray:
    """Return features (row, width) of the latent with noise and of what a model has alone."""
    if alone is None:
        alone = generator.standard_normal((len(latent), width - latent.shape[1]))
    noisy = latent + np.sqrt(_NOISE) * generator.standard_normal(latent.shape)
    return np.asarray(np.hstack([noisy, alone]) @ generator.standard_normal((width, width)))


def _driven(generator: np.random.Generator, source: np.ndarray) -> np.ndarray:
    """Return responses (row, unit) of unit variance of which the source explains a share."""
    weights = generator.standard_normal((source.shape[1], _N_UNITS))
    signal = source @ (weights * np.sqrt(_SHARE) / np.linalg.norm(weights, axis=0))
    noise = generator.standard_normal(signal.shape)
    return np.asarray(signal + np.sqrt(1 - _SHARE) * noise)


def _scored(
    pairs: CanonicalPairs, directions: slice, train: _Rows, test: _Rows, responses: str
) -> float:
    """Return the mean R² on test rows by least squares on some variates of the first model."""
    design, tested = (pairs.first.transform(rows.first, directions) for rows in (train, test))
    measured = getattr(train, responses)
    weights = np.linalg.lstsq(design, measured - measured.mean(axis=0), rcond=None)[0]
    return float(r2(tested @ weights + measured.mean(axis=0), getattr(test, responses)).mean())


def _add(found: dict[str, list[float]], name: str, value: float) -> None:
    found.setdefault(name, []).append(float(value))


def _finding(
    about: str,
    quantity: str,
    planted: float,
    found: Sequence[float],
    tolerance: float,
    *,
    bound: Bound = "within",
) -> Finding:
    item = "prediction_similarity" if quantity == "shared variance" else "shared_cca"
    return Finding.of_numbers(
        [planted] * len(found),
        found,
        tolerance,
        benchmark="cca",
        about=about,
        quantity=quantity,
        source=f"docs/protocols.md, S-chen.{item}",
        bound=bound,
    )
