"""Simulated voxels of several listeners, in the files of the archive of Tuckute et al. (2023).

Voxels of the regions respond to the eight bands with other reliabilities, on both sides of the
floor of the noise correction; those of one region to nothing. Listeners' voxels are mixed over the
columns, and the table of regions lists them in yet another order: what is not joined by number, or
not ordered by name, gives every voxel the responses of another.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from heschl.data_registry.natural_sounds.expected import (
    corrected_share,
    pooled_share,
    split_share,
)
from heschl.data_registry.natural_sounds.expected_similarity import expected_similarities
from heschl.data_registry.natural_sounds.splits import RandomSplits
from heschl.dimensions import STIMULUS
from heschl.phantom.simulation import Simulation, simulate

__all__ = ["N_SESSIONS", "RELIABILITY", "PlantedVoxels", "plant", "write_frame", "write_truth"]

N_SESSIONS = 3
RELIABILITY = {"Primary": 0.5, "Lateral": 0.3, "Posterior": 0.05, "Anterior": 0.0, "": 0.3}
"""Of one session. The mean of three has .75, .56, .14 and 0, and the floor is .182."""
VOXELS_PER_REGION = 12
_SOURCE = "docs/protocols.md, S-audio.regression (conditional form)"
_SIMILARITY_SOURCE = "docs/protocols.md, S-audio.rsa (SciPy, noise drawn anew)"
_LISTENERS_DRAWN = 16
"""Of the noise of at least so many listeners similarities are expected."""


@dataclass(frozen=True)
class PlantedVoxels:
    """All listeners' voxels, in the order of the columns."""

    values: np.ndarray
    """(sound, voxel, session)"""
    voxel_id: np.ndarray
    subject: np.ndarray
    region: np.ndarray
    simulations: Mapping[str, Sequence[Simulation]]
    """For each region that of each listener."""


def plant(levels: np.ndarray, subjects: Sequence[int], *, seed: int) -> PlantedVoxels:
    """Return voxels that respond to the ``levels (sound, band)`` of sounds, row for row."""
    centred = levels - levels.mean(axis=0)
    simulations: dict[str, list[Simulation]] = {region: [] for region in RELIABILITY}
    values, owner, region_of = [], [], []
    for subject in subjects:
        for number, (region, share) in enumerate(RELIABILITY.items()):
            planted = simulate(
                {"sounds": centred},
                VOXELS_PER_REGION,
                share,
                seed=(seed * 100 + subject) * 10 + number,
                repeats={"sounds": N_SESSIONS},
            )
            simulations[region].append(planted)
            values.append(planted.trials["sounds"].transpose(1, 2, 0))
            owner += [subject] * VOXELS_PER_REGION
            region_of += [region] * VOXELS_PER_REGION
    generator = np.random.default_rng([seed, 1])
    order = generator.permutation(len(owner))
    joined = np.concatenate(values, axis=1)[:, order]
    # A voxel that the scanner lost stays in the files.
    joined[:, np.flatnonzero(np.array(region_of)[order] == "")[0], 1] = np.nan
    return PlantedVoxels(
        values=joined,
        voxel_id=1000 + generator.permutation(len(owner)),
        subject=np.array(owner)[order],
        region=np.array(region_of, dtype=object)[order],
        simulations=simulations,
    )


def write_frame(path: Path, planted: PlantedVoxels, *, seed: int) -> None:
    """Write the table of regions as pandas pickles it, its rows in an order of their own."""
    import pandas as pd

    order = np.random.default_rng([seed, 2]).permutation(len(planted.voxel_id))
    labels = np.array([region or None for region in planted.region], dtype=object)
    columns = {
        "subj_idx": planted.subject,
        "hemi": np.where(np.arange(len(order)) % 2, "lh", "rh").astype(object),
        "voxel_id": planted.voxel_id,
        "roi_label_general": labels,
    }
    # Texts as objects, which is how they were published: newer releases would pack them.
    frame = pd.DataFrame(
        {name: pd.Series(each[order], dtype=each.dtype) for name, each in columns.items()},
        columns=pd.Index([*columns], dtype=object),
    )
    frame.to_pickle(path, protocol=4)


def write_truth(
    path: Path, dataset: str, version: int, levels: np.ndarray, planted: PlantedVoxels, *, seed: int
) -> None:
    """Write what both benchmarks of a dataset must find, from what was planted alone."""
    splits = [(each.train, each.test) for each in RandomSplits().folds({STIMULUS: levels[:, 0]})]
    expectations: list[dict[str, Any]] = []
    for region, reliability in RELIABILITY.items():
        if not region:
            continue
        found = [_of_listener(levels, each, splits) for each in planted.simulations[region]]
        pooled, split, corrected = (float(np.mean(each)) for each in zip(*found, strict=True))
        quantity = "score" if reliability else "null"
        # Where nothing was planted most voxels score 0 exactly, and so does their median.
        tolerance = 0.03 if reliability else 0.005
        expectations += [
            _expectation(f"{dataset}-ridge", region, quantity, pooled, tolerance),
            _expectation(f"{dataset}-ridge_tuck", region, quantity, split, tolerance or 0.03),
        ]
        if region == "Primary":  # elsewhere the correction is known to be unstable
            source = "docs/protocols.md, S-audio.regression (NC-TUCK)"
            normalised = _expectation(
                f"{dataset}-ridge_tuck", region, "normalised", corrected, 0.05
            )
            expectations.append(normalised | {"source": source})
        expectations += _similarities(dataset, region, levels, planted, splits, seed=seed)
    content = {
        "phantom_version": version,
        "seed": seed,
        "regions": {
            region or "none": {"session_reliability": share, "n_voxels": VOXELS_PER_REGION}
            for region, share in RELIABILITY.items()
        },
        "expectations": expectations,
    }
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def _similarities(
    dataset: str,
    region: str,
    levels: np.ndarray,
    planted: PlantedVoxels,
    splits: Sequence[tuple[np.ndarray, np.ndarray]],
    *,
    seed: int,
) -> list[dict[str, Any]]:
    """Return what comparisons of geometries must find in a region."""
    of_listeners = planted.simulations[region]
    found = expected_similarities(
        levels,
        [each.signals["sounds"] for each in of_listeners],
        float(of_listeners[0].noise_variance[0]) / N_SESSIONS,
        splits,
        n_draws=-(-_LISTENERS_DRAWN // len(of_listeners)),
        seed=seed,
    )
    expected = {
        "rsa": (found.score, found.ceiling, 0.02),
        "rsa_tuck": (found.split_score, found.split_ceiling, 0.03),
    }
    has_signal = RELIABILITY[region] > 0
    listed = []
    for kind, (score, ceiling, tolerance) in expected.items():
        quantities = {
            "score" if has_signal else "null": score if has_signal else 0.0,
            "ceiling": ceiling if has_signal else 0.0,
        }
        listed += [
            _expectation(f"{dataset}-{kind}", region, quantity, value, tolerance)
            | {"source": _SIMILARITY_SOURCE}
            for quantity, value in quantities.items()
        ]
    return listed


def _expectation(
    benchmark: str, region: str, quantity: str, expected: float, tolerance: float
) -> dict[str, Any]:
    return {
        "benchmark": benchmark,
        "model": "phantom-spectrum",
        "layer": "bands",
        "roi": region,
        "quantity": quantity,
        "expected": expected,
        "tolerance": tolerance,
        "source": _SOURCE,
    }


def _of_listener(
    levels: np.ndarray, planted: Simulation, splits: Sequence[tuple[np.ndarray, np.ndarray]]
) -> tuple[float, float, float]:
    """Return the medians over voxels of the pooled, the split and the corrected score."""
    signal, noise = planted.signals["sounds"], float(planted.noise_variance[0]) / N_SESSIONS
    alpha = planted.best_alpha / N_SESSIONS
    pooled = pooled_share(levels, signal, noise * np.eye(len(levels)), alpha, n_folds=5)
    split = np.median(split_share(levels, signal, noise, alpha, splits), axis=0)
    corrected = np.median(corrected_share(levels, signal, alpha, splits), axis=0)
    return float(np.median(pooled)), float(np.median(split)), float(np.median(corrected))
