"""Whether planted words are preferred by as much as their places say."""

from __future__ import annotations

import numpy as np
import xarray as xr

from heschl.findings import Finding
from heschl.metrics.preference.distances import Distance
from heschl.metrics.preference.metric import SemanticPhonetic
from heschl.metrics.preference.relations import Relations

__all__ = ["planted_words", "verification"]

_SEEDS = (0, 1, 2)
_PLACES = ((1.5, 0.5), (0.3, 2.0))
"""How far a synonym and a homophone are moved from their word."""
_SOURCE = "docs/protocols.md, S-moussa.semantic_phonetic"
_EXACT = 1e-9
_N_NULL_WORDS = 300


def verification() -> list[Finding]:
    """Return what was planted and what the metric found of it. Takes a second."""
    findings = []
    for a, b in _PLACES:
        closed_forms: dict[Distance, float] = {
            "euclidean": a - b,
            "cosine": 1 / (1 + b**2) ** 0.5 - 1 / (1 + a**2) ** 0.5,
        }
        for distance, planted in closed_forms.items():
            found = [_preferences(distance, a, b, seed) for seed in _SEEDS]
            about = f"synonym {a:g}, homophone {b:g} away"
            findings.append(_finding(about, f"{distance} d", planted, found, _EXACT))
            smaller = [_preferences(distance, a, b, seed, scale=1e-3) for seed in _SEEDS]
            kept = 1e-3 * planted if distance == "euclidean" else planted
            findings.append(
                _finding(f"{about}, space / 1000", f"{distance} d", kept, smaller, _EXACT)
            )
            change = [
                _preferences(distance, a, b, seed, scale=1e-3, quantity="relative")
                - _preferences(distance, a, b, seed, quantity="relative")
                for seed in _SEEDS
            ]
            findings.append(
                _finding(
                    f"{about}, space / 1000", f"change of {distance} d / other", 0, change, _EXACT
                )
            )
    null = [_null(seed) for seed in _SEEDS]
    return [*findings, _finding("words at random", "mean cosine d", 0, null, _null_tolerance())]


def planted_words(
    a: float, b: float, seed: int, *, scale: float = 1.0
) -> tuple[xr.DataArray, Relations]:
    """Return a word at e₀, its synonym at e₀ + a e₁ and homophone at e₀ + b e₂, by three speakers.

    The axes are orthonormal, turned by chance. A fourth word is far away.
    """
    generator = np.random.default_rng(seed)
    axes = np.linalg.qr(generator.standard_normal((12, 12)))[0]
    words = ("far", "homophone", "synonym", "word")
    places = np.stack(
        [axes[0] + 5 * axes[3], axes[0] + b * axes[2], axes[0] + a * axes[1], axes[0]]
    )
    n_speakers = 3
    values = xr.DataArray(
        scale * np.repeat(places, n_speakers, axis=0),
        dims=("token", "unit"),
        coords={
            "word": ("token", np.repeat(words, n_speakers)),
            "speaker": ("token", np.tile(["ann", "bob", "cem"], len(words))),
        },
    )
    synonyms, homophones = np.array([[2, 3], [3, 2]]), np.array([[1, 3], [3, 1]])
    return values, Relations(words, synonyms, homophones)


def _preferences(
    distance: Distance,
    a: float,
    b: float,
    seed: int,
    *,
    scale: float = 1.0,
    quantity: str = "preference",
) -> float:
    values, relations = planted_words(a, b, seed, scale=scale)
    found = SemanticPhonetic(distance)(values, relations)[quantity]
    return float(found.sel(word="word"))


def _null(seed: int) -> float:
    """Return the mean d of words whose tokens are drawn alike, related by chance."""
    generator = np.random.default_rng(seed)
    n = _N_NULL_WORDS
    words = tuple(f"{number:03d}" for number in range(n))
    values = xr.DataArray(
        generator.standard_normal((n, 20)),
        dims=("token", "unit"),
        coords={
            "word": ("token", list(words)),
            "speaker": ("token", [str(place) for place in range(n)]),
        },
    )
    partners = np.stack([generator.permutation(n) for _ in range(2)])
    synonyms, homophones = (
        np.stack([np.arange(n), each], axis=1)[each != np.arange(n)] for each in partners
    )
    found = SemanticPhonetic("cosine")(values, Relations(words, synonyms, homophones))
    return float(found["preference"].mean())


def _null_tolerance() -> float:
    """Return three standard errors of the mean over seeds: cosines in 20 dims spread by 1 / √20."""
    return 3 * float(np.sqrt(2 / 20 / (_N_NULL_WORDS * len(_SEEDS))))


def _finding(
    about: str, quantity: str, planted: float, found: list[float], tolerance: float
) -> Finding:
    return Finding.of_numbers(
        [planted] * len(found),
        found,
        tolerance,
        benchmark="engine",
        about=about,
        quantity=quantity,
        source=_SOURCE,
    )
