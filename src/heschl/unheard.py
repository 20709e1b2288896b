"""Frames of models that hear nothing: stored features are looked up, alignments are read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import scipy.sparse

from heschl.alignment import Alignment
from heschl.contracts import Events, FeatureSource, Layer, TextModel
from heschl.errors import BrokenPlugin, InvalidInput, MissingExtra
from heschl.event_rendering import RATE_HZ, EventStamp, rendering
from heschl.sound import Stimulus

__all__ = ["EventStamp", "Found", "found_frames", "required_alignment"]

_FRAMES_AT_ONCE = 256

_BEYOND_S = 1.0
"""How far the last frame of stored features may lie behind the end of the sound: padding."""
_UNCOVERED_S = 2.0
"""How much of a sound may be without frames of even pace, at either end: about one scan."""
_WORDLESS = 0.25
"""The share of a sound that may pass, at either end, without frames of no even pace."""
_UNEVEN = 0.01
"""The share by which frames may lie farther apart or closer than their rate says."""


@dataclass(frozen=True)
class Found:
    """One layer's ``times_s (frame,)``, float32 ``values (frame, unit)`` and how long one lasts.

    With a ``rendering``, a sparse map (frame, event), the values are (event, unit): words that are
    held would take a hundred times the memory if they were written out. The values themselves may
    be sparse: of tens of thousands of sequences of phones, each moment holds one.
    """

    times_s: np.ndarray
    values: np.ndarray
    duration_s: float
    rendering: Any = None  # a SciPy sparse array has no type

    def frames(self) -> Iterator[np.ndarray]:
        """Yield the frames in blocks, float32 (frame, unit)."""
        is_sparse = scipy.sparse.issparse(self.values)
        if self.rendering is None and not is_sparse:
            yield self.values
            return
        for first in range(0, len(self.times_s), _FRAMES_AT_ONCE):
            stretch = slice(first, first + _FRAMES_AT_ONCE)
            block: Any = self.values[stretch]
            if self.rendering is not None:
                block = self.rendering[stretch] @ self.values
            yield (block.toarray() if is_sparse else block).astype(np.float32)


def found_frames(
    model: FeatureSource | TextModel,
    stimulus: Stimulus,
    layers: Mapping[str, Layer],
    event_stamp: EventStamp,
) -> dict[str, Found]:
    """Return the frames of each layer for one stimulus, checked."""
    if hasattr(model, "frames"):
        return _look_up(cast("FeatureSource", model), stimulus, layers)
    return _read(model, stimulus, layers, event_stamp)


def _look_up(
    model: FeatureSource,
    stimulus: Stimulus,
    layers: Mapping[str, Layer],
) -> dict[str, Found]:
    """Return the stored frames of a stimulus."""
    stored = model.frames(stimulus.identifier, tuple(layers))
    found = {}
    for name, layer in layers.items():
        times_s, values = stored[name]
        if values.shape != (len(times_s), layer.width) or not np.isfinite(values).all():
            raise BrokenPlugin(
                f"the layer {name!r} of {model.card.id!r} has values of shape {values.shape} for "
                f"{stimulus.identifier!r}; expected finite ones of {(len(times_s), layer.width)}"
            )
        where = f"the layer {name!r} of {model.card.id!r}"
        _check_cover(where, layer, np.asarray(times_s), stimulus)
        duration_s = float(np.median(np.diff(times_s))) if len(times_s) > 1 else 0.0
        found[name] = Found(
            np.asarray(times_s, dtype=np.float64), np.asarray(values, dtype=np.float32), duration_s
        )
    return found


def _check_cover(where: str, layer: Layer, times_s: np.ndarray, stimulus: Stimulus) -> None:
    """Refuse times that are not this sound's: what no frame covers would count as zeros."""
    duration_s = stimulus.sound.duration_s
    sound = f"{stimulus.identifier!r}, which lasts {duration_s:.2f} s"
    if not len(times_s):
        raise BrokenPlugin(f"{where} has no frame of {sound}; give frames for all of it")
    first_s, last_s = float(times_s[0]), float(times_s[-1])
    # Words come at no even pace, and none may be spoken for a while.
    gap_s = _WORDLESS * duration_s
    if layer.rate_hz is not None:
        gap_s = _UNCOVERED_S + 1.0 / layer.rate_hz
        pace_s = float(np.median(np.diff(times_s))) if len(times_s) > 1 else 1.0 / layer.rate_hz
        if abs(pace_s * layer.rate_hz - 1.0) > _UNEVEN:
            raise BrokenPlugin(
                f"{where} has frames {pace_s:g} s apart for {stimulus.identifier!r}; rate_hz="
                f"{layer.rate_hz:g} promises {1.0 / layer.rate_hz:g} s: correct the times or the "
                "rate"
            )
    if first_s > gap_s or not duration_s - gap_s <= last_s <= duration_s + _BEYOND_S:
        raise BrokenPlugin(
            f"{where} has frames from {first_s:.2f} to {last_s:.2f} s of {sound}; times are "
            "seconds of the sound, and frames cover all of it"
        )


def required_alignment(model: TextModel, stimulus: Stimulus) -> Alignment:
    """Return what a text model reads of a stimulus, refusing one without words."""
    if stimulus.alignment is None:
        raise InvalidInput(
            f"the text model {model.card.id!r} reads words, but the stimulus "
            f"{stimulus.identifier!r} has no alignment; give it one or choose a speech model"
        )
    return stimulus.alignment


def _read(
    model: TextModel,
    stimulus: Stimulus,
    layers: Mapping[str, Layer],
    event_stamp: EventStamp,
) -> dict[str, Found]:
    """Return a text model's values where the stamp puts them."""
    alignment = required_alignment(model, stimulus)
    try:
        outputs = model.read(alignment, tuple(layers))
    except MissingExtra:
        raise
    except (Exception, SystemExit) as error:
        raise BrokenPlugin(
            f"the model {model.card.id!r} failed to read {stimulus.identifier!r} with "
            f"{type(error).__name__}: {error}; mend its read"
        ) from error
    found = {}
    for name, layer in layers.items():
        culprit = f"the layer {name!r} of the model {model.card.id!r}"
        events = outputs.get(name) if isinstance(outputs, Mapping) else None
        where = f"{culprit} for {stimulus.identifier!r}"
        found[name] = _stamped(events, layer.width, event_stamp, stimulus.sound.duration_s, where)
    return found


def _stamped(
    events: Any, width: int, event_stamp: EventStamp, duration_s: float, where: str
) -> Found:
    """Return events in the order of their stamps, after checking what a plugin returned."""
    if not isinstance(events, Events):
        raise BrokenPlugin(f"{where} is a {type(events).__name__}; expected Events")
    is_sparse = scipy.sparse.issparse(events.values)
    values: Any = (
        scipy.sparse.csr_array(events.values, dtype=np.float32)
        if is_sparse
        else np.asarray(events.values, dtype=np.float32)
    )
    numbers = values.data if is_sparse else values
    onsets_s, offsets_s = np.asarray(events.onsets_s), np.asarray(events.offsets_s)
    n_events = len(onsets_s)
    shapes = (values.shape, onsets_s.shape, offsets_s.shape)
    if shapes != ((n_events, width), (n_events,), (n_events,)):
        raise BrokenPlugin(
            f"{where} has values, onsets and offsets of shapes {shapes}; expected (event, {width}) "
            "and twice (event,)"
        )
    are_finite = all(np.isfinite(array).all() for array in (numbers, onsets_s, offsets_s))
    if not are_finite or (offsets_s < onsets_s).any():
        raise BrokenPlugin(
            f"{where} has events with a number that is not finite, or that end before they begin; "
            "expected finite values and onset <= offset"
        )
    if event_stamp in ("hold", "repeat"):
        times_s, rendered = rendering(onsets_s, offsets_s, event_stamp, duration_s)
        return Found(times_s, values, 1.0 / RATE_HZ, rendered)
    stamps_s = {
        "onset": onsets_s,
        "midpoint": (onsets_s + offsets_s) / 2,
        "offset": offsets_s,
    }[event_stamp]
    order = np.argsort(stamps_s, kind="stable")
    return Found(stamps_s[order].astype(np.float64), values[order], 0.0)
