"""Windows over sound: which samples a model is given, which of its frames are kept, and when.

Positions are whole samples and frame centres exact fractions of a sample, so
nothing drifts however long the sound is; seconds appear only in the last step.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple, Protocol

import numpy as np

from heschl.configuration import describe
from heschl.contracts import Layer
from heschl.errors import BrokenPlugin, InvalidInput

__all__ = [
    "ChunkedWindows",
    "FrameClock",
    "Plan",
    "SlidingWindows",
    "WholeStimulus",
    "Window",
    "Windowing",
]

NUMERICS = 1
"""Raised whenever the same declaration would give other windows, frames or times."""

SHORTEST_WINDOW = 400
"""Samples below which the original sliding-window code drops a window."""


class Window(NamedTuple):
    """One input to a model: the samples from ``start`` up to ``stop``.

    Of its frames those centred from sample ``keep_from`` up to ``keep_until``
    of the sound are kept; ``None`` keeps all on that side.
    """

    start: int
    stop: int
    keep_from: int | None = None
    keep_until: int | None = None

    @property
    def n_samples(self) -> int:
        """The number of samples."""
        return self.stop - self.start


@dataclass(frozen=True)
class Plan:
    """The windows over one sound, in the order of time."""

    sample_rate: int
    windows: tuple[Window, ...]
    hop_s: float | None = None
    """If given, each window yields its last frame alone, stamped with the window's end, and this
    many seconds lie between two of them; otherwise frames keep the times of their layer."""


class Windowing(Protocol):
    """How a benchmark cuts a sound into inputs."""

    def configuration(self) -> Mapping[str, Any]:
        """Return every setting and the numerics version, for the cache key."""

    def windows(
        self, n_samples: int, sample_rate: int, *, minimum_samples: int = 1, period: int = 1
    ) -> Plan:
        """Return the windows over a sound of ``n_samples``.

        ``minimum_samples`` is the shortest input that the model takes. Moving
        an input by ``period`` samples moves every layer by whole frames.
        """


@dataclass(frozen=True)
class SlidingWindows:
    """Windows that end at every hop and look back: causal features at an even pace.

    The window that ends at ``t`` begins at ``t - context_s - hop_s``, as in the
    code of the encoding-model literature, or at the sound's start if that is
    later: early windows grow and nothing is padded. Each yields the last frame
    of each layer at time ``t``. Windows under 400 samples, or shorter than the
    model takes, are dropped; so is what follows the last full hop.

    >>> plan = SlidingWindows(context_s=0.2, hop_s=0.1).windows(6000, sample_rate=16000)
    >>> [(window.start, window.stop) for window in plan.windows]
    [(0, 1600), (0, 3200), (0, 4800)]
    """

    context_s: float = 16.0
    hop_s: float = 0.1

    def __post_init__(self) -> None:
        """Refuse lengths that are not lengths."""
        _check_length("context_s", self.context_s, is_zero_allowed=True)
        _check_length("hop_s", self.hop_s)

    def configuration(self) -> Mapping[str, Any]:
        """Return every setting and the numerics version, for the cache key."""
        return {**describe(self), "numerics": NUMERICS}

    def windows(
        self, n_samples: int, sample_rate: int, *, minimum_samples: int = 1, period: int = 1
    ) -> Plan:
        """Return the windows over a sound; ``period`` does not matter here."""
        del period
        hop = _whole_samples("hop_s", self.hop_s, sample_rate)
        length = hop + _whole_samples("context_s", self.context_s, sample_rate)
        shortest = max(SHORTEST_WINDOW, minimum_samples)
        windows = (Window(max(0, stop - length), stop) for stop in range(hop, n_samples + 1, hop))
        kept = tuple(window for window in windows if window.n_samples >= shortest)
        return Plan(sample_rate, kept, hop_s=self.hop_s)


@dataclass(frozen=True)
class ChunkedWindows:
    """Overlapping windows of which the middle is kept: context on both sides.

    Windows of ``window_s`` begin at every ``stride_s``; each keeps the frames
    centred in its central ``stride_s``, the first also those before and the
    last also those after, so that every frame of the sound is kept once. The
    last window is moved back to end with the sound, by whole frames; it can
    therefore be shorter than the others by less than a frame. A sound no
    longer than ``window_s`` is one window.

    >>> plan = ChunkedWindows(window_s=2.0, stride_s=1.0).windows(36, sample_rate=10)
    >>> for window in plan.windows:
    ...     print(*window)
    0 20 None 15
    10 30 15 25
    16 36 25 None
    """

    window_s: float = 10.0
    stride_s: float = 5.0

    def __post_init__(self) -> None:
        """Refuse windows that leave gaps."""
        _check_length("window_s", self.window_s)
        _check_length("stride_s", self.stride_s)
        if self.stride_s > self.window_s:
            raise InvalidInput(
                f"stride_s={self.stride_s} exceeds window_s={self.window_s}, which would skip "
                "sound; choose a stride of at most the window"
            )

    def configuration(self) -> Mapping[str, Any]:
        """Return every setting and the numerics version, for the cache key."""
        return {**describe(self), "numerics": NUMERICS}

    def windows(
        self, n_samples: int, sample_rate: int, *, minimum_samples: int = 1, period: int = 1
    ) -> Plan:
        """Return the windows over a sound; the caller checks ``minimum_samples``."""
        del minimum_samples
        length = _whole_samples("window_s", self.window_s, sample_rate)
        stride = _whole_samples("stride_s", self.stride_s, sample_rate)
        # Frames of neighbouring windows share a grid only if the stride is whole frames.
        step = period if stride % period == 0 else 1
        last_start = max(0, math.ceil((n_samples - length) / step) * step)
        starts = [*range(0, last_start, stride), last_start]
        seams = [start + (length - stride) // 2 + stride for start in starts[:-1]]
        windows = (
            Window(start, min(start + length, n_samples), keep_from, keep_until)
            for start, keep_from, keep_until in zip(
                starts, [None, *seams], [*seams, None], strict=True
            )
        )
        return Plan(sample_rate, tuple(windows))


@dataclass(frozen=True)
class WholeStimulus:
    """The whole sound in one pass, for short sounds and for models that can bear it.

    >>> WholeStimulus().windows(36, sample_rate=10).windows
    (Window(start=0, stop=36, keep_from=None, keep_until=None),)
    """

    def configuration(self) -> Mapping[str, Any]:
        """Return the name and the numerics version, for the cache key."""
        return {**describe(self), "numerics": NUMERICS}

    def windows(
        self, n_samples: int, sample_rate: int, *, minimum_samples: int = 1, period: int = 1
    ) -> Plan:
        """Return the one window; the caller checks ``minimum_samples``."""
        del minimum_samples, period
        return Plan(sample_rate, (Window(0, n_samples),))


@dataclass(frozen=True)
class FrameClock:
    """Where the frames of a layer lie: frame ``k`` is centred at sample ``offset + k * stride``."""

    layer: Layer
    sample_rate: int
    stride: Fraction
    offset: Fraction
    half_field: Fraction | None
    """Half of the receptive field, in samples."""

    @classmethod
    def of(cls, layer: Layer, sample_rate: int) -> FrameClock:
        """Read a layer's promises, as the nearest simple fractions of a sample."""
        field_s = layer.receptive_field_s
        if layer.rate_hz is None:
            raise BrokenPlugin(
                f"the layer {layer.name!r} of a speech model declares no rate_hz; say how many "
                "frames it gives a second"
            )
        return cls(
            layer,
            sample_rate,
            stride=_simple(sample_rate / layer.rate_hz),
            offset=_simple(layer.offset_s * sample_rate),
            half_field=None if field_s is None else _simple(field_s * sample_rate / 2),
        )

    @property
    def period(self) -> int:
        """The fewest samples by which an input can move so that frames move by whole numbers."""
        return self.stride.numerator

    @property
    def reach(self) -> Fraction:
        """How far from the input's end, on either side, the last frame may be centred.

        Without padding the last frame lies up to its half field and one stride
        before the end; padded and strided fields can bring it one stride past.
        """
        return max(abs(self.offset), self.half_field or Fraction(0)) + 2 * self.stride

    def can_have(self, n_frames: int, n_samples: int) -> bool:
        """Whether an input of ``n_samples`` can give ``n_frames`` under the layer's promises."""
        last_centre = self.offset + (n_frames - 1) * self.stride
        return n_frames > 0 and abs(last_centre - n_samples) <= self.reach

    def kept(self, window: Window, n_frames: int) -> tuple[int, int]:
        """Return the first frame to keep of the window's ``n_frames``, and the one after the last.

        Raises
        ------
        InvalidInput
            If the window should keep a frame that it is too short to have.
        """
        first, after = 0, n_frames
        if window.keep_from is not None:
            first = math.ceil((window.keep_from - window.start - self.offset) / self.stride)
        if window.keep_until is not None:
            after = math.ceil((window.keep_until - window.start - self.offset) / self.stride)
        if first < 0 or after > n_frames:
            lacking_s = float(max(-first, after - n_frames) * self.stride / self.sample_rate)
            raise InvalidInput(
                f"windows of {window.n_samples / self.sample_rate:g} s overlap too little: where "
                f"two of them meet, the layer {self.layer.name!r} lacks {lacking_s:g} s of "
                f"frames; make window_s longer than stride_s by {2 * lacking_s:g} s more"
            )
        return first, after

    def times_s(self, start: int, first: int, after: int) -> np.ndarray:
        """Return the times (frame,) of frames ``first`` to ``after`` of an input from ``start``."""
        fraction = math.lcm(self.stride.denominator, self.offset.denominator)
        frames = np.arange(first, after, dtype=np.int64)
        centres = int((start + self.offset) * fraction) + frames * int(self.stride * fraction)
        return centres / (fraction * self.sample_rate)


def _simple(samples: float) -> Fraction:
    """Return the fraction that was meant: rates and offsets come as rounded floats."""
    return Fraction(samples).limit_denominator(1000)


def _check_length(name: str, seconds: float, *, is_zero_allowed: bool = False) -> None:
    """Refuse what is no length in seconds."""
    if not math.isfinite(seconds) or seconds < 0 or (seconds == 0 and not is_zero_allowed):
        bound = "at least 0" if is_zero_allowed else "more than 0"
        raise InvalidInput(f"{name}={seconds}; expected a finite number of seconds, {bound}")


def _whole_samples(name: str, seconds: float, sample_rate: int) -> int:
    """Return a length in samples, refusing what would drift against the sample clock."""
    samples = Fraction(seconds).limit_denominator(10**6) * sample_rate
    if samples.denominator != 1 or (samples == 0) != (seconds == 0):
        nearest = max(1, round(samples))
        raise InvalidInput(
            f"{name}={seconds} is {float(samples):g} samples at {sample_rate} Hz; expected a whole "
            f"number, for example {nearest}/{sample_rate} s"
        )
    return int(samples)
