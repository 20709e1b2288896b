"""Examples: stretches of sound, and what a network is to predict from each."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from heschl.errors import InvalidInput

__all__ = ["Examples", "Story", "nested_subsets", "window_ends"]


@dataclass(frozen=True, eq=False)
class Story:
    """A sound, and a target for each of its rows.

    Parameters
    ----------
    name
        Of the stimulus.
    waveform
        Float32 (sample,), at the network's rate.
    ends
        The sample (row,) before which the window of each row ends.
    targets
        Float32 (row, unit), z-scored over the rows.
    """

    name: str
    waveform: np.ndarray
    ends: np.ndarray
    targets: np.ndarray

    def __post_init__(self) -> None:
        """Refuse rows that do not match."""
        if self.targets.ndim != 2 or len(self.targets) != len(self.ends) or not len(self.ends):  # noqa: PLR2004
            raise InvalidInput(
                f"the story {self.name!r} has {len(self.ends)} rows of sound and targets of shape "
                f"{self.targets.shape}; expected (row, unit) with as many rows, one at least"
            )


@dataclass(frozen=True, eq=False)
class Examples:
    """The rows of some stories, one after another."""

    stories: tuple[Story, ...]
    n_samples: int
    """Of a window."""

    def __len__(self) -> int:
        """Return the number of rows."""
        return sum(len(story.ends) for story in self.stories)

    @property
    def targets(self) -> np.ndarray:
        """All targets (row, unit)."""
        return np.concatenate([story.targets for story in self.stories])

    def with_targets(self, targets: np.ndarray) -> Examples:
        """Return the same sounds with other targets (row, unit)."""
        stops = np.cumsum([len(story.ends) for story in self.stories])
        parts = np.split(np.asarray(targets, dtype=np.float32), stops[:-1])
        stories = zip(self.stories, parts, strict=True)
        return replace(self, stories=tuple(replace(story, targets=part) for story, part in stories))

    def take(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the windows (row, sample) and the targets (row, unit) of some rows.

        What lies before the beginning of a sound is silence.
        """
        starts = np.cumsum([0, *(len(story.ends) for story in self.stories)])
        waveforms = np.zeros((len(rows), self.n_samples), dtype=np.float32)
        targets = np.empty((len(rows), self.stories[0].targets.shape[1]), dtype=np.float32)
        for place, row in enumerate(rows):
            number = int(np.searchsorted(starts, row, side="right")) - 1
            story = self.stories[number]
            stop = int(story.ends[row - starts[number]])
            heard = story.waveform[max(0, stop - self.n_samples) : stop]
            # A sound that ends early leaves silence behind it, and an early row silence before it.
            begin = max(0, self.n_samples - stop)
            waveforms[place, begin : begin + len(heard)] = heard
            targets[place] = story.targets[row - starts[number]]
        return waveforms, targets


def window_ends(clock: np.ndarray, sample_rate: int) -> np.ndarray:
    """Return before which sample the window of each row ends: its acquisition's end.

    ``clock`` (row,) has the middles of acquisitions, in seconds of the sound, evenly spaced.

    >>> window_ends(np.array([11.0, 13.0, 15.0]), 10).tolist()
    [120, 140, 160]
    """
    if len(clock) < 2:  # noqa: PLR2004
        raise InvalidInput(
            f"{len(clock)} rows have no spacing, so it is not known when an acquisition ends; "
            "choose stimuli of two rows at least, such as stories"
        )
    half = float(np.median(np.diff(clock))) / 2
    return np.asarray(np.round((clock + half) * sample_rate), dtype=np.int64)


def nested_subsets(
    stories: Sequence[str], fractions: Sequence[float], seed: int
) -> dict[float, tuple[str, ...]]:
    """Return for each fraction a part of the stories, each larger one holding the smaller ones.

    For scaling curves. Which stories come first is drawn from ``seed``.

    >>> nested_subsets(["a", "b", "c", "d"], [0.25, 1.0], seed=1)
    {0.25: ('a',), 1.0: ('a', 'b', 'c', 'd')}
    """
    wanted = sorted(fractions)
    if not wanted or not all(0 < fraction <= 1 for fraction in wanted):  # nor not a number
        raise InvalidInput(f"fractions={list(fractions)}; expected shares above 0 and up to 1")
    order = np.random.default_rng(seed).permutation(len(stories))
    sizes = [max(1, round(fraction * len(stories))) for fraction in wanted]
    if any(small >= large for small, large in itertools.pairwise(sizes)):
        raise InvalidInput(
            f"the fractions {wanted} of {len(stories)} stories are {sizes} stories; choose "
            "fractions that differ by a story at least"
        )
    return {
        fraction: tuple(stories[number] for number in sorted(order[:size]))
        for fraction, size in zip(wanted, sizes, strict=True)
    }
