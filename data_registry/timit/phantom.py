"""The phantom twin: simulated speakers in the files of the disc, of every usual style.

Each speaker has a pace of their own, and with it a pitch, and hums faintly in three of eight bands,
so that every sentence tells who reads it; and to each belongs one dialect, which has no sound. So
dialect can be told from sound where a speaker's other sentences were learned from, and not where
they were left out: who probes it must keep speakers apart. All of them read ``sa1`` and ``sa2``.
A faint tone tells the kind of a sentence. What a user may add for probes of meaning is there too,
see `heschl.data_registry.timit.planted`.
"""

from __future__ import annotations

import json
from collections import Counter
from itertools import chain, combinations, pairwise
from pathlib import Path
from typing import Any

import numpy as np

from heschl.data_registry.timit import TIMIT
from heschl.data_registry.timit.phantom_discrimination import discrimination_expectations
from heschl.data_registry.timit.phantom_recognition import recognition_expectations
from heschl.data_registry.timit.planted import expectations, write_annotations
from heschl.data_registry.timit.spoken import Spoken, Style, speak, write_spoken
from heschl.errors import InvalidInput
from heschl.phantom.corpus import Utterance, utterances
from heschl.phantom.features import BAND_EDGES_HZ
from heschl.phantom.labelled import tones_of

__all__ = ["write_phantom"]

_SPEAKERS: tuple[tuple[str, str, str, Style], ...] = (
    ("TRAIN/DR1/FCJF0", "en2", "sx37 sx127 si1027", "disc"),
    ("TRAIN/DR1/MCPM0", "en3", "sx24 sx114 si1194", "disc"),
    ("train/dr2/faem0", "en4", "sx42 sx132 si1392", "lower"),
    ("train/dr2/marc0", "en5", "sx108 sx198 si1188", "lower"),
    ("TEST/DR1/FAKS0", "en6", "sx43 sx133 si1573", "disc"),
    ("TEST/DR2/MABW0", "en1", "sx44 sx134 si1230", "disc"),
    ("TEST/DR1/MDAB0", "en2", "sx49 sx139 si1039", "disc"),
    ("TEST/DR1/MWBT0", "en3", "sx23 sx113 si1553", "converted"),
    ("TEST/DR1/FELC0", "en4", "sx36 sx126 si1386", "disc"),
    ("TEST/DR2/MTAS1", "en5", "sx118 sx208 si1473", "disc"),
    ("TEST/DR3/MBJK0", "en1", "sx65 sx155 si1265", "disc"),
    ("TEST/DR3/FJSA0", "en6", "sx11 sx101 si1001", "disc"),
    ("TEST/DR4/MCCS0", "en2", "sx29 si1469", "disc"),
    ("TEST/DR4/FSLB1", "en3", "sx56 si1316", "disc"),
)
"""Folder, voice of the phantom speech, sentences, and how they are written: four speakers of TRAIN;
one on whom Kaldi tunes; one of no split; four of the core test, in two dialects; four of no split.
"""
_READ_BY_ALL = {"sa1": "en1-01", "sa2": "en1-02"}
_BAND_CENTRES_HZ = tuple((low * high) ** 0.5 for low, high in pairwise(BAND_EDGES_HZ))
_N_HUMS = 3
_PARTS = {
    "train": ("train",),
    "test": ("test",),
    "disc's test": ("test", "validation", "none"),
}
"""Which splits the benchmarks learn from, test on, or probe in folds."""
_PACES = (0.85, 1.15)
_SPLIT_OF = {
    "faks0": "validation",
    **dict.fromkeys(("mabw0", "mbjk0", "fjsa0", "mccs0", "fslb1"), "none"),
}
_MARK_HZ = {kind: tones_of(code)[1] for kind, code in {"sa": 0, "si": 1, "sx": 4}.items()}
"""Away from where speakers hum."""


def write_phantom(root: str | Path, seed: int = 0) -> None:
    """Write the phantom below ``root``, which is made if need be.

    The same seed gives the same bytes. The seed changes who reads what, and at which pace. Takes a
    second and 8 MB.
    """
    place = Path(root)
    if (place / "TIMIT").exists():
        raise InvalidInput(f"{place} holds a dataset already; give an empty folder")
    generator = np.random.default_rng(seed)
    by_name = {each.identifier: each for each in utterances("en")}
    unread: dict[str, list[Utterance]] = {}
    for each in by_name.values():
        if each.identifier not in _READ_BY_ALL.values():
            unread.setdefault(each.speaker, []).append(each)
    for spoken_by_one in unread.values():
        generator.shuffle(spoken_by_one)
    paces = generator.permutation(np.linspace(*_PACES, len(_SPEAKERS)))
    hums_hz = generator.permutation(list(combinations(_BAND_CENTRES_HZ, _N_HUMS)))
    spoken: dict[str, Spoken] = {}
    folder_of = {each[0].rpartition("/")[2].lower(): each[0] for each in _SPEAKERS}
    for (folder, voice, own, style), pace, hum_hz in zip(_SPEAKERS, paces, hums_hz, strict=False):
        target = place / "TIMIT" / folder
        target.mkdir(parents=True)
        texts = {name: by_name[text] for name, text in _READ_BY_ALL.items()}
        texts |= {name: unread[voice].pop() for name in own.split()}
        for sentence, utterance in texts.items():
            lead_s, tail_s = generator.uniform(0.05, 0.15, 2)
            said = speak(
                utterance,
                pace=float(pace),
                lead_s=lead_s,
                tail_s=tail_s,
                hum_hz=tuple(hum_hz),
                mark_hz=_MARK_HZ[sentence[:2]],
            )
            write_spoken(target, sentence, said, style)
            spoken[f"{target.name.lower()}_{sentence}"] = said
    of_parts = {
        part: {
            name: said
            for name, said in spoken.items()
            if _split(folder_of[name.partition("_")[0]]) in splits
        }
        for part, splits in _PARTS.items()
    }
    words = write_annotations(place, spoken, of_parts["disc's test"], seed=seed)
    content = {
        "phantom_version": TIMIT.phantom_version,
        "seed": seed,
        "planted": _planted(spoken, dict(zip((each[0] for each in _SPEAKERS), paces, strict=True))),
        "expectations": [
            *discrimination_expectations(spoken, _test_speakers()),
            *recognition_expectations(),
            *expectations(of_parts, words),
        ],
    }
    (place / "truth.json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def _planted(spoken: dict[str, Spoken], paces: dict[str, float]) -> dict[str, Any]:
    """Return what a reader of the files must find."""
    speakers = {
        folder.rpartition("/")[2].lower(): {
            "dialect": folder.split("/")[1].lower(),
            "split": _split(folder),
            "pace": float(pace),
        }
        for folder, pace in paces.items()
    }
    labels = {
        name: [label for _, _, label in said.phones if label != "q"]
        for name, said in spoken.items()
    }
    official = [
        len(of_sentence)
        for name, of_sentence in labels.items()
        if "_sa" not in name and speakers[name.partition("_")[0]]["split"] != "none"
    ]
    return {
        "speakers": speakers,
        "n_sentences": len(spoken),
        "n_phones": {"phone": sum(official), "phone-all": sum(map(len, labels.values()))},
        "labels": dict(sorted(Counter(chain.from_iterable(labels.values())).items())),
        "dialect": "told by the speaker alone: known with speakers on both sides of folds, at "
        "chance with speakers kept apart (docs/protocols.md, S-millet.probing)",
    }


def _test_speakers() -> list[str]:
    folders = [folder for folder, *_ in _SPEAKERS if folder.lower().startswith("test")]
    return [folder.rpartition("/")[2].lower() for folder in folders]


def _split(folder: str) -> str:
    speaker = folder.rpartition("/")[2].lower()
    if folder.lower().startswith("train"):
        return "train"
    return _SPLIT_OF.get(speaker, "test")
