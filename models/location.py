"""Locations: what stands behind ``hf:``, ``lm:``, ``surprisal:`` and ``vectors:``."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from heschl.errors import InvalidInput, near_names

__all__ = ["Location", "location_of", "whole_number"]

_COMMIT = re.compile(r"[0-9a-f]{40}")
_UNFIT = re.compile(r"(?:[^A-Za-z0-9_.@/+-]|\.\.+)+")


@dataclass(frozen=True)
class Location:
    """A folder or file on disk, or a name on the hub with its commit; and settings."""

    name: str
    revision: str | None
    settings: Mapping[str, str]

    @property
    def is_on_disk(self) -> bool:
        """Whether it is a path rather than a name on the hub."""
        return self.revision is None

    def identifier(self, scheme: str) -> str:
        """Return an id for cards, ``scheme:name+setting-value``."""
        named = Path(self.name).expanduser().resolve().name if self.is_on_disk else self.name
        parts = [named, *(f"{key}-{value}" for key, value in sorted(self.settings.items()))]
        return f"{scheme}:" + _UNFIT.sub("_", "+".join(parts))


def location_of(text: str, scheme: str, settings: Collection[str]) -> Location:
    """Return the parts of ``path?setting=value&...`` or ``name@commit?setting=value&...``.

    >>> location_of(".?tokens=64", "lm", ["tokens"]).settings
    {'tokens': '64'}
    """
    where, _, tail = text.partition("?")
    given: dict[str, str] = {}
    for part in tail.split("&") if tail else []:
        name, equals, value = part.partition("=")
        if name not in settings:
            raise InvalidInput(
                f"'{scheme}:{text}' has a setting {name!r}; {near_names(name, settings)}"
            )
        if not equals or not value or name in given:
            raise InvalidInput(f"'{scheme}:{text}' needs one value for {name!r}, as in {name}=...")
        given[name] = value
    if not where:
        raise InvalidInput(f"'{scheme}:{text}' names nothing; give a path after the colon")
    if Path(where).expanduser().exists():
        return Location(where, None, given)
    name, at, revision = where.rpartition("@")
    if at and _COMMIT.fullmatch(revision):
        return Location(name, revision, given)
    raise InvalidInput(
        f"'{scheme}:{text}' is nothing on disk (looked at {Path(where).expanduser().absolute()}), "
        "and for the hub it lacks a commit, without which a score could not be computed again; "
        "expected a path, or name@<the 40 hexadecimal digits of a commit>"
    )


def whole_number(location: Location, setting: str, least: int) -> int | None:
    """Return a setting as a number, or None where it is not given."""
    text = location.settings.get(setting)
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or int(text) < least:
        raise InvalidInput(f"{setting}={text!r}; expected a whole number from {least} up")
    return int(text)
