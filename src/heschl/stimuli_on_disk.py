"""Stimuli of a folder: listed at once, opened one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path

from heschl.errors import UnknownName, near_names
from heschl.sound import Sound, Stimulus, StimulusSet

__all__ = ["StimuliOnDisk"]

_MOST_NAMES_FOR_A_HINT = 10_000
_NAMES_SHOWN = 3


class StimuliOnDisk(StimulusSet):
    """Stimuli by name, each of which is opened when it is asked for.

    Parameters
    ----------
    names
        The identifiers, in order.
    opened
        What returns the stimulus of a name.
    otherwise
        What to do about stimuli that are not there, in a message: "others come with ...".
    """

    def __init__(
        self, names: Iterable[str], opened: Callable[[str], Stimulus], *, otherwise: str = ""
    ) -> None:
        super().__init__(())
        self._names = dict.fromkeys(names)
        self._opened = opened
        self._otherwise = otherwise

    @classmethod
    def of_files(
        cls, paths: Mapping[str, Path], opened: Callable[[Path], Sound] = Sound.from_file
    ) -> StimuliOnDisk:
        """Return the stimuli of which there is nothing but a file of sound each.

        Parameters
        ----------
        paths
            The file of each stimulus.
        opened
            What makes the sound of a file.
        """
        return cls(paths, partial(_of_file, dict(paths), opened))

    def __getitem__(self, identifier: str) -> Stimulus:
        """Return the stimulus of that name, its files opened now."""
        if identifier not in self._names:
            # Near names among a hundred thousand would take a minute to find.
            known = list(self._names)[:_MOST_NAMES_FOR_A_HINT]
            hint = near_names(str(identifier), known)
            advice = "; ".join(filter(None, [self._otherwise, hint]))
            raise UnknownName(f"no stimulus is named {identifier!r}; {advice}")
        return self._opened(identifier)

    def __contains__(self, identifier: object) -> bool:
        """Return whether there is a stimulus of that name."""
        return identifier in self._names

    def __iter__(self) -> Iterator[str]:
        """Return the identifiers, in order."""
        return iter(self._names)

    def __len__(self) -> int:
        """Return the number of stimuli."""
        return len(self._names)

    def __repr__(self) -> str:
        """Return the first identifiers and how many there are."""
        first = ", ".join(list(self._names)[:_NAMES_SHOWN])
        more = ", ..." * (len(self) > _NAMES_SHOWN)
        return f"StimulusSet({len(self)} on disk: {first}{more})"


def _of_file(paths: Mapping[str, Path], opened: Callable[[Path], Sound], name: str) -> Stimulus:
    return Stimulus(name, opened(paths[name]))
