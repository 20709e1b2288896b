"""Entry points: who claims which name, read from metadata and imported on demand.

Nothing here raises because of someone else's mistake: what cannot be read or
imported becomes a `Broken`, which says whose it is and why.
"""

from __future__ import annotations

import functools
import importlib
import importlib.metadata
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from heschl.errors import DuplicateName

__all__ = ["Broken", "Claim", "attempt", "claims", "refresh", "sole", "unreadable"]

_PREFIX = "heschl."


@dataclass(frozen=True)
class Broken:
    """A plugin that cannot be used, and why."""

    group: str
    """The entry-point group, such as ``heschl.models``."""
    name: str
    origin: str
    reason: str
    traceback: str = ""
    """Empty where nothing was raised."""


@dataclass(frozen=True, eq=False)
class Claim:
    """Somebody's claim to a name: who makes it, and what gets the thing behind it."""

    group: str
    name: str
    origin: str
    """Distribution, version and target, or the file and line of a registration."""
    get: Callable[[], object]


def claims(group: str) -> tuple[Claim, ...]:
    """Return what the installed distributions claim in a group, without importing any of it."""
    return _survey()[0].get(group, ())


def unreadable() -> tuple[Broken, ...]:
    """Return the distributions whose entry points could not be read."""
    return _survey()[1]


def sole(kind: str, name: str, among: Iterable[Claim]) -> Claim | None:
    """Return the only claim to a name; refuse several, naming all who make them."""
    mine = [claim for claim in among if claim.name == name]
    if len(mine) > 1:
        raise DuplicateName(
            f"the {kind} {name!r} is claimed by {' and by '.join(claim.origin for claim in mine)}; "
            "uninstall all but one, or choose another name"
        )
    return mine[0] if mine else None


def refresh() -> None:
    """Forget what was found, to see what was installed or mended in the meantime.

    A module that was imported already is not imported anew.
    """
    importlib.invalidate_caches()
    _survey.cache_clear()
    attempt.cache_clear()


# No lock is held while a plugin is imported: its body may register something
# from another thread's import, and the two would wait for each other.
@functools.cache
def attempt(claim: Claim) -> object | Broken:
    """Return what a claim names, or what went wrong in importing it."""
    try:
        return claim.get()
    except (Exception, SystemExit) as error:  # noqa: BLE001  a stranger's code may raise anything
        return Broken(
            claim.group,
            claim.name,
            claim.origin,
            f"{type(error).__name__}: {error}",
            traceback.format_exc(),
        )


@functools.cache
def _survey() -> tuple[Mapping[str, tuple[Claim, ...]], tuple[Broken, ...]]:
    found: dict[str, tuple[Claim, ...]] = {}
    broken: list[Broken] = []
    seen: set[str] = set()
    for distribution in importlib.metadata.distributions():
        try:
            mine = tuple(_claims_of(distribution))
            if not mine:
                continue
            name = distribution.metadata["Name"]
        except Exception as error:  # noqa: BLE001  metadata may be malformed in any way
            broken.append(
                Broken(
                    "",
                    _place(distribution),
                    _place(distribution),
                    f"its entry points cannot be read, {type(error).__name__}: {error}",
                    traceback.format_exc(),
                )
            )
            continue
        # As in an import, the first on the path hides a later one of the same name.
        if name in seen:
            continue
        seen.add(name)
        for claim in mine:
            found[claim.group] = (*found.get(claim.group, ()), claim)
    return found, tuple(broken)


def _claims_of(distribution: importlib.metadata.Distribution) -> Iterator[Claim]:
    owner = ""
    for entry_point in distribution.entry_points:
        if entry_point.group.startswith(_PREFIX):
            # Each question for them reads the file of metadata anew, and Heschl claims hundreds.
            owner = owner or f"{distribution.metadata['Name']} {distribution.version}"
            yield Claim(
                entry_point.group,
                entry_point.name,
                f"{owner} ({entry_point.value})",
                entry_point.load,
            )


def _place(distribution: importlib.metadata.Distribution) -> str:
    """Return where a distribution lies; its name may be what cannot be read."""
    return str(distribution.locate_file(""))
