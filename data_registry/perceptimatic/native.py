"""The loader of the first release: triphones within one-second files of ZeroSpeech 2017.

::

    DATA/all_triplets.csv                                   tab-separated
    DATA/<language>/all_aligned_clean_<language>.csv        tab-separated
    DATA/human_and_models.csv                               or humans_and_models.csv, as its README
    wavs/<language>/1s/<file>.wav                           says; for english and french

Items are numbered anew in each language: here they are named ``EN-28`` and ``FR-28``. Features are
meant to be taken of the whole file and cut from onset to offset, so items keep their times.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

import numpy as np
import xarray as xr

from heschl.data_registry.perceptimatic import PERCEPTIMATIC
from heschl.data_registry.perceptimatic.judgements import (
    answer_table,
    graded,
    triplet_table,
    truths,
)
from heschl.errors import CorruptData, MissingData
from heschl.items import Items, Task, chosen_task
from heschl.sound import StimulusSet
from heschl.stimuli_on_disk import StimuliOnDisk
from heschl.tables import numbers, read_table

__all__ = ["Perceptimatic"]

_LANGUAGES = {"EN": "english", "FR": "french"}
_ITEM_COLUMNS = (
    "index",
    "#file",
    "onset",
    "offset",
    "#phone",
    "prev-phone",
    "next-phone",
    "speaker",
)
_TRIPLET_COLUMNS = (
    "filename", "TGT", "OTH", "prev_phone", "next_phone", "TGT_item", "OTH_item", "X_item",
    "TGT_first",
)  # fmt: skip
_ANSWER_COLUMNS = ("individual", "language", "filename", "correct_answer", "nb_stimuli")
_ANSWER_FILES = ("human_and_models.csv", "humans_and_models.csv")
_LONGEST_S = 1.0

_AT_THE_END_S = 2e-6
"""The release counts a frame at the very end of a triphone, where the stretch of an item ends
before it. More than times are rounded by."""


class Perceptimatic:
    """The native benchmark of Perceptimatic, read from a clone of its repository with its sounds.

    Parameters
    ----------
    root
        The folder with ``DATA`` and ``wavs`` in it.

    The names and contents of the columns of the answers are those that the README of the release
    states; they are checked, since the file itself could not be seen.
    """

    card = PERCEPTIMATIC

    def __init__(self, root: str | Path) -> None:
        self.root = Path(root).absolute()
        if not (self.root / "DATA").is_dir():
            raise MissingData(
                f"{self.root} holds no folder 'DATA'; expected {self.card.how_to_get}"
            )

    def stimuli(self) -> StimulusSet:
        """Return the files with at least one item, such as ``english/22268``."""
        return StimuliOnDisk.of_files(self._paths)

    def tasks(self) -> tuple[Task, ...]:
        """Return the one task, which phone is in the middle; of both languages together."""
        phones = sorted({*self._columns["phone"]})
        return (Task("phone", "phone", tuple(phones), groups=("speaker",)),)

    def items(self, task: str) -> Items:
        """Return the triphones of both languages."""
        asked = chosen_task(self.card.id, self.tasks(), task)
        columns = self._columns
        lost = [name for name, path in self._paths.items() if not path.exists()]
        if lost:
            raise MissingData(
                f"{len(lost)} of {len(self._paths)} sounds are not in {self.root / 'wavs'}, the "
                f"first is {lost[0]}.wav; {self.card.how_to_get}"
            )
        labels = ("phone", "previous", "next", "speaker", "language")
        return Items.from_columns(
            asked,
            columns["item"],
            stimulus=columns["stimulus"],
            onset_s=[float(each) for each in columns["onset_s"]],
            offset_s=[float(each) + _AT_THE_END_S for each in columns["offset_s"]],
            labels={label: columns[label] for label in labels},
            known=self._paths,
        )

    def triplets(self) -> xr.Dataset:
        """Return the triplets along ``triplet``; see `heschl.contracts.DiscriminationDataset`.

        Every three items come in both orders of TGT and OTH. ``agrees`` is False for the few whose
        X is not of the phone of TGT in the table of items.
        """
        path = self.root / "DATA" / "all_triplets.csv"
        table = read_table(path, _TRIPLET_COLUMNS, delimiter="\t")
        languages = [name[:2] for name in table["filename"]]
        for name, language in zip(table["filename"], languages, strict=True):
            if language not in _LANGUAGES:
                raise CorruptData(
                    f"{path} lists the triplet {name!r}; expected its name to begin with EN or FR, "
                    "the language of its sounds"
                )
        columns: dict[str, list[str] | np.ndarray] = {
            role: [
                f"{language}-{number}"
                for language, number in zip(languages, table[f"{role}_item"], strict=True)
            ]
            for role in ("TGT", "OTH", "X")
        }
        columns["phone_TGT"], columns["phone_OTH"] = table["TGT"], table["OTH"]
        around = zip(table["prev_phone"], table["next_phone"], strict=True)
        columns["context"] = [f"{previous}_{following}" for previous, following in around]
        columns["language"] = languages
        columns["TGT_first"] = truths(path, "TGT_first", table["TGT_first"])
        return triplet_table(path, table["filename"], columns, self.items("phone"))

    def answers(self) -> xr.Dataset:
        """Return what listeners answered; see `heschl.contracts.DiscriminationDataset`."""
        triplets = self.triplets()
        path = self._answer_file()
        table = read_table(path, _ANSWER_COLUMNS)
        value = graded(path, numbers(path, table, "correct_answer"), 3)
        if "binarized_answer" in table:
            _check_signs(path, value, numbers(path, table, "binarized_answer"))
        if "TGT_first" in table:
            _check_orders(path, table, triplets)
        languages = _listener_languages(path, table)
        individuals = zip(languages, table["individual"], strict=True)
        return answer_table(
            path,
            triplets,
            triplet=table["filename"],
            listener=[f"{language}-{individual}" for language, individual in individuals],
            language=languages,
            value=value,
            trial=numbers(path, table, "nb_stimuli"),
        )

    @cached_property
    def _columns(self) -> dict[str, list[str]]:
        """Return the items of both languages, column by column."""
        found: dict[str, list[str]] = {}
        for language, word in _LANGUAGES.items():
            path = self.root / "DATA" / word / f"all_aligned_clean_{word}.csv"
            table = read_table(path, _ITEM_COLUMNS, delimiter="\t")
            ends_s = numbers(path, table, "offset")
            numbers(path, table, "onset")  # refuses what is no number, with its row
            if (ends_s > _LONGEST_S).any():
                raise CorruptData(
                    f"{path} has an item that ends at {ends_s.max():g} s; expected seconds within "
                    "a file of one second"
                )
            columns = {
                "item": [f"{language}-{number}" for number in table["index"]],
                "stimulus": [f"{word}/{file}" for file in table["#file"]],
                "onset_s": table["onset"],
                "offset_s": table["offset"],
                "phone": table["#phone"],
                "previous": table["prev-phone"],
                "next": table["next-phone"],
                "speaker": [f"{language}-{speaker}" for speaker in table["speaker"]],
                "language": [language] * len(ends_s),
            }
            for name, values in columns.items():
                found.setdefault(name, []).extend(values)
        return found

    @cached_property
    def _paths(self) -> dict[str, Path]:
        found = {}
        for name in dict.fromkeys(self._columns["stimulus"]):
            word, _, file = name.partition("/")
            if not file.isalnum():
                raise CorruptData(f"an item is in the file {file!r}; expected its number alone")
            found[name] = self.root / "wavs" / word / "1s" / f"{file}.wav"
        return found

    def _answer_file(self) -> Path:
        there = [path for name in _ANSWER_FILES if (path := self.root / "DATA" / name).exists()]
        if not there:
            raise MissingData(
                f"{self.root / 'DATA'} holds no {_ANSWER_FILES[0]}, the answers of the listeners; "
                f"{self.card.how_to_get}"
            )
        if len(there) > 1:
            raise CorruptData(
                f"{self.root / 'DATA'} holds {' and '.join(_ANSWER_FILES)}; leave the one that is "
                "meant"
            )
        return there[0]


def _listener_languages(path: Path, table: dict[str, list[str]]) -> list[str]:
    """Return ``EN`` or ``FR`` for each row: what the column says, checked against its code."""
    first = {word: word[:1].upper() for word in set(table["language"])}
    known = {"E": "EN", "F": "FR"}
    for word, letter in first.items():
        if letter not in known:
            raise CorruptData(
                f"{path} has listeners of the language {word!r}; expected English or French"
            )
    languages = [known[first[word]] for word in table["language"]]
    if "language_code" in table:
        codes = numbers(path, table, "language_code")
        if not np.array_equal(codes, np.array([float(each == "FR") for each in languages])):
            raise CorruptData(
                f"{path} has language codes that contradict the languages; expected 1 for French "
                "listeners and 0 for English ones"
            )
    return languages


def _check_signs(path: Path, value: np.ndarray, signs: np.ndarray) -> None:
    wrong = np.flatnonzero(np.sign(value) != signs)
    if len(wrong):
        raise CorruptData(
            f"{path}, row {wrong[0] + 2}: correct_answer and binarized_answer have other signs"
        )


def _check_orders(path: Path, table: dict[str, list[str]], triplets: xr.Dataset) -> None:
    order = dict(
        zip(
            triplets["triplet"].to_numpy().tolist(),
            triplets["TGT_first"].to_numpy().tolist(),
            strict=True,
        )
    )
    told = truths(path, "TGT_first", table["TGT_first"])
    for row, name in enumerate(table["filename"]):
        if order.get(name, told[row]) != told[row]:
            raise CorruptData(
                f"{path}, row {row + 2}: TGT_first of {name} is not that of all_triplets.csv; "
                "fetch both again"
            )
