"""What was planted into the phantom, and what the benchmarks must find.

Listeners of one language share the signal of every parcel and have noise of their own. Heschl
answers to the spectrum, STS to the words; STG to four latent blocks that nested models know more
and more of; IFG to a signal that listeners share and no model knows; Motor is noise. Everything
expected follows by closed form from the designs, the signals and, for the ceiling, the responses of
the *other* listeners, given which a listener's own noise is all that is left to chance.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from heschl.alignment import Alignment
from heschl.data_registry.little_prince import LITTLE_PRINCE
from heschl.data_registry.little_prince.phantom_brain import REGIONS, brain
from heschl.data_registry.little_prince.sections import LANGUAGES, language_of
from heschl.phantom import features
from heschl.phantom.haemodynamics import convolved
from heschl.phantom.simulation import Simulation, expected_pearson
from heschl.sound import Sound

__all__ = ["BLOCKS", "DRIVER_OF", "LATENT_RATE_HZ", "SIGNAL_SHARE", "rows_of", "truth"]

DRIVER_OF = {
    "Heschl": "spectral",
    "STG": "latent",
    "STS": "lexical",
    "IFG": "unknown",
    "Motor": "none",
}
SIGNAL_SHARE = {"Heschl": 0.4, "STG": 0.5, "STS": 0.4, "IFG": 0.4, "Motor": 0.0}
"""Of the variance of a single response, the share that its features explain."""

BLOCKS = {"random": 0.4, "nonspeech": 0.2, "nonnative": 0.2, "native": 0.2}
"""What a model of each kind adds to the one before it: a latent block, and its share of STG's
signal. A model of a language knows the last block of that language alone."""
_BLOCK_WIDTH = 2
LATENT_RATE_HZ = 2.0

_ALPHAS = np.logspace(1, 8, 20)
_N_COMPONENTS = 100
_N_PHANTOMS = 3

_ORACLES = (("phantom-spectrum", "bands", "Heschl"), ("phantom-words", "blend.2", "STS"))


@dataclass(frozen=True)
class _Benchmark:
    """What the benchmarks on the phantom differ in."""

    languages: tuple[str, ...]
    left_out: tuple[str, ...] = ()
    n_folds: int = 5
    oracles: Sequence[tuple[str, str, str]] = _ORACLES


_BENCHMARKS = {
    "little_prince-ridge": _Benchmark(tuple(LANGUAGES)),
    **{f"little_prince-ridge-{code}": _Benchmark((name,)) for name, code in LANGUAGES.items()},
    # It differs in little, so that little is asked twice.
    "little_prince-ridge-compat": _Benchmark(
        tuple(LANGUAGES), left_out=("sub-CN018",), n_folds=10, oracles=_ORACLES[-1:]
    ),
}
_SOURCES = {
    "score": "docs/protocols.md, S-millet.brain_score (S0, conditional form)",
    "ceiling": "docs/protocols.md, S-millet.noise_ceiling (S0, given the other listeners)",
    "null": "docs/protocols.md, S0 (null)",
    "nested_layer": "docs/protocols.md, S-millet.hierarchy",
}
_TOLERANCE = 0.02
"""Of S-millet.brain_score; the ceiling's .01 is of forty times as many rows."""


def rows_of(
    sound: Sound, alignment: Alignment, row_times_s: np.ndarray, latents: np.ndarray
) -> dict[str, np.ndarray]:
    """Return for each driver what the listeners respond to (row, column), standardised.

    Parameters
    ----------
    latents
        ``LATENT_RATE_HZ`` frames a second from the beginning of the sound (frame, column): those of
        `BLOCKS`, two columns each, and two that no model knows.
    """
    frames = _unit_range(features.spectral(sound.waveform(features.SAMPLE_RATE)))
    frame_onsets_s = features.frame_times(len(frames)) - features.HOP_S / 2
    words = features.lexical(alignment)
    middles_s = (words.onsets_s + words.offsets_s) / 2
    latent_onsets_s = np.arange(len(latents)) / LATENT_RATE_HZ
    n_known = _BLOCK_WIDTH * len(BLOCKS)
    # Models know blocks from 0 to 1; the unknown has a mean of 0, or its onset would be known.
    scaled = np.hstack([_unit_range(latents[:, :n_known]), latents[:, n_known:]])
    of_latents = convolved(scaled, latent_onsets_s, 1 / LATENT_RATE_HZ, row_times_s)
    drivers = {
        "spectral": convolved(frames, frame_onsets_s, features.HOP_S, row_times_s),
        "lexical": convolved(words.values, middles_s, 0.0, row_times_s),
        "latent": of_latents[:, :n_known],
        "unknown": of_latents[:, n_known:],
    }
    standard = {name: _standard(rows) for name, rows in drivers.items()}
    # Without a driver any design will do: its weights are 0.
    return standard | {"none": standard["lexical"]}


@dataclass(frozen=True)
class _Heard:
    """All sections of a language, one after the other."""

    designs: Mapping[str, np.ndarray]
    """For each driver (row, column)."""
    signal: np.ndarray
    """(row, parcel)."""
    trials: np.ndarray
    """(listener, row, parcel), as a benchmark standardises them."""
    noise_variance: np.ndarray
    """(parcel,), without what goes with a section's mean."""


def truth(
    seed: int,
    listeners: Sequence[str],
    designs: Mapping[str, Mapping[str, Mapping[str, np.ndarray]]],
    planted: Mapping[str, Mapping[str, Simulation]],
) -> dict[str, Any]:
    """Return the content of ``truth.json``.

    Parameters
    ----------
    designs
        For each language and section what `rows_of` returns.
    planted
        For each language and region the simulation; its repeats are the language's listeners.
    """
    heard = {language: _heard(designs[language], planted[language]) for language in planted}
    ceilings = {language: _ceilings(each) for language, each in heard.items()}
    expectations = []
    for name, benchmark in _BENCHMARKS.items():
        languages = benchmark.languages
        scored = [language_of(who) for who in listeners if who not in benchmark.left_out]
        counts = [scored.count(language) for language in languages]
        parts = [heard[language] for language in languages]
        for model, layer, region in benchmark.oracles:
            scores = [_scores(each, DRIVER_OF[region], benchmark.n_folds) for each in parts]
            found: list[tuple[str, str, float | str, float]] = [
                ("score", region, _mean(scores, counts, region), _TOLERANCE)
            ]
            found.append(("null", "Motor", 0.0, _null_tolerance(parts, counts)))
            if layer == "bands":
                found += [
                    ("ceiling", each, _mean([ceilings[o] for o in languages], counts, each), 0.02)
                    for each in ("Heschl", "IFG")
                ]
            else:  # with one layer there is no choice that could fail
                found.append(("nested_layer", region, layer, 0.0))
            expectations += [
                {
                    "benchmark": name,
                    "model": model,
                    "layer": layer,
                    "roi": roi,
                    "quantity": quantity,
                    "expected": expected,
                    "tolerance": tolerance,
                    "source": _SOURCES[quantity],
                }
                for quantity, roi, expected, tolerance in found
            ]
    return {
        "phantom_version": LITTLE_PRINCE.phantom_version,
        "seed": seed,
        "regions": {
            region: {
                "driver": DRIVER_OF[region],
                "signal_share": SIGNAL_SHARE[region],
                "n_vertices": int(brain().counts(region).sum()),
            }
            for region in REGIONS
        },
        "specificity": {
            language: {
                name: _mean([_scores(each, "latent", columns=columns)], [1], "STG")
                for name, columns in known_columns().items()
            }
            for language, each in heard.items()
        },
        "expectations": expectations,
    }


def known_columns() -> dict[str, slice]:
    """Return which latent columns a model of each kind knows."""
    return {name: slice(0, _BLOCK_WIDTH * number) for number, name in enumerate(BLOCKS, start=1)}


def _unit_range(frames: np.ndarray) -> np.ndarray:
    """Bring each column to the range from 0 to 1: where silence lies matters to haemodynamics."""
    low = frames.min(axis=0)
    scaled: np.ndarray = (frames - low) / (frames.max(axis=0) - low)
    return scaled


def _standard(rows: np.ndarray) -> np.ndarray:
    spread = rows.std(axis=0)
    centred: np.ndarray = rows - rows.mean(axis=0)
    return centred / np.where(spread > 0, spread, np.inf)


def _heard(
    designs: Mapping[str, Mapping[str, np.ndarray]], planted: Mapping[str, Simulation]
) -> _Heard:
    sections = list(designs)
    of_parcels = [REGIONS.index(region) for region in brain().regions]
    position = [
        brain().regions[:number].count(region) for number, region in enumerate(brain().regions)
    ]

    def by_parcel(of_region: Sequence[np.ndarray]) -> np.ndarray:
        return np.stack(
            [of_region[r][..., p] for r, p in zip(of_parcels, position, strict=True)], axis=-1
        )

    simulations = [planted[region] for region in REGIONS]
    trials = [by_parcel([each.trials[section] for each in simulations]) for section in sections]
    n_rows = np.mean([part.shape[1] for part in trials])
    noise_variance = by_parcel([each.noise_variance for each in simulations])
    return _Heard(
        designs={
            driver: np.concatenate([designs[section][driver] for section in sections])
            for driver in set(DRIVER_OF.values())
        },
        signal=np.concatenate(
            [by_parcel([each.signals[section] for each in simulations]) for section in sections]
        ),
        trials=np.concatenate(
            [np.stack([_standard(one) for one in part]) for part in trials], axis=1
        ),
        noise_variance=noise_variance * (1 - 1 / n_rows),
    )


def _scores(
    heard: _Heard, driver: str, n_folds: int = 5, columns: slice = slice(None)
) -> np.ndarray:
    """Return the expected r (parcel,) of a model that knows (a part of) a driver."""
    design = heard.designs[driver][:, columns]
    return np.asarray(
        np.mean(
            [
                _best(design[train], design[test], heard, train, test)
                for train, test in _folds(heard, n_folds)
            ],
            axis=0,
        )
    )


def _ceilings(heard: _Heard) -> np.ndarray:
    """Return the expected r (parcel,) of the others' mean, all vertices of it, over listeners."""
    mixing = brain().mixing.T
    n_sections_rows = heard.trials.shape[1]
    vertices = heard.trials.reshape(-1, len(mixing)) @ mixing
    vertices = vertices.reshape(len(heard.trials), n_sections_rows, -1)
    found = []
    for listener in range(len(vertices)):
        others = np.delete(vertices, listener, axis=0).mean(axis=0)
        for train, test in _folds(heard, n_folds=5):
            centred = others - others[train].mean(axis=0)
            axes = np.linalg.svd(centred[train], full_matrices=False)[2][:_N_COMPONENTS]
            scores = centred @ axes.T
            found.append(_best(scores[train], scores[test], heard, train, test))
    return np.asarray(np.mean(found, axis=0))


def _best(
    train_design: np.ndarray,
    test_design: np.ndarray,
    heard: _Heard,
    train: np.ndarray,
    test: np.ndarray,
) -> np.ndarray:
    """Return the expected r (parcel,) with the penalty of the grid that predicts best."""
    n_parcels, n_alphas = heard.signal.shape[1], len(_ALPHAS)
    by_penalty = expected_pearson(
        train_design,
        np.tile(heard.signal[train], n_alphas),
        test_design,
        np.tile(heard.signal[test], n_alphas),
        np.tile(heard.noise_variance, n_alphas),
        alpha=np.repeat(_ALPHAS, n_parcels),
    )
    expected = by_penalty.reshape(n_alphas, n_parcels).max(axis=0)
    # The mean of r over few rows is below what it tends to with many (Hotelling 1953).
    return np.asarray(expected * (1 - (1 - expected**2) / (2 * len(test))))


def _folds(heard: _Heard, n_folds: int) -> list[tuple[np.ndarray, np.ndarray]]:
    rows = np.arange(len(heard.signal))
    return [(np.setdiff1d(rows, test), test) for test in np.array_split(rows, n_folds)]


def _mean(values: Sequence[np.ndarray], counts: Sequence[int], region: str) -> float:
    """Return the mean over a region's vertices, and over listeners by language."""
    weights = brain().counts(region)
    of_languages = [np.average(each, weights=weights) for each in values]
    return float(np.average(of_languages, weights=counts))


def _null_tolerance(parts: Sequence[_Heard], counts: Sequence[int]) -> float:
    """Return three standard errors of the mean of r over parcels, listeners and phantoms."""
    weights = brain().counts("Motor")
    n_parcels = weights.sum() ** 2 / (weights**2).sum()
    n_rows = sum(count * part.trials.shape[1] for part, count in zip(parts, counts, strict=True))
    return float(3 / np.sqrt(n_rows * n_parcels * _N_PHANTOMS))
