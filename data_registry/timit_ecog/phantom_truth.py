"""What was planted into the phantom, and what ``timit_ecog-trf`` must find.

Everything expected is computed from the designs and signals that were planted, by closed form: no
number here comes from running the benchmark.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from heschl.alignment import Alignment
from heschl.contracts import Events
from heschl.data_registry.timit_ecog import TIMIT_ECOG
from heschl.phantom import features
from heschl.phantom.lagged import expected_explainable_variance, expected_r2, lagged_design
from heschl.phantom.simulation import Simulation
from heschl.splits import GroupKFold

__all__ = [
    "ALPHAS",
    "BLOCKS",
    "NULL_REGION",
    "N_FOLDS",
    "N_LAGS",
    "TOLERANCES",
    "Block",
    "Heard",
    "expected_of_noise",
    "planted_designs",
    "truth",
]

N_LAGS = 20
"""At 50 Hz: from the sound itself to 380 ms after it."""

Driver = Literal["spectral", "phonetic"]


@dataclass(frozen=True)
class Block:
    """Electrodes that are alike."""

    area: str
    driver: Driver
    signal_share: float
    """Of the variance of a single trial, the share that the features explain."""
    n_electrodes: int
    rise: float = 1.0
    """From the half second before a sentence to its first, in standard deviations of the noise."""
    is_broken: bool = False

    @property
    def is_responsive(self) -> bool:
        """Whether it must be found to respond to speech."""
        return self.rise > 0 and not self.is_broken


BLOCKS = (
    Block("A1", "spectral", 0.4, 8),
    Block("STG", "phonetic", 0.3, 12),
    Block("MTG", "phonetic", 0.15, 10),
    Block("SMC", "spectral", 0.0, 16),
    Block("SMG", "spectral", 0.2, 8),
    Block("insula", "spectral", 0.3, 2),
    # As well driven as any, but silenced at the onset: no part of what is scored by region.
    Block("STG", "spectral", 0.5, 4, rise=-1.0),
    Block("A1", "spectral", 0.0, 4, rise=-0.2),
    Block("STG", "phonetic", 0.3, 1, is_broken=True),
)

_ORACLES: tuple[tuple[str, str, Driver, tuple[str, ...]], ...] = (
    ("phantom-spectrum", "bands", "spectral", ("A1", "SMG")),
    ("phantom-phones", "blend.3", "phonetic", ("STG", "MTG")),
)
_ONLY_LAYER = "bands"
NULL_REGION = "SMC"
ALPHAS: Sequence[float] = tuple(float(alpha) for alpha in np.logspace(0, 8, 17))
N_FOLDS = 5
_N_PHANTOMS = 3
TOLERANCES = {
    "score": 0.01,
    "ceiling": 0.015,
    "normalised": 0.03,
    "inner": 0.01,
    "inner_layer_share": 0.05,
}
"""Of the mean over three phantoms."""
_SOURCES = {
    "score": "docs/protocols.md, S-chen.trf (conditional form of R²)",
    "ceiling": "docs/protocols.md, S-chen.trf (EV)",
    "normalised": "docs/protocols.md, S-chen.trf (R² / EV)",
    "inner": "docs/protocols.md, S-chen.trf (layers chosen on inner folds)",
    "inner_layer_share": "docs/protocols.md, S-chen.trf (layers chosen on inner folds)",
    "null": "docs/protocols.md, S0 (null)",
}


@dataclass(frozen=True)
class Heard:
    """Features of one sentence at 50 Hz (row, feature)."""

    rows: Mapping[Driver, np.ndarray]
    words: np.ndarray
    """What no electrode answers to: lexical features of the word that is heard."""
    text: str

    @classmethod
    def of_sound(cls, samples: np.ndarray, alignment: Alignment, text: str) -> Heard:
        """Return the features of int16 samples at 16 kHz; row k is from 20 k to 20 (k + 1) ms."""
        n_rows = len(samples) // 320
        rows: dict[Driver, np.ndarray] = {
            "spectral": _mean_in_rows(features.spectral(samples / 2.0**15), n_rows),
            "phonetic": _sounding_in_rows(features.phonetic(alignment), n_rows),
        }
        return cls(rows, _sounding_in_rows(features.lexical(alignment), n_rows), text)


def _mean_in_rows(frames: np.ndarray, n_rows: int) -> np.ndarray:
    """Return the mean over each row of frames that last from 10 k + 7.5 to 10 k + 17.5 ms.

    A row holds 7.5 ms of the frame before its own two, the whole of the first and 2.5 ms of the
    second; at the ends, what there is of them.
    """
    means = np.zeros((n_rows, frames.shape[1]))
    for row in range(n_rows):
        shares = {2 * row - 1: 7.5, 2 * row: 10.0, 2 * row + 1: 2.5}
        there = {frame: share for frame, share in shares.items() if 0 <= frame < len(frames)}
        if not there:  # the sound ends with less than a window
            there = {len(frames) - 1: 1.0}
        weights = np.array(list(there.values()))
        means[row] = weights @ frames[list(there)] / weights.sum()
    return means


def _sounding_in_rows(events: Events, n_rows: int) -> np.ndarray:
    """Return the values of the event that is heard in the middle of each row, else zero."""
    rows = np.zeros((n_rows, events.values.shape[1]))
    middles_s = (np.arange(n_rows) + 0.5) / 50
    for values, onset_s, offset_s in zip(
        events.values, events.onsets_s, events.offsets_s, strict=True
    ):
        rows[(middles_s >= onset_s) & (middles_s < offset_s)] = values
    return rows


def planted_designs(heard: Mapping[str, Heard]) -> dict[Driver, dict[str, np.ndarray]]:
    """Return for each driver and sentence the design (row, lag x feature) that is responded to."""
    drivers: tuple[Driver, ...] = ("spectral", "phonetic")
    designs: dict[Driver, dict[str, np.ndarray]] = {}
    for driver in drivers:
        mean = np.concatenate([each.rows[driver] for each in heard.values()]).mean(axis=0)
        designs[driver] = {
            name: lagged_design(each.rows[driver] - mean, N_LAGS) for name, each in heard.items()
        }
    return designs


def truth(
    seed: int,
    heard: Mapping[str, Heard],
    planted: Mapping[str, Mapping[Block, Simulation]],
    repeated: Sequence[str],
) -> dict[str, Any]:
    """Return the content of ``truth.json``.

    Parameters
    ----------
    heard
        Every sentence.
    planted
        For each listener and block of electrodes the simulation.
    repeated
        The sentences that were heard several times.
    """
    expectations = []
    for model, layer, driver, areas in _ORACLES:
        for area in areas:
            (block,) = (each for each in BLOCKS if each.area == area and each.is_responsive)
            of_listeners = [blocks[block] for blocks in planted.values()]
            expected = _expected(heard, of_listeners, driver, repeated)
            if layer != _ONLY_LAYER:  # with one layer there is no choice that could fail
                expected |= {"inner": expected["score"], "inner_layer_share": 1.0}
            expectations += [
                _expectation(model, layer, area, quantity, value, TOLERANCES[quantity])
                for quantity, value in expected.items()
            ]
        noise, tolerance = expected_of_noise(heard, planted)
        expectations += [
            _expectation(model, layer, NULL_REGION, quantity, noise, tolerance)
            for quantity in ("null", *(["inner"] if layer != _ONLY_LAYER else []))
        ]
    return {
        "phantom_version": TIMIT_ECOG.phantom_version,
        "seed": seed,
        "blocks": [
            {
                "area": block.area,
                "driver": block.driver,
                "signal_share": block.signal_share,
                "n_electrodes": block.n_electrodes,
                "is_responsive": block.is_responsive,
            }
            for block in BLOCKS
        ],
        "expectations": expectations,
    }


def _expectation(
    model: str, layer: str, roi: str, quantity: str, expected: float, tolerance: float
) -> dict[str, Any]:
    return {
        "benchmark": "timit_ecog-trf",
        "model": model,
        "layer": layer,
        "roi": roi,
        "quantity": quantity,
        "expected": expected,
        "tolerance": tolerance,
        "source": _SOURCES[quantity],
    }


def _expected(
    heard: Mapping[str, Heard],
    planted: Sequence[Simulation],
    driver: Driver,
    repeated: Sequence[str],
) -> dict[str, float]:
    """Return each quantity, its mean over the electrodes of one block and then over listeners."""
    scores, ceilings, normalised = [], [], []
    for simulation in planted:
        score = _expected_scores(heard, simulation, driver)
        again = np.concatenate([simulation.signals[name] for name in repeated])
        ceiling = expected_explainable_variance(again, simulation.noise_variance)
        scores.append(score.mean())
        ceilings.append(ceiling.mean())
        normalised.append((score / ceiling).mean())
    means = {"score": scores, "ceiling": ceilings, "normalised": normalised}
    return {quantity: float(np.mean(values)) for quantity, values in means.items()}


def _expected_scores(heard: Mapping[str, Heard], planted: Simulation, driver: Driver) -> np.ndarray:
    """Return R² (electrode,), the mean over folds, with the penalty that is best on that mean.

    The lags of the benchmark reach into nothing before a sentence, where it sees zeros.
    """
    names = list(planted.signals)
    designs = [lagged_design(heard[name].rows[driver], N_LAGS) for name in names]
    texts = np.repeat([heard[name].text for name in names], [len(each) for each in designs])
    design = np.concatenate(designs)
    signal = np.concatenate(list(planted.signals.values()))
    found = [
        expected_r2(
            design[fold.train],
            signal[fold.train],
            design[fold.test],
            signal[fold.test],
            planted.noise_variance,
            alphas=ALPHAS,
        )
        for fold in GroupKFold(N_FOLDS, by="text").folds({"text": texts})
    ]
    return np.asarray(np.mean(found, axis=0).max(axis=0))


def expected_of_noise(
    heard: Mapping[str, Heard], planted: Mapping[str, Mapping[Block, Simulation]]
) -> tuple[float, float]:
    """Return R² where nothing was planted, and three standard errors of its mean.

    A prediction without variance is off by the error of the training mean, and R² is about the test
    mean. A penalty, or layer, that is chosen by chance costs .002 at most.
    """
    n_rows = sum(len(each.rows["spectral"]) for each in heard.values())
    n_test = n_rows / N_FOLDS
    n_electrodes = sum(block.n_electrodes for block in BLOCKS if block.area == NULL_REGION) * len(
        planted
    )
    expected = -1 / n_test - 1 / (n_rows - n_test)
    return expected, 0.002 + 3 * 2 / float(n_rows * np.sqrt(n_electrodes * _N_PHANTOMS))
