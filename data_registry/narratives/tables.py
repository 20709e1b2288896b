"""Tables: what ``events.tsv`` and ``participants.tsv`` say, read with distrust."""

from __future__ import annotations

import math
from pathlib import Path
from typing import NamedTuple

from heschl.data_registry.narratives.tasks import Story
from heschl.errors import CorruptData
from heschl.untrusted import read_bytes

__all__ = ["Placed", "conditions", "placed_story", "read_table"]

_ROUNDING_S = 0.05
"""How far the scanner's clock may be from the story's beside what all listeners have."""
_LONGEST_BYTES = 2**20
_MOVED = "is not where the published events have it"


class Placed(NamedTuple):
    """Where a story lies in one scan."""

    first_volume: int
    note: str
    """What is unusual, if anything is."""


def read_table(path: Path, columns: tuple[str, ...]) -> list[dict[str, str]]:
    """Return the rows of a table with tabs, which must have these columns and equal rows."""
    try:
        text = read_bytes(path, at_most=_LONGEST_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CorruptData(f"{path} is not UTF-8 text: {error}; fetch it again") from error
    lines = [line.split("\t") for line in text.splitlines() if line.strip()]
    header = [cell.strip() for cell in lines[0]] if lines else []
    if not set(columns) <= set(header) or len(set(header)) < len(header):
        raise CorruptData(
            f"{path} has the columns {', '.join(header) or 'none'}; expected {', '.join(columns)} "
            "among them, each once and separated by tabs"
        )
    for number, cells in enumerate(lines[1:], start=1):
        if len(cells) != len(header):
            raise CorruptData(
                f"{path} has {len(cells)} cells in row {number}; expected {len(header)}"
            )
    return [dict(zip(header, map(str.strip, cells), strict=True)) for cells in lines[1:]]


def conditions(path: Path) -> dict[tuple[str, str], str]:
    """Return the condition of each subject and task in ``participants.tsv``.

    A subject's row lists tasks and, in the same order, conditions, both divided by commas. A task
    that was scanned twice is listed twice, under one condition.
    """
    found: dict[tuple[str, str], str] = {}
    for row in read_table(path, ("participant_id", "task", "condition")):
        subject = row["participant_id"]
        tasks = [task.strip() for task in row["task"].split(",")]
        heard = [condition.strip() for condition in row["condition"].split(",")]
        if len(heard) == 1:
            heard *= len(tasks)
        if len(heard) != len(tasks):
            raise CorruptData(
                f"{path} lists {len(tasks)} tasks and {len(heard)} conditions of {subject}; "
                "expected as many of each"
            )
        for task, condition in zip(tasks, heard, strict=True):
            if found.setdefault((subject, task), condition) != condition:
                raise CorruptData(
                    f"{path} gives {subject} two conditions of {task}: "
                    f"{found[subject, task]} and {condition}"
                )
    return found


def placed_story(path: Path, story: Story) -> Placed:
    """Return the volume with which a story begins in the scan of an ``events.tsv``.

    The story's own row counts. Listeners for whom everything started early have their story's row
    moved, but not that of the music before it, so that the sound's beginning is found by going back
    from the story.
    """
    rows = read_table(path, ("onset", "duration", "trial_type", "stim_file"))
    told = [row for row in rows if row["trial_type"] == "story"]
    n_expected = 2 if story.task == "slumlordreach" else 1
    if len(told) != n_expected:
        raise CorruptData(
            f"{path} has {len(told)} events of the type 'story'; expected {n_expected}"
        )
    for row in rows:
        _check_sound(path, story, row["stim_file"])
    onset_s, duration_s = (
        _seconds(path, told[story.number][column]) for column in ("onset", "duration")
    )
    if story.volume(duration_s) != story.n_volumes:
        raise CorruptData(
            f"{path} has {story.name} last {duration_s:g} s; expected {story.duration_s:g} s: it "
            f"{_MOVED}"
        )
    first = story.volume(onset_s)
    # Between the story's beginning and its first volume, here and in the published events.
    lag_s = story.tr_s * (first - story.first_volume) - (onset_s - story.onset_s)
    if abs(lag_s) > _ROUNDING_S or first < 0:
        raise CorruptData(
            f"{path} has {story.name} begin at {onset_s:g} s; expected {story.onset_s:g} s, or "
            f"whole volumes of {story.tr_s:g} s before or after: it {_MOVED}"
        )
    moved_s = onset_s - story.onset_s
    note = f"the story begins {moved_s:+g} s from where it does for others" if moved_s else ""
    return Placed(first, note)


def _check_sound(path: Path, story: Story, file: str) -> None:
    wanted = {f"{story.wav}_audio.wav"}
    if story.task == "notthefallintact":
        wanted.add("notthefall_audio.wav")  # the same bytes under another name
    name = file.replace("\\", "/").rpartition("/")[2]
    if name not in wanted:
        raise CorruptData(
            f"{path} says that {file!r} was played where {story.name} is told in "
            f"{' or '.join(sorted(wanted))}; participants.tsv may name another condition"
        )


def _seconds(path: Path, cell: str) -> float:
    try:
        seconds = float(cell)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds < 1e5:  # noqa: PLR2004 - a day; also refuses NaN
        raise CorruptData(f"{path} has the time {cell!r}; expected seconds, 0 or more")
    return seconds
