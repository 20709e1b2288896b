"""The loader: a folder laid out as the repository CREMA-D in, clips with their emotions out.

::

    AudioWAV/<actor>_<sentence>_<emotion>_<level>.wav
    processedResults/summaryTable.csv                  the votes of listeners

There is no official split; the same actor must not be on both sides of one.
"""

from __future__ import annotations

import re
from functools import cached_property
from pathlib import Path

from heschl.data_registry.crema_d import CREMA_D
from heschl.errors import CorruptData, MissingData
from heschl.items import Items, Task, chosen_task
from heschl.sound import StimulusSet
from heschl.stimuli_on_disk import StimuliOnDisk
from heschl.tables import read_table

__all__ = ["EMOTIONS", "SENTENCES", "SILENT", "CremaD"]

EMOTIONS = ("ANG", "DIS", "FEA", "HAP", "NEU", "SAD")
SENTENCES = ("DFA", "IEO", "IOM", "ITH", "ITS", "IWL", "IWW", "MTI", "TAI", "TIE", "TSI", "WSI")
SILENT = "1076_MTI_SAD_XX"
"""The one published file without any sound."""
_NAME = re.compile(
    rf"(?P<actor>\d{{4}})_(?P<sentence>{'|'.join(SENTENCES)})_"
    rf"(?P<emotion>{'|'.join(EMOTIONS)})_(?P<level>XX|LO|MD|HI)"
)
_LETTERS = {emotion[0]: emotion for emotion in EMOTIONS}
_TASKS = (
    Task("emotion", "emotion", EMOTIONS, groups=("actor",)),
    Task("voice_vote", "voice_vote", EMOTIONS, groups=("actor",)),
)


class CremaD:
    """CREMA-D, read from a folder that holds all or a part of its clips.

    The task ``emotion`` asks what an actor was told to play, ``voice_vote`` what most listeners
    heard; clips on whose votes listeners were tied have no answer and are left out of it.

    Parameters
    ----------
    root
        The folder with ``AudioWAV`` in it.
    """

    card = CREMA_D

    def __init__(self, root: str | Path) -> None:
        self.root = Path(root).absolute()
        if not any((self.root / "AudioWAV").glob("*.wav")):
            raise MissingData(
                f"{self.root} holds no AudioWAV/*.wav; expected the layout of the repository "
                f"CREMA-D: give that folder, or run `heschl fetch {self.card.id}`"
            )

    def stimuli(self) -> StimulusSet:
        """Return the clips that are on disk, but for the silent one."""
        return StimuliOnDisk.of_files(self._paths)

    def tasks(self) -> tuple[Task, ...]:
        """Return the emotions that were played, and those that were heard."""
        return _TASKS

    def items(self, task: str) -> Items:
        """Return one item a clip, with its actor, sentence, emotion and level."""
        asked = chosen_task(self.card.id, _TASKS, task)
        clips = {name: _parts(name) for name in self._paths}
        if asked.name == "voice_vote":
            votes = self._votes(clips)
            clips = {
                name: parts | {"voice_vote": votes[name]}
                for name, parts in clips.items()
                if votes[name] in EMOTIONS
            }
        labels = {
            label: [parts[label] for parts in clips.values()]
            for label in next(iter(clips.values()), {})
        }
        names = list(clips)
        return Items.from_columns(asked, names, stimulus=names, labels=labels, known=self._paths)

    @cached_property
    def _paths(self) -> dict[str, Path]:
        found = sorted((self.root / "AudioWAV").glob("*.wav"))
        for path in found:
            _parts(path.stem)
        return {path.stem: path for path in found if path.stem != SILENT}

    def _votes(self, names: dict[str, dict[str, str]]) -> dict[str, str]:
        """Return which emotion most voted for; several, joined by colons, where they were tied."""
        path = self.root / "processedResults" / "summaryTable.csv"
        table = read_table(path, ("FileName", "VoiceVote"))
        votes: dict[str, str] = {}
        for name, vote in zip(table["FileName"], table["VoiceVote"], strict=True):
            letters = vote.split(":")
            if not set(letters) <= set(_LETTERS) or len(set(letters)) < len(letters):
                raise CorruptData(
                    f"{path} has the vote {vote!r} for {name}; expected letters of "
                    f"{', '.join(_LETTERS)}, joined by colons where they are tied"
                )
            if name in votes:
                raise CorruptData(f"{path} has votes for {name} twice; fetch it again")
            votes[name] = ":".join(_LETTERS[letter] for letter in letters)
        lacking = sorted(set(names) - set(votes))
        if lacking:
            raise CorruptData(
                f"{path} has no votes for {len(lacking)} clips, the first is {lacking[0]}; fetch "
                "it again"
            )
        return votes


def _parts(name: str) -> dict[str, str]:
    match = _NAME.fullmatch(name)
    if match is None:
        raise CorruptData(
            f"AudioWAV holds {name}.wav, which is not named <actor>_<sentence>_<emotion>_<level>; "
            "take it out, or fetch the folder again"
        )
    return match.groupdict()
