"""The stories: which part of which scan and of which sound each one is.

A scan (BIDS calls it a run) plays one wav. A story is what ``events.tsv`` calls so: without the
music before it, and of ``slumlordreach``, which tells two, each by itself. Where conditions differ
in their sound (``milkyway``) or in what listeners were told beforehand (``prettymouth``) each is a
story of its own, as in the dataset's own analyses.

The list is that of the 16 tasks with intact stories. ``schema`` (films and jittered scenes) and the
two scrambles of ``notthefallintact`` are not in it. Millet et al. (2022) used 15 of them, which
they do not name.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["SCRAMBLES", "STORIES", "VERSION", "Story"]

VERSION = 1
"""Raised whenever a story is added, taken away or begins elsewhere."""


@dataclass(frozen=True)
class Story:
    """One story; times are seconds of the scan, as ``events.tsv`` gives them.

    >>> STORIES["pieman"].clock()[[0, 1, -1]].tolist()
    [15.75, 17.25, 435.75]
    """

    name: str
    task: str
    wav: str
    """What the name of the sound's file begins with."""
    wav_s: float
    """When the sound begins: the onset of the first event."""
    onset_s: float
    duration_s: float
    number: int = 0
    """Which of the events of type ``story`` it is."""
    condition: str | None = None
    """Who heard it, where not everybody did; see ``participants.tsv``."""
    tr_s: float = 1.5

    @property
    def offset_s(self) -> float:
        """When the story begins, in seconds of the sound."""
        return self.onset_s - self.wav_s

    @property
    def first_volume(self) -> int:
        """The volume with which the story begins."""
        return self.volume(self.onset_s)

    @property
    def n_volumes(self) -> int:
        """How many volumes it lasts."""
        return self.volume(self.duration_s)

    def volume(self, seconds: float) -> int:
        """Return a number of volumes, rounded as in the ``event_meta.json`` of the authors."""
        return int(np.floor(seconds / self.tr_s + 0.5))

    def clock(self) -> np.ndarray:
        """Return the middles of its volumes (row,), in seconds of the sound."""
        volumes = self.first_volume + np.arange(self.n_volumes)
        return self.tr_s * (volumes + 0.5) - self.wav_s


def _simple(task: str, wav_s: float, onset_s: float, duration_s: float) -> Story:
    return Story(task, task, task, wav_s, onset_s, duration_s)


_EVERYTHING = (
    _simple("pieman", 0.0, 15.0, 422.0),
    _simple("tunnel", 3.0, 3.0, 1534.0),
    _simple("lucy", 3.0, 3.0, 542.0),
    *(
        Story(f"prettymouth-{told}", "prettymouth", "prettymouth", 0.0, 21.0, 676.0, condition=told)
        for told in ("affair", "paranoia")
    ),
    *(
        # Its scans were taken every 1.52 s, as their headers say; 1.5 s, which the code of the
        # derivatives wrote into the files, moved no volume.
        Story(
            f"milkyway-{heard}",
            "milkyway",
            f"milkyway{heard}",
            0.0,
            21.0,
            404.0,
            condition=heard,
            tr_s=tr_s,
        )
        for heard, tr_s in (("original", 1.5), ("vodka", 1.5), ("synonyms", 1.52))
    ),
    Story("slumlord", "slumlordreach", "slumlordreach", 4.5, 29.5, 903.0),
    Story("reach", "slumlordreach", "slumlordreach", 4.5, 969.5, 825.0, number=1),
    _simple("notthefallintact", 4.5, 29.5, 547.0),
    _simple("merlin", 4.5, 33.5, 886.0),
    _simple("sherlock", 4.5, 33.5, 1052.0),
    _simple("shapesphysical", 4.5, 49.5, 405.0),
    _simple("shapessocial", 4.5, 49.5, 408.0),
    _simple("21styear", 0.0, 21.0, 3338.0),
    _simple("piemanpni", 12.0, 12.0, 400.0),
    _simple("bronx", 12.0, 12.0, 536.0),
    _simple("black", 12.0, 12.0, 800.0),
    _simple("forgot", 12.0, 12.0, 837.0),
)

STORIES: dict[str, Story] = {story.name: story for story in _EVERYTHING}
"""The stories that benchmarks score, by name."""

SCRAMBLES: dict[str, Story] = {
    name: _simple(name, 4.5, 29.5, 547.0)
    for name in ("notthefalllongscram", "notthefallshortscram")
}
"""The story ``notthefallintact`` in pieces; `heschl.data_registry.narratives.loader` reads them if
asked to."""
