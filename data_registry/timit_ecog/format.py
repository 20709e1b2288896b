"""What an interchange file must be, whether it is about to be written or was read."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Sequence
from typing import NamedTuple

import numpy as np

__all__ = [
    "AREAS",
    "FORMAT",
    "VERSION",
    "Timing",
    "fault_of_electrodes",
    "fault_of_length",
    "fault_of_name",
    "fault_of_timing",
    "rows_in",
]

FORMAT, VERSION = "timit_ecog", 1

AREAS = ("A1", "STG", "MTG", "SMC", "SMG")
"""The areas that are reported: primary auditory cortex, superior and middle temporal gyrus,
sensorimotor cortex, supramarginal gyrus."""

ROW_HZ = 50
"""The rate at which responses are scored, and the least at which they may be stored."""
BASELINE_S = 0.5
"""What must be there before a sentence begins: silence to compare the response with."""

ROUNDING = 1e-6
"""Edges this near to that of a row or sample, as a share of one, are that of the row or sample."""

_SENTENCE = re.compile(r"[fm][a-z]{3}[0-9]_(?:sa|si|sx)[0-9]{1,4}")
_SAMPLES_OFF = 1.5
"""By how many samples a response may be longer or shorter than its sound and what is around it."""


class Timing(NamedTuple):
    """When the samples of a response were taken."""

    rate_hz: float
    pre_s: float
    post_s: float
    n_samples: int


def rows_in(sound_s: float) -> int:
    """Return how many rows lie wholly within a sound."""
    return math.floor(sound_s * ROW_HZ + ROUNDING)


def fault_of_name(identifier: str, taken: Collection[str]) -> str | None:
    """Say what is wrong with the name of a sentence, beside those that are ``taken``."""
    if not _SENTENCE.fullmatch(identifier.lower()):
        return (
            f"the sentence {identifier!r}; expected speaker and sentence of TIMIT, as 'fcjf0_sa1'"
        )
    if identifier.lower() in taken:
        return f"the sentence {identifier!r} twice, in other capitals; join its trials"
    return None


def fault_of_timing(rate_hz: float, pre_s: float, post_s: float) -> str | None:
    """Say what is wrong with the rate, or with what is around a sentence."""
    for name, value, least in (
        ("rate_hz", rate_hz, float(ROW_HZ)),
        ("pre_s", pre_s, BASELINE_S),
        ("post_s", post_s, 0.0),
    ):
        if not (math.isfinite(value) and value >= least):
            return f"{name}={value!r}; expected {least:g} or more"
    return None


def fault_of_electrodes(names: Sequence[str], areas: Sequence[str], xyz: np.ndarray) -> str | None:
    """Say what is wrong with the table of electrodes."""
    n = len(names)
    if not n:
        return "no electrode; expected one at least"
    if len(areas) != n or xyz.shape != (n, 3):
        return (
            f"{n} names, {len(areas)} areas and positions of shape {xyz.shape}; expected one of "
            "each for every electrode, positions (electrode, 3)"
        )
    if len(set(names)) < n or not all(name.strip() for name in names):
        return "electrodes without a name, or of one name; expected a name of its own for each"
    known = {area.casefold(): area for area in AREAS}
    for area in areas:
        meant = known.get(area.strip().casefold())
        if meant is not None and area != meant:
            return f"the area {area!r}; write {meant!r}, or it would belong to no region"
    if np.isinf(xyz).any():
        return "positions that are infinite; write NaN where one is unknown"
    return None


def fault_of_length(timing: Timing, sound_s: float) -> str | None:
    """Say by how much a response does not last as long as its sound and what is around it."""
    lasts_s = timing.n_samples / timing.rate_hz
    expected_s = timing.pre_s + sound_s + timing.post_s
    is_long_enough = lasts_s >= timing.pre_s + rows_in(sound_s) / ROW_HZ - 0.5 / ROW_HZ
    if abs(lasts_s - expected_s) * timing.rate_hz <= _SAMPLES_OFF and is_long_enough:
        return None
    return (
        f"{timing.n_samples} samples at {timing.rate_hz:g} Hz, which is {lasts_s:.3f} s, but "
        f"{timing.pre_s:g} s before its sound, the {sound_s:.3f} s of it and {timing.post_s:g} s "
        f"after it make {expected_s:.3f} s; the response is of another sentence, or pre_s, post_s "
        "or rate_hz are wrong"
    )
