"""The card of a submission: what a model is, as whoever submits it says in a file of TOML."""

from __future__ import annotations

import dataclasses
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

from heschl.cards import Modality, ModelCard, Training
from heschl.disk import usable, write_atomically
from heschl.errors import CorruptData, InvalidInput, MissingExtra
from heschl.leaderboard.score_file_checks import read_bounded

__all__ = [
    "LARGEST_CARD_BYTES",
    "Rerun",
    "SubmittedCard",
    "card_toml",
    "parse_card",
    "read_card",
    "submitted_card",
    "write_card",
]

LARGEST_CARD_BYTES = 64 * 2**10
CARD_VERSION = 1
_SHORT, _LONG = 500, 20_000
"""Characters of a name and of a text."""
_TEXTS = {
    **dict.fromkeys(("id", "name", "family", "licence", "url", "untrained_twin"), _SHORT),
    **dict.fromkeys(("summary", "citation", "submitted_by", "how_to_run"), _LONG),
}
_MODALITIES = get_args(Modality)
_MOST_NAMES = 1000
_MOST_HOURS = 1e12


@dataclass(frozen=True)
class Rerun:
    """Who of the maintainers ran the model again, when, and what they say of it."""

    by: str
    date: str
    note: str = ""


@dataclass(frozen=True)
class SubmittedCard:
    """A model, as the board presents it. Every text may be anything: it is shown, never believed.

    The fields that `heschl.ModelCard` has too mean the same there.
    """

    id: str
    name: str
    """As the board shows it."""
    summary: str = ""
    family: str = ""
    modality: str = "audio"
    parameters: int | None = None
    licence: str = ""
    url: str = ""
    citation: str = ""
    untrained_twin: str = ""
    submitted_by: str = ""
    how_to_run: str = ""
    """What makes its id known: a requirement for pip, or the file that defines it."""
    training: Training = field(default_factory=Training)
    rerun: Rerun | None = None


def submitted_card(
    card: ModelCard, *, name: str = "", submitted_by: str = "", how_to_run: str = ""
) -> SubmittedCard:
    """Return what a registered model's card says, for its owner to edit."""
    shared = {each.name for each in dataclasses.fields(SubmittedCard)}
    known = {
        each.name: getattr(card, each.name)
        for each in dataclasses.fields(card)
        if each.name in shared
    }
    return SubmittedCard(
        **known | {"untrained_twin": card.untrained_twin or ""},
        name=name or card.id,
        submitted_by=submitted_by,
        how_to_run=how_to_run,
    )


def card_toml(card: SubmittedCard) -> str:
    """Return the text of a card; what is not known is left out."""
    try:
        import tomli_w
    except ImportError as error:
        raise MissingExtra(
            'cards are written by tomli-w, which is not installed; run: pip install "heschl[site]"'
        ) from error
    record: dict[str, Any] = {"schema_version": CARD_VERSION}
    for each in dataclasses.fields(card):
        value = getattr(card, each.name)
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            record[each.name] = _known(dataclasses.asdict(value))
        elif value is not None:
            record[each.name] = value
    return tomli_w.dumps(record, multiline_strings="\n" in card.citation)


def _known(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def write_card(card: SubmittedCard, path: Path) -> Path:
    """Write a card's file, whole or not at all, and return its path."""
    try:
        content = card_toml(card).encode()
    except UnicodeEncodeError as error:
        raise InvalidInput(
            f"a text of the card of {card.id!r} holds bytes that are no UTF-8 "
            f"({error.object[error.start : error.end]!r}); write it in UTF-8, in a locale of it "
            "such as LC_ALL=C.UTF-8"
        ) from error
    if parse_card(content, str(path)) != card:
        raise InvalidInput(
            f"the card of {card.id!r} cannot be kept as TOML without changing it; remove control "
            "characters and carriage returns from its texts"
        )
    with usable(path, "name another folder"):
        write_atomically(path, content)
    return path


def read_card(path: str | os.PathLike[str]) -> SubmittedCard:
    """Return the card in a file, every field of which was checked."""
    name = os.fspath(path)
    return parse_card(read_bounded(name, LARGEST_CARD_BYTES, "a card"), name)


def parse_card(content: bytes, name: str) -> SubmittedCard:
    """Return the card of some bytes; ``name`` is what errors call it."""
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        # Editors of Windows put a mark of order before the first letter.
        record = tomllib.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:  # of decoding, too
        raise CorruptData(f"{name} is not TOML in UTF-8 ({error}); mend it there") from error
    version = record.pop("schema_version", None)
    if type(version) is int and version > CARD_VERSION:
        raise CorruptData(
            f"{name} has schema_version {version}, this Heschl reads up to {CARD_VERSION}; update "
            "it: pip install -U heschl"
        )
    if type(version) is not int or version < 1:
        raise CorruptData(
            f"{name} has schema_version {version!r}; begin it with schema_version = {CARD_VERSION}"
        )
    try:
        return _card(record)
    except _Wrong as wrong:
        raise CorruptData(f"{name}: {wrong}; mend it there") from None


class _Wrong(Exception):
    """What is wrong: where, what was got, what was allowed."""


def _card(record: dict[str, Any]) -> SubmittedCard:  # whatever TOML can hold, here and below
    _check_fields(record, SubmittedCard, "the card")
    for name, longest in _TEXTS.items():
        if name in record:
            _check_text(name, record[name], longest)
    for name in ("id", "name"):
        if not record[name].strip():
            raise _Wrong(f"{name} is empty; expected a text")
    if not record["id"].isprintable():
        raise _Wrong(f"id is {record['id']!r}; expected characters that can be seen")
    if record.get("modality", "audio") not in _MODALITIES:
        raise _Wrong(f"modality is {record['modality']!r}; expected {' or '.join(_MODALITIES)}")
    url = record.get("url", "")
    if url and not url.startswith(("https://", "http://")):
        raise _Wrong(f"url is {url[:80]!r}; expected one that begins with https:// or http://")
    parameters = record.get("parameters")
    if parameters is not None and (type(parameters) is not int or not 0 <= parameters < 2**53):
        raise _Wrong(f"parameters is {parameters!r}; expected a whole number, 0 or above")
    tables = {
        name: made(record[name])
        for name, made in (("training", _training), ("rerun", _rerun))
        if name in record
    }
    return SubmittedCard(**record | tables)


def _check_fields(record: Any, made: Any, where: str) -> None:  # made: a dataclass
    if type(record) is not dict:
        raise _Wrong(f"{where} is {record!r}; expected a table of TOML")
    fields = {each.name: each for each in dataclasses.fields(made)}
    unknown = sorted(record.keys() - fields.keys())
    if unknown:
        raise _Wrong(
            f"{where} has {', '.join(map(repr, unknown[:5]))}, which is no field; expected "
            + ", ".join(fields)
        )
    lacking = [
        name
        for name, each in fields.items()
        if name not in record
        and each.default is dataclasses.MISSING
        and each.default_factory is dataclasses.MISSING
    ]
    if lacking:
        raise _Wrong(f"{where} lacks {', '.join(lacking)}; give them")


def _check_text(name: str, value: Any, longest: int) -> None:
    if type(value) is not str or len(value) > longest:
        shown = repr(value)[:80]
        raise _Wrong(f"{name} is {shown}; expected a text of at most {longest:,} characters")


def _training(record: Any) -> Training:
    _check_fields(record, Training, "[training]")
    if "objective" in record:
        _check_text("training.objective", record["objective"], _LONG)
    lists = {}
    for name in ("datasets", "languages"):
        values = record.get(name, [])
        if type(values) is not list or len(values) > _MOST_NAMES:
            raise _Wrong(f"training.{name} is {values!r:.80}; expected a list of names")
        for value in values:
            _check_text(f"training.{name}", value, _SHORT)
        lists[name] = tuple(values)
    hours = record.get("hours")
    is_number = type(hours) in (int, float) and 0 <= hours < _MOST_HOURS
    if hours is not None and not is_number:
        raise _Wrong(f"training.hours is {hours!r}; expected a number, 0 or above")
    return Training(**record | lists)


def _rerun(record: Any) -> Rerun:
    _check_fields(record, Rerun, "[rerun]")
    for name, value in record.items():
        _check_text(f"rerun.{name}", value, _LONG)
    for name in ("by", "date"):
        if not record[name].strip():
            raise _Wrong(f"rerun.{name} is empty; expected who ran it again, and when")
    return Rerun(**record)
