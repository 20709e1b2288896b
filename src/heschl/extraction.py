"""Extraction: windows over sound, calls of the model, layers on a clock.

`extract` streams: sound is read block by block, windows pass through the model,
and each frame that is kept goes straight into the rows of the response clock
that it touches. Features at the model's own rate never exist as a whole.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast, get_args

import numpy as np

from heschl.batching import BatchSize
from heschl.clocks import Resampler
from heschl.contracts import AnyModel, Layer, Precise, SpeechModel
from heschl.errors import BrokenPlugin, InvalidInput, UnknownName, near_names
from heschl.passes import Passes, Report
from heschl.sinks import Collected, Resampled, Scaled, Sink, columns_of, n_finished
from heschl.sound import Stimulus
from heschl.unheard import EventStamp, found_frames
from heschl.windowing import ChunkedWindows, SlidingWindows, WholeStimulus, Windowing

__all__ = [
    "ChunkedWindows",
    "EventStamp",
    "FrameScaling",
    "Frames",
    "Precision",
    "SlidingWindows",
    "WholeStimulus",
    "computing_in",
    "extract",
    "extract_frames",
]

Precision = Literal["float32", "bfloat16"]
"""What a network computes its products in. bfloat16 moves features by 1 to 2 %, so it belongs to
the protocol; see docs/equivalence.md."""

FrameScaling = Literal["none", "minmax"]
"""What is done with the frames of each unit, over one stimulus, before they are resampled:
nothing, or to the range from 0 to 1."""

ROUNDING: Mapping[Precision, float] = {"float32": 1e-4, "bfloat16": 3e-2}
"""The share of a frame's largest number up to which rounding may move the others."""


@dataclass(frozen=True)
class Frames:
    """Features at a model's own times: ``times_s`` (frame,), float32 ``values`` (frame, unit)."""

    times_s: np.ndarray
    values: np.ndarray


def extract(
    model: AnyModel,
    stimulus: Stimulus,
    layers: Sequence[str],
    windowing: Windowing,
    resampler: Resampler,
    target_times_s: np.ndarray,
    *,
    batch_size: BatchSize = "auto",
    event_stamp: EventStamp = "offset",
    precision: Precision = "float32",
    frame_scaling: FrameScaling = "none",
    report: Report | None = None,
) -> dict[str, np.ndarray]:
    """Return a model's layers for one stimulus, resampled to the times of responses.

    Parameters
    ----------
    model
        A speech model; or a text model, which reads the stimulus' alignment, or
        a feature source, which knows the stimulus by its name: both need no
        windows.
    stimulus
        The sound, with its alignment if a text model is to read it.
    layers
        Names of the model's layers. A layer's values do not depend on which
        others are asked for.
    windowing
        How the sound is cut.
    resampler
        Gives the linear map from frames to targets; it is applied in float64.
    target_times_s
        Seconds of the sound (target,).
    batch_size
        Windows in one forward pass; results do not depend on it as far as the
        model's do not. ``"auto"`` takes as many as keep the outputs of all
        layers under 32 MiB, or a pass under 60 % of what an accelerator has
        free; 64 at most. Out of memory halves it, from then on.
    event_stamp
        Where a text model's value stands within its event: an impulse at its
        ``onset``, ``midpoint`` or ``offset``; or for as long as it lasts,
        ``hold`` or ``repeat``, see `heschl.event_rendering`.
    precision
        What a model that hears computes in; one that does not offer it is
        refused.
    frame_scaling
        ``"minmax"`` brings each unit to the range from 0 to 1 over the frames of
        this stimulus, before they are resampled. Between words is 0 and stays so.
    report
        Called with the fraction of the windows that are done.

    Returns
    -------
    dict
        For each layer float32 (target, unit).
    """
    if frame_scaling not in get_args(FrameScaling):
        raise InvalidInput(
            f"frame_scaling={frame_scaling!r}; expected one of {', '.join(get_args(FrameScaling))}"
        )
    matrices: dict[tuple[bytes, float], tuple[Any, list[int]]] = {}

    def resampled(layer: Layer, times_s: np.ndarray, frame_duration_s: float) -> Sink:
        # The map depends on times alone, which most layers of a model share.
        clock = times_s.tobytes(), frame_duration_s
        if clock not in matrices:
            columns = columns_of(resampler, times_s, target_times_s, frame_duration_s)
            matrices[clock] = columns, n_finished(columns)
        if frame_scaling == "none":
            return Resampled(*matrices[clock], layer.width)
        is_silent_between = hasattr(model, "read")
        return Scaled(*matrices[clock], layer.width, is_silent_between=is_silent_between)

    sinks = _run(
        model,
        stimulus,
        layers,
        windowing,
        make_sink=resampled,
        batch_size=batch_size,
        event_stamp=event_stamp,
        precision=precision,
        report=report,
    )
    return {name: sink.values() for name, sink in sinks.items()}


def extract_frames(
    model: AnyModel,
    stimulus: Stimulus,
    layers: Sequence[str],
    windowing: Windowing,
    *,
    batch_size: BatchSize = "auto",
    event_stamp: EventStamp = "offset",
    precision: Precision = "float32",
    report: Report | None = None,
) -> dict[str, Frames]:
    """Return a model's layers for one stimulus at their own times.

    The whole result is in memory; an hour of a 768-unit layer at 50 Hz is
    0.6 GB. Parameters are those of `extract`.
    """
    times: dict[str, np.ndarray] = {}

    def collected(layer: Layer, times_s: np.ndarray, _frame_duration_s: float) -> Sink:
        times[layer.name] = times_s
        return Collected(len(times_s), layer.width)

    sinks = _run(
        model,
        stimulus,
        layers,
        windowing,
        make_sink=collected,
        batch_size=batch_size,
        event_stamp=event_stamp,
        precision=precision,
        report=report,
    )
    return {name: Frames(times[name], sink.values()) for name, sink in sinks.items()}


MakeSink = Callable[[Layer, np.ndarray, float], Sink]


def _run(
    model: AnyModel,
    stimulus: Stimulus,
    names: Sequence[str],
    windowing: Windowing,
    *,
    make_sink: MakeSink,
    batch_size: BatchSize,
    event_stamp: EventStamp,
    precision: Precision,
    report: Report | None,
) -> dict[str, Sink]:
    """Send the frames of each layer into a sink of its own."""
    layers = _chosen(model, names)
    if event_stamp not in get_args(EventStamp):
        raise InvalidInput(
            f"event_stamp={event_stamp!r}; expected one of {', '.join(get_args(EventStamp))}"
        )
    if precision not in ROUNDING:
        raise InvalidInput(f"precision={precision!r}; expected one of {', '.join(ROUNDING)}")
    sinks: dict[str, Sink] = {}
    if not hasattr(model, "forward"):
        for name, found in found_frames(model, stimulus, layers, event_stamp).items():
            sinks[name] = make_sink(layers[name], found.times_s, found.duration_s)
            for frames in found.frames():
                sinks[name].add(frames)
        if report:
            report(1.0)
        return sinks
    hearing = computing_in(precision, cast("SpeechModel", model))
    passes = Passes(
        hearing,
        stimulus,
        layers,
        windowing,
        batch_size=batch_size,
        rounding=ROUNDING[precision],
        report=report,
    )
    for name, values in passes:
        if name not in sinks:
            duration_s = passes.frame_duration_s(name)
            sinks[name] = make_sink(layers[name], passes.times_s(name), duration_s)
        sinks[name].add(values)
    return sinks


def computing_in(precision: Precision, model: SpeechModel) -> SpeechModel:
    """Return the model as it computes in a precision."""
    if precision == "float32":
        return model
    if not hasattr(model, "with_precision"):
        raise InvalidInput(
            f"precision={precision!r}, but the model {model.card.id!r} computes in float32 alone; "
            "choose a protocol in float32, wrap its network as a TorchModel, or write its "
            "with_precision"
        )
    return cast("Precise", model).with_precision(precision)


def _chosen(model: AnyModel, names: Sequence[str]) -> dict[str, Layer]:
    """Return the layers of those names."""
    # No isinstance: before Python 3.12 it would evaluate the digest, which may hash gigabytes.
    contract, needed = "TextModel", ["layers", "read"]
    if hasattr(model, "forward"):
        contract, needed = "SpeechModel", ["sample_rate", "layers", "traits", "forward"]
    elif hasattr(model, "frames"):
        contract, needed = "FeatureSource", ["layers", "frames"]
    lacking = [name for name in ["card", *needed] if not hasattr(model, name)]
    if lacking:
        raise BrokenPlugin(
            f"a {type(model).__name__} does not keep the contract {contract}: it lacks "
            f"{', '.join(lacking)}; wrap it in a model that has them"
        )
    if isinstance(names, str) or not names or len(set(names)) < len(names):
        raise InvalidInput(f"layers={names!r}; expected a list of different names, at least one")
    known = {layer.name: layer for layer in model.layers}
    for name in names:
        if name not in known:
            raise UnknownName(
                f"the model {model.card.id!r} has no layer {name!r}; {near_names(name, known)}"
            )
    return {name: known[name] for name in names}
