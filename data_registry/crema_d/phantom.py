"""The phantom twin: six actors whose emotions are tones, in the files of the real dataset."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import soundfile

from heschl.data_registry.crema_d import CREMA_D
from heschl.data_registry.crema_d.loader import EMOTIONS, SILENT
from heschl.errors import InvalidInput
from heschl.phantom.labelled import Speech, coded, guessed, told

__all__ = ["write_phantom"]

_BENCHMARK = "crema_d-emotion"
_RATE = 16_000
_ACTORS = ("1001", "1002", "1003", "1004", "1005", SILENT[:4])
_SENTENCES = ("IEO", "DFA")
_MODES = ("Voice", "Face", "MultiModal")
_TIED = "1001_DFA_ANG_XX"


def write_phantom(root: str | Path, seed: int = 0) -> None:
    """Write the phantom below ``root``, an empty folder; the same seed gives the same bytes.

    The tones of `heschl.phantom.labelled` tell the emotion. Listeners heard what was played, but
    took disgust for anger; one clip is tied. The file without sound is there as in the real data.
    """
    place = Path(root)
    if (place / "AudioWAV").exists():
        raise InvalidInput(f"{place} holds a dataset already; give an empty folder")
    for folder in ("AudioWAV", "processedResults"):
        (place / folder).mkdir(parents=True)
    generator = np.random.default_rng(seed)
    speech = Speech("en", _RATE, generator)
    names = [
        f"{actor}_{sentence}_{emotion}_{_level(sentence, emotion)}"
        for actor in _ACTORS
        for sentence in _SENTENCES
        for emotion in EMOTIONS
    ]
    for name in names:
        samples = coded(speech.stretch(1.3), EMOTIONS.index(name.split("_")[2]), _RATE)
        soundfile.write(place / "AudioWAV" / f"{name}.wav", samples, _RATE, subtype="PCM_16")
    soundfile.write(place / "AudioWAV" / f"{SILENT}.wav", np.zeros(0), _RATE, subtype="PCM_16")
    votes = {name: _vote(name) for name in (*names, SILENT)}
    _write_votes(place / "processedResults" / "summaryTable.csv", votes)
    actors = ['"ActorID","Age","Sex","Race","Ethnicity"']
    actors += [f'{actor},30,"Female","simulated","simulated"' for actor in _ACTORS]
    (place / "VideoDemographics.csv").write_text("\n".join(actors) + "\n", encoding="utf-8")
    heard = [vote for vote in map(_vote, names) if ":" not in vote]
    truth = {
        "phantom_version": CREMA_D.phantom_version,
        "seed": seed,
        "planted": {
            "n_clips": len(names),
            "emotion": {each: sum(each in name for name in names) for each in EMOTIONS},
            "voice_vote": {each: heard.count(each[0]) for each in EMOTIONS},
            "tied": _TIED,
            "code": "the tones are those of the emotion's place in the vocabulary",
        },
        "expectations": [
            told(_BENCHMARK),
            guessed(_BENCHMARK, 1 / len(EMOTIONS), len(EMOTIONS)),
        ],
    }
    (place / "truth.json").write_text(json.dumps(truth, indent=1) + "\n", encoding="utf-8")


def _level(sentence: str, emotion: str) -> str:
    """Return the level: one sentence was played at several, neutral at none."""
    return "HI" if sentence == "IEO" and emotion != "NEU" else "XX"


def _vote(name: str) -> str:
    emotion = name.split("_")[2]
    return "A:D" if name == _TIED else "A" if emotion == "DIS" else emotion[0]


def _write_votes(path: Path, votes: dict[str, str]) -> None:
    rows: list[tuple[str, ...]] = [
        ("", "FileName", *(f"{of}{what}" for of in _MODES for what in ("Vote", "Level")))
    ]
    for number, (name, vote) in enumerate(votes.items(), start=1):
        rows.append((str(number), name, vote, "69.1", vote, "92.22", vote, "64.78"))
    lines = [",".join(f'"{cell}"' for cell in row) for row in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
