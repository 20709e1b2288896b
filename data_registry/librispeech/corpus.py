"""The corpus on disk: which utterances are there, who reads them, and what is read.

::

    LibriSpeech/SPEAKERS.TXT                                     84   | F | dev-clean | 8.02 | Name
    LibriSpeech/<subset>/<speaker>/<chapter>/<speaker>-<chapter>-<number>.flac
    LibriSpeech/<subset>/<speaker>/<chapter>/<speaker>-<chapter>.trans.txt
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from heschl.errors import CorruptData, MissingData
from heschl.untrusted import read_bytes

__all__ = ["SUBSETS", "Utterance", "read_corpus", "read_lines"]

SUBSETS = ("dev-clean", "test-clean")
_NAME = re.compile(r"(?P<speaker>\d+)-(?P<chapter>\d+)-\d{4,}")
_NUMBER = re.compile(r"\d+")
_AT_MOST_BYTES = 256 * 2**20
_COLUMNS = 5
_SEXES = {"F": "f", "M": "m"}


@dataclass(frozen=True)
class Utterance:
    """One utterance of a chapter."""

    identifier: str
    subset: str
    speaker: str
    sex: str
    chapter: str
    sound: Path
    text: tuple[str, ...]
    """The words in lower case."""


def read_corpus(root: Path) -> dict[str, Utterance]:
    """Return the utterances of the subsets that are there, in order, by their names."""
    place = root / "LibriSpeech"
    folders = [place / subset for subset in SUBSETS if (place / subset).is_dir()]
    if not folders:
        raise MissingData(
            f"{place} holds neither {' nor '.join(SUBSETS)}; unpack them there from "
            "https://www.openslr.org/12"
        )
    speakers = _read_speakers(place / "SPEAKERS.TXT")
    found: dict[str, Utterance] = {}
    for subset in folders:
        for speaker in _numbered(subset):
            if speaker.name not in speakers:
                raise CorruptData(
                    f"{speaker} is of a speaker whom {place / 'SPEAKERS.TXT'} does not list; "
                    "unpack both again"
                )
            sex, listed = speakers[speaker.name]
            if listed != subset.name:
                raise CorruptData(
                    f"{speaker} is of a speaker of {listed}, as {place / 'SPEAKERS.TXT'} says; "
                    "move the folder there"
                )
            for chapter in _numbered(speaker):
                for name, (sound, text) in _read_chapter(chapter).items():
                    found[name] = Utterance(
                        name, subset.name, speaker.name, sex, chapter.name, sound, text
                    )
    if not found:
        raise MissingData(f"{place} holds no utterance; unpack the subsets again")
    return found


def read_lines(path: Path) -> list[str]:
    """Return the lines of a text that are not blank, each stripped."""
    try:
        text = read_bytes(path, at_most=_AT_MOST_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CorruptData(f"{path} is not UTF-8 text ({error}); fetch it again") from None
    lines = [line.strip() for line in text.splitlines()]
    return [line for line in lines if line]


def _numbered(folder: Path) -> Iterator[Path]:
    """Yield the folders in a folder, in the order of their numbers."""
    inner = [each for each in folder.iterdir() if each.is_dir()]
    for each in inner:
        if not _NUMBER.fullmatch(each.name):
            raise CorruptData(
                f"{each} is not named by a number, as speakers and chapters of LibriSpeech are; "
                "take it out, or unpack the subset again"
            )
    yield from sorted(inner, key=lambda each: int(each.name))


def _read_speakers(path: Path) -> dict[str, tuple[str, str]]:
    """Return the sex and the subset of each speaker."""
    found: dict[str, tuple[str, str]] = {}
    for line in read_lines(path):
        if line.startswith(";"):
            continue
        # A name may hold the bar that separates columns.
        cells = [cell.strip() for cell in line.split("|", _COLUMNS - 1)]
        if len(cells) < _COLUMNS or not _NUMBER.fullmatch(cells[0]) or cells[1] not in _SEXES:
            raise CorruptData(
                f"{path} has the line {line!r}; expected `id | F or M | subset | minutes | name`: "
                "unpack it again"
            )
        if cells[0] in found:
            raise CorruptData(f"{path} lists the speaker {cells[0]} twice; unpack it again")
        found[cells[0]] = _SEXES[cells[1]], cells[2]
    return found


def _read_chapter(folder: Path) -> dict[str, tuple[Path, tuple[str, ...]]]:
    """Return the sound and the words of each utterance of a chapter."""
    path = folder / f"{folder.parent.name}-{folder.name}.trans.txt"
    texts: dict[str, tuple[str, ...]] = {}
    for line in read_lines(path):
        name, *words = line.split()
        match = _NAME.fullmatch(name)
        if match is None or (match["speaker"], match["chapter"]) != (
            folder.parent.name,
            folder.name,
        ):
            raise CorruptData(
                f"{path} has a line of {name!r}; expected {folder.parent.name}-{folder.name}-0000 "
                "and so on, each followed by its words: unpack it again"
            )
        if name in texts or not words:
            raise CorruptData(
                f"{path} has {name} twice, or without words; expected a line with the words of "
                "each: unpack it again"
            )
        texts[name] = tuple(word.lower() for word in words)
    sounds = {each.stem: each for each in sorted(folder.glob("*.flac"))}
    for error, kind, names, others in (
        (MissingData, "a sound", texts, sounds),
        (CorruptData, f"a line in {path.name}", sounds, texts),
    ):
        lacking = sorted(set(names) - set(others))
        if lacking:
            raise error(
                f"{folder} has {len(lacking)} utterances by halves: {lacking[0]} lacks {kind}; "
                "unpack the chapter again"
            )
    return {name: (sounds[name], texts[name]) for name in sorted(texts)}
