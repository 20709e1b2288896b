"""Extraction: windows over sound, calls of the model, layers on a clock.

`extract` streams: sound is read block by block, windows pass through the model,
and each frame that is kept goes straight into the rows of the response clock
that it touches. Features at the model's own rate never exist as a whole.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, cast, get_args

import numpy as np
import scipy.sparse

from heschl.clocks import Resampler
from heschl.contracts import AnyModel, Layer, SpeechModel
from heschl.errors import BrokenPlugin, InvalidInput, UnknownName, near_names
from heschl.passes import BatchSize, Passes, Report
from heschl.sound import Stimulus
from heschl.unheard import EventStamp, found_frames
from heschl.windowing import ChunkedWindows, SlidingWindows, WholeStimulus, Windowing

__all__ = [
    "ChunkedWindows",
    "EventStamp",
    "Frames",
    "SlidingWindows",
    "WholeStimulus",
    "extract",
    "extract_frames",
]

FRAMES_PER_SUM = 256
"""Frames that are resampled together: fixed, so that sums do not depend on batches or blocks."""


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
        layers under 32 MiB, 64 at most. Out of memory halves it.
    event_stamp
        Where a text model's value stands within its event: an impulse at its
        ``onset``, ``midpoint`` or ``offset``; or for as long as it lasts,
        ``hold`` or ``repeat``, see `heschl.event_rendering`.
    report
        Called with the fraction of the windows that are done.

    Returns
    -------
    dict
        For each layer float32 (target, unit).
    """
    matrices: dict[tuple[bytes, float], Any] = {}

    def resampled(layer: Layer, times_s: np.ndarray, frame_duration_s: float) -> _Sink:
        # The map depends on times alone, which most layers of a model share.
        clock = times_s.tobytes(), frame_duration_s
        if clock not in matrices:
            matrices[clock] = _columns(resampler, times_s, target_times_s, frame_duration_s)
        return _Resampled(matrices[clock], layer.width)

    sinks = _run(
        model,
        stimulus,
        layers,
        windowing,
        make_sink=resampled,
        batch_size=batch_size,
        event_stamp=event_stamp,
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
    report: Report | None = None,
) -> dict[str, Frames]:
    """Return a model's layers for one stimulus at their own times.

    The whole result is in memory; an hour of a 768-unit layer at 50 Hz is
    0.6 GB. Parameters are those of `extract`.
    """
    times: dict[str, np.ndarray] = {}

    def collected(layer: Layer, times_s: np.ndarray, _frame_duration_s: float) -> _Sink:
        times[layer.name] = times_s
        return _Collected(len(times_s), layer.width)

    sinks = _run(
        model,
        stimulus,
        layers,
        windowing,
        make_sink=collected,
        batch_size=batch_size,
        event_stamp=event_stamp,
        report=report,
    )
    return {name: Frames(times[name], sink.values()) for name, sink in sinks.items()}


def _columns(
    resampler: Resampler, times_s: np.ndarray, target_times_s: np.ndarray, frame_duration_s: float
) -> Any:  # a SciPy sparse array has no type
    """Return the map (target, frame) by columns."""
    if not len(times_s):  # a sound without words
        return scipy.sparse.csc_array((len(target_times_s), 0))
    matrix = resampler.matrix(times_s, target_times_s, frame_duration_s)
    if matrix.shape != (len(target_times_s), len(times_s)):
        raise BrokenPlugin(
            f"{resampler!r} gave a matrix of shape {matrix.shape}; expected (target, frame), "
            f"here {(len(target_times_s), len(times_s))}"
        )
    return matrix.tocsc()


class _Sink(Protocol):
    """Where the frames of one layer go, in the order of time."""

    def add(self, values: np.ndarray) -> None:
        """Take the next frames (frame, unit)."""

    def values(self) -> np.ndarray:
        """Return float32 rows, once every frame was added."""


class _Collected:
    """Keeps every frame."""

    def __init__(self, n_frames: int, width: int) -> None:
        self._values = np.empty((n_frames, width), dtype=np.float32)
        self._n_added = 0

    def add(self, values: np.ndarray) -> None:
        self._values[self._n_added : self._n_added + len(values)] = values
        self._n_added += len(values)

    def values(self) -> np.ndarray:
        return self._values


class _Resampled:
    """Adds frames to the targets that they touch, a fixed number of frames at a time."""

    def __init__(self, columns: Any, width: int) -> None:  # a SciPy sparse array has no type
        self._columns = columns
        self._sums = np.zeros((columns.shape[0], width))
        self._held = np.empty((FRAMES_PER_SUM, width))
        self._n_held = 0
        self._n_summed = 0

    def add(self, values: np.ndarray) -> None:
        while len(values):
            n_taken = min(len(values), FRAMES_PER_SUM - self._n_held)
            self._held[self._n_held : self._n_held + n_taken] = values[:n_taken]
            self._n_held += n_taken
            values = values[n_taken:]
            if self._n_held == FRAMES_PER_SUM:
                self._sum()

    def values(self) -> np.ndarray:
        self._sum()
        return self._sums.astype(np.float32)

    def _sum(self) -> None:
        weights = self._columns[:, self._n_summed : self._n_summed + self._n_held]
        if weights.nnz:
            # Frames touch neighbouring targets only; the band between them is nearly full.
            first, last = weights.indices.min(), weights.indices.max()
            band = weights[first : last + 1].toarray()
            self._sums[first : last + 1] += band @ self._held[: self._n_held]
        self._n_summed += self._n_held
        self._n_held = 0


MakeSink = Callable[[Layer, np.ndarray, float], _Sink]


def _run(
    model: AnyModel,
    stimulus: Stimulus,
    names: Sequence[str],
    windowing: Windowing,
    *,
    make_sink: MakeSink,
    batch_size: BatchSize,
    event_stamp: EventStamp,
    report: Report | None,
) -> dict[str, _Sink]:
    """Send the frames of each layer into a sink of its own."""
    layers = _chosen(model, names)
    if event_stamp not in get_args(EventStamp):
        raise InvalidInput(
            f"event_stamp={event_stamp!r}; expected one of {', '.join(get_args(EventStamp))}"
        )
    sinks: dict[str, _Sink] = {}
    if not hasattr(model, "forward"):
        for name, found in found_frames(model, stimulus, layers, event_stamp).items():
            sinks[name] = make_sink(layers[name], found.times_s, found.duration_s)
            for frames in found.frames():
                sinks[name].add(frames)
        if report:
            report(1.0)
        return sinks
    hearing = cast("SpeechModel", model)
    passes = Passes(hearing, stimulus, layers, windowing, batch_size=batch_size, report=report)
    for name, values in passes:
        if name not in sinks:
            duration_s = passes.frame_duration_s(name)
            sinks[name] = make_sink(layers[name], passes.times_s(name), duration_s)
        sinks[name].add(values)
    return sinks


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
