"""Passes: a sound goes through a speech model window by window, and its frames come out in order.

Nothing here depends on how windows are batched, except as far as the model's
own arithmetic does; and a layer never depends on which others are asked for.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from heschl.batching import BatchSize, first_batch_size, shrunk, window_rows
from heschl.contracts import Layer, SpeechModel
from heschl.errors import BrokenPlugin, CorruptData, InvalidInput
from heschl.kept_memory import memory_kept
from heschl.model_calls import BatchTooLarge, ModelCalls
from heschl.sound import Sound, Stimulus
from heschl.windowing import FrameClock, Plan, Window, Windowing

__all__ = ["Passes", "Report", "planned_windows"]

Report = Callable[[float], None]
"""Called with the fraction of the windows that are done."""

FRAMES_PER_COPY = 256


def planned_windows(model: SpeechModel, stimulus: Stimulus, windowing: Windowing) -> Plan:
    """Return the windows over a stimulus, refusing those that the model cannot take.

    The sound's length alone decides, so that work can be refused before it starts.
    """
    traits, rate, identifier = model.traits, model.sample_rate, stimulus.identifier
    n_samples = stimulus.sound.n_samples_at(rate)
    plan = windowing.windows(
        n_samples,
        rate,
        minimum_samples=traits.minimum_samples,
        period=_period(FrameClock.of(layer, rate) for layer in model.layers),
    )
    lengths = [window.n_samples for window in plan.windows]
    if not lengths or min(lengths) < traits.minimum_samples:
        raise InvalidInput(
            f"{windowing!r} cuts the {n_samples / rate:g} s of {identifier!r} into no window, or "
            f"one shorter than the {traits.minimum_samples} samples at {rate} Hz that the model "
            f"{model.card.id!r} needs; leave the sound out or choose another windowing"
        )
    limits_s = [limit for limit in (traits.maximum_s, traits.fixed_s) if limit is not None]
    longest_s = max(lengths) / rate
    if limits_s and longest_s > min(limits_s):
        raise InvalidInput(
            f"{windowing!r} gives the model {model.card.id!r} {longest_s:g} s of {identifier!r} at "
            f"once, but it takes at most {min(limits_s):g} s; choose shorter windows, for example "
            f"ChunkedWindows(window_s={min(limits_s):g}, stride_s={min(limits_s) / 2:g})"
        )
    return plan


def _period(clocks: Iterable[FrameClock]) -> int:
    """Return by how many samples an input moves if frames of every layer move by whole numbers."""
    return math.lcm(*(clock.period for clock in clocks))


class Passes:
    """The frames of one stimulus, as ``(layer, float32 values (frame, unit))`` when iterated.

    The frames of each layer come in the order of time. `times_s` answers as
    soon as the first have come: only then is it known how many there will be.
    """

    def __init__(
        self,
        model: SpeechModel,
        stimulus: Stimulus,
        layers: Mapping[str, Layer],
        windowing: Windowing,
        *,
        batch_size: BatchSize,
        rounding: float,
        report: Report | None = None,
    ) -> None:
        self._model = model
        self._stimulus = stimulus
        self._rate = model.sample_rate
        self._rounding = rounding
        self._report = report
        # All layers decide on grid, tail and batch, so that none depends on its companions.
        clocks = {layer.name: FrameClock.of(layer, self._rate) for layer in model.layers}
        self._clocks = {name: clocks[name] for name in layers}
        self._period = _period(clocks.values())
        self._plan = planned_windows(model, stimulus, windowing)
        self._tail = self._shortest_tail(list(clocks.values()))
        self._longest = max(self._fed(window).n_samples for window in self._plan.windows)
        self._batch_size = first_batch_size(model, self._longest, batch_size)
        self._reader = _Reader(stimulus.sound, self._rate, stimulus.identifier)
        self._calls = ModelCalls(model, stimulus.identifier, self._clocks)
        self._counts: dict[tuple[str, int], int] = {}

    def __iter__(self) -> Iterator[tuple[str, np.ndarray]]:
        """Run every window once."""
        with memory_kept():
            self._check_locality()
            self._check_last_frames()
            yield from self._frames()

    def _frames(self) -> Iterator[tuple[str, np.ndarray]]:
        n_done = 0
        for batch in self._batches():
            for windows, outputs in self._outputs(batch):
                if not self._counts:
                    self._count_frames(windows[0], outputs)
                for name, clock in self._clocks.items():
                    for values in self._kept(clock, outputs[name], windows):
                        yield name, values
            n_done += len(batch)
            if self._report:
                self._report(n_done / len(self._plan.windows))

    def times_s(self, name: str) -> np.ndarray:
        """Return the times (frame,) of all frames of a layer."""
        if self._plan.hop_s is not None:
            return np.array([window.stop for window in self._plan.windows]) / self._rate
        clock = self._clocks[name]
        times = []
        for window in self._plan.windows:
            first, after = clock.kept(window, self._counts[name, window.n_samples])
            times.append(clock.times_s(window.start, first, after))
        return np.concatenate(times)

    def frame_duration_s(self, name: str) -> float:
        """Return how long a frame of a layer stands for."""
        if self._plan.hop_s is not None:
            return self._plan.hop_s
        return float(self._clocks[name].stride / self._rate)

    def _shortest_tail(self, clocks: Sequence[FrameClock]) -> int | None:
        """Return how many samples at a window's end its last frames depend on, if they are few."""
        traits = self._model.traits
        fields = [clock.half_field for clock in clocks if clock.half_field is not None]
        if self._plan.hop_s is None or not traits.is_local or len(fields) < len(clocks):
            return None
        # The last frame of a layer is centred within its reach of the end.
        needed = max(clock.reach for clock in clocks) + max(fields)
        return max(math.ceil(needed), traits.minimum_samples)

    def _fed(self, window: Window) -> Window:
        """Return the part of a window that the model is given: it is spared whole periods."""
        if self._tail is None or window.n_samples <= self._tail:
            return window
        n_spared = (window.n_samples - self._tail) // self._period * self._period
        return window._replace(start=window.start + n_spared)

    def _check_locality(self) -> None:
        """Refuse a model whose frames depend on more than its traits say, by one window in full."""
        longest = max(window.n_samples for window in self._plan.windows)
        windows = [window for window in self._plan.windows if window.n_samples == longest]
        whole = windows[len(windows) // 2]
        end = self._fed(whole)
        if end == whole:
            return
        reader = _Reader(self._stimulus.sound, self._rate, self._stimulus.identifier)
        samples = reader.read(whole.start, whole.stop)[np.newaxis]
        in_full = self._calls.forward(samples, [whole])
        cut = self._calls.forward(samples[:, end.start - whole.start :], [end])
        culprit = self._with_other_last_frame(in_full, cut, whole)
        if culprit:
            raise BrokenPlugin(
                f"{culprit} gives other numbers for the last {end.n_samples / self._rate:g} s of a "
                f"window than for all {whole.n_samples / self._rate:g} s of it, though its traits "
                "say is_local; leave is_local out, or widen receptive_field_s"
            )

    def _check_last_frames(self) -> None:
        """Refuse last frames that are not those of the whole output, by the first window."""
        if not self._takes_last_frames():
            return
        first = self._fed(self._plan.windows[0])
        reader = _Reader(self._stimulus.sound, self._rate, self._stimulus.identifier)
        samples = reader.read(first.start, first.stop)[np.newaxis]
        in_full = self._calls.forward(samples, [first])
        alone = self._calls.last_frames(samples, [first])
        culprit = self._with_other_last_frame(in_full, alone, first)
        if culprit:
            raise BrokenPlugin(
                f"{culprit} gives another last frame by last_frames than by forward for the first "
                f"{first.n_samples / self._rate:g} s of {self._stimulus.identifier!r}; mend "
                "last_frames or leave it out"
            )

    def _with_other_last_frame(
        self, expected: Mapping[str, Any], found: Mapping[str, Any], window: Window
    ) -> str | None:
        """Return the layer whose last frames of one window differ by more than rounding."""
        stamp_s = np.array([window.stop]) / self._rate
        for name, clock in self._clocks.items():
            last, other = (
                self._calls.as_numpy(clock, output[name][:, -1], stamp_s)
                for output in (expected, found)
            )
            if np.abs(other - last).max() > self._rounding * np.abs(last).max():
                return self._calls.culprit(clock)
        return None

    def _takes_last_frames(self) -> bool:
        """Return whether last frames are all that is wanted, and the model gives them alone."""
        return self._plan.hop_s is not None and hasattr(self._model, "last_frames")

    def _batches(self) -> Iterator[list[Window]]:
        """Yield neighbouring windows that may share a forward pass."""
        batch: list[Window] = []
        for window in map(self._fed, self._plan.windows):
            if batch and (len(batch) >= self._batch_size or not self._may_join(window, batch)):
                yield batch
                batch = []
            batch.append(window)
        yield batch

    def _may_join(self, window: Window, batch: Sequence[Window]) -> bool:
        """Return whether a window is as long as the batch, or may be padded to be."""
        difference = abs(window.n_samples - batch[0].n_samples)
        # The last frame before the padding is found only if whole frames were padded.
        is_found = self._plan.hop_s is not None and difference % self._period == 0
        return difference == 0 or (self._model.traits.is_padding_safe and is_found)

    def _outputs(self, windows: list[Window]) -> Iterator[tuple[list[Window], Mapping[str, Any]]]:
        """Yield a batch with its outputs, in parts if memory does not hold it at once."""
        waveforms = window_rows(self._reader.read(windows[0].start, windows[-1].stop), windows)
        are_equal = all(window.n_samples == windows[0].n_samples for window in windows)
        takes_last = are_equal and self._takes_last_frames()
        call = self._calls.last_frames if takes_last else self._calls.forward
        n_done = 0
        while n_done < len(windows):
            part = slice(n_done, n_done + self._batch_size)
            try:
                outputs = call(waveforms[part], windows[part])
            except BatchTooLarge:
                # Tried again only out here, where nothing holds the failed pass any more.
                outputs = None
            if outputs is None:
                n_windows = min(part.stop, len(windows)) - n_done
                self._batch_size = shrunk(self._model, self._longest, n_windows)
                continue
            yield windows[part], outputs
            n_done = part.stop

    def _count_frames(self, first: Window, outputs: Mapping[str, Any]) -> None:
        """Remember how many frames windows of each length have."""
        self._note(first.n_samples, outputs)
        if self._plan.hop_s is None:
            # Only the model knows how many a last window has that is less than a frame shorter.
            for n_samples in sorted({window.n_samples for window in self._plan.windows}):
                if n_samples != first.n_samples:
                    stop = first.start + n_samples
                    samples = self._reader.read(first.start, stop)[np.newaxis]
                    self._note(n_samples, self._calls.forward(samples, [first._replace(stop=stop)]))

    def _note(self, n_samples: int, outputs: Mapping[str, Any]) -> None:
        for name in self._clocks:
            self._counts[name, n_samples] = outputs[name].shape[1]

    def _kept(
        self,
        clock: FrameClock,
        output: Any,  # an array of whatever library the model uses
        windows: Sequence[Window],
    ) -> Iterator[np.ndarray]:
        """Yield the frames (frame, unit) to keep of one layer's output (batch, time, unit)."""
        if self._plan.hop_s is None:
            for row, window in enumerate(windows):
                n_frames = self._counts[clock.layer.name, window.n_samples]
                if output.shape[1] != n_frames:
                    raise BrokenPlugin(
                        f"{self._calls.culprit(clock)} gave {n_frames} frames for one input of "
                        f"{window.n_samples} samples and {output.shape[1]} for another; expected "
                        "the length alone to decide: mend the model's forward"
                    )
                first, after = clock.kept(window, n_frames)
                for begin in range(first, max(after, first + 1), FRAMES_PER_COPY):
                    values = output[row, begin : min(begin + FRAMES_PER_COPY, after)]
                    times_s = clock.times_s(window.start, begin, begin + len(values))
                    yield self._calls.as_numpy(clock, values, times_s)
            return

        longest = max(window.n_samples for window in windows)
        stamps_s = np.array([window.stop for window in windows]) / self._rate
        if all(window.n_samples == longest for window in windows):
            yield self._calls.as_numpy(clock, output[:, -1], stamps_s)
            return
        for row, window in enumerate(windows):
            n_frames = output.shape[1] - int((longest - window.n_samples) / clock.stride)
            self._calls.check_count(clock, n_frames, window.n_samples)
            last = slice(n_frames - 1, n_frames)
            yield self._calls.as_numpy(clock, output[row, last], stamps_s[row : row + 1])


class _Reader:
    """The samples of a sound, read forwards; it holds what was last read and a block at most."""

    def __init__(self, sound: Sound, sample_rate: int, identifier: str) -> None:
        self._blocks = sound.blocks(sample_rate)
        self._identifier = identifier
        self._held = np.empty(0, dtype=np.float32)
        self._first = 0

    def read(self, start: int, stop: int) -> np.ndarray:
        """Return samples (sample,) that begin no earlier than those read before."""
        pieces = [self._held[start - self._first :]]
        end = self._first + len(self._held)
        while end < stop:
            block = next(self._blocks, None)
            if block is None:
                raise CorruptData(
                    f"the sound of {self._identifier!r} ended at sample {end}, short of the "
                    f"{stop} that its header promises; fetch or convert the file anew"
                )
            pieces.append(block[max(0, start - end) :])
            end += len(block)
        self._held = pieces[0] if len(pieces) == 1 else np.concatenate(pieces)
        self._first = start
        return self._held[: stop - start]
