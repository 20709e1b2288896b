"""Where a layer's frames lie on the samples: the promise that every pass is checked against."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import torch

from heschl.errors import BrokenPlugin, InvalidInput, near_names

__all__ = ["FrameGrid", "frame_grids"]

Value = TypeVar("Value")

N_AXES = 3
"""Batch, time and unit."""


@dataclass(frozen=True)
class FrameGrid:
    """Frame ``k`` covers ``receptive_field`` samples from ``k * stride - padding[0]`` on."""

    stride: int
    receptive_field: int
    padding: tuple[int, int]
    is_channels_first: bool
    count: Callable[[int], int] | None = None
    """From samples to frames, where it is another number than these say."""

    @property
    def promise(self) -> tuple[int, int, tuple[int, int], bool]:
        """What was declared, as plain values."""
        return self.stride, self.receptive_field, self.padding, self.is_channels_first

    @property
    def minimum_samples(self) -> int:
        """The shortest sound that gives one frame."""
        return max(1, self.receptive_field - sum(self.padding))

    @property
    def offset(self) -> float:
        """The centre of the first frame, in samples."""
        return self.receptive_field / 2 - self.padding[0]

    def n_frames(self, n_samples: int) -> int:
        """Return how many frames a sound of ``n_samples`` has."""
        if self.count is not None:
            return self.count(n_samples)
        return (n_samples + sum(self.padding) - self.receptive_field) // self.stride + 1

    def framed(self, what: str, values: torch.Tensor, shape: tuple[int, ...]) -> torch.Tensor:
        """Return ``values`` as (batch, time, unit), after checking that this is what they are.

        ``shape`` is that of the waveforms, (batch, sample); ``what`` names the
        layer in an error.
        """
        expected = (shape[0], self.n_frames(shape[1]))
        if values.ndim == N_AXES:
            framed = values.transpose(1, 2) if self.is_channels_first else values
            if framed.shape[:2] == expected:
                return framed
        hint = "check stride, receptive_field and padding, or tap another submodule"
        if values.ndim == N_AXES and framed.shape[::2] == expected:
            hint = "its time and unit axes are swapped: " + (
                "take it out of channels_first"
                if self.is_channels_first
                else "name it in channels_first"
            )
        raise BrokenPlugin(
            f"{what} gave {tuple(values.shape)} for {shape[0]} waveform(s) of {shape[1]} samples, "
            f"but stride {self.stride}, receptive field {self.receptive_field} and padding "
            f"{self.padding} promise {expected[1]} frames; {hint}"
        )


def frame_grids(
    model: str,
    entries: Collection[str],
    *,
    stride: int | Mapping[str, int],
    receptive_field: int | Mapping[str, int],
    padding: tuple[int, int] | Mapping[str, tuple[int, int]],
    channels_first: Collection[str],
    n_frames: Mapping[str, Callable[[int], int]],
) -> dict[str, FrameGrid]:
    """Return the grid of each of the tap ``entries``, refusing values that cannot be."""
    if isinstance(channels_first, str):
        raise InvalidInput(
            f"{model!r} has channels_first={channels_first!r}; expected {{{channels_first!r}}}"
        )
    _check_entries(model, "channels_first", channels_first, entries)
    _check_entries(model, "n_frames", n_frames, entries)
    strides = _by_entry(model, "stride", stride, entries)
    fields = _by_entry(model, "receptive_field", receptive_field, entries)
    paddings = _by_entry(model, "padding", padding, entries)
    for name, values in (("stride", strides), ("receptive_field", fields)):
        for value in values.values():
            if not _is_count(value) or value < 1:
                raise InvalidInput(
                    f"{model!r} has {name}={value!r}; expected a whole number of samples, "
                    "at least 1"
                )
    for sides in paddings.values():
        is_pair = isinstance(sides, (tuple, list)) and len(sides) == 2  # noqa: PLR2004
        if not is_pair or not all(_is_count(side) and side >= 0 for side in sides):
            raise InvalidInput(
                f"{model!r} has padding={sides!r}; expected two whole numbers of samples, "
                "before and after the sound, such as (200, 200)"
            )
    return {
        entry: FrameGrid(
            stride=strides[entry],
            receptive_field=fields[entry],
            padding=(paddings[entry][0], paddings[entry][1]),
            is_channels_first=entry in channels_first,
            count=n_frames.get(entry),
        )
        for entry in entries
    }


def _by_entry(
    model: str, name: str, given: Value | Mapping[str, Value], entries: Collection[str]
) -> dict[str, Value]:
    if not isinstance(given, Mapping):
        return dict.fromkeys(entries, given)
    _check_entries(model, name, given, entries)
    for entry in entries:
        if entry not in given:
            raise InvalidInput(f"{model!r} has no {name} for the tap {entry!r}; give one for each")
    return dict(given)


def _check_entries(model: str, name: str, given: Collection[str], entries: Collection[str]) -> None:
    for entry in given:
        if entry not in entries:
            raise InvalidInput(
                f"{model!r} has a {name} for {entry!r}, which is not among its taps; "
                f"{near_names(str(entry), entries)}"
            )


def _is_count(value: Any) -> bool:  # whatever was passed for a number of samples
    return isinstance(value, int) and not isinstance(value, bool)
