"""The loader: LibriSpeech and its alignments in, spoken words out, with how they are related."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from heschl.alignment import Alignment
from heschl.data_registry.librispeech import LIBRISPEECH
from heschl.data_registry.librispeech.corpus import Utterance, read_corpus
from heschl.data_registry.librispeech.words import (
    read_alignment,
    read_pronunciations,
    read_synonyms,
    textgrid_of,
)
from heschl.errors import CorruptData, MissingData
from heschl.items import Items, Task, chosen_task
from heschl.sound import Sound, Stimulus, StimulusSet
from heschl.stimuli_on_disk import StimuliOnDisk

__all__ = ["LibriSpeech"]

_TASKS = (Task("word", "word", None, groups=("speaker",)),)
_TOLERANCE_S = 0.05
"""How far the last word may reach beyond the sound; times of alignments are rounded."""
UNKNOWN = "unknown"
"""The pronunciation of a word that the lexicon lacks."""


class LibriSpeech:
    """LibriSpeech dev-clean and test-clean, read from a folder that holds all or a part of them.

    The task ``word`` has every aligned word with its ``speaker``, ``sex``, ``subset``, ``chapter``
    and ``phones``, its pronunciation in the lexicon, or ``unknown``. Utterances whose alignment is
    not there have no items; `unaligned` names them. `pronunciations` and `synonyms` say how words
    are related.

    Parameters
    ----------
    root
        The folder with ``LibriSpeech``, ``alignments``, ``lexicon.txt`` and ``synonyms.tsv`` in it.
    """

    card = LIBRISPEECH

    def __init__(self, root: str | Path) -> None:
        self.root = Path(root).absolute()
        for name in ("LibriSpeech", "alignments", "lexicon.txt", "synonyms.tsv"):
            if not (self.root / name).exists():
                raise MissingData(f"{self.root} holds no {name}; expected {self.card.how_to_get}")
        if not self._aligned:
            raise MissingData(
                f"{self.root / 'alignments'} has none of the {len(self._utterances)} utterances; "
                "expected <subset>/<speaker>/<chapter>/<utterance>.TextGrid"
            )

    def stimuli(self) -> StimulusSet:
        """Return the utterances, such as ``84-121123-0000``."""
        return StimuliOnDisk(self._utterances, self._opened)

    def tasks(self) -> tuple[Task, ...]:
        """Return the words, whose answers are open."""
        return _TASKS

    def items(self, task: str) -> Items:
        """Return one item for each aligned word of the transcript."""
        asked = chosen_task(self.card.id, _TASKS, task)
        spoken = self.pronunciations()
        names: list[str] = []
        columns: dict[str, Any] = {"stimulus": [], "onset_s": [], "offset_s": []}
        labels: dict[str, list[str]] = {
            name: [] for name in ("word", "phones", "speaker", "sex", "subset", "chapter")
        }
        for utterance in self._aligned.values():
            for number, word in enumerate(self._checked(utterance).words):
                names.append(f"{utterance.identifier}_{number:03d}")
                columns["stimulus"].append(utterance.identifier)
                columns["onset_s"].append(word.onset_s)
                columns["offset_s"].append(word.offset_s)
                labels["word"].append(word.label)
                labels["phones"].append(" ".join(spoken.get(word.label, (UNKNOWN,))))
                for name in ("speaker", "sex", "subset", "chapter"):
                    labels[name].append(getattr(utterance, name))
        return Items.from_columns(asked, names, labels=labels, known=self._utterances, **columns)

    def pronunciations(self) -> Mapping[str, tuple[str, ...]]:
        """Return the phones of the words of the lexicon, in lower case."""
        return self._pronunciations

    def synonyms(self) -> frozenset[tuple[str, str]]:
        """Return the pairs of words that mean the same."""
        return self._synonyms

    @property
    def unaligned(self) -> tuple[str, ...]:
        """The utterances whose alignment is not there."""
        return tuple(name for name in self._utterances if name not in self._aligned)

    @cached_property
    def _utterances(self) -> dict[str, Utterance]:
        return read_corpus(self.root)

    @cached_property
    def _aligned(self) -> dict[str, Utterance]:
        return {
            name: each
            for name, each in self._utterances.items()
            if textgrid_of(self.root, each).exists()
        }

    @cached_property
    def _pronunciations(self) -> dict[str, tuple[str, ...]]:
        return read_pronunciations(self.root / "lexicon.txt")

    @cached_property
    def _synonyms(self) -> frozenset[tuple[str, str]]:
        return read_synonyms(self.root / "synonyms.tsv")

    def _opened(self, name: str) -> Stimulus:
        alignment = self._checked(self._aligned[name]) if name in self._aligned else None
        return Stimulus(name, Sound.from_file(self._utterances[name].sound), alignment)

    def _checked(self, utterance: Utterance) -> Alignment:
        """Return the alignment of an utterance, which ends with its sound."""
        path = textgrid_of(self.root, utterance)
        alignment = read_alignment(path, utterance)
        duration_s = Sound.from_file(utterance.sound).duration_s
        end_s = max(each.offset_s for each in alignment.words)
        if end_s > duration_s + _TOLERANCE_S or alignment.words[-1].onset_s >= duration_s:
            raise CorruptData(
                f"{path} goes on to {end_s:.2f} s, but its sound ends at {duration_s:.2f} s; it is "
                "of another utterance: unpack both again"
            )
        words = (each._replace(offset_s=min(each.offset_s, duration_s)) for each in alignment.words)
        return Alignment(tuple(words), alignment.phones)
