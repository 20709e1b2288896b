"""`WordVectors`: one fixed vector a word, from a text file of GloVe or word2vec."""

from __future__ import annotations

import functools
import hashlib
import json
import re
import string
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from heschl.alignment import Alignment
from heschl.cards import ModelCard, Training
from heschl.contracts import Events, Layer
from heschl.errors import CorruptData, InvalidInput, MissingData
from heschl.fingerprints import files_digest
from heschl.models.inputs import chosen_layers
from heschl.models.text.transcript import Transcript, transcript_of

__all__ = ["Coverage", "WordVectors"]

NUMERICS = 1
"""Raised whenever an output changes for the same file and words."""

VECTOR = "vector"

_Lookup = Callable[[str], "np.ndarray | None"]
_HEADER_FIELDS = 2
_FEWEST_UNITS = 2
_EDGES = string.punctuation + "“”‘’«»…"  # noqa: RUF001
_CLITIC = re.compile(r"(.+?)(n't|'(?:s|re|ve|ll|d|m))", re.IGNORECASE)
"""English contractions, parted as the Penn Treebank does, on which GloVe was trained."""


@dataclass(frozen=True)
class Coverage:
    """How the words of a transcript were found."""

    n_words: int
    n_composed: int
    """Words that are the mean of their parts: ``mother-in-law``, ``don't``."""
    unknown: Counter[str]
    """Words that are not in the file, which got zeros, and how often."""


class WordVectors:
    """Static word vectors as a model that reads; keeps the `TextModel` contract.

    A word is looked up as it is written, then in lower case, then both without
    punctuation at its edges; then as the mean of its parts, if all are there:
    those between hyphens, or the two of an English contraction. A word that is
    still not found gets zeros, which in a sum of impulses is no event at all,
    and `coverage` counts it. A transcript of which no word is found is refused.

    Parameters
    ----------
    path
        Lines of a word and its numbers, parted by single spaces, in UTF-8; the
        first line may be word2vec's, with the number of words and of units. Of
        a word that comes twice the first vector counts.
    card
        The metadata.
    """

    def __init__(self, path: str | Path, card: ModelCard | None = None) -> None:
        self._path = Path(path).expanduser().resolve()
        if not self._path.is_file():
            raise MissingData(
                f"there is no file {self._path}; give a text file of word vectors, unpacked"
            )
        with self._path.open("rb") as file:
            self._first_line, width = _beginning(file, self._path)
        self.layers = (Layer(VECTOR, width),)
        name = re.sub(r"[^A-Za-z0-9_.-]+|\.\.+", "_", self._path.name)
        self.card = card or ModelCard(
            id=f"vectors:{name}",
            load=functools.partial(WordVectors, self._path),
            summary=f"word vectors of {width} units from {self._path.name}",
            modality="text",
            family="word-vectors",
            training=Training(objective="word co-occurrence"),
        )

    @property
    def digest(self) -> str:
        """A text that changes whenever the outputs would: of the file's bytes."""
        facts = [NUMERICS, files_digest(self._path.parent, [self._path])]
        return hashlib.sha256(json.dumps(facts).encode()).hexdigest()

    def read(self, alignment: Alignment, taps: Sequence[str]) -> dict[str, Events]:
        """Return ``{"vector": Events}``, float32 values (word, unit)."""
        chosen = chosen_layers(self.card.id, self.layers, taps)
        words = [word for word in transcript_of(alignment).words if word.is_spoken]
        found = self._found(alignment)
        if words and all(vector is None for vector, _ in found):
            raise InvalidInput(
                f"{self.card.id!r} knows none of the {len(words)} words, such as "
                f"{words[0].label!r}; give vectors of this language, in UTF-8"
            )
        values = np.zeros((len(words), self.layers[0].width), dtype=np.float32)
        for row, (vector, _) in enumerate(found):
            if vector is not None:
                values[row] = vector
        onsets_s = np.array([word.onset_s for word in words], dtype=np.float64)
        offsets_s = np.array([word.offset_s for word in words], dtype=np.float64)
        return {layer.name: Events(values, onsets_s, offsets_s) for layer in chosen}

    def coverage(self, alignment: Alignment) -> Coverage:
        """Return how many words were found, made up of parts, or unknown."""
        labels = _labels(transcript_of(alignment))
        found = self._found(alignment)
        return Coverage(
            n_words=len(labels),
            n_composed=sum(is_composed for _, is_composed in found),
            unknown=Counter(
                label for label, (vector, _) in zip(labels, found, strict=True) if vector is None
            ),
        )

    def _found(self, alignment: Alignment) -> list[tuple[np.ndarray | None, bool]]:
        """Return for each word its vector, if any, and whether it is made up of parts."""
        with self._path.open("rb") as file:
            memory: dict[str, np.ndarray | None] = {}

            def known(word: str) -> np.ndarray | None:
                if word not in memory:
                    memory[word] = self._vector(file, word)
                return memory[word]

            return [_looked_up(label, known) for label in _labels(transcript_of(alignment))]

    def _vector(self, file: BinaryIO, word: str) -> np.ndarray | None:
        place = self._places.get(word.encode())
        if place is None:
            return None
        file.seek(place)
        numbers = file.readline().rstrip(b"\n\r ").rsplit(b" ", self.layers[0].width)[1:]
        try:
            vector = np.array(numbers, dtype=np.float64)
        except ValueError:
            vector = np.array([np.nan])
        if vector.shape != (self.layers[0].width,) or not np.isfinite(vector).all():
            raise CorruptData(
                f"{self._path} has no {self.layers[0].width} finite numbers for {word!r}; fetch "
                "it again"
            )
        return vector

    @functools.cached_property
    def _places(self) -> dict[bytes, int]:
        """Where in the file each word's line begins; a file of gigabytes is not held."""
        places: dict[bytes, int] = {}
        width, place = self.layers[0].width, self._first_line
        with self._path.open("rb") as file:
            file.seek(place)
            for number, line in enumerate(file):
                fields = line.rstrip(b"\n\r ").rsplit(b" ", width)
                if len(fields) == width + 1:
                    places.setdefault(fields[0], place)
                elif line.strip():
                    raise CorruptData(
                        f"{self._path} has {len(fields) - 1} numbers in line {number + 1} of its "
                        f"vectors and {width} before; fetch it again"
                    )
                place += len(line)
        return places


def _beginning(file: BinaryIO, path: Path) -> tuple[int, int]:
    """Return where the first vector begins, and the number of units."""
    header = file.readline(1 << 20).split()
    if len(header) == _HEADER_FIELDS and all(field.isdigit() for field in header):
        return file.tell(), int(header[1])
    width = len(header) - 1
    try:
        [float(field) for field in header[-width:]]
        header[0].decode()
    except (ValueError, IndexError):
        width = 0
    if width < _FEWEST_UNITS:
        raise CorruptData(
            f"{path} does not begin with a word and its numbers, nor with the number of words and "
            "units; expected the text format of GloVe or word2vec, unpacked, not the binary one"
        )
    return 0, width


def _labels(transcript: Transcript) -> list[str]:
    return [word.label for word in transcript.words if word.is_spoken]


def _looked_up(label: str, known: _Lookup) -> tuple[np.ndarray | None, bool]:
    for spelling in _spellings(label):
        vector = known(spelling)
        if vector is not None:
            return vector, False
    for spelling in _spellings(label):
        contraction = _CLITIC.fullmatch(spelling.replace("’", "'"))
        parts = list(contraction.groups()) if contraction else spelling.split("-")
        vectors = [known(part) for part in parts if part]
        if len(vectors) > 1 and all(vector is not None for vector in vectors):
            return np.mean(vectors, axis=0), True  # type: ignore[arg-type]  # none is None
    return None, False


def _spellings(label: str) -> Iterator[str]:
    bare = label.strip(_EDGES)
    yield from dict.fromkeys([label, label.lower(), bare, bare.lower()])
