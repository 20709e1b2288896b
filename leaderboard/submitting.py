"""Submitting: from files of scores to a folder that the board shows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from heschl import registry
from heschl.cards import ModelCard
from heschl.errors import DuplicateName, HeschlError, InvalidInput
from heschl.leaderboard.score_file import ScoreFile, Status
from heschl.leaderboard.score_file_of_score import from_score
from heschl.leaderboard.score_file_reading import read_score_file
from heschl.leaderboard.score_file_writing import write_score_file
from heschl.leaderboard.submissions import CARD_NAME, score_file_name, slug_of
from heschl.leaderboard.submitted_card import (
    SubmittedCard,
    read_card,
    submitted_card,
    write_card,
)
from heschl.leaderboard.surface_maps import maps_of
from heschl.resolution import written_card
from heschl.scores import open_score

__all__ = ["STATUSES", "Submitted", "submit"]

STATUSES = ("self-reported", "features-only")
"""What who submits a score may say of it; the rest is for maintainers to say."""
_FEATURES = "(heschl.models.features_on_disk"
_DISTRIBUTION = re.compile(r"(?P<name>[\w.-]+) (?P<version>[\w.+!-]+) \(")


@dataclass(frozen=True)
class Submitted:
    """What became of one file of a score."""

    path: Path
    file: ScoreFile
    card_path: Path
    is_new_card: bool
    replaced: ScoreFile | None


@dataclass(frozen=True)
class _Ready:
    """A score that nothing speaks against yet."""

    file: ScoreFile
    path: Path
    replaced: ScoreFile | None


def submit(
    paths: Sequence[str | Path],
    folder: str | Path = "submissions",
    *,
    name: str = "",
    submitted_by: str = "",
    status: str | None = None,
    model: str = "",
) -> list[Submitted]:
    """Write the small files of some scores, and a card for each model that has none yet.

    Parameters
    ----------
    paths
        Files that `heschl.Score.save` wrote.
    folder
        Of the submissions; it is made if need be.
    name, submitted_by
        What the board shows, for a card that is written; one that is there is never changed.
    status
        One of `STATUSES`; by default what the score's provenance tells.
    model
        Its id or URI, if that of the score is no registered one: its card is then read there.

    Raises
    ------
    InvalidInput, DuplicateName
        Before anything is written, if a score cannot stand beside what is there.
    """
    ready = [_ready(Path(path), Path(folder), status) for path in paths]
    _check_alike(ready)
    cards: dict[Path, SubmittedCard] = {}
    for each in ready:
        path = each.path.parent / CARD_NAME
        if not path.exists():
            cards[path] = _card(each.file, name, submitted_by, model)
        elif name or submitted_by:
            raise InvalidInput(
                f"{path} is there and is not changed; edit it, or leave out what it says"
            )
    for path, card in cards.items():
        write_card(card, path)
    return [
        Submitted(
            write_score_file(each.file, each.path),
            each.file,
            each.path.parent / CARD_NAME,
            each.path.parent / CARD_NAME in cards,
            each.replaced,
        )
        for each in ready
    ]


def _ready(source: Path, folder: Path, status: str | None) -> _Ready:
    """Return the small file of a score, once nothing speaks against its place."""
    score = open_score(source)  # which refuses an incomplete provenance
    is_of_features = _FEATURES in str(score.provenance["model_origin"])
    if is_of_features and status == "self-reported":
        raise InvalidInput(
            f"{source} is of stored features, which nobody can compute again; its status is "
            "features-only, so leave out --status"
        )
    default = "features-only" if is_of_features else "self-reported"
    if status not in (None, *STATUSES):
        raise InvalidInput(f"the status is {status!r}; expected one of {', '.join(STATUSES)}")
    file = from_score(score, source, cast("Status", status or default), maps_of(score))
    place = _place(folder, file.model)
    path = place / score_file_name(file.benchmark, file.data_kind)
    former = read_score_file(path) if path.exists() else None
    if former is not None:
        _check_replaceable(path, former, file)
    return _Ready(file, path, former)


def _place(folder: Path, model: str) -> Path:
    """Return the folder of a model's submission; refuse one that is another model's."""
    slug = slug_of(model)
    place = folder / slug
    for path in (folder, place):
        if path.is_symlink() or (path.exists() and not path.is_dir()):
            raise InvalidInput(f"{path} is no folder; name another one (--to), or remove it")
    if (place / CARD_NAME).exists():
        owner = read_card(place / CARD_NAME).id
        if owner != model:
            raise DuplicateName(
                f"the ids {model!r} and {owner!r} would share the folder {place}; choose another "
                "id for one of them and score it again"
            )
    return place


def _check_replaceable(path: Path, former: ScoreFile, file: ScoreFile) -> None:
    if (former.model, former.benchmark, former.data_kind) != (
        file.model,
        file.benchmark,
        file.data_kind,
    ):
        raise DuplicateName(
            f"{path} is of {former.model} on {former.benchmark} ({former.data_kind} data) and "
            f"would be of {file.model} on {file.benchmark} ({file.data_kind} data) as well; choose "
            "another id for one of them and score it again"
        )
    if former.status == "published":
        raise InvalidInput(
            f"{path} holds what a paper prints, beside which no score of one's own can stand; "
            "submit it under another id"
        )
    if former.benchmark_version > file.benchmark_version:
        raise InvalidInput(
            f"{path} is of version {former.benchmark_version} of {file.benchmark}, the new score "
            f"of version {file.benchmark_version}; update Heschl and score again"
        )


def _check_alike(ready: Iterable[_Ready]) -> None:
    """Refuse one row of several models: its numbers must be of the same weights and code."""
    places: dict[Path, dict[Path, ScoreFile]] = {}
    for each in ready:
        of_place = places.setdefault(each.path.parent, _there(each.path.parent))
        if of_place.get(each.path, each.replaced) not in (None, each.replaced):
            raise InvalidInput(
                f"two of the scores are {each.file.model} on {each.file.benchmark} "
                f"({each.file.data_kind} data); submit one of them"
            )
        of_place[each.path] = each.file
    for files in places.values():
        digests = {
            file.provenance.get("model_digest"): path
            for path, file in files.items()
            if file.status not in ("features-only", "published")
        }
        if len(digests) > 1:
            one, other, *_ = digests.values()
            raise InvalidInput(
                f"{one} and {other} are of models with other weights or code, whose digests "
                "differ: one row is of one model. Submit all its scores at once, or remove those "
                "of the former model"
            )
        published = [path for path, file in files.items() if file.status == "published"]
        if published and len(published) < len(files):
            raise InvalidInput(
                f"{published[0]} holds what a paper prints, which does not mix with scores of "
                "one's own; submit them under another id"
            )


def _there(place: Path) -> dict[Path, ScoreFile]:
    return {path: read_score_file(path) for path in sorted(place.glob("*.json"))}


def _card(file: ScoreFile, name: str, submitted_by: str, model: str) -> SubmittedCard:
    """Return the card of a model, as far as it is known."""
    card = registry.resolve_model(model).card if model else _known(file.model)
    if card.id != file.model:
        raise InvalidInput(
            f"{model!r} is the model {card.id!r}, the score is of {file.model!r}; name its own"
        )
    return submitted_card(card, name=name, submitted_by=submitted_by, how_to_run=_how_to_run(file))


def _known(model: str) -> ModelCard:
    """Return the card of an id, running nothing that only a score's file names."""
    if registry.models.has(model):
        return registry.models.card(model)
    if ":" in model and not model.startswith(("file:", "features:")):
        with suppress(HeschlError):
            if (written := written_card(registry.models, model)) is not None:
                return written
    return ModelCard(model, load="", summary="")


def _how_to_run(file: ScoreFile) -> str:
    """Return what makes a model's id known to others."""
    origin, command = (str(file.provenance[name]) for name in ("model_origin", "command"))
    if found := _DISTRIBUTION.match(origin):
        return f"pip install {found['name']}=={found['version']}"
    if not origin.endswith(".py"):
        return ""
    file_name = Path(origin).name
    uri = re.search(rf"{re.escape(file_name)}(:\w+)?", command)
    return f"file:{uri[0] if uri else file_name}"
