"""What a user adds to TIMIT for probes of meaning: word classes, vectors of words and sentences.

The corpus has none of them, so they are read from a folder ``probing`` beside TRAIN and TEST, or
beside the folder TIMIT that holds these. Each file may be missing.

``parts_of_speech.tsv``
    Columns ``sentence``, ``position`` and ``tag``, parted by tabs: the tag, of the `TAGS` of spaCy,
    of each word of each text, such as ``sx37  1  PRON``; positions count the lines of the text's
    WRD file from 1. A word without a line is not asked for.
``word_vectors.txt``
    A word, in lower case as in the WRD files, and its numbers on each line, parted by spaces: the
    text format of GloVe, or of word2vec with its first line of two counts.
``sentence_vectors.txt``
    The same with the names of texts, such as ``sx37``, for words.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path

import numpy as np

from heschl.errors import CorruptData
from heschl.tables import read_table
from heschl.untrusted import check_file

__all__ = ["FOLDER", "TAGS", "read_tags", "read_vectors"]

FOLDER = "probing"
TAGS = (
    "ADJ", "ADP", "ADV", "AUX", "CCONJ", "CONJ", "DET", "INTJ", "NOUN", "NUM", "PART", "PRON",
    "PROPN", "PUNCT", "SCONJ", "SPACE", "SYM", "VERB", "X",
)  # fmt: skip
"""The 19 word classes of spaCy."""

_PLACE = re.compile("0*[1-9][0-9]{0,8}")
_COUNTS = 2
"""Numbers in word2vec's first line."""


def read_tags(path: Path) -> dict[tuple[str, int], str]:
    """Return the tag of each word by the name of its text and its number, from 0."""
    table = read_table(path, ("sentence", "position", "tag"), delimiter="\t")
    columns = zip(table["sentence"], table["position"], table["tag"], strict=True)
    tags: dict[tuple[str, int], str] = {}
    for row, (sentence, position, tag) in enumerate(columns, start=2):
        if not _PLACE.fullmatch(position) or tag not in TAGS:
            raise CorruptData(
                f"{path}, row {row}: position {position!r} and tag {tag!r}; expected a whole "
                f"number from 1 on and one of {', '.join(TAGS)}"
            )
        place = sentence.lower(), int(position) - 1
        if tags.setdefault(place, tag) != tag:
            raise CorruptData(
                f"{path}, row {row}: word {position} of {sentence} is {tags[place]} and {tag}; "
                "give it one tag"
            )
    return tags


def read_vectors(path: Path, wanted: Collection[str]) -> dict[str, np.ndarray]:
    """Return the vectors (unit,) of those of the wanted names that a file has; the first counts."""
    check_file(path)
    found: dict[str, np.ndarray] = {}
    width: int | None = None
    with path.open(encoding="utf-8", errors="replace") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            name, *numbers = line.rstrip().split(" ")
            if number == 1 and len(numbers) == _COUNTS - 1 and (name + numbers[0]).isdecimal():
                continue
            width = len(numbers) if width is None else width
            if len(numbers) != width or not numbers:
                raise CorruptData(
                    f"{path}, line {number}: {len(numbers)} numbers where the first line has "
                    f"{width}; expected a name and its numbers, parted by single spaces"
                )
            if name not in wanted or name in found:
                continue
            try:
                vector = np.array(numbers, dtype=np.float64)
            except ValueError:
                vector = np.array([np.nan])
            if not np.isfinite(vector).all():
                raise CorruptData(
                    f"{path}, line {number}: {name!r} has values that are no finite numbers; "
                    "write them anew"
                )
            found[name] = vector
    return found
