"""Whether ABX finds what was planted: S-millet.abx of docs/protocols.md, on items of one frame."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr, roots_hermitenorm
from scipy.stats import chi2

from heschl.findings import Finding, engine_findings
from heschl.item_features import ItemValues
from heschl.metrics.abx.cells import Cells, cells_of_triplets
from heschl.metrics.abx.distances import Measure, item_distances
from heschl.metrics.abx.metric import Abx
from heschl.metrics.abx.native import effect_of

__all__ = ["verification"]

_SEEDS = (0, 1, 2)
_N_TRIPLETS = 130_000
"""A seed; 400,000 in all, for which tolerances are stated."""
_N_FEW = 2000

_finding = engine_findings("docs/protocols.md, S-millet.abx")


def verification() -> list[Finding]:
    """Return what was planted and what the metric found of it. Takes some seconds."""
    return [*_simple(), *_shifted(), *_shifted_in_space(), *_alignment(), *_native_effect()]


def _simple() -> list[Finding]:
    """Check classes that are apart, that are one, and that are all one point."""
    separated, alike, equal = [], [], []
    for seed in _SEEDS:
        generator = np.random.default_rng(seed)
        # Each class is of diameter 1, and the gap between them is 3.
        a, b, x = generator.uniform(0, 1, (3, _N_FEW, 1))
        separated.append(_accuracy(a, b + 4, x))
        alike.append(_accuracy(*generator.standard_normal((3, _N_FEW, 8))))
        equal.append(_accuracy(*np.ones((3, _N_FEW, 8)) / 3))
    return [
        _finding(
            "abx: classes further apart than wide", "accuracy", [1.0] * len(_SEEDS), separated, 0.0
        ),
        _finding(
            "abx: null: both classes the same",
            "accuracy",
            [0.5] * len(_SEEDS),
            alike,
            1.5 / _N_FEW**0.5,
        ),
        _finding("abx: all features equal", "accuracy", [0.5] * len(_SEEDS), equal, 0.0),
    ]


def _shifted() -> list[Finding]:
    """Check two normal distributions on a line."""
    findings = []
    for shift in (1.0, 2.0, 4.0):
        planted = float(
            ndtr(shift / 2**0.5) * ndtr(shift / 6**0.5)
            + ndtr(-shift / 2**0.5) * ndtr(-shift / 6**0.5)
        )
        found = []
        for seed in _SEEDS:
            a, b, x = np.random.default_rng(seed).standard_normal((3, _N_TRIPLETS, 1))
            found.append(_accuracy(a, b + shift, x))
        findings.append(
            _finding(f"abx: N(0, 1) and N({shift:g}, 1)", "accuracy", [planted] * 3, found, 0.002)
        )
    return findings


def _shifted_in_space(n_dims: int = 16, shift: float = 2.0) -> list[Finding]:
    """Check two normal distributions in space.

    X is nearer to A if its place along p = A - B is; that of p along the shift is normal, and its
    length across it a chi of one dimension less.
    """
    nodes, weights = roots_hermitenorm(60)
    along = -shift + 2**0.5 * nodes[:, None]
    across = 2 * chi2.ppf((np.arange(2000) + 0.5) / 2000, n_dims - 1)
    cosine = along / np.sqrt(along**2 + across)
    told = ndtr(-shift * cosine / 6**0.5).mean(axis=1)
    planted = float(told @ weights / weights.sum())
    found = []
    for seed in _SEEDS:
        a, b, x = np.random.default_rng(seed).standard_normal((3, _N_TRIPLETS // 2, n_dims))
        b[:, 0] += shift
        found.append(_accuracy(a, b, x))
    about = f"{n_dims} dimensions, means {shift:g} apart"
    # Three standard errors of so many triplets.
    tolerance = 3 * 0.5 / (len(_SEEDS) * (_N_TRIPLETS // 2)) ** 0.5
    return [_finding(f"abx: {about}", "accuracy", [planted] * len(_SEEDS), found, tolerance)]


def _alignment() -> list[Finding]:
    """Check that time may stretch at no cost, and what distances are to themselves."""
    stretched, itself, asymmetry = [], [], []
    for seed in _SEEDS:
        generator = np.random.default_rng(seed)
        frames = generator.standard_normal((9, 20))
        other = generator.standard_normal((6, 20))
        values = np.concatenate([frames, np.repeat(frames, 2, axis=0), other])
        first = np.array([0, 9, 27, 33])
        left, right = np.array([0, 0, 0, 2]), np.array([1, 0, 2, 0])
        found = item_distances(values, first, left, right, Measure("euclidean"))
        stretched.append(float(found[0]))
        itself.append(float(found[1]))
        # Each in a call of its own, since a pair is not computed twice in one.
        ways = [
            item_distances(np.concatenate(pair), np.cumsum([0, *map(len, pair)]), left[1:2] + k,
                           right[1:2] + 1 - k)
            for k, pair in enumerate([(frames, other), (other, frames)])
        ]  # fmt: skip
        asymmetry.append(float(abs(ways[0] - ways[1])[0]))
    nothing = [0.0] * len(_SEEDS)
    return [
        _finding("abx: every frame twice", "distance", nothing, stretched, 0.0),
        _finding("abx: an item and itself", "distance", nothing, itself, 0.0),
        _finding("abx: two items in either order", "difference", nothing, asymmetry, 1e-12),
    ]


def _native_effect(n_pairs: int = 4000, scale: float = 0.7, noise: float = 0.8) -> list[Finding]:
    """Check the correlation of two models' difference with that of two groups of listeners."""
    spread = 0.5
    planted = 1 / (1 + noise**2 / (scale**2 * spread**2)) ** 0.5
    found = []
    for seed in _SEEDS:
        generator = np.random.default_rng(seed)
        gap = spread * generator.standard_normal(n_pairs)
        shared = generator.standard_normal((2, n_pairs))
        models = np.stack([shared[0] + gap / 2, shared[0] - gap / 2])
        listeners = scale * np.stack([shared[1] + gap / 2, shared[1] - gap / 2])
        listeners += noise / 2**0.5 * generator.standard_normal((2, n_pairs))
        found.append(effect_of(models, listeners, seed=seed).r)
    # The series have like spreads, so that dividing by them changes little; three errors of r.
    tolerance = 3 / (len(_SEEDS) * n_pairs) ** 0.5 + 0.01
    about = f"native effect, {n_pairs} pairs of phones"
    return [_finding(f"abx: {about}", "r", [planted] * len(_SEEDS), found, tolerance)]


def _accuracy(a: np.ndarray, b: np.ndarray, x: np.ndarray) -> float:
    """Return the share of right answers to triplets of one frame each (triplet, unit)."""
    values = np.concatenate([a, b, x]).astype(np.float32)
    items = ItemValues(values, np.arange(len(values) + 1))
    return float(Abx()(items, _triplets(len(a)))["score"].mean())


def _triplets(n: int) -> Cells:
    numbers = np.arange(n)
    return cells_of_triplets(numbers, n + numbers, 2 * n + numbers, {})
