"""Stimuli of a folder with many sounds: listed at once, opened one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from heschl.errors import UnknownName, near_names
from heschl.sound import Sound, Stimulus, StimulusSet

__all__ = ["StimuliOnDisk"]

_MOST_NAMES_FOR_A_HINT = 10_000
_NAMES_SHOWN = 3


class StimuliOnDisk(StimulusSet):
    """Stimuli by name, of which each file is opened when it is asked for.

    Parameters
    ----------
    paths
        The file of each stimulus.
    opened
        What makes the sound of a file.
    """

    def __init__(
        self, paths: Mapping[str, Path], opened: Callable[[Path], Sound] = Sound.from_file
    ) -> None:
        super().__init__(())
        self._paths = dict(paths)
        self._opened = opened

    def __getitem__(self, identifier: str) -> Stimulus:
        """Return the stimulus of that name, its file opened now."""
        if identifier not in self._paths:
            # Near names among a hundred thousand would take a minute to find.
            known = list(self._paths)[:_MOST_NAMES_FOR_A_HINT]
            raise UnknownName(
                f"no stimulus is named {identifier!r}; {near_names(str(identifier), known)}"
            )
        return Stimulus(identifier, self._opened(self._paths[identifier]))

    def __contains__(self, identifier: object) -> bool:
        """Return whether there is a stimulus of that name."""
        return identifier in self._paths

    def __iter__(self) -> Iterator[str]:
        """Return the identifiers, in order."""
        return iter(self._paths)

    def __len__(self) -> int:
        """Return the number of stimuli."""
        return len(self._paths)

    def __repr__(self) -> str:
        """Return the first identifiers and how many there are."""
        first = ", ".join(list(self._paths)[:_NAMES_SHOWN])
        more = ", ..." * (len(self) > _NAMES_SHOWN)
        return f"StimulusSet({len(self)} on disk: {first}{more})"
