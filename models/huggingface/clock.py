"""Where the frames of an encoder lie on the samples."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass

__all__ = ["SAMPLES", "Clock", "at_most", "in_whole"]


@dataclass(frozen=True)
class Clock:
    """Frame ``k`` covers ``receptive_field`` samples from ``k * stride - padding[0]`` on."""

    stride: int
    receptive_field: int
    padding: tuple[int, int] = (0, 0)
    """Before and after the sound."""

    def convolved(self, kernel: int, stride: int = 1, padding: tuple[int, int] = (0, 0)) -> Clock:
        """Return the clock of a convolution over these frames.

        >>> SAMPLES.convolved(10, 5).convolved(8, 4)
        Clock(stride=20, receptive_field=45, padding=(0, 0))
        """
        return Clock(
            self.stride * stride,
            self.receptive_field + (kernel - 1) * self.stride,
            (
                self.padding[0] + padding[0] * self.stride,
                self.padding[1] + padding[1] * self.stride,
            ),
        )

    def all_convolved(self, kernels: Iterable[int], strides: Iterable[int]) -> Clock:
        """Return the clock of a stack of convolutions without padding."""
        clock = self
        for kernel, stride in zip(kernels, strides, strict=True):
            clock = clock.convolved(kernel, stride)
        return clock

    def rounded_up(self) -> Clock:
        """Return the clock of a network that lengthens any sound to a whole number of strides.

        >>> Clock(4, 7, (3, 0)).rounded_up().n_frames(9)
        3
        """
        before = self.padding[0]
        return Clock(self.stride, self.receptive_field, (before, self.receptive_field - 1 - before))

    def n_frames(self, n_samples: int) -> int:
        """Return how many frames a sound of ``n_samples`` has."""
        return (n_samples + sum(self.padding) - self.receptive_field) // self.stride + 1


SAMPLES = Clock(1, 1)
"""The clock of a waveform."""


def at_most(most: int, clock: Clock) -> Callable[[int], int]:
    """Return the count of frames in a network that has no more than ``most`` of them.

    >>> at_most(2, Clock(10, 10))(50)
    2
    """
    return functools.partial(_at_most, most, clock)


def in_whole(group: int, clock: Clock) -> Callable[[int], int]:
    """Return the count of frames that come ``group`` at a time, one time for each of ``clock``.

    >>> in_whole(2, Clock(20, 20))(50)
    4
    """
    return functools.partial(_in_whole, group, clock)


# No lambdas, so that a model can be sent to another process.
def _at_most(most: int, clock: Clock, n_samples: int) -> int:
    return min(most, clock.n_frames(n_samples))


def _in_whole(group: int, clock: Clock, n_samples: int) -> int:
    return group * clock.n_frames(n_samples)
