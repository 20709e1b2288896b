"""The phantom twin: eight simulated listeners in exactly the files of the real dataset.

Four stories, of the length and at the place in their scans that the real ones have, are told in
speech with known words and phones. The vertices of each region answer to one feature space of them
through a haemodynamic response, and what they answer is the same in all listeners; noise is each
listener's own. What a benchmark must find follows from that and is written to ``truth.json``.

Scans that are excluded, second runs, and volumes before and after a story hold noise alone.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import nibabel
import numpy as np
import soundfile

from heschl.alignment import Alignment
from heschl.data_registry.narratives.phantom_anatomy import N_VERTICES, WALL, columns, write_labels
from heschl.data_registry.narratives.phantom_truth import (
    DRIVER_OF,
    HEARD,
    SIGNAL_SHARE,
    Told,
    planted_designs,
    truth,
)
from heschl.data_registry.narratives.tasks import STORIES, Story
from heschl.errors import InvalidInput
from heschl.phantom.corpus import compose, utterances
from heschl.phantom.simulation import Simulation, simulate
from heschl.sound import Sound

__all__ = ["write_phantom"]

_SAMPLE_RATE = 16000
_SILENT_END_S = 3.0
_MUSIC_S = {"pieman": 13.0, "milkyway": 18.0}
"""How long the music before a story lasts, where there is any."""
_VOLUMES_AFTER = 8


class _Run(NamedTuple):
    """One scan of one listener."""

    subject: str
    task: str
    run: int | None = None
    early_s: float = 0.0
    """How much earlier than for others the story began."""

    @property
    def name(self) -> str:
        of_run = "" if self.run is None else f"_run-{self.run}"
        return f"{self.subject}_task-{self.task}{of_run}"


_TWICE = {"sub-002": 1, "sub-013": 1}
"""Who heard ``pieman`` twice, and the run that counts."""
_EARLY_S = {("sub-102", "pieman"): 6.0}
_EXCLUDED = (
    _Run("sub-001", "pieman", 1),
    _Run("sub-001", "pieman", 2),
    _Run("sub-013", "pieman", 2),
    _Run("sub-021", "pieman"),
    _Run("sub-038", "pieman"),
)
"""A part of what is excluded of the real data; ``sub-021_task-piemanpni`` is not."""
_UNUSED = (_Run("sub-002", "pieman", 2), *_EXCLUDED)


def write_phantom(root: str | Path, seed: int = 0) -> None:
    """Write the phantom below ``root``, which is made if need be.

    The same seed gives the same bytes. The seed changes the stories, the weights and the noise.
    Takes some seconds and 60 MB.
    """
    place = Path(root)
    if (place / "derivatives").exists() or (place / "stimuli").exists():
        raise InvalidInput(f"{place} holds a dataset already; give an empty folder")
    (place / "stimuli/gentle").mkdir(parents=True)
    write_labels(place)
    _write_tables(place)
    stories = {
        name: _tell(place, STORIES[name], seed * len(HEARD) + number)
        for number, name in enumerate(HEARD)
    }
    designs = planted_designs(stories)
    # Who hears a story is to a simulation who repeats it: one signal, noise of their own.
    planted = {
        region: simulate(
            {name: designs[driver][name] for name in HEARD},
            len(columns(region)),
            SIGNAL_SHARE[region],
            seed=seed * 100 + block,
            repeats={name: len(subjects) for name, subjects in HEARD.items()},
        )
        for block, (region, driver) in enumerate(DRIVER_OF.items())
    }
    generator = np.random.default_rng([seed, 1])
    for name, subjects in HEARD.items():
        for number, subject in enumerate(subjects):
            _write_told(place, STORIES[name], subject, _responses(planted, name, number), generator)
    for run in _UNUSED:
        story = STORIES[run.task]
        noise = generator.standard_normal((story.n_volumes, 2 * N_VERTICES))
        _write_scan(place, run, story, noise, generator)
    content = truth(seed, stories, planted)
    (place / "truth.json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def _write_tables(root: Path) -> None:
    """Write what names the dataset, its listeners and the scans that do not count."""
    description = {
        "Name": "Simulated twin of OpenNeuro ds002345: no human data",
        "BIDSVersion": "1.3.0",
        "License": "CC0",
        "HeschlPhantom": {"vertices": N_VERTICES},
    }
    subjects = sorted({each for of_story in HEARD.values() for each in of_story} | {"sub-038"})
    rows = ["\t".join(("participant_id", "age", "sex", "task", "condition", "comprehension"))]
    for subject in subjects:
        heard = [STORIES[name] for name, of_story in HEARD.items() if subject in of_story]
        listed = [(story.task, story.condition or "n/a") for story in heard]
        listed += [(run.task, "n/a") for run in _UNUSED if run.subject == subject]
        tasks, conditions = (",".join(column) for column in zip(*sorted(set(listed)), strict=True))
        rows.append("\t".join((subject, "n/a", "n/a", tasks, conditions, "n/a")))
    (root / "participants.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    excluded: dict[str, dict[str, list[str]]] = {"piemanpni": {}}
    for run in _EXCLUDED:
        excluded.setdefault(run.task, {}).setdefault(run.subject, []).append(run.name)
    (root / "code").mkdir()
    for path, content in {
        "dataset_description.json": description,
        "code/scan_exclude.json": excluded,
    }.items():
        (root / path).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def _tell(root: Path, story: Story, seed: int) -> Told:
    """Write the sound and the transcript of one story, and return what listeners respond to."""
    duration_s = story.duration_s + _SILENT_END_S
    speech = compose(story.name, utterances("en"), duration_s, seed=seed, sample_rate=_SAMPLE_RATE)
    samples = np.zeros(round((story.offset_s + duration_s) * _SAMPLE_RATE))
    samples[-speech.sound.n_samples :] = 0.8 * speech.sound.waveform(_SAMPLE_RATE)
    music_s = _MUSIC_S.get(story.task, 0.0)
    if music_s:
        times_s = np.arange(round(music_s * _SAMPLE_RATE)) / _SAMPLE_RATE
        chord = sum(np.sin(2 * np.pi * hertz * times_s) for hertz in (220.0, 277.2, 329.6))
        samples[: len(times_s)] = 0.05 * chord * np.sin(np.pi * times_s / 2) ** 2
    path = root / "stimuli" / f"{story.wav}_audio.wav"
    soundfile.write(path, samples, _SAMPLE_RATE, subtype="PCM_16")
    later_s = (len(samples) - speech.sound.n_samples) / _SAMPLE_RATE
    spoken = speech.alignment or Alignment()
    alignment = Alignment(
        *(
            tuple(
                each._replace(onset_s=each.onset_s + later_s, offset_s=each.offset_s + later_s)
                for each in tier
            )
            for tier in (spoken.words, spoken.phones)
        )
    )
    transcript = root / "stimuli/gentle" / story.wav / "align.json"
    transcript.parent.mkdir()
    transcript.write_text(json.dumps(_as_gentle(alignment)) + "\n", encoding="utf-8")
    return Told.of(Sound.from_file(path), alignment, story)


def _as_gentle(alignment: Alignment) -> dict[str, Any]:
    """Return what the aligner writes: times in whole milliseconds, phones by their durations.

    Here and there it does not find a word that nobody said.
    """
    words: list[dict[str, Any]] = []
    for number, word in enumerate(alignment.words):
        phones = [
            phone
            for phone in alignment.phones
            if word.onset_s - 1e-6 <= phone.onset_s < word.offset_s - 1e-6
        ]
        ends = "S" if len(phones) == 1 else "B" + "I" * (len(phones) - 2) + "E"
        words.append(
            {
                "case": "success",
                "word": word.label,
                "alignedWord": word.label,
                "start": word.onset_s,
                "end": word.offset_s,
                "phones": [
                    {
                        "phone": f"{phone.label.lower()}_{end}",
                        "duration": phone.offset_s - phone.onset_s,
                    }
                    for phone, end in zip(phones, ends, strict=True)
                ],
            }
        )
        if number % 40 == 0:
            words.append({"case": "not-found-in-audio", "word": "uhm"})
    return {"transcript": "", "words": words}


def _responses(planted: dict[str, Simulation], name: str, number: int) -> np.ndarray:
    """Return one listener's responses to one story (row, unit), zero where nobody measures."""
    rows = np.zeros((STORIES[name].n_volumes, 2 * N_VERTICES))
    for region, simulation in planted.items():
        rows[:, columns(region)] = simulation.trials[name][number]
    return rows


def _write_told(
    root: Path, story: Story, subject: str, responses: np.ndarray, generator: np.random.Generator
) -> None:
    run = _Run(
        subject,
        story.task,
        _TWICE.get(subject) if story.task == "pieman" else None,
        _EARLY_S.get((subject, story.task), 0.0),
    )
    _write_scan(root, run, story, responses, generator)


def _write_scan(
    root: Path, run: _Run, story: Story, responses: np.ndarray, generator: np.random.Generator
) -> None:
    """Write the events and, for each hemisphere, the volumes of one scan."""
    onset_s = story.onset_s - run.early_s
    file = f"{story.wav}_audio.wav"
    events = [("onset", "duration", "trial_type", "stim_file")]
    if story.task in _MUSIC_S:
        # As for those who were early in the real data, the row of the music was left as it was.
        events.append((str(story.wav_s), str(_MUSIC_S[story.task]), "music", file))
    events.append((str(onset_s), str(story.duration_s), "story", file))
    table = root / run.subject / "func" / f"{run.name}_events.tsv"
    table.parent.mkdir(parents=True, exist_ok=True)
    table.write_text("".join("\t".join(row) + "\n" for row in events), encoding="utf-8")
    first = story.volume(onset_s)
    volumes = generator.standard_normal((first + len(responses) + _VOLUMES_AFTER, 2 * N_VERTICES))
    volumes[first : first + len(responses)] = responses
    # Scanners have units of their own.
    volumes = volumes * generator.uniform(5, 20, 2 * N_VERTICES) + generator.uniform(-2, 2)
    wall = columns(WALL)
    volumes[:, wall[::2]] = np.nan
    volumes[:, wall[1::2]] = 0.0
    folder = root / "derivatives/afni-nosmooth" / run.subject / "func"
    folder.mkdir(parents=True, exist_ok=True)
    for number, hemisphere in enumerate("LR"):
        path = folder / f"{run.name}_space-fsaverage6_hemi-{hemisphere}_desc-clean.func.gii"
        of_side = volumes[:, number * N_VERTICES : (number + 1) * N_VERTICES].astype(np.float32)
        gifti: Any = nibabel.gifti  # untyped
        arrays = [
            gifti.GiftiDataArray(np.ascontiguousarray(volume), intent="NIFTI_INTENT_TIME_SERIES")
            for volume in of_side
        ]
        nibabel.save(gifti.GiftiImage(darrays=arrays), path)
