"""Draws that come with two scores: whether they are of the same samples, and what that tells.

An error that comes from samples drawn anew, such as sounds or speakers, is no error over
listeners: with each draw a score has another number, and where two models' draws are of the same
samples the difference of these numbers is a paired bootstrap. The board and `heschl compare` both
take it from here.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from heschl.dimensions import DRAW
from heschl.wording import plural

if TYPE_CHECKING:
    from heschl.scores import Score

__all__ = ["Apart", "apart", "most_beyond", "why_unpaired"]


class Apart(NamedTuple):
    """How far a difference of two numbers may be off, by the draws that both have."""

    error: float
    low: float
    high: float


def apart(one: np.ndarray, other: np.ndarray, *, level: float = 0.95) -> Apart:
    """Return the error and the central part of the differences of draws (draw,), all finite.

    The ends are draws themselves: those that leave less than half of the rest beyond them.

    >>> apart(np.array([3.0, 1.0, 2.0]), np.zeros(3))
    Apart(error=1.0, low=1.0, high=3.0)
    """
    ordered = np.sort(one - other)
    beyond = most_beyond(len(ordered), level)
    return Apart(float(ordered.std(ddof=1)), float(ordered[beyond]), float(ordered[-1 - beyond]))


def most_beyond(n_draws: int, level: float = 0.95) -> int:
    """Return how many draws may lie beyond an end of the central part, or at it.

    >>> most_beyond(2000), most_beyond(1000), most_beyond(10)
    (49, 24, 0)
    """
    return math.floor((1 - level) / 2 * (n_draws - 1))


def why_unpaired(first: Score, second: Score, rule: str) -> str:
    """Return why draws of two scores cannot be compared one by one; nothing if they can.

    Parameters
    ----------
    first, second
        Of one benchmark and version; both have errors from draws (`Score.is_drawn`).
    rule
        How layers are reduced.
    """
    drawn = plural(first.sample)
    for score in (first, second):
        if "rule_draws" not in score.tree["population"]:
            return (
                f"the score of {score.model} keeps no draws of its {drawn}; score it again with "
                "this version of Heschl"
            )
    if rule != first.layer_rule:
        return (
            f"draws of {drawn} are kept for the benchmark's own rule alone, {first.layer_rule!r}; "
            "leave the rule out"
        )
    one, other = (
        score.tree["population"].attrs.get("draws_digest", "") for score in (first, second)
    )
    if one and one == other:
        return ""
    differing = _differing(_drawing(first), _drawing(second))
    return (
        f"the {drawn} of {first.model} and of {second.model} were not drawn alike "
        f"({'; '.join(differing) or 'their draws_digest differs'}), so that none are paired; score "
        "both with the same seed, data and version of Heschl"
    )


def _drawing(score: Score) -> dict[str, Any]:
    """Return what the digest of draws is of, as far as a score still knows it."""
    population, provenance = score.tree["population"], score.provenance
    configuration, digests = (_read(provenance, k) for k in ("configuration", "data_digests"))
    return {
        "seed": provenance.get("seed"),
        "number of draws": population.sizes[DRAW],
        "sounds": digests.get("sounds"),
        "recordings": digests.get("recordings"),
        "items": population.attrs.get("drawn_items"),
        "configuration of the benchmark": configuration.get("benchmark"),
    }


def _read(provenance: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    with suppress(ValueError, TypeError):  # what else a file may hold
        found = json.loads(provenance[name])
        return found if isinstance(found, Mapping) else {}
    return {}


def _differing(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """Return in words what two drawings differ in: numbers as they are, the rest by name."""
    found = []
    for name, mine in one.items():
        theirs = other[name]
        if mine != theirs:
            is_short = all(len(str(each)) <= _SHORT for each in (mine, theirs))
            found.append(f"{name} {mine} and {theirs}" if is_short else f"other {name}")
    return found


_SHORT = 12
