"""Score files made of numbers, for what reads them."""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from heschl.configuration import digest
from heschl.leaderboard.score_file import Estimate, LayerCurve, Region, Samples, ScoreFile

PRIMARY = "all"
LAYERS = tuple(f"block.{number}" for number in range(12))


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


def provenance(model: str, bench: Bench) -> dict[str, Any]:
    """Return a provenance as the small file of a score has it."""
    configuration = {"benchmark": {"metric": {"id": "ridge"}}, "model": {"id": model}}
    return {
        "model": model,
        "model_digest": hashlib.sha256(model.encode()).hexdigest(),
        "model_origin": "made",
        "benchmark": bench.id,
        "benchmark_version": str(bench.version),
        "protocol": bench.protocol,
        "dataset": bench.dataset,
        "data_kind": bench.data_kind,
        "data_digests": {"recordings": {"n": 9, "sha256": "0" * 64}},
        "configuration": configuration,
        "configuration_digest": digest(configuration),
        "seed": "0",
        "device": "cpu",
        "versions": {"python": "3.11.9", "heschl": "0.1", "numpy": "2.4"},
        "git": {"commit": "0" * 40},
        "hardware": {"cores": 2},
        "started": "2026-03-01T12:00:00+00:00",
        "seconds": {"score": 60.0},
        "cells": {"computed": 10, "cached": 0},
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
        name=PRIMARY,
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
        "primary_roi": PRIMARY,
        "layer_rule": "nested",
        "score_meaning": "the correlation of predicted and measured responses",
        "normalisation": "score / ceiling",
        "ceiling_kind": "split half",
        "interval_level": 0.95,
        "explanation": f"{model} on {bench.id}: made by a seed.",
        "samples": Samples(
            bench.noun, bench.is_drawn, bench.names, floats(score), floats(normalised)
        ),
        "regions": (primary, *regions),
        "layers": LAYERS if curves else ("final",),
        "curves": tuple(curves),
        "provenance": provenance(model, bench),
        "source_sha256": made_source(model, bench),
        "source_bytes": 123_456,
    }
    return ScoreFile(**(fields | changes))


def made_source(model: str, bench: Bench) -> str:
    return hashlib.sha256(f"{model} {bench.id}".encode()).hexdigest()


def floats(values: np.ndarray) -> tuple[float, ...]:
    return tuple(float(value) for value in values)
