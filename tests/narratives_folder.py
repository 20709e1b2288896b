"""A small folder in the layout of Narratives, and how tests write single files of it."""

from __future__ import annotations

import json
from pathlib import Path

import nibabel
import numpy as np
import soundfile

from heschl.data_registry.narratives.tasks import STORIES, Story

N_VERTICES = 6
RESPONSES = "derivatives/afni-nosmooth"
HEADER = "onset\tduration\ttrial_type\tstim_file"


def write_root(root: Path) -> Path:
    """Write what every listener shares: a description, an empty table, and no list of scans."""
    (root / RESPONSES).mkdir(parents=True)
    (root / "stimuli").mkdir()
    described = {"Name": "test", "HeschlPhantom": {"vertices": N_VERTICES}}
    (root / "dataset_description.json").write_text(json.dumps(described), encoding="utf-8")
    return root


def write_participants(root: Path, **conditions: str) -> None:
    """Write the tasks and conditions of listeners, ``sub_001="milkyway:vodka pieman:n/a"``."""
    rows = ["participant_id\ttask\tcondition"]
    for subject, listed in conditions.items():
        pairs = [entry.split(":") for entry in listed.split()]
        tasks, heard = (",".join(column) for column in zip(*pairs, strict=True))
        rows.append(f"{subject.replace('_', '-')}\t{tasks}\t{heard}")
    (root / "participants.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")


def write_sound(root: Path, story: Story, seconds: float | None = None) -> None:
    duration_s = story.offset_s + story.duration_s if seconds is None else seconds
    noise = np.random.default_rng(0).uniform(-0.1, 0.1, round(duration_s * 1000))
    soundfile.write(root / "stimuli" / f"{story.wav}_audio.wav", noise, 1000)


def events_of(story: Story, *others: Story, moved_s: float = 0.0) -> str:
    """Return an events table with the story and others of the same scan."""
    rows = [HEADER]
    if story.offset_s:
        rows.append(f"{story.wav_s}\t13.0\tmusic\t{story.wav}_audio.wav")
    rows += [
        f"{each.onset_s + moved_s}\t{each.duration_s}\tstory\t{each.wav}_audio.wav"
        for each in (story, *others)
    ]
    return "\n".join(rows) + "\n"


def write_gifti(path: Path, volumes: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    arrays = [nibabel.gifti.GiftiDataArray(np.ascontiguousarray(volume)) for volume in volumes]
    nibabel.save(nibabel.gifti.GiftiImage(darrays=arrays), path)


def gifti(root: Path, scan: str, hemisphere: str) -> Path:
    name = f"{scan}_space-fsaverage6_hemi-{hemisphere}_desc-clean.func.gii"
    return root / RESPONSES / scan.partition("_")[0] / "func" / name


def events(root: Path, scan: str) -> Path:
    return root / scan.partition("_")[0] / "func" / f"{scan}_events.tsv"


def write_scan(
    root: Path, scan: str, *stories: Story, moved_s: float = 0.0, n_volumes: int | None = None
) -> np.ndarray:
    """Write events and volumes (volume, unit), which say their number and vertex; return these."""
    last = stories[-1]
    count = last.first_volume + last.n_volumes + 4 if n_volumes is None else n_volumes
    volumes = np.arange(count)[:, None] + np.arange(2 * N_VERTICES) / 100
    volumes = (volumes + sum(scan.encode()) / 1000).astype(np.float32)
    for number, hemisphere in enumerate("LR"):
        write_gifti(
            gifti(root, scan, hemisphere),
            volumes[:, number * N_VERTICES : (number + 1) * N_VERTICES],
        )
    events(root, scan).parent.mkdir(parents=True, exist_ok=True)
    table = events_of(*stories, moved_s=moved_s)
    events(root, scan).write_text(table, encoding="utf-8")
    return volumes


PIEMAN, PIEMANPNI = STORIES["pieman"], STORIES["piemanpni"]
