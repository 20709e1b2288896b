"""What was planted into the phantom, and what the benchmarks on it must find.

Everything expected is computed from the designs, signals and noise that were planted, by closed
form: no number here comes from running a benchmark.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from heschl.alignment import Alignment
from heschl.data_registry.narratives import NARRATIVES
from heschl.data_registry.narratives.phantom_anatomy import columns
from heschl.data_registry.narratives.tasks import Story
from heschl.phantom import features
from heschl.phantom.haemodynamics import convolved
from heschl.phantom.simulation import Simulation, delayed_design, expected_pearson
from heschl.sound import Sound

__all__ = ["DRIVER_OF", "HEARD", "SIGNAL_SHARE", "Told", "planted_designs", "truth"]

HEARD: dict[str, tuple[str, ...]] = {
    "pieman": ("sub-002", "sub-013", "sub-101", "sub-102", "sub-103", "sub-104"),
    "piemanpni": ("sub-001", "sub-002", "sub-013", "sub-021", "sub-101", "sub-104"),
    "milkyway-synonyms": ("sub-001", "sub-021", "sub-101", "sub-102", "sub-103"),
}
"""Who heard each story in a scan that counts."""
DRIVER_OF = {
    "Heschl": "spectral",
    "STG": "phonetic",
    "STS": "lexical",
    "IFG": "lexical",
    "Motor": "none",
}
SIGNAL_SHARE = {"Heschl": 0.3, "STG": 0.3, "STS": 0.25, "IFG": 0.2, "Motor": 0.0}
"""Of the variance of a response, the share that its features explain."""

_ORACLES = (
    ("phantom-spectrum", "bands", "spectral", "Heschl"),
    ("phantom-phones", "blend.3", "phonetic", "STG"),
    ("phantom-words", "blend.2", "lexical", "STS"),
    ("phantom-words", "blend.2", "lexical", "IFG"),
)
_N_FOLDS = {"narratives-ridge": 5, "narratives-ridge-compat": 10}
_COMPARED = {"narratives-ridge": _ORACLES, "narratives-ridge-compat": _ORACLES[-1:]}
"""What each benchmark must find; they differ in little, so that little is asked twice."""
_NULL_REGION = "Motor"
_PENALTIES = np.logspace(1, 8, 20)
_SOURCES = {
    "score": "docs/protocols.md, S-millet.brain_score (S0, conditional form)",
    "ceiling": "docs/protocols.md, S0 (conditional form) on the design of S-millet.noise_ceiling",
    "normalised": "docs/protocols.md, S-millet.noise_ceiling (score / ceiling, unclipped)",
    "nested_layer": "docs/protocols.md, S-millet.hierarchy",
    "null": "docs/protocols.md, S0 (null)",
}
_TOLERANCES = {"score": 0.01, "ceiling": 0.015, "normalised": 0.04, "nested_layer": 0}
"""Of the mean over three phantoms; that of noise follows from its number of vertices and rows."""
_N_PHANTOMS = 3


@dataclass(frozen=True)
class Told:
    """One story, as it was told: for each driver its features (row, feature) in the blood."""

    planted: Mapping[str, np.ndarray]

    @classmethod
    def of(cls, sound: Sound, alignment: Alignment, story: Story) -> Told:
        """Return the features of a sound and its words and phones at a story's volumes."""
        rows_s = story.clock() - story.tr_s / 2  # the benchmark takes volumes where they begin
        frames = features.spectral(sound.waveform(features.SAMPLE_RATE))
        low, high = frames.min(axis=0), frames.max(axis=0)
        # The protocol brings activations to the range from 0 to 1 first. A frame stands for the
        # 10 ms around its middle.
        begins_s = features.frame_times(len(frames)) - features.HOP_S / 2
        planted = {
            "spectral": convolved((frames - low) / (high - low), begins_s, features.HOP_S, rows_s)
        }
        events = {"phonetic": features.phonetic(alignment), "lexical": features.lexical(alignment)}
        for driver, each in events.items():
            middle_s = (each.onsets_s + each.offsets_s) / 2
            order = np.argsort(middle_s, kind="stable")
            planted[driver] = convolved(each.values[order], middle_s[order], 0.0, rows_s)
        return cls(planted)


def planted_designs(stories: Mapping[str, Told]) -> dict[str, dict[str, np.ndarray]]:
    """Return for each driver and story the design (row, column) that vertices respond to."""
    designs = {
        driver: {
            name: delayed_design(told.planted[driver], delays=(0,))
            for name, told in stories.items()
        }
        for driver in ("spectral", "phonetic", "lexical")
    }
    # Without a driver any design will do: its weights are 0.
    return designs | {"none": designs["lexical"]}


def truth(
    seed: int, stories: Mapping[str, Told], planted: Mapping[str, Simulation]
) -> dict[str, Any]:
    """Return the content of ``truth.json``, from the simulation of each region."""
    designs = planted_designs(stories)
    ceilings = {subject: _expected_ceilings(planted, subject) for subject in _subjects()}
    expectations: list[dict[str, Any]] = []
    for benchmark, oracles in _COMPARED.items():
        n_folds = _N_FOLDS[benchmark]
        for model, layer, driver, region in oracles:
            scores = _expected_scores(designs[driver], planted[region], n_folds)
            expected: list[dict[str, Any]] = [{"quantity": "score", "expected": _mean(scores)}]
            if oracles is _ORACLES:
                expected += _expected_beside_ceilings(scores, ceilings, region)
            if layer != "bands":  # with one layer there is no choice that could fail
                expected.append({"quantity": "nested_layer", "expected": layer})
            expected.append(_expected_of_noise(planted[_NULL_REGION]))
            expectations += [
                {"benchmark": benchmark, "model": model, "layer": layer, "roi": region}
                | {"tolerance": _TOLERANCES.get(each["quantity"])}
                | each
                | {"source": _SOURCES[each["quantity"]]}
                for each in expected
            ]
    return {
        "phantom_version": NARRATIVES.phantom_version,
        "seed": seed,
        "regions": {
            region: {
                "driver": driver,
                "signal_share": SIGNAL_SHARE[region],
                "n_vertices": len(columns(region)),
            }
            for region, driver in DRIVER_OF.items()
        },
        "expectations": expectations,
    }


def _expected_beside_ceilings(
    scores: Mapping[str, np.ndarray], ceilings: Mapping[str, Mapping[str, np.ndarray]], region: str
) -> list[dict[str, Any]]:
    """Return the ceiling, and scores in units of it, their means over vertices and listeners."""
    of_region = {subject: each[region] for subject, each in ceilings.items()}
    normalised = {subject: scores[subject] / of_region[subject] for subject in scores}
    return [
        {"quantity": "ceiling", "expected": _mean(of_region)},
        {"quantity": "normalised", "expected": _mean(normalised)},
    ]


def _mean(of_subjects: Mapping[str, np.ndarray]) -> float:
    """Return the mean over units (unit,), then over listeners."""
    return float(np.mean([values.mean() for values in of_subjects.values()]))


def _expected_scores(
    designs: Mapping[str, np.ndarray], planted: Simulation, n_folds: int
) -> dict[str, np.ndarray]:
    """Return for each listener the score (unit,) of who knows what was planted."""
    return {
        subject: _expected_r(
            np.concatenate([designs[name] for name in _heard_by(subject)]),
            np.concatenate([planted.signals[name] for name in _heard_by(subject)]),
            planted.noise_variance,
            planted.best_alpha,
            n_folds,
        )
        for subject in _subjects()
    }


def _expected_ceilings(planted: Mapping[str, Simulation], subject: str) -> dict[str, np.ndarray]:
    """Return for each region how well the others predict one listener's vertices (unit,)."""
    heard = _heard_by(subject)
    others = np.concatenate([_mean_of_others(planted, name, subject) for name in heard])
    signal = np.concatenate(
        [np.hstack([each.signals[name] for each in planted.values()]) for name in heard]
    )
    noise = np.concatenate([each.noise_variance for each in planted.values()])
    # No one penalty is best by construction here; leaving one out finds the best of the grid.
    of_penalties = _expected_r(
        others,
        np.tile(signal, len(_PENALTIES)),
        np.tile(noise, len(_PENALTIES)),
        np.repeat(_PENALTIES, len(noise)),
        _N_FOLDS["narratives-ridge"],
    )
    best = of_penalties.reshape(len(_PENALTIES), -1).max(axis=0)
    ends = np.cumsum([len(each.noise_variance) for each in planted.values()])
    return dict(zip(planted, np.split(best, ends[:-1]), strict=True))


def _expected_r(
    design: np.ndarray,
    signal: np.ndarray,
    noise_variance: np.ndarray,
    alpha: np.ndarray,
    n_folds: int,
) -> np.ndarray:
    """Return the Pearson r (unit,) of ridge, the mean over contiguous folds."""
    found = []
    for train, test in _folds(len(signal), n_folds):
        centre, level = design[train].mean(axis=0), signal[train].mean(axis=0)
        found.append(
            expected_pearson(
                design[train] - centre,
                signal[train] - level,
                design[test] - centre,
                signal[test] - level,
                noise_variance,
                alpha=alpha,
            )
        )
    mean: np.ndarray = np.mean(found, axis=0)
    return mean


def _folds(n_rows: int, n_folds: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    rows = np.arange(n_rows)
    for test in np.array_split(rows, n_folds):
        yield np.setdiff1d(rows, test), test


def _mean_of_others(planted: Mapping[str, Simulation], name: str, subject: str) -> np.ndarray:
    """Return the mean (row, unit) over all other listeners of a story, each z-scored."""
    responses = np.concatenate([each.trials[name] for each in planted.values()], axis=2)
    responses = responses - responses.mean(axis=1, keepdims=True)
    responses /= responses.std(axis=1, keepdims=True)
    mean: np.ndarray = np.delete(responses, HEARD[name].index(subject), axis=0).mean(axis=0)
    return mean


def _expected_of_noise(planted: Simulation) -> dict[str, Any]:
    """Return that r is 0 where nothing was planted, to three standard errors of its mean."""
    n_values = planted.weights.shape[1] * sum(
        len(planted.signals[name]) for subject in _subjects() for name in _heard_by(subject)
    )
    tolerance = 3 / float(np.sqrt(n_values * _N_PHANTOMS))
    return {"quantity": "null", "roi": _NULL_REGION, "expected": 0.0, "tolerance": tolerance}


def _subjects() -> Sequence[str]:
    return sorted({subject for subjects in HEARD.values() for subject in subjects})


def _heard_by(subject: str) -> list[str]:
    return [name for name in sorted(HEARD) if subject in HEARD[name]]
