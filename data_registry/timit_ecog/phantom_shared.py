"""What ``timit_ecog-shared_cca`` and ``-prediction_similarity`` must find in the phantom.

The oracle that hears eight bands is compared with the one that reads ten features of phones. What
either is divided into follows from the planted features by the cosines between their spaces (Björck
and Golub), and what each part predicts by the closed form of R². Nothing here is the benchmarks'.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from heschl.data_registry.timit_ecog.phantom_truth import (
    ALPHAS,
    BLOCKS,
    N_FOLDS,
    N_LAGS,
    NULL_REGION,
    TOLERANCES,
    Block,
    Heard,
    expected_of_noise,
)
from heschl.phantom.lagged import expected_explainable_variance, expected_r2, lagged_design
from heschl.phantom.predictions import Split, expected_shared_variance
from heschl.phantom.simulation import Simulation
from heschl.splits import Fold, GroupKFold

__all__ = ["N_SHARED", "shared_expectations"]

N_SHARED = 4
"""Pairs that the benchmark counts as shared on phantoms."""

_MODEL = "phantom-spectrum"
_CHOSEN = "chosen"
_AREAS = ("A1", "STG", "MTG", "SMG")
_SIMILAR_AREAS = ("A1", "STG", "SMG")
"""Elsewhere predictions are noise in large part, and chance moves their correlation."""
_SIMILARITY_TOLERANCE = 0.03
_PARTS = (
    "rest",
    "partner_shared",
    "partner_rest",
    "partner_rest_full",
    "semantic",
    "acoustic",
)
_SOURCES = {
    "shared_cca": "docs/protocols.md, S-chen.shared_cca (conditional form of R²)",
    "prediction_similarity": "docs/protocols.md, S-chen.prediction_similarity (conditional form)",
}


class _Listener(NamedTuple):
    """Features (row, feature) that a listener heard, and how rows are divided."""

    spectral: np.ndarray
    phonetic: np.ndarray
    words: np.ndarray
    lengths: tuple[int, ...]
    folds: tuple[Fold, ...]

    @classmethod
    def of(cls, heard: Mapping[str, Heard], names: Sequence[str]) -> _Listener:
        of_names = [heard[name] for name in names]
        lengths = tuple(len(each.words) for each in of_names)
        texts = np.repeat([each.text for each in of_names], lengths)
        return cls(
            np.concatenate([each.rows["spectral"] for each in of_names]),
            np.concatenate([each.rows["phonetic"] for each in of_names]),
            np.concatenate([each.words for each in of_names]),
            lengths,
            GroupKFold(N_FOLDS, by="text").folds({"text": texts}),
        )

    def lagged(self, features: np.ndarray) -> np.ndarray:
        """Return all lags of features, sentence by sentence."""
        ends = np.cumsum(self.lengths)[:-1]
        return np.concatenate([lagged_design(each, N_LAGS) for each in np.split(features, ends)])


def shared_expectations(
    heard: Mapping[str, Heard],
    planted: Mapping[str, Mapping[Block, Simulation]],
    repeated: Sequence[str],
) -> list[dict[str, Any]]:
    """Return what both benchmarks must find; the arguments are those of `truth`."""
    of_area = {
        block.area: block for block in BLOCKS if block.is_responsive and block.area in _AREAS
    }
    found: dict[tuple[str, str], list[float]] = {}
    for simulations in planted.values():
        listener = _Listener.of(heard, list(next(iter(simulations.values())).signals))
        chosen = [simulations[of_area[area]] for area in _AREAS]
        signal = np.hstack([np.concatenate(list(each.signals.values())) for each in chosen])
        noise = np.concatenate([each.noise_variance for each in chosen])
        again = np.hstack(
            [np.concatenate([each.signals[name] for name in repeated]) for each in chosen]
        )
        explainable = expected_explainable_variance(again, noise)
        scores = _of_parts(listener, signal, noise)
        scores["normalised"] = scores["shared"] / explainable
        scores["similarity"] = _similarity(listener, signal, noise)
        ends = np.cumsum([each.noise_variance.size for each in chosen])[:-1]
        for name, values in scores.items():
            for area, of_one in zip(_AREAS, np.split(values, ends), strict=True):
                found.setdefault((name, area), []).append(float(of_one.mean()))
    means = {place: float(np.mean(values)) for place, values in found.items()}
    none, tolerance = expected_of_noise(heard, planted)
    cca, similarity = "shared_cca", "prediction_similarity"
    return [
        _expectation(cca, _CHOSEN, NULL_REGION, "null", none, tolerance),
        *(
            _expectation(cca, _CHOSEN, area, quantity, means[name, area], TOLERANCES[quantity])
            for area in _AREAS
            for quantity, name in (("score", "shared"), ("normalised", "normalised"))
        ),
        *(
            _expectation(cca, part, area, "part", means[part, area], TOLERANCES["score"])
            for part in _PARTS
            for area in _AREAS
        ),
        *(
            _expectation(
                similarity, _CHOSEN, area, "score", means["similarity", area], _SIMILARITY_TOLERANCE
            )
            for area in _SIMILAR_AREAS
        ),
        # On phantoms the baseline is the model itself.
        _expectation(similarity, "model-baseline", "A1", "part", 1.0, 1e-9),
    ]


def _of_parts(listener: _Listener, signal: np.ndarray, noise: np.ndarray) -> dict[str, np.ndarray]:
    """Return R² (electrode,) of each part, with the penalty that is best on the mean over folds."""
    found: dict[str, list[np.ndarray]] = {}
    for fold in listener.folds:
        for name, features in _parts(listener, fold.train).items():
            design = listener.lagged(features)
            found.setdefault(name, []).append(
                expected_r2(
                    design[fold.train],
                    signal[fold.train],
                    design[fold.test],
                    signal[fold.test],
                    noise,
                    alphas=ALPHAS,
                )
            )
    return {name: np.mean(values, axis=0).max(axis=0) for name, values in found.items()}


def _parts(listener: _Listener, train: np.ndarray) -> dict[str, np.ndarray]:
    """Return the features (row, direction) of each part, fitted on training rows."""
    one, other = _canonical(listener.spectral, listener.phonetic, train)
    n_pairs = min(one.shape[1], other.shape[1])
    shared = other[:, :N_SHARED]
    return {
        "shared": one[:, :N_SHARED],
        "rest": one[:, N_SHARED:n_pairs],
        "partner_shared": shared,
        "partner_rest": other[:, N_SHARED:n_pairs],
        "partner_rest_full": other[:, N_SHARED:],
        "semantic": _canonical(shared, listener.words, train)[1][:, :N_SHARED],
        "acoustic": _canonical(shared, listener.spectral, train)[1][:, :N_SHARED],
    }


def _canonical(
    one: np.ndarray, other: np.ndarray, train: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the canonical variates (row, direction) of both sides, of unit variance."""
    centred = [each - each[train].mean(axis=0) for each in (one, other)]
    bases, triangles = zip(*(np.linalg.qr(each[train]) for each in centred), strict=True)
    left, _, right = np.linalg.svd(bases[0].T @ bases[1])
    scale = np.sqrt(len(train))
    found = [
        scale * each @ np.linalg.solve(triangle, rotation)
        for each, triangle, rotation in zip(centred, triangles, (left, right.T), strict=True)
    ]
    return found[0], found[1]


def _similarity(listener: _Listener, signal: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """Return the shared variance (electrode,) of what both oracles predict."""
    splits: list[list[Split]] = []
    alphas = []
    for features in (listener.spectral, listener.phonetic):
        design = listener.lagged(features)
        of_folds = [Split(design[fold.train], design[fold.test]) for fold in listener.folds]
        r2 = [
            expected_r2(
                split.train, signal[fold.train], split.test, signal[fold.test], noise, alphas=ALPHAS
            )
            for fold, split in zip(listener.folds, of_folds, strict=True)
        ]
        splits.append(of_folds)
        alphas.append(np.array(ALPHAS)[np.mean(r2, axis=0).argmax(axis=0)])
    return expected_shared_variance(
        splits[0],
        splits[1],
        [signal[fold.train] for fold in listener.folds],
        noise,
        alphas=(alphas[0], alphas[1]),
    )


def _expectation(
    benchmark: str, layer: str, roi: str, quantity: str, expected: float, tolerance: float
) -> dict[str, Any]:
    return {
        "benchmark": f"timit_ecog-{benchmark}",
        "model": _MODEL,
        "layer": layer,
        "roi": roi,
        "quantity": quantity,
        "expected": expected,
        "tolerance": tolerance,
        "source": _SOURCES[benchmark],
    }
