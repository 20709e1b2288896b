"""What lies behind a scheme: a listing of its ids, and what ails it on this machine.

A scheme is any callable from a location to a card or an object. It may also have ``offers()``,
which returns an `Offer` for each id that it knows by name, and ``diagnosis()``, which returns
sentences for ``heschl doctor``. Both must be as light as a card, or nearly so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from heschl import plugins
from heschl.cards import Card, ModelCard
from heschl.errors import InvalidInput, UnknownName, near_names
from heschl.resolution import SCHEMES, schemes

__all__ = ["Offer", "diagnoses", "offers", "state_of"]


@dataclass(frozen=True)
class Offer:
    """One id that a scheme knows by name."""

    id: str
    state: str
    """As `state_of` says it, or ``broken: <why>``."""
    summary: str


def state_of(card: Card) -> str:
    """Return ``ready``, or what must come first: ``needs <package>`` or where weights are.

    >>> state_of(ModelCard("mine", "a:b", "Mine", requires=("no_such_package",)))
    'needs no_such_package'
    """
    if missing := card.missing_requirements():
        return f"needs {', '.join(missing)}"
    return (card.missing_weights() if isinstance(card, ModelCard) else "") or "ready"


def offers(scheme: str) -> tuple[Offer, ...]:
    """Return what a scheme lists.

    Raises
    ------
    UnknownName
        If there is no such scheme.
    InvalidInput
        If it cannot be listed, as ``file`` cannot.
    """
    claim = plugins.sole("scheme", scheme, plugins.claims(SCHEMES))
    if claim is None and scheme != "file":
        raise UnknownName(f"there is no scheme {scheme!r}; {near_names(scheme, schemes())}")
    opener = None if claim is None else plugins.attempt(claim)
    if isinstance(opener, plugins.Broken):
        raise InvalidInput(
            f"the scheme {scheme!r} of {opener.origin} cannot be used: {opener.reason}; "
            "`heschl doctor` shows more"
        )
    listing = getattr(opener, "offers", None)
    if listing is None:
        raise InvalidInput(
            f"the scheme {scheme!r} has no listing: what follows the colon is a place of yours"
        )
    return tuple(listing())


def diagnoses() -> Mapping[str, tuple[str, ...]]:
    """Return what each scheme has to say of this machine, in sentences."""
    found = {}
    for claim in plugins.claims(SCHEMES):
        opener = plugins.attempt(claim)
        diagnosis = getattr(opener, "diagnosis", None)
        if diagnosis is not None and (sentences := tuple(diagnosis())):
            found[claim.name] = sentences
    return found
