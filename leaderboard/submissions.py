"""Submissions: a folder for each model, with its card and a small score file for each benchmark.

Nothing in them is executed, followed or believed. ``<slug>/card.toml`` says what the model is,
``<slug>/<benchmark>.json`` what it scores on real data, ``<slug>/<benchmark>.phantom.json`` what on
simulated ones.
"""

from __future__ import annotations

import gc
import hashlib
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

from heschl.errors import CorruptData, HeschlError, InvalidInput, MissingData
from heschl.leaderboard.score_file import ScoreFile
from heschl.leaderboard.score_file_reading import read_score_file
from heschl.leaderboard.submitted_card import SubmittedCard, read_card
from heschl.leaderboard.two_shares import both

__all__ = [
    "CARD_NAME",
    "Submissions",
    "read_submissions",
    "score_file_name",
    "slug_of",
    "surveyed",
    "uncollected",
]

CARD_NAME = "card.toml"
_LONGEST_SLUG = 100
_MOST_FILES = 2000
"""Of one submission."""
_N_SHOWN = 5
_MANY = 200
"""Submissions; fewer are read before another process could help."""
_OUR_SHARE = 0.55
"""Of the submissions: another process has to send those that it reads, too."""


@dataclass(frozen=True)
class Submissions:
    """What a folder of submissions holds."""

    cards: Mapping[str, SubmittedCard]
    """By slug, sorted."""
    files: Mapping[tuple[str, str, str], ScoreFile]
    """By slug, the benchmark's id and the kind of data, ``real`` or ``phantom``."""


@lru_cache(maxsize=4096)
def slug_of(identifier: str) -> str:
    """Return an id as the name of a folder or file: readable, and at home on any disk.

    Ids that differ in capitals or signs alone have the same slug; whoever makes a folder refuses
    the second one.

    >>> slug_of("hf:facebook/wav2vec2-base@0b5b8e8")
    'hf-facebook-wav2vec2-base-0b5b8e8'
    """
    plain = re.sub(r"[^a-z0-9._-]+", "-", identifier.lower()).strip("-.")
    is_whole = plain and identifier.isascii() and len(plain) <= _LONGEST_SLUG
    if is_whole:
        return plain
    digest = hashlib.sha256(identifier.encode()).hexdigest()[:8]
    return f"{plain[:_LONGEST_SLUG]}-{digest}".strip("-")


def score_file_name(benchmark: str, data_kind: str) -> str:
    """Return what a submission's file for a benchmark is called.

    >>> score_file_name("nh2015-ridge", "phantom")
    'nh2015-ridge.phantom.json'
    """
    return slug_of(benchmark) + (".phantom" if data_kind == "phantom" else "") + ".json"


def read_submissions(folder: str | os.PathLike[str]) -> Submissions:
    """Return all submissions below a folder; refuse them if anything is wrong with one."""
    found, problems = surveyed(folder)
    if problems:
        more = len(problems) - _N_SHOWN
        rest = f"; and {more} more" if more > 0 else ""
        raise CorruptData(
            "; ".join(problems[:_N_SHOWN]) + rest + ". `heschl submissions check` shows all"
        )
    return found


def surveyed(folder: str | os.PathLike[str]) -> tuple[Submissions, list[str]]:
    """Return what of the submissions can be read, and what is wrong with the rest."""
    root = Path(folder)
    if not root.is_dir():
        raise MissingData(f"there is no folder {root}; name that of the submissions")
    if (root / CARD_NAME).is_file():
        raise InvalidInput(
            f"{root} is one submission ({CARD_NAME} is in it); name the folder that holds it and "
            f"the others, {root.resolve().parent}"
        )
    entries = _entries(root)
    with uncollected():
        if len(entries) < _MANY:
            return _surveyed(entries)
        n_ours = round(_OUR_SHARE * len(entries))
        (first, problems), (second, others) = both(
            partial(_surveyed, entries[:n_ours]), partial(_surveyed, entries[n_ours:])
        )
    cards, files = {**first.cards, **second.cards}, {**first.files, **second.files}
    return Submissions(cards, files), problems + others


def _surveyed(entries: Iterable[os.DirEntry[str]]) -> tuple[Submissions, list[str]]:
    cards: dict[str, SubmittedCard] = {}
    files: dict[tuple[str, str, str], ScoreFile] = {}
    problems: list[str] = []
    for entry in entries:
        if entry.is_file(follow_symlinks=False):
            continue  # a README, say
        if not entry.is_dir(follow_symlinks=False):
            problems.append(f"{entry.path} is a link; expected the submission itself")
            continue
        try:
            cards[entry.name] = _card(entry)
        except HeschlError as error:
            problems.append(str(error))
            continue
        for each in _score_files(entry, cards[entry.name], problems):
            files[entry.name, each.benchmark, each.data_kind] = each
    return Submissions(cards, files), problems


def _entries(folder: str | os.PathLike[str]) -> list[os.DirEntry[str]]:
    """Return what lies in a folder, sorted, but for what is hidden."""
    with os.scandir(folder) as found:
        return sorted(
            (entry for entry in found if not entry.name.startswith(".")),
            key=lambda entry: entry.name,
        )


def _card(entry: os.DirEntry[str]) -> SubmittedCard:
    path = f"{entry.path}{os.sep}{CARD_NAME}"
    if os.path.islink(path):  # noqa: PTH114  a Path for each would double the time
        raise InvalidInput(f"{path} is a link; expected the file itself")
    card = read_card(path)
    if slug_of(card.id) != entry.name:
        raise CorruptData(
            f"{path} is of {card.id!r}, whose folder is {slug_of(card.id)!r}; rename the folder, "
            "or mend the id"
        )
    return card


def _score_files(
    entry: os.DirEntry[str], card: SubmittedCard, problems: list[str]
) -> Iterator[ScoreFile]:
    """Yield the score files of a submission, noting what is wrong with the others."""
    names = [each for each in _entries(entry) if each.name.endswith(".json")]
    if len(names) > _MOST_FILES:
        problems.append(f"{entry.path} has {len(names):,} files; expected {_MOST_FILES:,} at most")
        return
    for each in names:
        try:
            if not each.is_file(follow_symlinks=False):
                raise InvalidInput(f"{each.path} is a link or a folder; expected the file itself")
            file = read_score_file(each.path)
            _check_place(each, file, card)
        except HeschlError as error:
            problems.append(str(error))
        else:
            yield file


def _check_place(entry: os.DirEntry[str], file: ScoreFile, card: SubmittedCard) -> None:
    if file.model != card.id:
        raise CorruptData(
            f"{entry.path} is a score of {file.model!r} beside the card of {card.id!r}; move it to "
            "the folder of its model"
        )
    if (name := score_file_name(file.benchmark, file.data_kind)) != entry.name:
        raise CorruptData(
            f"{entry.path} is of {file.benchmark} ({file.data_kind} data), whose file is called "
            f"{name}; rename it"
        )


@contextmanager
def uncollected() -> Iterator[None]:
    """Leave out the collection of cycles, which files read from disk do not have."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
