"""From an id, a URI, a card or a live object to the object itself, checked.

A URI is ``scheme:location``. ``file:`` is handled here; every other scheme is an
entry point of the group ``heschl.schemes`` that names a callable from the
location to a card, or to an object that keeps the contract.
"""

from __future__ import annotations

import contextlib
import inspect
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from heschl import plugins
from heschl.cards import Card
from heschl.errors import BrokenPlugin, HeschlError, InvalidInput, UnknownName, near_names
from heschl.source_files import SourceFile
from heschl.structure import has_member, has_methods, missing_members

if TYPE_CHECKING:
    from heschl.registry import Registry

__all__ = ["SCHEMES", "Resolved", "resolve", "schemes", "written_card"]

SCHEMES = "heschl.schemes"

CardT = TypeVar("CardT", bound=Card)


@dataclass(frozen=True)
class Resolved(Generic[CardT]):
    """What a name, URI or object stands for."""

    object: Any  # keeps one of the contracts of its registry, which was checked
    card: CardT
    origin: str
    source_digest: str | None = None
    """The SHA-256 of the file that defines the object, where it came from one."""


@dataclass(frozen=True)
class _Found:
    """A card, a class, a function or a ready object, and where it was found."""

    thing: Any  # whatever was given or a stranger's scheme returned
    origin: str
    fallback_id: str = ""
    """The id of a class or function that brings no card of its own."""
    source_digest: str | None = None


def resolve(
    registry: Registry[CardT],
    plugin: object,
    arguments: Sequence[Any],
    settings: Mapping[str, Any],
) -> Resolved[CardT]:
    """Return what ``plugin`` stands for, made with the arguments and settings."""
    found = _find(registry, plugin)
    is_factory = inspect.isclass(found.thing) or inspect.isfunction(found.thing)
    card = registry.card_of(found.thing) if is_factory else None
    factory = found.thing
    if isinstance(found.thing, registry.card_type):
        card = found.thing
        factory = _guarded(registry, found, card.target)
    elif not is_factory:
        if arguments or settings:
            raise InvalidInput(
                f"a ready {type(plugin).__name__} takes no arguments; give an id to have one made"
            )
        return _checked(registry, found.thing, None, found)
    made = _guarded(registry, found, factory, *arguments, **settings)
    if card is None and found.fallback_id and not has_member(made, "card"):
        summary = f"{found.thing.__qualname__} of {found.origin}"
        card = registry.card_type(found.fallback_id, factory, summary)
    # An author who wrote the card beside the class need not write it within as well.
    if card is not None and not has_member(made, "card"):
        with contextlib.suppress(AttributeError, TypeError):
            made.card = card
    return _checked(registry, made, card, found)


def written_card(registry: Registry[CardT], plugin: str) -> CardT | None:
    """Return the card that a scheme writes before the object is made, if it writes one."""
    thing = _find(registry, plugin).thing
    return thing if isinstance(thing, registry.card_type) else None


def schemes() -> frozenset[str]:
    """Return what may stand before the colon of a URI."""
    return frozenset({claim.name for claim in plugins.claims(SCHEMES)} | {"file"})


def _find(registry: Registry[CardT], plugin: object) -> _Found:
    if not isinstance(plugin, str):
        return _Found(plugin, "given as an object")
    if registry.has(plugin):
        return _Found(*registry.card_and_origin(plugin))
    scheme, colon, location = plugin.partition(":")
    if colon and scheme == "file":
        return _find_in_file(registry, SourceFile(location))
    opener = plugins.sole("scheme", scheme, plugins.claims(SCHEMES)) if colon else None
    if opener is None:
        raise registry.unknown(plugin)
    found = _Found(plugins.attempt(opener), opener.origin)
    if isinstance(found.thing, plugins.Broken) or not callable(found.thing):
        reason = getattr(found.thing, "reason", "it is not callable")
        raise BrokenPlugin(
            f"the scheme {scheme!r} of {opener.origin} cannot be used: {reason}; "
            "`heschl doctor` shows more"
        )
    return _Found(_guarded(registry, found, found.thing, location), opener.origin)


def _find_in_file(registry: Registry[CardT], file: SourceFile) -> _Found:
    content = vars(file.module())
    found = _Found(None, str(file.path), source_digest=file.digest)
    name = file.attribute
    if not name:
        registered = {card.id: card for card in registry.registered_in(content)}
        candidates = list(registered) or [
            name
            for name, thing in content.items()
            if not name.startswith("__") and _is_candidate(registry, thing, content["__name__"])
        ]
        if len(candidates) != 1:
            found_names = f": {', '.join(candidates)}" if candidates else ""
            defined = candidates or _defined_in(content)
            advice = (
                "expected one, or the name of a class, function or object in it, such as "
                f"{', '.join(defined)}: 'file:{file.path.name}:{defined[0]}'"
                if defined
                else f"it defines no class and no function, so write one that is a {registry.kind}"
            )
            raise InvalidInput(
                f"{file.path} holds {len(candidates)} {registry.kind}s{found_names}; {advice}"
            )
        name = candidates[0]
        if registered:
            return replace(found, thing=registered[name])
    if name not in content:
        public = [known for known in content if not known.startswith("_")]
        raise UnknownName(f"{file.path} has no {name!r}; {near_names(name, public)}")
    stem = "".join(c if c.isalnum() or c in "-_" else "_" for c in file.path.stem)
    return replace(found, thing=content[name], fallback_id=f"file:{stem}.py:{name}")


def _defined_in(content: Mapping[str, Any]) -> list[str]:
    """Return the names of the functions and classes that a file defines itself."""
    return [
        name
        for name, thing in content.items()
        if (inspect.isfunction(thing) or inspect.isclass(thing))
        and thing.__module__ == content["__name__"]
    ]


def _is_candidate(registry: Registry[CardT], thing: object, module_name: str) -> bool:
    if isinstance(thing, registry.card_type):
        return True
    if inspect.isclass(thing):
        # What is imported into the file serves it; what is defined in it is offered.
        return thing.__module__ == module_name and has_methods(thing, registry.contracts)
    return not inspect.ismodule(thing) and not missing_members(thing, registry.contracts)[1]


def _guarded(
    registry: Registry[CardT],
    found: _Found,
    function: Callable[..., Any],
    *arguments: Any,
    **settings: Any,
) -> Any:  # what a stranger's code returns is checked afterwards
    try:
        return function(*arguments, **settings)
    except HeschlError:
        raise
    except (Exception, SystemExit) as error:
        what = found.thing.id if isinstance(found.thing, Card) else found.fallback_id
        raise BrokenPlugin(
            f"the {registry.kind} {what!r} ({found.origin}) cannot be made, "
            f"{type(error).__name__}: {error}; mend what makes it"
        ) from error


def _wrapping(registry: Registry[CardT], thing: object) -> str:
    """Return what makes a model of a bare network, which is what most have at hand."""
    torch = sys.modules.get("torch")
    if registry.kind != "model" or torch is None or not isinstance(thing, torch.nn.Module):
        return ""
    return ", and heschl.models.torch_module.TorchModel(...) makes one of any torch.nn.Module"


def _checked(
    registry: Registry[CardT], thing: Any, card: CardT | None, found: _Found
) -> Resolved[CardT]:
    what = f"{type(thing).__name__} ({found.origin})"
    contract, missing = missing_members(thing, registry.contracts)
    if missing:
        raise InvalidInput(
            f"{what} is no {registry.kind}: it lacks {', '.join(map(repr, missing))}; "
            f"the {contract} of heschl.contracts says what each must be{_wrapping(registry, thing)}"
        )
    own = thing.card
    if not isinstance(own, registry.card_type):
        raise InvalidInput(
            f"the card of {what} is a {type(own).__name__}; expected a "
            f"{registry.card_type.__name__}"
        )
    if card is not None and own.id != card.id:
        raise BrokenPlugin(
            f"the {registry.kind} {card.id!r} makes a {what} whose own card has the id "
            f"{own.id!r}; expected the same"
        )
    return Resolved(thing, card or own, found.origin, found.source_digest)
