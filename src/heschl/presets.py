"""Presets: the ways of cutting sound that benchmarks share, by name."""

from __future__ import annotations

from collections.abc import Mapping

from heschl.errors import UnknownName, near_names
from heschl.windowing import ChunkedWindows, SlidingWindows, Windowing

__all__ = ["PRESETS", "preset", "preset_name"]

PRESETS: Mapping[str, Windowing] = {
    "sliding": SlidingWindows(context_s=16.0, hop_s=0.1),
    "strided": SlidingWindows(context_s=15.6, hop_s=0.5),
    "chunked": ChunkedWindows(window_s=10.0, stride_s=5.0),
    "single-pass": ChunkedWindows(window_s=30.0, stride_s=20.0),
}
"""What the model hears of each second of a long sound, and what it costs on that account:

- ``sliding``, 161 times: the papers' causal windows of 16.1 s, every 0.1 s.
- ``strided``, 32 times: every fifth of those windows, so every fifth of their features, exactly.
- ``chunked``, twice: 10 s every 5 s, the central 5 s kept; frames see what comes after them.
- ``single-pass``, 1.5 times: 30 s with margins of 5 s on both sides; likewise.
"""


def preset(name: str) -> Windowing:
    """Return the windowing of that name.

    >>> preset("chunked")
    ChunkedWindows(window_s=10.0, stride_s=5.0)
    """
    if name not in PRESETS:
        raise UnknownName(f"no windowing is named {name!r}; {near_names(str(name), PRESETS)}")
    return PRESETS[name]


def preset_name(windowing: object) -> str | None:
    """Return the name of a windowing, if it has one.

    >>> preset_name(SlidingWindows())
    'sliding'
    """
    return next((name for name, known in PRESETS.items() if known == windowing), None)
