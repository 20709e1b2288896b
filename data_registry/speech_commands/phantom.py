"""The phantom twin: 35 words of four speakers, told by tones, in the files of the real dataset."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import soundfile

from heschl.data_registry.speech_commands import SPEECH_COMMANDS
from heschl.data_registry.speech_commands.loader import WORDS, split_by_rule
from heschl.errors import InvalidInput
from heschl.phantom.labelled import Speech, coded, guessed, told

__all__ = ["write_phantom"]

_BENCHMARK = "speech_commands-words"
_RATE = 16_000
_SPLIT_OF = {
    "0a7c2a8d": "train",
    "004ae714": "train",
    "03983ca8": "test",
    "9e4d6e3c": "validation",
    "baf3897a": "test",
}
"""The author's rule puts the last of them into training: lists come before the rule."""
_SHORT = "yes/0a7c2a8d_nohash_0"
_SHORT_S = 0.7


def write_phantom(root: str | Path, seed: int = 0) -> None:
    """Write the phantom below ``root``, an empty folder; the same seed gives the same bytes.

    The tones of `heschl.phantom.labelled` tell the word. One recording is shorter than a second,
    and half a minute of noise lies where the real dataset has its own.
    """
    place = Path(root)
    if (place / "testing_list.txt").exists():
        raise InvalidInput(f"{place} holds a dataset already; give an empty folder")
    generator = np.random.default_rng(seed)
    speech = Speech("en", _RATE, generator)
    lists: dict[str, list[str]] = {"validation": [], "test": [], "train": []}
    for number, word in enumerate(WORDS):
        (place / word).mkdir(parents=True)
        for speaker, split in _SPLIT_OF.items():
            name = f"{word}/{speaker}_nohash_0"
            duration_s = _SHORT_S if name == _SHORT else 1.0
            samples = coded(speech.stretch(duration_s), number, _RATE)
            soundfile.write(place / f"{name}.wav", samples, _RATE, subtype="PCM_16")
            lists[split].append(f"{name}.wav")
    noise = place / "_background_noise_"
    noise.mkdir()
    (noise / "README.md").write_text("Simulated: no human data\n", encoding="utf-8")
    hiss = 0.1 * generator.standard_normal(5 * _RATE)
    soundfile.write(noise / "white_noise.wav", hiss, _RATE, subtype="PCM_16")
    for split, file in {"validation": "validation", "test": "testing"}.items():
        text = "\n".join(lists[split]) + "\n"
        (place / f"{file}_list.txt").write_text(text, encoding="utf-8")
    truth = {
        "phantom_version": SPEECH_COMMANDS.phantom_version,
        "seed": seed,
        "planted": {
            "n": {split: len(names) for split, names in lists.items()},
            "short": {_SHORT: _SHORT_S},
            "against_the_rule": [
                speaker for speaker, split in _SPLIT_OF.items() if split_by_rule(speaker) != split
            ],
            "code": "the tones are those of the word's place in the vocabulary",
        },
        "expectations": [told(_BENCHMARK), guessed(_BENCHMARK, 1 / len(WORDS), len(WORDS))],
    }
    (place / "truth.json").write_text(json.dumps(truth, indent=1) + "\n", encoding="utf-8")
