"""Which kind of plugin a name, a URI or an object is."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

from heschl import registry
from heschl.cards import Card
from heschl.errors import BrokenPlugin, HeschlError, InvalidInput, UnknownName
from heschl.hints import way_on
from heschl.registry import Registry
from heschl.resolution import schemes
from heschl.source_files import SourceFile
from heschl.structure import has_methods, missing_members

__all__ = ["card_of", "kind_of"]

# The larger contracts first: an object that keeps one may keep a smaller one by chance.
_REGISTRIES: tuple[Registry[Any], ...] = (
    registry.benchmarks,
    registry.datasets,
    registry.models,
    registry.metrics,
)


def kind_of(plugin: object, meant: str | None = None) -> str:
    """Return ``model``, ``dataset``, ``metric`` or ``benchmark``; what is meant, if it can be.

    A file that cannot be imported counts as a model, whose checks then say why.
    """
    if meant is not None:
        owner = next(each for each in _REGISTRIES if each.kind == meant)
        if isinstance(plugin, str) and ":" not in plugin and not owner.has(plugin):
            raise owner.unknown(plugin)
        return meant
    if isinstance(plugin, str):
        return _kind_of_text(plugin)
    for each in _REGISTRIES:
        if _is_of(each, plugin):
            return each.kind
    return _kind_of_made(plugin)


def card_of(owner: Registry[Any], plugin: object) -> Card | None:
    """Return the card that a plugin brings, without making the object, or None."""
    if isinstance(plugin, str) and owner.has(plugin):
        card: Card | None = owner.card(plugin)
        return card
    for thing in _things(plugin):
        within: object = inspect.getattr_static(thing, "card", None)
        for found in (thing, owner.card_of(thing), within):
            if isinstance(found, Card) and isinstance(found, owner.card_type):
                return found
    return None


def _kind_of_text(plugin: str) -> str:
    owners = [each.kind for each in _REGISTRIES if each.has(plugin)]
    if len(owners) > 1:
        raise InvalidInput(
            f"{plugin!r} is the id of a {' and of a '.join(owners)}; say which kind is meant"
        )
    if owners:
        return owners[0]
    scheme, colon, _ = plugin.partition(":")
    if not colon or scheme not in schemes():
        known = [name for each in _REGISTRIES for name in each.names()]
        hint = way_on(plugin, known, schemes())
        hint += " " if hint.endswith("?") else "; "
        raise UnknownName(f"nothing is registered as {plugin!r}; {hint}`heschl list` shows all")
    if scheme != "file":
        # What brings several kinds is a package; a scheme brings models.
        return registry.models.kind
    try:
        things = list(_things(plugin))
    except BrokenPlugin:
        return registry.models.kind
    kinds = [each.kind for thing in things for each in _REGISTRIES if _is_of(each, thing)]
    return kinds[0] if len(things) == 1 and kinds else _kind_of_made(plugin)


def _things(plugin: object) -> Iterator[object]:
    """Yield what a URI may mean: what its file registered, or else the thing it names."""
    if not isinstance(plugin, str):
        yield plugin
        return
    if not plugin.startswith("file:"):
        return
    file = SourceFile(plugin.removeprefix("file:"))
    content = vars(file.module())
    if file.attribute:
        if file.attribute in content:
            yield content[file.attribute]
        return
    cards = [card for each in _REGISTRIES for card in each.registered_in(content)]
    yield from cards or [thing for thing in content.values() if isinstance(thing, Card)]


def _is_of(owner: Registry[Any], thing: object) -> bool:
    if isinstance(thing, owner.card_type) or owner.card_of(thing) is not None:
        return True
    if inspect.isclass(thing):
        return has_methods(thing, owner.contracts)
    if inspect.isfunction(thing) or isinstance(thing, Card):
        return False
    return not missing_members(thing, owner.contracts)[1]


def _kind_of_made(plugin: object) -> str:
    """Return the kind of what a function makes, by trying."""
    problems = []
    for each in (registry.models, registry.benchmarks, registry.metrics):
        try:
            each.resolve(plugin)
        except BrokenPlugin:
            # Whatever it is, it cannot be made; the checks of a model say so.
            return registry.models.kind
        except HeschlError as problem:
            problems.append(problem)
        else:
            return each.kind
    raise problems[0]
