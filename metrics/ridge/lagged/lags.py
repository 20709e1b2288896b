"""Which frames before the present one enter, in frames or from seconds."""

from __future__ import annotations

import math

from heschl.errors import InvalidInput

__all__ = ["lags_within", "require_lags"]

_ROUNDING = 1e-9
"""Of seconds times hertz."""


def lags_within(start_s: float, stop_s: float, rate_hz: float) -> tuple[int, ...]:
    """Return the lags in frames from ``start_s`` on and before ``stop_s``.

    >>> lags_within(0.0, 0.4, rate_hz=50) == tuple(range(20))
    True
    >>> lags_within(-0.05, 0.1, rate_hz=20)
    (-1, 0, 1)
    """
    if not (all(map(math.isfinite, (start_s, stop_s, rate_hz))) and rate_hz > 0):
        raise InvalidInput(
            f"lags from {start_s} s to {stop_s} s at {rate_hz} Hz; expected seconds and a rate "
            "above 0"
        )
    first, behind = (math.ceil(edge * rate_hz - _ROUNDING) for edge in (start_s, stop_s))
    if behind <= first:
        raise InvalidInput(
            f"there is no frame from {start_s} s on and before {stop_s} s at {rate_hz} Hz; widen "
            "the window"
        )
    return tuple(range(first, behind))


def require_lags(lags: object) -> tuple[int, ...]:
    """Return lags as a tuple; refuse all but consecutive whole numbers.

    >>> require_lags(range(-1, 2))
    (-1, 0, 1)
    """
    if isinstance(lags, range | tuple | list) and len(lags):
        are_whole = all(isinstance(lag, int) and not isinstance(lag, bool) for lag in lags)
        if are_whole and [*lags] == [*range(lags[0], lags[0] + len(lags))]:
            return tuple(lags)
    raise InvalidInput(f"lags={lags!r}; expected consecutive frames, ascending, such as range(20)")
