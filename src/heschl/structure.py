"""Whether an object keeps a contract, judged by its members alone."""

from __future__ import annotations

import inspect
from collections.abc import Sequence

__all__ = ["has_member", "has_methods", "missing_members"]


def missing_members(thing: object, contracts: Sequence[type]) -> tuple[str, tuple[str, ...]]:
    """Return the contract that comes nearest, and what the object lacks of it.

    >>> from heschl.contracts import SpeechModel, TextModel
    >>> missing_members(object(), (TextModel,))
    ('TextModel', ('card', 'digest', 'layers', 'read'))
    """
    missing = {
        contract: tuple(
            [name for name in _members(contract) if not has_member(thing, name)]
            + [
                name
                for name in _methods(contract)
                if has_member(thing, name) and not callable(getattr(thing, name))
            ]
        )
        for contract in contracts
    }
    nearest = min(missing, key=lambda contract: len(missing[contract]) / len(_members(contract)))
    return nearest.__name__, missing[nearest]


def has_methods(cls: type, contracts: Sequence[type]) -> bool:
    """Say whether a class has the methods of a contract; the rest its objects may bring."""
    return any(
        all(callable(getattr(cls, name, None)) for name in _methods(contract))
        for contract in contracts
    )


def has_member(thing: object, name: str) -> bool:
    """Say whether a member is there, without running a property that may read weights."""
    try:
        inspect.getattr_static(thing, name)
    except AttributeError:
        return hasattr(thing, name)
    return True


def _members(contract: type) -> tuple[str, ...]:
    # Contracts build on each other: what several share stands in their base.
    names = dict.fromkeys(name for base in reversed(contract.__mro__) for name in vars(base))
    inherited = set(dir(object))
    return tuple(
        name
        for name in names
        if name == "__call__" or (not name.startswith("_") and name not in inherited)
    )


def _methods(contract: type) -> tuple[str, ...]:
    return tuple(
        name
        for name in _members(contract)
        if not isinstance(inspect.getattr_static(contract, name), property)
    )
