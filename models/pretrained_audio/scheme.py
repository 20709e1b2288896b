"""From releases, twins and files to cards; reads the table alone until a model is loaded."""

from __future__ import annotations

import functools
import os
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from heschl.cards import UNTRAINED, ModelCard, Training
from heschl.errors import CorruptData, InvalidInput, MissingData, UnknownName
from heschl.fingerprints import file_digest
from heschl.models.pretrained_audio.citations import CITATIONS
from heschl.models.pretrained_audio.table import Release, releases, twins
from heschl.offers import Offer, state_of
from heschl.untrusted import check_file

if TYPE_CHECKING:
    from heschl.models.torch_module import TorchModel

__all__ = ["CheckpointScheme", "card", "place_of", "twin_card"]

_FOLDER = "pretrained_audio"


class CheckpointScheme:
    """What stands behind ``beats:`` and the like: a file in the format of the family's releases."""

    def __init__(self, family: str) -> None:
        self.family = family

    def __call__(self, location: str) -> ModelCard:
        """Return the card of ``PATH`` or ``PATH?trust=yes``."""
        text, question, settings = location.partition("?")
        if question and settings != "trust=yes":
            raise InvalidInput(
                f"'{self.family}:{location}' ends in {settings!r}; expected ?trust=yes, for a file "
                "whose maker you trust, or nothing"
            )
        if "://" in text:
            raise InvalidInput(
                f"{self.family}: was given the address {text}; fetch it and name the file, since "
                "nothing vouches for what an address holds"
            )
        if f"{self.family}-{text}" in releases() or text in releases():
            known = text if text in releases() else f"{self.family}-{text}"
            raise UnknownName(
                f"'{self.family}:{text}' names no file; the release is the model {known!r}"
            )
        path = Path(unquote(text)).expanduser()
        check_file(path)
        plain = "".join(c if c.isalnum() or c == "_" else "-" for c in path.stem)
        return ModelCard(
            id=f"{self.family}:{plain}-{file_digest(path)[:8]}",
            load=functools.partial(_load_file, self.family, location, path, bool(question)),
            summary=f"{self.family} with the weights of {path.name}",
            requires=("torch",),
            extra="speech",
            citation=CITATIONS[self.family],
            family=self.family,
            training=Training(objective="unknown"),
        )

    def offers(self) -> tuple[Offer, ...]:
        """Return the releases of the family."""
        return tuple(
            Offer(release.id, state_of(card(release)), release.summary)
            for release in releases().values()
            if release.family == self.family
        )


class _ReleaseCard(ModelCard):
    """A card that knows which file its model is read from."""

    def missing_weights(self) -> str:
        # Which file and from where says whoever tries to load it: names are as long as a line.
        return "" if _found(releases()[self.id]) else "needs weights"


def card(release: Release) -> ModelCard:
    """Return the card of a release."""
    return _ReleaseCard(
        id=release.id,
        load=functools.partial(_load_release, release.id),
        summary=release.summary,
        requires=("torch",),
        extra="speech",
        licence=release.licence,
        citation=CITATIONS[release.family],
        url=release.address,
        family=release.family,
        parameters=release.parameters,
        training=Training(release.objective, release.datasets, release.languages, release.hours),
        untrained_twin=release.twin,
    )


def twin_card(name: str, seed: int = 0) -> ModelCard:
    """Return the card of an untrained twin; seeds above 0 stand behind an ``@`` in its id."""
    release = twins()[name]
    return ModelCard(
        id=f"{name}@{seed}" if seed else name,
        load=functools.partial(_load_twin, name, seed=seed),
        summary=f"{release.family} {release.architecture} with random weights from seed {seed}",
        requires=("torch",),
        extra="speech",
        licence="BSD-3-Clause",
        citation=CITATIONS[release.family],
        family=release.family,
        parameters=release.parameters,
        training=UNTRAINED,
    )


def place_of(release: Release) -> Path:
    """Return where the file of a release belongs on this machine."""
    from heschl.data_folders import default_data_folder

    return default_data_folder(_FOLDER) / release.file


def _load_file(family: str, location: str, path: Path, is_trusted: bool) -> TorchModel:
    from heschl.models.pretrained_audio.loading import trained

    return trained(CheckpointScheme(family)(location), family, path, is_trusted=is_trusted)


def _load_release(name: str) -> TorchModel:
    from heschl.models.pretrained_audio.loading import trained

    release = releases()[name]
    path = _found(release)
    if path is None:
        raise MissingData(
            f"{name} needs {release.file}, which is not at {place_of(release)}; get it from "
            f"{release.address} and put it there, or name it where it lies: "
            f"{release.family}:/path/to/{release.file}"
        )
    expected = release.hash.removeprefix("sha256:")
    if not file_digest(path).startswith(expected):
        raise CorruptData(
            f"{path} has the SHA-256 {file_digest(path)[:12]}..., but that of the release begins "
            f"with {expected}; get it anew from {release.address}"
        )
    return trained(card(release), release.family, path)


def _load_twin(name: str, seed: int = 0) -> TorchModel:
    from heschl.models.pretrained_audio.loading import untrained

    release = twins()[name]
    return untrained(twin_card(name, seed), release.family, release.architecture, seed)


def _found(release: Release) -> Path | None:
    places = [place_of(release)]
    if mirror := os.environ.get("HESCHL_MIRROR"):
        places.append(Path(mirror).expanduser() / _FOLDER / release.file)
    return next((place for place in places if place.is_file()), None)
