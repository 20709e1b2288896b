"""Submissions made of numbers that a seed draws, for the board, its pages and its downloads.

``write_large`` is fixture A, a thousand models; ``write_layered`` is fixture B, with layers, regions
and maps of the cortex; ``write_hostile`` is fixture C, what nobody should submit.
"""

import hashlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from heschl import registry
from heschl.configuration import canonical_json, digest
from heschl.leaderboard.score_file import (
    Estimate,
    LayerCurve,
    Region,
    Samples,
    ScoreFile,
    SurfaceMap,
)

REGIONS = ("all", "Heschl", "PT", "STG", "STS", "IFG", "Motor")
LAYERS = tuple(f"block.{number}" for number in range(12))
LAYERED = (
    "lebel_moth-ridge",
    "narratives-ridge",
    "little_prince-ridge-en",
    "nh2015-ridge",
    "nh2015_components-ridge",
    "timit_ecog-trf",
    "perceptimatic-abx",
    "timit-phonemes",
)
MAPPED = LAYERED[:2]
N_DRAWS = 400

_FAMILIES = ("wav2vec2", "HuBERT", "WavLM", "Whisper", "AST", "data2vec", "BEATs", "Mel")
_KINDS = {
    "self-supervised": ("masked prediction", 960.0),
    "supervised": ("transcription", 680_000.0),
    "untrained": ("none", None),
}
_LANGUAGES = (("en",), ("en", "fr", "zh"), ("zh",))


@dataclass(frozen=True)
class Bench:
    """A benchmark, and what a seed drew for it."""

    id: str
    version: int
    dataset: str
    protocol: str
    noun: str
    names: tuple[str, ...]
    ceiling: float
    difficulty: float
    data_kind: str = "real"

    @property
    def is_drawn(self) -> bool:
        return len(self.names) == 1


def estimate(values: np.ndarray, is_drawn: bool = False) -> Estimate:
    """Return mean, standard error and interval over samples, or of what was drawn anew."""
    values = np.asarray(values, dtype=float)
    if not np.isfinite(values).all():
        return Estimate(*[math.nan] * 5)
    mean = float(values.mean())
    if is_drawn:
        low, high = np.quantile(values, [0.025, 0.975])
        return Estimate(mean, float(values.std(ddof=1)), float(low), float(high), math.nan)
    error = float(values.std(ddof=1) / math.sqrt(len(values)))
    return Estimate(mean, error, mean - 1.96 * error, mean + 1.96 * error, 0.01)


def provenance(model: str, bench: Bench) -> dict[str, str]:
    """Return a provenance as `heschl.score` captures it."""
    configuration = {"benchmark": {"id": bench.id}, "model": {"id": model}}
    return {
        "model": model,
        "model_digest": hashlib.sha256(model.encode()).hexdigest(),
        "model_origin": "made",
        "benchmark": bench.id,
        "benchmark_version": str(bench.version),
        "protocol": bench.protocol,
        "dataset": bench.dataset,
        "data_kind": bench.data_kind,
        "data_digests": canonical_json({"S1": "0" * 64}),
        "configuration": canonical_json(configuration),
        "configuration_digest": digest(configuration),
        "seed": "0",
        "device": "cpu",
        "versions": canonical_json({"python": "3.11.9", "heschl": "0.1", "numpy": "2.4"}),
        "git": canonical_json({"commit": "0" * 40}),
        "hardware": canonical_json({"cores": 2}),
        "started": "2026-03-01T12:00:00+00:00",
        "seconds": canonical_json({"score": 60.0}),
        "cells": canonical_json({"computed": 10, "cached": 0}),
        "command": f"heschl score {model} {bench.id}",
    }


def made_file(
    model: str,
    bench: Bench,
    normalised: np.ndarray,
    regions: Sequence[Region] = (),
    curves: Sequence[LayerCurve] = (),
    **changes: object,
) -> ScoreFile:
    """Return the score file of one model's numbers (sample,) on one benchmark."""
    normalised = np.asarray(normalised, dtype=float)
    score = normalised * bench.ceiling
    primary = Region(
        name=REGIONS[0],
        n=8 if bench.is_drawn else len(normalised),
        n_units=500,
        score=estimate(score, bench.is_drawn),
        normalised=estimate(normalised, bench.is_drawn),
        ceiling=bench.ceiling,
        ceiling_error=0.01,
        layer=LAYERS[7] if curves else "final",
    )
    fields = {
        "model": model,
        "benchmark": bench.id,
        "benchmark_version": bench.version,
        "dataset": bench.dataset,
        "data_kind": bench.data_kind,
        "protocol": bench.protocol,
        "status": "self-reported",
        "primary_roi": REGIONS[0],
        "layer_rule": "nested",
        "score_meaning": "the correlation of predicted and measured responses",
        "normalisation": "score / ceiling",
        "ceiling_kind": "split half",
        "interval_level": 0.95,
        "explanation": f"{model} on {bench.id}: made by a seed.",
        "samples": Samples(
            bench.noun, bench.is_drawn, bench.names, _floats(score), _floats(normalised)
        ),
        "regions": (primary, *regions),
        "layers": LAYERS if curves else ("final",),
        "curves": tuple(curves),
        "provenance": provenance(model, bench),
        "source_sha256": hashlib.sha256(f"{model} {bench.id}".encode()).hexdigest(),
        "source_bytes": 123_456,
    }
    return ScoreFile(**(fields | changes))


def large_benches(count: int = 30, seed: int = 0) -> tuple[Bench, ...]:
    """Return the benchmarks of fixture A, which nobody has registered."""
    generator = np.random.default_rng([seed, 1])
    return tuple(
        Bench(
            id=f"dataset{number // 3:02d}-{('ridge', 'rsa', 'trf')[number % 3]}",
            version=1,
            dataset=f"dataset{number // 3:02d}",
            protocol="made.protocol",
            noun="listener",
            names=tuple(f"S{listener + 1}" for listener in range(generator.integers(8, 31))),
            ceiling=float(generator.uniform(0.2, 0.6)),
            difficulty=float(generator.uniform(0.3, 0.8)),
        )
        for number in range(count)
    )


def large_files(
    n_models: int = 1000, n_benches: int = 30, missing: float = 0.1, seed: int = 0
) -> Iterator[ScoreFile]:
    """Yield the score files of fixture A, model by model."""
    benches = large_benches(n_benches, seed)
    generator = np.random.default_rng([seed, 2])
    ability = generator.normal(0, 0.1, n_models)
    listeners = [generator.normal(0, 0.05, len(bench.names)) for bench in benches]
    for number in range(n_models):
        for bench, of_listeners in zip(benches, listeners, strict=True):
            noise = generator.normal(0, 0.04, len(of_listeners))
            if generator.random() >= missing:
                values = bench.difficulty + ability[number] + of_listeners + noise
                yield made_file(f"model-{number:04d}", bench, values)


def layered_benches(data_kind: str = "real", seed: int = 0) -> tuple[Bench, ...]:
    """Return the registered benchmarks of fixture B."""
    generator = np.random.default_rng([seed, 3])
    benches = []
    for name in LAYERED:
        card = registry.benchmarks.card(name)
        noun = {"subject": "listener"}.get(card.unit_of_uncertainty, card.unit_of_uncertainty)
        is_drawn = noun == "stimulus"
        benches.append(
            Bench(
                id=name,
                version=card.version,
                dataset=card.dataset,
                protocol=card.protocol,
                noun=noun,
                names=("0" * 16,) if is_drawn else tuple(f"S{each + 1}" for each in range(9)),
                ceiling=float(generator.uniform(0.2, 0.6)),
                difficulty=float(generator.uniform(0.3, 0.8)),
                data_kind=data_kind,
            )
        )
    return tuple(benches)


def layered_files(seed: int = 0) -> Iterator[ScoreFile]:
    """Yield the score files of fixture B: 20 models on 8 benchmarks, six simulated too."""
    for data_kind, n_models in (("real", 20), ("phantom", 6)):
        generator = np.random.default_rng([seed, 4, n_models])
        ability = np.linspace(0.3, -0.3, n_models)
        for bench in layered_benches(data_kind, seed):
            n_samples = N_DRAWS if bench.is_drawn else len(bench.names)
            of_samples = generator.normal(0, 0.06, n_samples)
            for number in range(n_models):
                values = bench.difficulty + ability[number] + of_samples
                values = values + generator.normal(0, 0.03, n_samples)
                yield _layered_file(f"layered-{number:02d}", bench, values, generator)


def _layered_file(
    model: str, bench: Bench, values: np.ndarray, generator: np.random.Generator
) -> ScoreFile:
    """Return a file with a curve and a number for every region, and maps where there are some."""
    mean = float(np.mean(values))
    regions, curves = [], []
    for number, name in enumerate(REGIONS):
        factor = 1.0 if number == 0 else float(generator.uniform(0.6, 1.2))
        depth = np.linspace(0, 1, len(LAYERS))
        curve = mean * factor * (1 - (depth - 0.6) ** 2) + generator.normal(0, 0.01, len(LAYERS))
        errors = generator.uniform(0.005, 0.02, len(LAYERS))
        curves.append(
            LayerCurve(
                name,
                _floats(curve * bench.ceiling),
                _floats(errors * bench.ceiling),
                _floats(curve),
                _floats(errors),
            )
        )
        if number:
            numbers = estimate(values * factor, bench.is_drawn)
            raw = estimate(values * factor * bench.ceiling, bench.is_drawn)
            n = 8 if bench.is_drawn else len(values)
            regions.append(Region(name, n, 60, raw, numbers, bench.ceiling, 0.01, LAYERS[7]))
    # What is known of a surface is smooth; only fMRI has one.
    maps = (made_map(generator),) if bench.id in MAPPED and bench.data_kind == "real" else ()
    return made_file(model, bench, values, regions, curves, maps=maps)


def made_map(generator: np.random.Generator, name: str = "normalised") -> SurfaceMap:
    """Return a smooth map of fsaverage5 with some noise, and nothing in the medial wall."""
    hemispheres = []
    for side in ("left", "right"):
        sphere = _sphere(side)
        values = np.zeros(len(sphere))
        for centre in generator.normal(size=(6, 3)):
            distance = sphere @ (centre / np.linalg.norm(centre))
            values += generator.normal() * np.exp(4 * (distance - 1))
        values += generator.normal(0, 0.01, len(sphere))
        steps = 1 + np.round(254 * (values - values.min()) / np.ptp(values))
        inward = 1 if side == "left" else -1
        steps[sphere[:, 0] * inward > 0.9] = 0
        hemispheres.append(steps.astype(np.uint8).tobytes())
    return SurfaceMap(name, -0.05, 0.35, *hemispheres)


_SPHERES: dict[str, np.ndarray] = {}


def _sphere(side: str) -> np.ndarray:
    """Return the unit vectors (vertex, 3) of a hemisphere's sphere."""
    if not _SPHERES:
        from nilearn.datasets import fetch_surf_fsaverage
        from nilearn.surface import load_surf_mesh

        surfaces = fetch_surf_fsaverage("fsaverage5")
        for each in ("left", "right"):
            points = np.asarray(load_surf_mesh(surfaces[f"sphere_{each}"]).coordinates)
            _SPHERES[each] = points / np.linalg.norm(points, axis=1, keepdims=True)
    return _SPHERES[side]


def _floats(values: np.ndarray) -> tuple[float, ...]:
    return tuple(float(value) for value in values)
