"""What was planted into the phantom, and what benchmarks of it must find.

Everything expected is computed from the designs and signals that were planted, by closed form: no
number here comes from running the benchmark.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from heschl.alignment import Alignment
from heschl.data_registry.lebel_moth import LEBEL_MOTH
from heschl.data_registry.lebel_moth.phantom_low_level import LowLevel, without
from heschl.data_registry.lebel_moth.stories import TEST_STORY
from heschl.phantom import features
from heschl.phantom.simulation import (
    Simulation,
    at_rows,
    delayed_design,
    expected_ceiling,
    expected_pearson,
)
from heschl.sound import Sound

__all__ = ["DRIVER_OF", "ROWS_SKIPPED", "SIGNAL_SHARE", "Told", "planted_designs", "truth"]

DRIVER_OF = {
    "Heschl": "spectral",
    "STG": "phonetic",
    "STS": "lexical",
    "IFG": "lexical",
    "Motor": "none",
    "outside": "none",
}
SIGNAL_SHARE = {
    "Heschl": 0.3,
    "STG": 0.2,
    "STS": 0.25,
    "IFG": 0.15,
    "Motor": 0.0,
    "outside": 0.0,
}
"""Of the variance of a single response, the share that its features explain."""

_ORACLES = (
    ("phantom-spectrum", "bands", "spectral", "Heschl"),
    ("phantom-phones", "blend.3", "phonetic", "STG"),
    ("phantom-words", "blend.2", "lexical", "STS"),
    ("phantom-words", "blend.2", "lexical", "IFG"),
)
_NULL_REGION = "Motor"
_SOURCES = {
    "score": "docs/protocols.md, S0 (conditional form)",
    "ceiling": "docs/protocols.md, S-moussa.alignment (CCmax)",
    "normalised": "docs/protocols.md, S-moussa.alignment (score / CCmax)",
    "nested_layer": "docs/protocols.md, S-millet.hierarchy",
    "null": "docs/protocols.md, S0 (null)",
    "impact": "docs/protocols.md, S-moussa.low_level_impact (conditional form)",
}
_TOLERANCES = {"score": 0.01, "ceiling": 0.03, "normalised": 0.03, "nested_layer": 0}
"""Of the mean over three phantoms; that of noise follows from its number of voxels and rows."""
_IMPACTS = ("lebel_moth-low_level_impact", "lebel_moth-low_level_impact-oota10")
"""Both find the same: the phantom's stories are all among the ten."""
_IMPACT_TOLERANCE = 4.0
"""In points: what .03 of both normalised alignments make where the original one is .7 to .9."""
_N_PHANTOMS = 3
_PENALTIES = np.logspace(1, 4, 15) ** 2
"""Those among which the benchmark chooses."""
ROWS_SKIPPED = 40
"""At the start of the test story, which a benchmark leaves out: there listeners do not respond."""


@dataclass(frozen=True)
class Told:
    """One story, as it was told: features on the clock of the responses (row, feature)."""

    planted: Mapping[str, np.ndarray]
    """For each driver what the voxels respond to."""
    known: Mapping[str, np.ndarray]
    """For each driver what its oracle makes of it through the benchmark's windows."""
    low_level: LowLevel

    @classmethod
    def of(cls, sound: Sound, alignment: Alignment, n_rows: int) -> Told:
        """Return the features of a sound and its words and phones.

        Row k was acquired from 2k + 10 to 2k + 12 s.
        """
        row_times_s = 2.0 * np.arange(n_rows) + 11.0
        waveform = sound.waveform(features.SAMPLE_RATE)
        frames = features.spectral(waveform)
        # Readers know the planted events. The listener is asked every 0.1 s for its last frame,
        # stamped with that time: frames begin every 10 ms and last 25 ms, so that number 10 j - 3
        # is the last one to end by 0.1 j s.
        asked = np.arange(1, len(waveform) // 1600 + 1)
        events = {"phonetic": features.phonetic(alignment), "lexical": features.lexical(alignment)}
        of_events = {
            driver: at_rows(each.values, (each.onsets_s + each.offsets_s) / 2, row_times_s)
            for driver, each in events.items()
        }
        return cls(
            planted=of_events
            | {"spectral": at_rows(frames, features.frame_times(len(frames)), row_times_s)},
            known=of_events
            | {"spectral": at_rows(frames[10 * asked - 3], 0.1 * asked, row_times_s)},
            low_level=LowLevel.of(sound, alignment, row_times_s),
        )


def planted_designs(stories: Mapping[str, Told]) -> dict[str, dict[str, np.ndarray]]:
    """Return for each driver and story the design (row, column) that voxels respond to."""
    designs = {
        driver: {name: delayed_design(told.planted[driver]) for name, told in stories.items()}
        for driver in ("spectral", "phonetic", "lexical")
    }
    # Without a driver any design will do: its weights are 0.
    return designs | {"none": designs["lexical"]}


def truth(
    seed: int,
    stories: Mapping[str, Told],
    planted: Mapping[str, Mapping[str, Simulation]],
    n_repeats: Mapping[str, int],
) -> dict[str, Any]:
    """Return the content of ``truth.json``.

    Parameters
    ----------
    stories
        Every story.
    planted
        For each listener and region the simulation.
    n_repeats
        For each listener how often the test story was heard.
    """
    expectations: list[dict[str, Any]] = []
    left: dict[Any, dict[str, np.ndarray]] = {}
    for model, layer, driver, region in _ORACLES:
        known = {name: told.known[driver] for name, told in stories.items()}
        in_region = {subject: regions[region] for subject, regions in planted.items()}
        noise = [regions[_NULL_REGION] for regions in planted.values()]
        expected = [*_expected(known, in_region, n_repeats), _expected_of_noise(noise)]
        if layer != "bands":  # with one layer there is no choice that could fail
            expected.append({"quantity": "nested_layer", "expected": layer})
        expectations += [
            {"benchmark": "lebel_moth-ridge", "model": model, "layer": layer, "roi": region}
            | {"tolerance": _TOLERANCES.get(each["quantity"])}
            | each
            | {"source": _SOURCES[each["quantity"]]}
            for each in expected
        ]
        impact = _expected_impact(stories, driver, in_region, n_repeats, left)
        expectations += [
            {"benchmark": benchmark, "model": model, "layer": layer}
            | {"roi": region, "quantity": "normalised", "expected": impact}
            | {"tolerance": _IMPACT_TOLERANCE, "source": _SOURCES["impact"]}
            for benchmark in _IMPACTS
        ]
    n_voxels = {
        region: simulation.weights.shape[1]
        for region, simulation in next(iter(planted.values())).items()
    }
    return {
        "phantom_version": LEBEL_MOTH.phantom_version,
        "seed": seed,
        "regions": {
            region: {
                "driver": driver,
                "signal_share": SIGNAL_SHARE[region],
                "n_voxels": n_voxels[region],
            }
            for region, driver in DRIVER_OF.items()
        },
        "expectations": expectations,
    }


def _expected(
    known: Mapping[str, np.ndarray],
    planted: Mapping[str, Simulation],
    n_repeats: Mapping[str, int],
) -> list[dict[str, Any]]:
    """Return each quantity, its mean over the voxels of one region and then over listeners."""
    scores, ceilings, normalised = {}, {}, {}
    for subject, simulation in planted.items():
        score = _expected_scores(known, simulation, n_repeats[subject])
        ceiling = _expected_ceilings(simulation, n_repeats[subject])
        scores[subject] = score.mean()
        ceilings[subject] = ceiling.mean()
        normalised[subject] = (score / ceiling).mean()
    ceiling_of = {
        count: [ceilings[subject] for subject in planted if n_repeats[subject] == count]
        for count in sorted({n_repeats[subject] for subject in planted})
    }
    return [
        {"quantity": "score", "expected": float(np.mean([*scores.values()]))},
        {"quantity": "normalised", "expected": float(np.mean([*normalised.values()]))},
        *(
            {"quantity": "ceiling", "expected": float(np.mean(of_listeners)), "n_repeats": count}
            for count, of_listeners in ceiling_of.items()
        ),
    ]


def _expected_of_noise(planted: Sequence[Simulation]) -> dict[str, Any]:
    """Return that r is 0 where nothing was planted, to three standard errors of its mean."""
    n_voxels = sum(simulation.weights.shape[1] for simulation in planted)
    n_rows = len(planted[0].signals[TEST_STORY]) - ROWS_SKIPPED
    tolerance = 3 / float(np.sqrt(n_rows * n_voxels * _N_PHANTOMS))
    return {"quantity": "null", "roi": _NULL_REGION, "expected": 0.0, "tolerance": tolerance}


def _expected_scores(
    known: Mapping[str, np.ndarray], planted: Simulation, n_repeats: int
) -> np.ndarray:
    """Return the Pearson r (voxel,) of ridge with the best penalty, on the rows that count."""
    training = [name for name in planted.signals if name != TEST_STORY]
    return expected_pearson(
        np.concatenate([delayed_design(known[name]) for name in training]),
        np.concatenate([planted.signals[name] for name in training]),
        delayed_design(known[TEST_STORY][ROWS_SKIPPED:]),
        planted.signals[TEST_STORY][ROWS_SKIPPED:],
        planted.noise_variance,
        alpha=planted.best_alpha,
        n_repeats=n_repeats,
    )


def _expected_impact(
    stories: Mapping[str, Told],
    driver: str,
    planted: Mapping[str, Simulation],
    n_repeats: Mapping[str, int],
    left: dict[Any, dict[str, np.ndarray]],
) -> float:
    """Return the mean impact over low-level spaces and listeners, from the means of a region.

    ``left`` keeps residuals for the next region.
    """
    impacts = []
    for subject, simulation in planted.items():
        heard = tuple(simulation.signals)
        skipped = {name: ROWS_SKIPPED if name == TEST_STORY else 0 for name in heard}
        known = {name: stories[name].known[driver][skipped[name] :] for name in heard}
        low_level = {name: stories[name].low_level.skip(skipped[name]) for name in heard}
        training = [name for name in heard if name != TEST_STORY]
        whole = {name: stories[name].known[driver] for name in heard}
        ceiling = _expected_ceilings(simulation, n_repeats[subject])
        original = (_expected_scores(whole, simulation, n_repeats[subject]) / ceiling).mean()
        for space in low_level[TEST_STORY].columns:
            if (driver, space, heard) not in left:
                left[driver, space, heard] = without(space, known, low_level, training)
            residual = _expected_from_residuals(
                left[driver, space, heard], simulation, training, n_repeats[subject]
            )
            impacts.append(100 * (original - (residual / ceiling).mean()) / original)
    return float(np.mean(impacts))


def _expected_from_residuals(
    residuals: Mapping[str, np.ndarray],
    planted: Simulation,
    training: Sequence[str],
    n_repeats: int,
) -> np.ndarray:
    """Return the Pearson r (voxel,) of the penalty that does best.

    No weights were planted through residuals, so that none is known to be best: each voxel has that
    of the benchmark's penalties which is expected to do so.
    """
    n = len(_PENALTIES)
    designs = {
        name: delayed_design(values, standardise=False) for name, values in residuals.items()
    }
    expected = expected_pearson(
        np.concatenate([designs[name] for name in training]),
        np.tile(np.concatenate([planted.signals[name] for name in training]), n),
        designs[TEST_STORY],
        np.tile(planted.signals[TEST_STORY][ROWS_SKIPPED:], n),
        np.tile(planted.noise_variance, n),
        alpha=np.repeat(_PENALTIES, len(planted.noise_variance)),
        n_repeats=n_repeats,
    )
    return np.asarray(expected.reshape(n, -1).max(axis=0))


def _expected_ceilings(planted: Simulation, n_repeats: int) -> np.ndarray:
    """Return CCmax (voxel,) from the signal's share on the rows that count."""
    signal = planted.signals[TEST_STORY][ROWS_SKIPPED:].var(axis=0)
    return expected_ceiling(signal / (signal + planted.noise_variance), n_repeats)
