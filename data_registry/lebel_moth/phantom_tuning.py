"""A phantom for brain-tuning: one listener who hears what no untrained network says plainly.

Stories are sequences of tones of 0.2 s: low, high, both or none, in changing proportions. Voxels
of ``Heschl`` answer to how often the low tone sounds, which any layer carries; those of ``STG``
and ``IFG`` to whether low and high agree, which is no linear function of either, so that a network
that was never trained carries it weakly and one that is tuned can learn it. ``STS`` and ``Motor``
answer to nothing. The files are those of the real dataset, and `planted` has the ceilings.
"""

from __future__ import annotations

import json
from pathlib import Path

import h5py
import numpy as np
import soundfile

from heschl.data_registry.lebel_moth.phantom_anatomy import OUTSIDE, draw_anatomy, write_anatomy
from heschl.data_registry.lebel_moth.stories import SESSIONS, TEST_STORY, VALIDATION_STORY
from heschl.errors import InvalidInput

__all__ = ["CEILINGS", "SUBJECT", "write_tuning_phantom"]

SUBJECT = "UTS01"
_RATE = 16_000
_TONES_HZ = (300, 1500)
_TONE_S, _TR_S = 0.2, 2.0
_ROWS = dict.fromkeys(SESSIONS[0], 90) | {VALIDATION_STORY: 60, TEST_STORY: 160}
_REPEATS = {TEST_STORY: 5}
_PLANTED = {"Heschl": "low", "STG": "agreement", "IFG": "agreement"}
_SHARE = 0.5
"""Of the variance of a single response, in the regions that answer to something."""

CEILINGS = {region: float(np.sqrt(_SHARE / (_SHARE + (1 - _SHARE) / 5))) for region in _PLANTED}
"""The correlation of the true signal with the mean of the test story's repeats."""


def write_tuning_phantom(root: str | Path, seed: int = 0) -> Path:
    """Write the phantom below ``root``, an empty folder or none; the same seed, the same bytes."""
    place = Path(root)
    derivative = place / "derivative"
    if derivative.exists() or (place / "stimuli").exists():
        raise InvalidInput(f"{place} holds a dataset already; give an empty folder")
    responses = derivative / "preprocessed_data" / SUBJECT
    for folder in (place / "stimuli", responses):
        folder.mkdir(parents=True)
    scans = {name: n_rows + 20 for name, n_rows in _ROWS.items()}
    (derivative / "respdict.json").write_text(json.dumps(scans, indent=1))
    # Whoever reads the folder takes its numbers for simulated ones by this file.
    (place / "truth.json").write_text(json.dumps({"ceilings": CEILINGS, "planted": _PLANTED}))
    write_anatomy(derivative, SUBJECT, seed)
    for number, (name, n_rows) in enumerate(_ROWS.items()):
        generator = np.random.default_rng([seed, number])
        low, high = _tones(n_rows + 6, generator)
        path = place / "stimuli" / f"{name}.wav"
        soundfile.write(path, _sound(low, high, generator), _RATE, subtype="PCM_16")
        signals = {"low": low, "agreement": low == high}
        _write_responses(responses / f"{name}.hf5", name, signals, n_rows, generator)
    return place


def _tones(n_scans: int, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return whether the low and the high tone sound (tone,), in proportions that change."""
    n_tones = n_scans * round(_TR_S / _TONE_S)
    kinds = np.empty(n_tones, dtype=int)
    start = 0
    while start < n_tones:
        stretch = slice(start, start + int(generator.integers(10, 40)))
        shares = generator.dirichlet(np.full(4, 0.6))
        kinds[stretch] = generator.choice(4, size=len(kinds[stretch]), p=shares)
        start = stretch.stop
    return np.isin(kinds, (1, 3)), np.isin(kinds, (2, 3))


def _sound(low: np.ndarray, high: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    times_s = np.arange(round(_TONE_S * _RATE)) / _RATE
    phases = generator.uniform(0, 2 * np.pi, (2, len(low), 1))
    tones = [
        np.sin(2 * np.pi * frequency * times_s + phase) * sounds[:, None]
        for frequency, phase, sounds in zip(_TONES_HZ, phases, (low, high), strict=True)
    ]
    noise = 0.05 * generator.standard_normal((len(low), len(times_s)))
    return np.asarray(0.3 * (sum(tones) + noise)).ravel()


def _write_responses(
    path: Path,
    story: str,
    signals: dict[str, np.ndarray],
    n_rows: int,
    generator: np.random.Generator,
) -> None:
    """Write the responses: each scan answers to the mean of the four before it."""
    anatomy = draw_anatomy()
    trials = generator.standard_normal((_REPEATS.get(story, 1), n_rows, len(anatomy.regions)))
    for region, driver in _PLANTED.items():
        by_scan = signals[driver].reshape(-1, round(_TR_S / _TONE_S)).mean(axis=1)
        # Row k was acquired from 2k + 10 to 2k + 12 s: it is the scan k + 5.
        answer = np.array([by_scan[row + 1 : row + 5].mean() for row in range(n_rows)])
        answer = (answer - answer.mean()) / answer.std()
        columns = anatomy.columns(region)
        noise = np.sqrt(1 - _SHARE) * trials[:, :, columns]
        trials[:, :, columns] = np.sqrt(_SHARE) * answer[:, None] + noise
    trials -= trials.mean(axis=1, keepdims=True)
    trials /= trials.std(axis=1, keepdims=True)
    trials[:, :, anatomy.columns(OUTSIDE)[0]] = np.nan
    with h5py.File(path, "w") as file:
        file.create_dataset("data", data=trials.mean(axis=0), track_times=False)
        if story in _REPEATS:
            file.create_dataset("individual_repeats", data=trials, track_times=False)
