"""The colours of maps, as the style sheet has them: pictures, scales and canvas are told by it."""

from __future__ import annotations

import re
from functools import cache
from typing import Literal

import numpy as np

from heschl.errors import CorruptData
from heschl.leaderboard.site import STATIC
from heschl.leaderboard.surface_png import Palette

__all__ = ["THEMES", "Kind", "Theme", "palette", "paper"]

Theme = Literal["light", "dark"]
Kind = Literal["sequential", "diverging"]
"""Of a scale: the ramp of scores, or one that is pale in its middle, nought."""
THEMES: tuple[Theme, Theme] = ("light", "dark")

_PAIR = r"light-dark\(\s*(#[0-9a-fA-F]{3,6})\s*,\s*(#[0-9a-fA-F]{3,6})\s*\)"
# Neighbours of one colour share a rule.
_STEP = re.compile(rf"((?:\.r\d+,?)+)\s*\{{\s*background-color:\s*{_PAIR}")
_N_STEPS = 256


@cache
def palette(kind: Kind, theme: Theme) -> Palette:
    """Return the colours of a kind of map in a theme."""
    sheet = (STATIC / "heschl.css").read_text(encoding="utf-8")
    if kind == "sequential":
        found = {
            int(number): pair
            for steps, *pair in _STEP.findall(sheet)
            for number in re.findall(r"\d+", steps)
        }
        if sorted(found) != list(range(_N_STEPS)):
            raise CorruptData(f"heschl.css has {len(found)} steps of the ramp; expected {_N_STEPS}")
        ramp = np.array([_colour(found[step], theme) for step in range(_N_STEPS)])
    else:
        stops = np.array([_token(sheet, f"diverging-{number}", theme) for number in range(5)])
        places = np.linspace(0, len(stops) - 1, _N_STEPS)
        ramp = np.stack(
            [np.interp(places, range(len(stops)), channel) for channel in stops.T], axis=1
        )
    cortex, sulcus = (_token(sheet, name, theme) for name in ("cortex", "cortex-sulcus"))
    return Palette(ramp, cortex, sulcus, _token(sheet, "cortex-rim", theme))


@cache
def paper(theme: Theme) -> tuple[int, int, int]:
    """Return the colour of a page."""
    return _token((STATIC / "heschl.css").read_text(encoding="utf-8"), "paper", theme)


def _token(sheet: str, name: str, theme: Theme) -> tuple[int, int, int]:
    match = re.search(rf"--{name}:\s*{_PAIR}", sheet)
    if match is None:
        raise CorruptData(f"heschl.css has no colour --{name}; build it again")
    return _colour(match.groups(), theme)


def _colour(pair: list[str] | tuple[str, ...], theme: Theme) -> tuple[int, int, int]:
    digits = pair[THEMES.index(theme)].removeprefix("#")
    if len(digits) == 3:  # noqa: PLR2004  #abc is #aabbcc
        digits = "".join(2 * digit for digit in digits)
    red, green, blue = (int(digits[at : at + 2], 16) for at in (0, 2, 4))
    return red, green, blue
