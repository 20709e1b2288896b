"""The corpus on disk: which sentences are there, where their files lie, what is missing.

::

    TIMIT/{TRAIN,TEST}/DR{1..8}/<speaker>/<sentence>.{WAV,PHN,WRD,TXT}

Names may be in capitals or not. Some conversions call the sound ``SA1.WAV.wav`` or drop the outer
``TIMIT``; the sound is NIST SPHERE on the disc and may have been converted to RIFF.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from heschl.alignment import Alignment
from heschl.data_registry.timit.labels import arpabet_phones
from heschl.data_registry.timit.speakers import N_SPEAKERS, N_UTTERANCES, Part
from heschl.errors import CorruptData, MissingData
from heschl.sound import Sound, Stimulus
from heschl.timit_labels import read_timit_labels

__all__ = ["HOW_TO_GET", "Utterance", "missing_from", "read_corpus", "stimulus_of"]

HOW_TO_GET = (
    "TIMIT is licensed by the Linguistic Data Consortium as LDC93S1 "
    "(https://catalog.ldc.upenn.edu/LDC93S1); give the folder of a copy, in which lies "
    "{TRAIN,TEST}/DR{1..8}/<speaker>/<sentence>.{WAV,PHN,WRD,TXT}, or TIMIT with that in it"
)

_OUTER = frozenset({"timit", "lisp", "data"})
"""Folders in which copies lie, or that they are nested in."""
_DEPTH = 3
_DIALECT = re.compile(r"dr[1-8]")
_SPEAKER = re.compile(r"[fm][a-z]{3}[0-9]")
_FILE = re.compile(r"((?:sa|si|sx)[0-9]{1,4})\.(wav|wav\.wav|phn|wrd|txt)")
_TOLERANCE_S = 0.25
"""How far labels may reach beyond their sound."""


@dataclass(frozen=True)
class Utterance:
    """One sentence of one speaker; names are in lower case, whatever the disc has."""

    part: Part
    dialect: str
    """``dr1`` to ``dr8``."""
    speaker: str
    """``fcjf0``: sex, initials and a digit."""
    sentence: str
    """``sa1``: who reads a sentence of this name reads the same text."""
    files: Mapping[str, Path]
    """By ``wav``, ``phn``, ``wrd`` and ``txt``; those that are there."""

    @property
    def identifier(self) -> str:
        """The name, as ``fcjf0_sa1``; speakers' names occur once in the corpus."""
        return f"{self.speaker}_{self.sentence}"

    @property
    def sex(self) -> str:
        """``f`` or ``m``."""
        return self.speaker[0]

    @property
    def kind(self) -> str:
        """``sa`` (read by all), ``sx`` (read by seven) or ``si`` (read by one)."""
        return self.sentence[:2]

    def file(self, kind: str) -> Path:
        """Return a file that must be there."""
        if kind not in self.files:
            folder = next(iter(self.files.values())).parent
            raise MissingData(
                f"{folder} has no {self.sentence.upper()}.{kind.upper()}; copy it from LDC93S1"
            )
        return self.files[kind]


def read_corpus(root: str | Path) -> dict[str, Utterance]:
    """Return the utterances below a folder by their identifiers, in order.

    They are ordered by part, dialect, speaker and sentence. A whole copy takes some tenths of a
    second; no file is opened.
    """
    place = _place(Path(root))
    found: dict[str, Utterance] = {}
    for part_folder in _folders(place, re.compile("train|test")):
        part = cast("Part", part_folder.name.lower())
        for dialect in _folders(part_folder, _DIALECT):
            for speaker in _folders(dialect, _SPEAKER):
                for sentence, files in _sentences(speaker).items():
                    utterance = Utterance(
                        part, dialect.name.lower(), speaker.name.lower(), sentence, files
                    )
                    _refuse_twins(found, utterance)
                    found[utterance.identifier] = utterance
    if not found:
        raise MissingData(f"{root} holds no sentence of TIMIT. {HOW_TO_GET}")
    order = ("train", "test")
    return dict(
        sorted(
            found.items(),
            key=lambda item: (order.index(item[1].part), item[1].dialect, item[0]),
        )
    )


def stimulus_of(utterance: Utterance) -> Stimulus:
    """Return the sound with its words and the phones of ARPABET; without either label file, none.

    Times are checked to be those of the sound.
    """
    sound = Sound.from_file(utterance.file("wav"))
    alignment = None
    if "phn" in utterance.files or "wrd" in utterance.files:
        words = read_timit_labels(utterance.file("wrd"))
        phones = read_timit_labels(utterance.file("phn"))
        end_s = max(words[-1].offset_s, phones[-1].offset_s)
        if end_s > sound.duration_s + _TOLERANCE_S:
            raise CorruptData(
                f"the labels of {utterance.files['phn']} go on to {end_s:.2f} s, but the sound "
                f"ends at {sound.duration_s:.2f} s; they are of another sentence, or the sound "
                "was cut: copy both again"
            )
        alignment = Alignment(
            words=tuple(sorted(words, key=lambda word: word.onset_s)),
            phones=arpabet_phones(phones),
        )
    return Stimulus(utterance.identifier, sound, alignment)


def missing_from(utterances: Sequence[Utterance]) -> tuple[str, ...]:
    """Return in words what a copy lacks of the 6,300 sentences; nothing of a whole one."""
    lacking = []
    if len(utterances) != N_UTTERANCES:
        lacking.append(f"{len(utterances):,} of {N_UTTERANCES:,} sentences are there")
    speakers = {(each.part, each.dialect, each.speaker) for each in utterances}
    counts = Counter((part, dialect) for part, dialect, _ in speakers)
    for part, dialects in N_SPEAKERS.items():
        for dialect, expected in dialects.items():
            there = counts[part, dialect]
            if there != expected:
                lacking.append(
                    f"{part.upper()}/{dialect.upper()} has {there} of {expected} speakers"
                )
    for kind in ("wav", "phn", "wrd", "txt"):
        without = [each.identifier for each in utterances if kind not in each.files]
        if without:
            shown = ", ".join(without[:3]) + (", ..." if len(without) > 3 else "")  # noqa: PLR2004
            lacking.append(f"{len(without):,} sentences have no .{kind.upper()} ({shown})")
    return tuple(lacking)


def _place(root: Path) -> Path:
    """Return the folder that holds TRAIN or TEST: the one given, or one of the usual ones in it."""
    if not root.is_dir():
        raise MissingData(f"{root} is no folder. {HOW_TO_GET}")
    level = [root]
    for _ in range(_DEPTH):
        for folder in level:
            if any(True for part in _folders(folder, re.compile("train|test"))):
                return folder
        level = [
            inner
            for folder in level
            for inner in sorted(folder.iterdir())
            if inner.is_dir() and inner.name.lower() in _OUTER
        ]
    raise MissingData(f"{root} holds neither TRAIN nor TEST. {HOW_TO_GET}")


def _folders(folder: Path, pattern: re.Pattern[str]) -> Iterator[Path]:
    for inner in sorted(folder.iterdir()):
        if pattern.fullmatch(inner.name.lower()) and inner.is_dir():
            yield inner


def _sentences(speaker: Path) -> dict[str, dict[str, Path]]:
    """Return the files of each sentence of a speaker."""
    found: dict[str, dict[str, Path]] = {}
    converted: dict[str, Path] = {}
    for path in sorted(speaker.iterdir()):
        match = _FILE.fullmatch(path.name.lower())
        if match is None:
            continue
        sentence, kind = match[1], match[2]
        if kind == "wav.wav":
            converted[sentence] = path
            continue
        files = found.setdefault(sentence, {})
        if kind in files:
            raise CorruptData(
                f"{path} and {files[kind].name} differ in capitals alone, so that two copies lie "
                "in one folder; keep one of them"
            )
        files[kind] = path
    for sentence, path in converted.items():
        # Conversions leave the disc's file beside their own: the sound is the same.
        found.setdefault(sentence, {}).setdefault("wav", path)
    return found


def _refuse_twins(found: Mapping[str, Utterance], utterance: Utterance) -> None:
    if utterance.identifier in found:
        folders = [
            f"{each.part.upper()}/{each.dialect.upper()}"
            for each in (found[utterance.identifier], utterance)
        ]
        raise CorruptData(
            f"{utterance.identifier} lies in {' and in '.join(folders)}; a speaker belongs to one "
            "dialect and to one half of the disc: keep one copy"
        )
