"""The table of releases: which checkpoints there are, readable without torch."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from heschl.models.tables import listed, number, rows

__all__ = ["Release", "releases", "twins"]


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
    found = {}
    for row in rows("heschl.models.pretrained_audio", "releases.tsv", as_said=["address"]):
        values: dict[str, Any] = row | {
            "parameters": int(row["parameters"]),
            "datasets": listed(row["datasets"]),
            "languages": listed(row["languages"]),
            "hours": number(row["hours"]),
        }
        found[row["id"]] = Release(**values)
    return found


@functools.cache
def twins() -> Mapping[str, Release]:
    """Return a release of each architecture by the id of its untrained twin."""
    return {release.twin: release for release in reversed([*releases().values()])}
