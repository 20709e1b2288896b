"""The table of releases: which checkpoints there are, readable without torch."""

from __future__ import annotations

import functools
import importlib.resources
from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["Release", "releases", "twins"]

_UNVERIFIED = "unverified:"


@dataclass(frozen=True)
class Release:
    """One checkpoint; the fields are the columns of ``releases.tsv``.

    What the table marks as unverified is left empty, but for the address.
    """

    id: str
    family: str
    """The scheme that opens such a file, and the module that makes its network."""
    architecture: str
    file: str
    address: str
    """Where it can be had."""
    hash: str
    """The beginning of its SHA-256, where the release says so."""
    parameters: int
    objective: str
    datasets: tuple[str, ...]
    languages: tuple[str, ...]
    hours: float | None
    licence: str
    summary: str

    @property
    def twin(self) -> str:
        """The id of the same architecture with random weights, shared by all of its releases."""
        # Where a family has one size, its name says enough.
        sizes = {each.architecture for each in releases().values() if each.family == self.family}
        return f"{self.family}{f'-{self.architecture}' * (len(sizes) > 1)}-random"


@functools.cache
def releases() -> Mapping[str, Release]:
    """Return every release by its id.

    >>> releases()["dasheng-base"].hours
    272000.0
    """
    text = importlib.resources.files(__package__).joinpath("releases.tsv").read_text("utf-8")
    found = {}
    for line in text.splitlines()[2:]:
        name, family, architecture, file, address, *others = line.split("\t")
        size, parameters, objective, datasets, languages, hours, licence, summary = (
            "" if each.startswith(_UNVERIFIED) else each for each in others
        )
        found[name] = Release(
            name,
            family,
            architecture,
            file,
            address.removeprefix(_UNVERIFIED),
            size,
            int(parameters),
            objective,
            tuple(filter(None, datasets.split(";"))),
            tuple(filter(None, languages.split(";"))),
            float(hours) if hours else None,
            licence,
            summary,
        )
    return found


@functools.cache
def twins() -> Mapping[str, Release]:
    """Return a release of each architecture by the id of its untrained twin."""
    return {release.twin: release for release in reversed([*releases().values()])}
