"""Item files of the Zero Resource challenges: which phone is where in which sound.

::

    #file onset offset #phone prev-phone next-phone speaker
    6295-244435-0009 0.2925 0.4725 IH1 L NG 6295

One item a line, times in seconds, columns parted by white space; the first column is the file's
name without its ending.
"""

from __future__ import annotations

import os
from collections.abc import Container
from functools import cached_property
from pathlib import Path

from heschl.cards import DatasetCard
from heschl.errors import CorruptData, InvalidInput, MissingData, UnknownName
from heschl.items import Items, Task, chosen_task
from heschl.sound import StimulusSet
from heschl.stimuli_on_disk import StimuliOnDisk
from heschl.untrusted import read_bytes

__all__ = ["ItemFile", "read_item_file", "write_item_file"]

_HEADER = ("#file", "onset", "offset", "#phone", "prev-phone", "next-phone", "speaker")
_LABELS = {"phone": 3, "previous": 4, "next": 5, "speaker": 6}
_MOST_BYTES = 2**30
_ENDINGS = (".wav", ".flac")

ITEM_FILE = DatasetCard(
    id="item_file",
    load="heschl.metrics.abx.item_files:ItemFile",
    summary="Sounds of a folder, and the item file of the Zero Resource format that names phones",
    recording="labelled speech",
    how_to_get="a file that ends in .item, and the sounds that it names",
)


def read_item_file(path: str | os.PathLike[str], known: Container[str] | None = None) -> Items:
    """Return the items of a file, named ``file:line`` and labelled as its columns are.

    Parameters
    ----------
    path
        Of the item file, UTF-8.
    known
        The sounds that there are, by name; by default all that the file names.
    """
    rows = _rows(Path(path))
    names = [row[0] for row in rows]
    phones = tuple(sorted({row[3] for row in rows}))
    try:
        return _items_of(rows, names, phones, set(names) if known is None else known)
    except (InvalidInput, UnknownName) as error:
        raise type(error)(f"{path}: {error}") from error


def _items_of(
    rows: list[list[str]], names: list[str], phones: tuple[str, ...], known: Container[str]
) -> Items:
    return Items.from_columns(
        Task("phone", "phone", phones if len(phones) > 1 else None, groups=("speaker",)),
        [f"{name}:{number}" for number, name in enumerate(names, start=2)],
        stimulus=names,
        onset_s=[float(row[1]) for row in rows],
        offset_s=[float(row[2]) for row in rows],
        labels={label: [row[column] for row in rows] for label, column in _LABELS.items()},
        known=known,
    )


def write_item_file(path: str | os.PathLike[str], items: Items) -> None:
    """Write items with the labels ``phone``, ``previous``, ``next`` and ``speaker``."""
    columns = [
        items.labels["stimulus"],
        [f"{onset_s:.4f}" for onset_s in items.onsets_s],
        [f"{offset_s:.4f}" for offset_s in items.offsets_s],
        *(items.labels[label] for label in _LABELS),
    ]
    lines = [" ".join(_HEADER), *(" ".join(row) for row in zip(*columns, strict=True))]
    Path(path).write_text("\n".join(lines) + "\n", encoding="utf-8")


def _rows(path: Path) -> list[list[str]]:
    if not path.is_file():
        raise MissingData(f"there is no item file at {path}; name one that ends in .item")
    try:
        lines = read_bytes(path, at_most=_MOST_BYTES).decode("utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise CorruptData(f"{path} is no text in UTF-8 ({error}); convert it") from error
    if not lines or tuple(lines[0].split()) != _HEADER:
        found = lines[0].split() if lines else "nothing"
        raise CorruptData(f"{path} begins with {found}; expected the header {' '.join(_HEADER)}")
    rows = [line.split() for line in lines[1:]]
    if not rows:
        raise CorruptData(f"{path} lists no item; expected one a line")
    for number, row in enumerate(rows, start=2):
        if len(row) != len(_HEADER) or not all(map(_is_number, row[1:3])):
            raise CorruptData(
                f"{path}, line {number}: {' '.join(row)!r}; expected {len(_HEADER)} columns, "
                f"{' '.join(_HEADER)}, with times in seconds"
            )
    return rows


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


class ItemFile:
    """The sounds of a folder and the one item file in it; keeps the `LabelledDataset` contract.

    Parameters
    ----------
    root
        The folder with ``*.item`` in it and, at any depth, the sounds that it names.

    Examples
    --------
    >>> import heschl
    >>> from heschl.metrics.abx import ItemFile
    >>> heschl.score("logmel", my_benchmark, data=ItemFile("dev-clean"))  # doctest: +SKIP
    """

    card = ITEM_FILE

    def __init__(self, root: str | Path) -> None:
        self.root = Path(root).absolute()
        files = sorted(self.root.glob("*.item"))
        if len(files) != 1:
            raise MissingData(
                f"{self.root} holds {len(files)} files that end in .item; expected one, and the "
                "sounds that it names"
            )
        self._file = files[0]

    def stimuli(self) -> StimulusSet:
        """Return the sounds of the folder by the name of their file, without its ending."""
        return StimuliOnDisk.of_files(self._paths)

    def tasks(self) -> tuple[Task, ...]:
        """Return the one task, which phone is where."""
        return (self._items.task,)

    def items(self, task: str) -> Items:
        """Return the items of the file."""
        chosen_task(self.card.id, self.tasks(), task)
        return self._items

    @cached_property
    def _items(self) -> Items:
        return read_item_file(self._file, self._paths)

    @cached_property
    def _paths(self) -> dict[str, Path]:
        found: dict[str, Path] = {}
        for path in sorted(each for each in self.root.rglob("*") if each.suffix in _ENDINGS):
            if path.stem in found:
                raise CorruptData(
                    f"{self.root} holds two sounds called {path.stem}: {found[path.stem]} and "
                    f"{path}; an item file could mean either, so leave one"
                )
            found[path.stem] = path
        return found
