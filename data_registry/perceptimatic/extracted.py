"""The loader of the second release: sounds cut out, from several experiments.

::

    triplet_data.csv  stimuli_data.csv  human_data.csv      comma-separated
    wavs_extracted/<#file_extract>                          such as 1s_english/1399_sliced_2197.wav

Where the cut sounds are to lie is this loader's choice: the release does not say.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
import xarray as xr

from heschl.data_registry.perceptimatic import PERCEPTIMATIC_ALL
from heschl.data_registry.perceptimatic.judgements import (
    answer_table,
    graded,
    triplet_table,
    truths,
)
from heschl.errors import CorruptData, InvalidInput, MissingData, UnknownName, near_names
from heschl.items import Items, Task, chosen_task
from heschl.sound import StimulusSet
from heschl.stimuli_on_disk import StimuliOnDisk
from heschl.tables import numbers, read_table
from heschl.untrusted import first_repeated

__all__ = ["PARTS", "PerceptimaticAll"]

PARTS = ("zerospeech", "WorldVowels", "cogsci-2019")
"""The experiments that can be read. Of the pilots, one used sounds of TIMIT, which are not free,
and the other lists its sounds several times, each in another context."""
_LARGEST_ANSWER = {"zerospeech": 3, "WorldVowels": 3, "cogsci-2019": 1}
_SOUND_COLUMNS = ("#file_extract", "#phone", "context", "language", "speaker", "dataset")
_TRIPLET_COLUMNS = ("triplet_id", "TGT_item", "OTH_item", "X_item", "TGT_first", "dataset")
_ANSWER_COLUMNS = (
    "subject_id", "subject_language", "triplet_id", "nb_stimuli", "user_ans", "bin_user_ans",
    "dataset",
)  # fmt: skip


class PerceptimaticAll:
    """All experiments of Perceptimatic whose sounds are free, each sound a file of its own.

    Parameters
    ----------
    root
        The folder with the three tables and ``wavs_extracted``.
    parts
        The experiments to read, of `PARTS`. By default those with a graded answer: the triplets of
        Millet et al. (2022) are their English and French ones.

    The columns of the answers are those that the authors' scripts use; they are checked, since the
    file itself could not be seen.
    """

    card = PERCEPTIMATIC_ALL

    def __init__(
        self, root: str | Path, *, parts: Sequence[str] = ("zerospeech", "WorldVowels")
    ) -> None:
        self.root = Path(root).absolute()
        if isinstance(parts, str) or not parts:
            raise InvalidInput(f"parts={parts!r}; expected a list of some of {', '.join(PARTS)}")
        for part in parts:
            if part not in PARTS:
                raise UnknownName(f"there is no part {part!r} to read; {near_names(part, PARTS)}")
        self.parts = tuple(parts)
        if not (self.root / "wavs_extracted").is_dir():
            raise MissingData(
                f"{self.root} holds no folder 'wavs_extracted'; expected {self.card.how_to_get}"
            )

    def stimuli(self) -> StimulusSet:
        """Return the sounds by their path without its ending."""
        return StimuliOnDisk.of_files(self._paths)

    def tasks(self) -> tuple[Task, ...]:
        """Return the one task, which phone is in the middle; of all languages together."""
        phones = sorted(set(self._sounds["#phone"]))
        return (Task("phone", "phone", tuple(phones), groups=("speaker",)),)

    def items(self, task: str) -> Items:
        """Return one item for each sound, from its beginning to its end."""
        asked = chosen_task(self.card.id, self.tasks(), task)
        lost = [name for name, path in self._paths.items() if not path.exists()]
        if lost:
            raise MissingData(
                f"{len(lost)} of {len(self._paths)} sounds are not in "
                f"{self.root / 'wavs_extracted'}, the first is {lost[0]}.wav; "
                f"{self.card.how_to_get}"
            )
        names = list(self._paths)
        labels = {
            name.lstrip("#"): self._sounds[name]
            for name in ("#phone", "context", "language", "speaker", "dataset")
        }
        return Items.from_columns(asked, names, stimulus=names, labels=labels, known=self._paths)

    def triplets(self) -> xr.Dataset:
        """Return the triplets along ``triplet``; see `heschl.contracts.DiscriminationDataset`.

        ``dataset`` is the experiment. ``agrees`` is False for the few whose X is not of the phone
        of TGT in the table of sounds.
        """
        table = self._read("triplet_data.csv", _TRIPLET_COLUMNS)
        path = self._where("triplet_data.csv")
        columns: dict[str, list[str] | np.ndarray] = {
            role: [_name(cell) for cell in table[f"{role}_item"]] for role in ("TGT", "OTH", "X")
        }
        items = self.items("phone")
        said = {
            label: dict(zip(items.identifiers.tolist(), column.tolist(), strict=True))
            for label, column in items.labels.items()
        }
        for column, label, role in (
            ("phone_TGT", "phone", "TGT"),
            ("phone_OTH", "phone", "OTH"),
            ("context", "context", "X"),
            ("language", "language", "TGT"),
        ):
            # What no sound has is refused by the table, which says of which triplet it is.
            columns[column] = [said[label].get(name, "") for name in columns[role]]
        columns["TGT_first"] = truths(path, "TGT_first", table["TGT_first"])
        columns["dataset"] = table["dataset"]
        return triplet_table(path, table["triplet_id"], columns, items)

    def answers(self) -> xr.Dataset:
        """Return what listeners answered; see `heschl.contracts.DiscriminationDataset`."""
        triplets = self.triplets()
        table = self._read("human_data.csv", _ANSWER_COLUMNS)
        path = self._where("human_data.csv")
        largest = np.array([_LARGEST_ANSWER[part] for part in table["dataset"]])
        value = graded(path, numbers(path, table, "user_ans"), largest)
        if not np.array_equal(np.sign(value), numbers(path, table, "bin_user_ans")):
            raise CorruptData(f"{path} has answers user_ans and bin_user_ans of other signs")
        listeners = zip(
            table["dataset"], table["subject_language"], table["subject_id"], strict=True
        )
        return answer_table(
            path,
            triplets,
            triplet=table["triplet_id"],
            listener=["-".join(each) for each in listeners],
            language=table["subject_language"],
            value=value,
            trial=numbers(path, table, "nb_stimuli"),
        )

    def _where(self, file: str) -> str:
        """Return what an error calls a table, of which some rows are read."""
        return f"{self.root / file} (rows of {', '.join(self.parts)})"

    def _read(self, file: str, required: Sequence[str]) -> dict[str, list[str]]:
        """Return the rows of a table that are of the experiments that are read."""
        table = read_table(self.root / file, required)
        rows = [row for row, part in enumerate(table["dataset"]) if part in self.parts]
        lacking = set(self.parts) - set(table["dataset"])
        if lacking:
            raise CorruptData(
                f"{self.root / file} has no rows of {min(lacking)!r}; leave it out of parts, or "
                "fetch the tables again"
            )
        return {name: [cells[row] for row in rows] for name, cells in table.items()}

    @cached_property
    def _sounds(self) -> dict[str, list[str]]:
        found = self._read("stimuli_data.csv", _SOUND_COLUMNS)
        files = found["#file_extract"]
        if len(set(files)) < len(files):
            twice = first_repeated(files)
            raise CorruptData(
                f"{self._where('stimuli_data.csv')} lists the sound {twice} twice; fetch it again"
            )
        return found

    @cached_property
    def _paths(self) -> dict[str, Path]:
        found = {}
        for file in self._sounds["#file_extract"]:
            parts = file.split("/")
            if not file.endswith(".wav") or ".." in parts or not all(parts) or "\\" in file:
                raise CorruptData(
                    f"{self.root / 'stimuli_data.csv'} names the sound {file!r}; expected a path "
                    "below 'wavs_extracted' that ends in .wav"
                )
            found[_name(file)] = self.root / "wavs_extracted" / file
        return found


def _name(file: str) -> str:
    return file.removesuffix(".wav")
