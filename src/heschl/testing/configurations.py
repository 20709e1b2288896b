"""Configurations under test: one text, and no setting left out."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from heschl.configuration import canonical_json, plain
from heschl.errors import HeschlError
from heschl.testing.check import require

__all__ = ["require_complete_configuration"]


def require_complete_configuration(thing: Any, name: str) -> Mapping[str, Any]:
    """Return ``thing.configuration()`` as JSON types, if it has one text and leaves nothing out."""
    try:
        first, second = (canonical_json(thing.configuration()) for _ in range(2))
    except HeschlError as error:
        message = f"the configuration of {name!r} has no canonical text: {error}"
        raise type(error)(message) from error
    require(
        first == second,
        f"the configuration of {name!r} differs from one call to the next; keep time, places and "
        "chance out of it",
    )
    configuration: Mapping[str, Any] = plain(thing.configuration())
    _require_fields(thing, configuration, name)
    return configuration


def _require_fields(thing: Any, configuration: Any, path: str) -> None:
    """Raise if a field of a dataclass, or of one within it, is not in the configuration."""
    if isinstance(thing, (list, tuple)) and isinstance(configuration, list):
        for position, (item, told) in enumerate(zip(thing, configuration, strict=False)):
            _require_fields(item, told, f"{path}[{position}]")
    # A card is told by its id and version: what it says in words changes no score.
    is_settings = dataclasses.is_dataclass(thing) and not isinstance(thing, type)
    if not is_settings or hasattr(thing, "load"):
        return
    for field in dataclasses.fields(thing):
        if not field.compare:  # equal without it, so no setting
            continue
        require(
            isinstance(configuration, Mapping) and field.name in configuration,
            f"the configuration of {path!r} lacks its field {field.name!r}, so that two settings "
            "would share their cached scores; build it with heschl.configuration.describe(self)",
        )
        told = configuration[field.name]
        _require_fields(getattr(thing, field.name), told, f"{path}.{field.name}")
