"""The phantom twin: requests whose intents are tones, heard closely and from afar."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from heschl.data_registry.slurp import SLURP
from heschl.errors import InvalidInput
from heschl.phantom.labelled import Speech, coded, guessed, told

__all__ = ["write_phantom"]

_BENCHMARK = "slurp-intent"
_RATE = 16_000
_INTENTS = (
    ("alarm", "set"),
    ("audio", "volume_other"),
    ("calendar", "set"),
    ("music", "query"),
    ("play", "radio"),
    ("weather", "query"),
)
"""Scenario and action; in the order of their joined names, which numbers them."""
_N_PROMPTS = {"train": 4, "devel": 2, "test": 2}
"""Of each intent."""
_NOT_IN_DEVEL = ("audio", "volume_other")


def write_phantom(root: str | Path, seed: int = 0) -> None:
    """Write the phantom below ``root``, an empty folder; the same seed gives the same bytes.

    The tones of `heschl.phantom.labelled` tell the intent. As in the real data one action occurs
    in no prompt of ``devel``, so that a vocabulary of one split numbers the others otherwise; the
    field ``intent`` of some prompts is another than scenario and action; and each request was
    heard by a headset and, fainter and with noise, from afar. The first recording of a prompt is
    in turn either.
    """
    place = Path(root)
    if (place / "dataset").exists():
        raise InvalidInput(f"{place} holds a dataset already; give an empty folder")
    for folder in ("dataset/slurp", "audio/slurp_real"):
        (place / folder).mkdir(parents=True)
    generator = np.random.default_rng(seed)
    speech = Speech("en", _RATE, generator)
    identifier, n_clips = 0, {}
    for split, n_prompts in _N_PROMPTS.items():
        lines = []
        for code, (scenario, action) in enumerate(_INTENTS):
            if split == "devel" and (scenario, action) == _NOT_IN_DEVEL:
                continue
            for _ in range(n_prompts):
                identifier += 1
                near, far = (f"audio-{1490000000 + identifier}{kind}" for kind in ("-headset", ""))
                samples = coded(speech.stretch(1.2), code, _RATE)
                noise = 0.01 * generator.standard_normal(len(samples))
                audio = place / "audio" / "slurp_real"
                soundfile.write(audio / f"{near}.flac", samples, _RATE, subtype="PCM_16")
                soundfile.write(audio / f"{far}.flac", 0.3 * samples + noise, _RATE)
                files = [near, far] if identifier % 2 else [far, near]
                lines.append(json.dumps(_prompt(identifier, scenario, action, files)))
        text = "\n".join(lines) + "\n"
        (place / "dataset" / "slurp" / f"{split}.jsonl").write_text(text, encoding="utf-8")
        n_clips[split] = 2 * len(lines)
    actions = Counter(action for _, action in _INTENTS)
    usual = actions.most_common(1)[0][1]
    truth = {
        "phantom_version": SLURP.phantom_version,
        "seed": seed,
        "planted": {
            "n": {
                "train": n_clips["train"],
                "validation": n_clips["devel"],
                "test": n_clips["test"],
            },
            "intents": ["_".join(each) for each in _INTENTS],
            "not_in_validation": "_".join(_NOT_IN_DEVEL),
            "code": "the tones are those of the intent's place in the vocabulary",
        },
        "expectations": [
            told(_BENCHMARK),
            guessed(_BENCHMARK, usual / len(_INTENTS), len(actions)),
        ],
    }
    (place / "truth.json").write_text(json.dumps(truth, indent=1) + "\n", encoding="utf-8")


def _prompt(identifier: int, scenario: str, action: str, files: list[str]) -> dict[str, Any]:
    """Return a line of a file of prompts, with the fields of the real one."""
    # What no loader should use: some prompts were annotated by an older name.
    intent = "calendar_set" if scenario == "alarm" and identifier % 2 else f"{scenario}_{action}"
    return {
        "slurp_id": identifier,
        "sentence": f"request {identifier}",
        "sentence_annotation": f"request {identifier}",
        "intent": intent,
        "action": action,
        "tokens": [{"surface": "request", "id": 0, "lemma": "request", "pos": "NN"}],
        "scenario": scenario,
        "recordings": [
            {"file": f"{file}.flac", "wer": 0.0, "ent_wer": 0.0, "status": "correct"}
            for file in files
        ],
        "entities": [],
    }
