"""Calls of a speech model: whatever it returns is checked before anybody builds on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import numpy as np

from heschl.batching import is_out_of_memory
from heschl.contracts import LastFrames, SpeechModel
from heschl.errors import BrokenPlugin, MissingExtra
from heschl.windowing import FrameClock, Window

__all__ = ["BatchTooLarge", "ModelCalls"]


class BatchTooLarge(Exception):
    """Memory does not hold a pass of so many windows."""


class ModelCalls:
    """A speech model as it is called for some of its layers on one sound."""

    def __init__(self, model: SpeechModel, sound: str, clocks: Mapping[str, FrameClock]) -> None:
        self._model = model
        self._sound = sound
        self._clocks = clocks
        self._rate = model.sample_rate

    def forward(self, waveforms: np.ndarray, windows: Sequence[Window]) -> Mapping[str, Any]:
        """Return the model's outputs (batch, time, unit), checked."""

        def run(taps: tuple[str, ...]) -> Any:
            # The copy is the model's own, whatever it does to it.
            return self._model.forward(waveforms.copy(), taps)

        outputs = self._checked(run, waveforms, windows)
        for name, clock in self._clocks.items():
            self.check_count(clock, outputs[name].shape[1], waveforms.shape[1])
        return outputs

    def last_frames(self, waveforms: np.ndarray, windows: Sequence[Window]) -> Mapping[str, Any]:
        """Return the last frames of the model's outputs, (batch, 1, unit), checked."""

        def run(taps: tuple[str, ...]) -> Any:
            return cast("LastFrames", self._model).last_frames(waveforms, taps)

        outputs = self._checked(run, waveforms, windows)
        for name, clock in self._clocks.items():
            if outputs[name].shape[1] != 1:
                raise BrokenPlugin(
                    f"{self.culprit(clock)} gave {outputs[name].shape[1]} frames by last_frames; "
                    "expected the last one alone"
                )
        return outputs

    def _checked(
        self,
        run: Callable[[tuple[str, ...]], Any],
        waveforms: np.ndarray,
        windows: Sequence[Window],
    ) -> Mapping[str, Any]:
        """Return what the model gives for the layers, one array of the right shape for each."""
        where = (
            f"{windows[0].start / self._rate:g} to {windows[-1].stop / self._rate:g} s of "
            f"{self._sound!r}"
        )
        try:
            outputs = run(tuple(self._clocks))
        except MissingExtra:
            raise
        except (Exception, SystemExit) as error:
            is_memory = is_out_of_memory(error)
            if is_memory and len(windows) > 1:
                raise BatchTooLarge from error
            advice = (
                "memory does not hold one window: choose shorter windows, or free some of it"
                if is_memory
                else "mend the model's forward"
            )
            raise BrokenPlugin(
                f"the model {self._model.card.id!r} failed on {where}, as float32 of shape "
                f"{waveforms.shape}, with {type(error).__name__}: {error}; {advice}"
            ) from error
        if not isinstance(outputs, Mapping):
            raise BrokenPlugin(
                f"the model {self._model.card.id!r} returned a {type(outputs).__name__}; expected "
                "a mapping from each layer to its array (batch, time, unit)"
            )
        for clock in self._clocks.values():
            output = outputs.get(clock.layer.name)
            if output is None:
                raise BrokenPlugin(
                    f"{self.culprit(clock)} is missing from what forward returned for {where}, "
                    f"{sorted(map(str, outputs))}; return an array for each tap that is asked for"
                )
            shape = tuple(getattr(output, "shape", ()))
            if shape[:1] + shape[2:] != (len(waveforms), clock.layer.width):
                raise BrokenPlugin(
                    f"{self.culprit(clock)} gave {type(output).__name__} of shape {shape} for "
                    f"{where}; expected an array (batch, time, unit), here "
                    f"({len(waveforms)}, time, {clock.layer.width})"
                )
        return outputs

    def check_count(self, clock: FrameClock, n_frames: int, n_samples: int) -> None:
        """Refuse a number of frames that the layer's promises rule out."""
        if not clock.can_have(n_frames, n_samples):
            about = max(1, round((n_samples - clock.offset) / clock.stride))
            raise BrokenPlugin(
                f"{self.culprit(clock)} gave {n_frames} frames for {n_samples} samples at "
                f"{self._rate} Hz; rate_hz={clock.layer.rate_hz} and "
                f"offset_s={clock.layer.offset_s} promise about {about}: correct its Layer"
            )

    def as_numpy(self, clock: FrameClock, values: Any, times_s: np.ndarray) -> np.ndarray:
        """Return float32 values (frame, unit) of an array of any library, if they are finite."""
        try:
            if hasattr(values, "detach"):
                # NumPy has no bfloat16, and torch drops imaginary parts with a mere warning.
                if values.is_complex():
                    raise TypeError("complex")  # noqa: TRY301
                values = values.detach().cpu().float().numpy()
            with np.errstate(over="ignore"):
                array = np.asarray(values).astype(np.float32, casting="same_kind", copy=False)
        except (TypeError, ValueError, RuntimeError) as error:
            raise BrokenPlugin(
                f"{self.culprit(clock)} gave {getattr(values, 'dtype', type(values).__name__)} "
                f"values, which do not become float32 ({error}); expected floating-point numbers"
            ) from error
        is_finite = np.isfinite(array).all(axis=1)
        if not is_finite.all():
            raise BrokenPlugin(
                f"{self.culprit(clock)} gave NaN or infinity in {np.sum(~is_finite)} frames, the "
                f"first at {times_s[np.argmin(is_finite)]:g} s of {self._sound!r}; "
                "expected finite numbers within float32: mend the model or drop the sound"
            )
        return array

    def culprit(self, clock: FrameClock) -> str:
        """Return the words for a layer at the beginning of an error."""
        return f"the layer {clock.layer.name!r} of the model {self._model.card.id!r}"
