"""The loader: a clone of the repository slurp with its audio in, requests with their intent out.

::

    dataset/slurp/{train,devel,test}.jsonl    one prompt a line, with its recordings
    audio/slurp_real/<recording>.flac         "-headset" in the name: the close microphone

The intent is made of scenario and action: the field ``intent`` of the files often differs.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from heschl.data_registry.slurp import SLURP
from heschl.errors import CorruptData, MissingData, near_names
from heschl.items import Items, Task, chosen_task
from heschl.sound import StimulusSet
from heschl.stimuli_on_disk import StimuliOnDisk
from heschl.untrusted import parse_json, read_bytes

__all__ = ["SCENARIOS", "Slurp"]

SCENARIOS = (
    "alarm", "audio", "calendar", "cooking", "datetime", "email", "general", "iot", "lists",
    "music", "news", "play", "qa", "recommendation", "social", "takeaway", "transport", "weather",
)  # fmt: skip
_FILES = {"train": "train", "validation": "devel", "test": "test"}
"""The file of each split."""
_AT_MOST_BYTES = 512 * 2**20


@dataclass(frozen=True)
class _Recording:
    """One recording of a prompt, as the files name it."""

    split: str
    prompt: str
    scenario: str
    action: str
    take: int
    """Its place among the recordings of the prompt, from 1."""


class Slurp:
    """SLURP's real recordings, read from a folder that holds all or a part of them.

    Parameters
    ----------
    root
        The folder with ``dataset`` and ``audio`` in it.

    All three files of prompts must be there, whichever recordings are: the vocabulary is that of
    all splits. ``take`` counts the recordings of a prompt, so ``select(take="1")`` is the first of
    each, on disk or not. Synthetic recordings are left out.
    """

    card = SLURP

    def __init__(self, root: str | Path) -> None:
        self.root = Path(root).absolute()
        for folder in ("dataset/slurp", "audio/slurp_real"):
            if not (self.root / folder).is_dir():
                raise MissingData(
                    f"{self.root} holds no folder {folder!r}; expected the layout of the "
                    f"repository slurp with its audio: {self.card.how_to_get}"
                )

    def stimuli(self) -> StimulusSet:
        """Return the recordings that are on disk, such as ``audio-1490359403-headset``."""
        return StimuliOnDisk.of_files(self._paths)

    def tasks(self) -> tuple[Task, ...]:
        """Return the intent (scenario and action), and either alone."""
        found = self._recordings.values()
        vocabularies = {
            "intent": sorted({f"{each.scenario}_{each.action}" for each in found}),
            "action": sorted({each.action for each in found}),
            "scenario": SCENARIOS,
        }
        return tuple(
            Task(name, name, tuple(words), groups=("prompt",))
            for name, words in vocabularies.items()
        )

    def items(self, task: str) -> Items:
        """Return one item a recording on disk, with what was asked for, how it was heard, split."""
        asked = chosen_task(self.card.id, self.tasks(), task)
        unknown = sorted(set(self._paths) - set(self._recordings))
        if unknown:
            raise CorruptData(
                f"{len(unknown)} recordings of {self.root / 'audio/slurp_real'} are in no file of "
                f"prompts, the first is {unknown[0]}.flac; fetch dataset/slurp again"
            )
        names = list(self._paths)
        said = [self._recordings[name] for name in names]
        labels = {
            "intent": [f"{each.scenario}_{each.action}" for each in said],
            "action": [each.action for each in said],
            "scenario": [each.scenario for each in said],
            "microphone": ["headset" if "-headset" in name else "far" for name in names],
            "prompt": [each.prompt for each in said],
            "take": [str(each.take) for each in said],
            "split": [each.split for each in said],
        }
        return Items.from_columns(asked, names, stimulus=names, labels=labels, known=self._paths)

    @cached_property
    def _paths(self) -> dict[str, Path]:
        folder = self.root / "audio" / "slurp_real"
        found = {path.stem: path for path in sorted(folder.glob("*.flac"))}
        if not found:
            raise MissingData(f"{folder} holds no recordings; {self.card.how_to_get}")
        return found

    @cached_property
    def _recordings(self) -> dict[str, _Recording]:
        """Return every recording of every split by its name, on disk or not."""
        found: dict[str, _Recording] = {}
        for split, file in _FILES.items():
            path = self.root / "dataset" / "slurp" / f"{file}.jsonl"
            for where, prompt in _prompts(path):
                for name, recording in _recordings_of(prompt, split, where):
                    if name in found:
                        raise CorruptData(
                            f"{where}: {name}.flac is a recording of prompt "
                            f"{found[name].prompt} of {found[name].split} already; expected one"
                        )
                    found[name] = recording
        return found


def _prompts(path: Path) -> Iterator[tuple[str, Any]]:
    """Yield for each line of a file where it stands and what it holds."""
    content = read_bytes(path, at_most=_AT_MOST_BYTES)
    for number, line in enumerate(content.splitlines(), start=1):
        where = f"{path}, line {number}"
        if not line.strip():
            continue
        yield where, parse_json(line.removeprefix(codecs.BOM_UTF8), where)


def _recordings_of(prompt: Any, split: str, where: str) -> Iterator[tuple[str, _Recording]]:
    try:
        scenario, action = prompt["scenario"], prompt["action"]
        identifier = str(prompt["slurp_id"])
        files = [recording["file"] for recording in prompt["recordings"]]
    except (KeyError, TypeError) as error:
        raise CorruptData(
            f"{where} lacks {error}; expected an object with slurp_id, scenario, action and "
            "recordings, each with its file"
        ) from None
    if scenario not in SCENARIOS:
        raise CorruptData(
            f"{where} has the scenario {scenario!r}; {near_names(str(scenario), SCENARIOS)}"
        )
    if not isinstance(action, str) or not action.strip():
        raise CorruptData(f"{where} has the action {action!r}; expected a text")
    for take, file in enumerate(files, start=1):
        if not isinstance(file, str) or not file.endswith(".flac"):
            raise CorruptData(f"{where} has the recording {file!r}; expected the name of a .flac")
        yield file.removesuffix(".flac"), _Recording(split, identifier, scenario, action, take)
