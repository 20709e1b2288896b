"""The sounds: their names and categories, and a folder of them."""

from __future__ import annotations

import importlib.resources
from collections.abc import Mapping, Sequence
from functools import lru_cache, partial
from pathlib import Path

import numpy as np

from heschl.errors import CorruptData, MissingData
from heschl.sound import Sound, Stimulus
from heschl.stimuli_on_disk import StimuliOnDisk
from heschl.untrusted import first_repeated

__all__ = ["SoundsOnDisk", "categories", "checked_names"]


@lru_cache(maxsize=1)
def categories() -> Mapping[str, str]:
    """Return the category of each of the 165 sounds, as published.

    >>> categories()["stim91_coughing"], len(categories())
    ('HumVoc', 165)
    """
    package = importlib.resources.files("heschl.data_registry")
    table = package.joinpath("natural_sounds/sounds.tsv").read_text(encoding="utf-8")
    rows = [line.split("\t") for line in table.splitlines() if not line.startswith("#")]
    return dict((name, category) for name, category in rows[1:])  # noqa: C402  mypy


def checked_names(names: Sequence[str], where: object) -> tuple[str, ...]:
    """Return the names of sounds without ``.wav``, refusing strangers and what is there twice."""
    bare = tuple(name.strip().removesuffix(".wav") for name in names)
    strangers = [name for name in bare if name not in categories()]
    if strangers or not bare:
        raise CorruptData(
            f"{where} names {len(strangers)} sounds that are none of the 165 natural sounds, the "
            f"first is {strangers[0]!r}"
            if strangers
            else f"{where} names no sound; fetch it again"
        )
    if len(set(bare)) < len(bare):
        twice = first_repeated(bare)
        raise CorruptData(f"{where} names {twice!r} twice; every sound must be there once")
    return bare


class SoundsOnDisk(StimuliOnDisk):
    """The sounds of a folder.

    Parameters
    ----------
    folder
        Where ``<name>.wav`` lie.
    names
        The sounds, in order.
    remedy
        What to do about a sound that is not there.
    """

    def __init__(self, folder: Path, names: Sequence[str], remedy: str) -> None:
        super().__init__(names, partial(_sound, folder, remedy))
        self._middles_s: dict[str, float] = {}

    def middle_s(self, name: str) -> np.ndarray:
        """Return the clock (row,) of a sound with one response: its middle, in seconds."""
        # Asked for with every response of every listener, and a file to open each time.
        if name not in self._middles_s:
            self._middles_s[name] = self[name].sound.duration_s / 2
        return np.array([self._middles_s[name]])


def _sound(folder: Path, remedy: str, name: str) -> Stimulus:
    path = folder / f"{name}.wav"
    if not path.exists():
        raise MissingData(f"{name}.wav is not in {folder}; {remedy}")
    return Stimulus(name, Sound.from_file(path))
