"""Where regions lie on the way from sound to speech, so that profiles read alike everywhere."""

from __future__ import annotations

import re

__all__ = ["in_anatomical_order"]

_ORDER = (
    "all",
    "heschl",
    "hg",
    "core",
    "a1",
    "primary",
    "earlyauditory",
    "auditory",
    "ac",
    "belt",
    "mbelt",
    "lbelt",
    "pbelt",
    "ri",
    "pt",
    "a4",
    "a5",
    "lateral",
    "posterior",
    "anterior",
    "stg",
    "pstg",
    "mstg",
    "astg",
    "sts",
    "psts",
    "msts",
    "asts",
    "mtg",
    "itg",
    "tpj",
    "smg",
    "ag",
    "ltc",
    "atl",
    "latelanguage",
    "language",
    "broca",
    "ifg",
    "mfg",
    "sfg",
    "pmc",
    "motor",
    "smc",
    "precuneus",
    "visual",
    "v1",
)
_PLACE = {name: place for place, name in enumerate(_ORDER)}
_SIDE = re.compile(r"^(left|right|lh|rh|l|r)[ _.\-]|[ _.\-](left|right|lh|rh|l|r)$", re.IGNORECASE)


def in_anatomical_order(names: tuple[str, ...] | list[str]) -> list[str]:
    """Return names of regions from primary auditory cortex outwards, then those unknown by name.

    >>> in_anatomical_order(["IFG", "pitch", "STG", "lh_A1", "all"])
    ['all', 'lh_A1', 'STG', 'IFG', 'pitch']
    """
    return sorted(names, key=lambda name: (_place(name), name.casefold(), name))


def _place(name: str) -> int:
    plain = re.sub(r"[^a-z0-9]", "", _SIDE.sub("", name).lower())
    return _PLACE.get(plain, len(_ORDER))
