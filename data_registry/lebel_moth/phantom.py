"""The phantom twin: eight simulated listeners in exactly the files of the real dataset.

Speech with known words and phones is told in five stories. The voxels of each region answer to one
feature space of it, through the real clock and delays, with noise of a known size. What a benchmark
must find follows from that and is written to ``truth.json``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

import h5py
import numpy as np
import soundfile

from heschl.alignment import Alignment, Interval
from heschl.data_registry.lebel_moth.phantom_anatomy import OUTSIDE, draw_anatomy, write_anatomy
from heschl.data_registry.lebel_moth.phantom_truth import (
    DRIVER_OF,
    ROWS_SKIPPED,
    SIGNAL_SHARE,
    Told,
    planted_designs,
    truth,
)
from heschl.data_registry.lebel_moth.stories import TEST_STORY
from heschl.errors import InvalidInput
from heschl.phantom.corpus import compose, utterances
from heschl.phantom.simulation import Simulation, simulate
from heschl.sound import Sound
from heschl.textgrid import write_textgrid

__all__ = ["write_phantom"]

_SCANS = {"souls": 60, "avatar": 61, "legacy": 62, "life": 60, TEST_STORY: 160}
_SILENT_END_S = 19.3
"""A story lasts 2 s a scan less this, which is 18.0 to 20.3 s in the real data."""
_STEREO = ("souls", "legacy")
_STYLES: dict[str, Literal["long", "short", "chronological"]] = {
    "souls": "long",
    "avatar": "short",
    "legacy": "chronological",
    "life": "long",
    TEST_STORY: "chronological",
}
_TIER_NAMES = {"avatar": ("phones", "words")}
_WITH_BYTE_ORDER_MARK = ("life",)
_SAMPLE_RATE = 44100
_REPEATS = {"UTS01": 10, "UTS02": 10, "UTS03": 10} | {f"UTS0{k}": 5 for k in range(4, 9)}
_NEVER_HEARD = {"UTS04": ("life",)}
_VOWELS = frozenset("AEIOU")


def write_phantom(root: str | Path, seed: int = 0) -> None:
    """Write the phantom below ``root``, which is made if need be.

    The same seed gives the same bytes. The seed changes the stories, the weights and the noise;
    sounds do not depend on the listener. Takes some seconds and 90 MB.
    """
    place = Path(root)
    derivative = place / "derivative"
    if derivative.exists() or (place / "stimuli").exists():
        raise InvalidInput(f"{place} holds a dataset already; give an empty folder")
    for folder in (place / "stimuli", derivative / "TextGrids"):
        folder.mkdir(parents=True)
    _write_tables(place)
    stories = {
        name: _tell(place, name, seed * len(_SCANS) + number) for number, name in enumerate(_SCANS)
    }
    designs = planted_designs(stories)
    planted = {}
    for number, (subject, n_repeats) in enumerate(_REPEATS.items(), start=1):
        of_subject = seed * 100 + number
        write_anatomy(derivative, subject, of_subject)
        heard = [name for name in _SCANS if name not in _NEVER_HEARD.get(subject, ())]
        planted[subject] = {
            region: simulate(
                {name: designs[driver][name] for name in heard},
                len(draw_anatomy().columns(region)),
                SIGNAL_SHARE[region],
                seed=of_subject * 10 + block,
                repeats={TEST_STORY: n_repeats},
            )
            for block, (region, driver) in enumerate(DRIVER_OF.items())
        }
        _write_responses(derivative / "preprocessed_data" / subject, planted[subject])
    content = truth(seed, stories, planted, _REPEATS)
    (place / "truth.json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def _write_tables(root: Path) -> None:
    """Write what names the dataset, its listeners and the scans of each story."""
    description = {
        "Name": "Simulated twin of OpenNeuro ds003020: no human data",
        "BIDSVersion": "1.6.0",
        "DatasetType": "derivative",
        "License": "CC0",
    }
    rows = ["participant_id\tage\tsex", *(f"sub-{subject}\tn/a\tn/a" for subject in _REPEATS)]
    (root / "participants.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    for path, content in {
        "dataset_description.json": description,
        "derivative/respdict.json": _SCANS,
        "derivative/subject_xfms.json": {subject: f"{subject}_auto" for subject in _REPEATS},
    }.items():
        (root / path).write_text(json.dumps(content, indent=4) + "\n", encoding="utf-8")


def _tell(root: Path, name: str, seed: int) -> Told:
    """Write the sound and the transcript of one story, and return what listeners respond to."""
    duration_s = 2 * _SCANS[name] - _SILENT_END_S
    story = compose(name, utterances("en"), duration_s, seed=seed, sample_rate=_SAMPLE_RATE)
    samples = 0.8 * story.sound.waveform(_SAMPLE_RATE)
    if name in _STEREO:
        # The mean of the channels, which models hear, is what the one channel would be.
        samples = np.stack([1.1 * samples, 0.9 * samples], axis=1)
    path = root / "stimuli" / f"{name}.wav"
    soundfile.write(path, samples, _SAMPLE_RATE, subtype="PCM_16")
    alignment = story.alignment or Alignment()
    if name == TEST_STORY:
        alignment = _overlapping(alignment)
    phone_tier, word_tier = _TIER_NAMES.get(name, ("phone", "word"))
    write_textgrid(
        root / "derivative/TextGrids" / f"{name}.TextGrid",
        {
            phone_tier: _filled([_stressed(phone) for phone in alignment.phones], "sp", duration_s),
            word_tier: _filled(alignment.words, "{BR}", duration_s),
        },
        style=_STYLES[name],
        encoding="utf-8-sig" if name in _WITH_BYTE_ORDER_MARK else "utf-8",
    )
    return Told.of(Sound.from_file(path), alignment, n_rows=_SCANS[name] - 20)


def _overlapping(alignment: Alignment) -> Alignment:
    """Let every fiftieth phone last 10 ms into the next, as some of the real test story's do."""
    phones = [
        phone._replace(offset_s=phone.offset_s + 0.01) if number % 50 == 0 else phone
        for number, phone in enumerate(alignment.phones)
    ]
    return Alignment(alignment.words, tuple(phones))


def _stressed(phone: Interval) -> Interval:
    """Mark vowels with a stress digit, as in the real transcripts."""
    return phone._replace(label=phone.label + "1") if phone.label[0] in _VOWELS else phone


def _filled(
    intervals: tuple[Interval, ...] | list[Interval], label: str, duration_s: float
) -> list[Interval]:
    """Return the intervals with the gaps between them labelled, in turn as no speech and blank."""
    filled: list[Interval] = []
    until_s = 0.0
    for interval in (*intervals, Interval(duration_s, duration_s, "")):
        if interval.onset_s > until_s:
            filled.append(Interval(until_s, interval.onset_s, label if len(filled) % 2 else ""))
        if interval.offset_s > interval.onset_s:
            filled.append(interval)
        until_s = max(until_s, interval.offset_s)
    return filled


def _write_responses(folder: Path, regions: dict[str, Simulation]) -> None:
    """Write one listener's files, each region's voxels in their columns and one column of NaN."""
    folder.mkdir(parents=True)
    anatomy = draw_anatomy()
    for story in next(iter(regions.values())).trials:
        trials = np.concatenate([planted.trials[story] for planted in regions.values()], axis=2)
        if story == TEST_STORY:
            # Noise alone, so that a benchmark that forgets to leave these rows out is found out.
            signals = [planted.signals[story][:ROWS_SKIPPED] for planted in regions.values()]
            trials[:, :ROWS_SKIPPED] -= np.concatenate(signals, axis=1)
        # The authors z-scored every run.
        trials = trials - trials.mean(axis=1, keepdims=True)
        trials /= trials.std(axis=1, keepdims=True)
        columns = np.concatenate([anatomy.columns(region) for region in regions])
        ordered = np.empty_like(trials)
        ordered[:, :, columns] = trials
        ordered[:, :, anatomy.columns(OUTSIDE)[0]] = np.nan
        with h5py.File(folder / f"{story}.hf5", "w") as file:
            # Times in the file would differ at every writing.
            file.create_dataset("data", data=ordered.mean(axis=0), track_times=False)
            if story == TEST_STORY:
                file.create_dataset("individual_repeats", data=ordered, track_times=False)
