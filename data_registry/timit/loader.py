"""The loader: a copy of LDC93S1 in, sounds and labelled stretches of them out."""

from __future__ import annotations

from collections import Counter
from functools import cached_property
from pathlib import Path

import numpy as np

from heschl.data_registry.timit import TIMIT
from heschl.data_registry.timit.annotations import FOLDER, TAGS, read_tags, read_vectors
from heschl.data_registry.timit.corpus import (
    Utterance,
    missing_from,
    read_corpus,
    stimulus_of,
)
from heschl.data_registry.timit.labels import PHONES_39
from heschl.data_registry.timit.speakers import DIALECTS, N_OFFICIAL, split_of
from heschl.data_registry.timit.stretches import STRETCHES
from heschl.errors import MissingData, UnknownName, near_names
from heschl.items import SPLIT, SPLITS, Items, Task, chosen_task
from heschl.sound import Stimulus, StimulusSet
from heschl.stimuli_on_disk import StimuliOnDisk

__all__ = ["TASKS", "Timit"]

_BY_SPEAKER = ("speaker",)
_OFFICIAL = ("phone", "phone-brain-tuning", "sentence-type")
_WITH_SA = ("sentence-type",)

TASKS = (
    Task("phone", "phone", PHONES_39, _BY_SPEAKER),
    Task(
        "phone-brain-tuning",
        "phone",
        tuple(sorted({*PHONES_39, "h#"} - {"sil"})),
        _BY_SPEAKER,
    ),
    Task("sentence-type", "kind", ("sa", "si", "sx"), _BY_SPEAKER),
    Task("phone-all", "phone", PHONES_39, _BY_SPEAKER),
    Task("word", "word", None, _BY_SPEAKER),
    Task("sentence", "text", None, _BY_SPEAKER),
    Task("dialect", "dialect", tuple(DIALECTS), _BY_SPEAKER),
    Task("sex", "sex", ("f", "m"), _BY_SPEAKER),
)
"""The first three are of the official split; the others are of every sentence there is."""
_PART_OF_SPEECH = Task("part_of_speech", "part_of_speech", TAGS, _BY_SPEAKER)

_SPLIT_OF = dict(zip(("train", "dev", "core-test"), SPLITS, strict=True))


class Timit:
    """TIMIT, read from a folder that holds all or a part of it.

    Parameters
    ----------
    root
        The folder with TRAIN and TEST in it, or with TIMIT that has them.

    Notes
    -----
    Every table has the columns ``speaker``, ``dialect``, ``sex``, ``sentence`` (which text: seven
    read the same ``sx37``), ``kind`` (``sa``, ``sx``, ``si``) and ``part`` (``train``, ``test`` of
    the disc).

    The tasks ``phone`` and ``phone-brain-tuning`` are those of phone recognition: no SA sentence,
    which all speakers read; to train the 462 speakers of TRAIN, to validate Kaldi's 50 and to test
    the core 24, so that 94 speakers of TEST are in neither. The second has the folding of Moussa et
    al. (2025). ``phone-all``, ``word``, ``sentence``, ``dialect`` and ``sex`` hold every sentence;
    Millet et al. (2022) take ``part="test"`` of them. Silence is a class (``sil``, or ``h#``), the
    glottal stop none but in the second. A label without duration is left out.

    The official split is refused of a copy that lacks sentences of it. The attribute `missing`, of
    the dataset and of each table, says what a copy lacks of the whole.

    Examples
    --------
    >>> timit = Timit("LDC93S1")  # doctest: +SKIP
    >>> timit.items("phone").select(split="test")  # doctest: +SKIP
    """

    card = TIMIT

    def __init__(self, root: str | Path) -> None:
        self.root = Path(root).absolute()
        self._corpus = read_corpus(self.root)
        self._vectors: dict[str, dict[str, np.ndarray] | None] = {}
        self.missing = missing_from(list(self._corpus.values()))
        """What the copy lacks, in words; nothing if it is whole."""

    def stimuli(self) -> StimulusSet:
        """Return the sentences; each is opened when it is asked for."""
        return StimuliOnDisk(self._corpus, self._stimulus)

    def tasks(self) -> tuple[Task, ...]:
        """Return what can be asked: see the notes of the class."""
        return (*TASKS, _PART_OF_SPEECH) if self._tags is not None else TASKS

    def vectors(self, task: str) -> dict[str, np.ndarray] | None:
        """Return the vectors (column,) of words, or of the texts of sentences, if there are any."""
        chosen = chosen_task(self.card.id, TASKS, task)
        if chosen.vocabulary is not None:
            raise UnknownName(f"{task!r} asks for labels, which have no vectors; ask for 'word'")
        if task not in self._vectors:
            self._vectors[task] = self._read_vectors(task)
        return self._vectors[task]

    def _read_vectors(self, task: str) -> dict[str, np.ndarray] | None:
        path = self._added(f"{task}_vectors.txt")
        if path is None:
            return None
        chosen = chosen_task(self.card.id, TASKS, task)
        labels = self.items(task).labels
        answers = labels[chosen.target].tolist()
        names = labels["sentence"].tolist() if task == "sentence" else answers
        answer_of = dict(zip(names, answers, strict=True))
        found = read_vectors(path, answer_of.keys())
        return {answer_of[name]: vector for name, vector in found.items()}

    def items(self, task: str) -> Items:
        """Return the items of a task. Phones of a whole copy are 240,000, read in some seconds."""
        chosen = chosen_task(self.card.id, self.tasks(), task)
        is_official = task in _OFFICIAL
        sentences = self._official(task) if is_official else tuple(self._corpus.values())
        rows = [
            (each, number, stretch)
            for each in sentences
            for number, stretch in enumerate(STRETCHES[task](each))
        ]
        if task == _PART_OF_SPEECH.name:
            tags = self._tags or {}
            rows = [
                (each, number, stretch._replace(label=tags[each.sentence, number]))
                for each, number, stretch in rows
                if (each.sentence, number) in tags and stretch.offset_s > stretch.onset_s
            ]
        names = ("speaker", "dialect", "sex", "sentence", "kind", "part")
        labels = {name: [str(getattr(each, name)) for each, _, _ in rows] for name in names}
        labels[chosen.target] = [stretch.label for _, _, stretch in rows]
        if is_official:
            labels[SPLIT] = [_SPLIT_OF[split_of(each.speaker, each.part)] for each, _, _ in rows]
        items = Items.from_columns(
            chosen,
            [f"{each.identifier}/{number}" for each, number, _ in rows],
            stimulus=[each.identifier for each, _, _ in rows],
            onset_s=[stretch.onset_s for _, _, stretch in rows],
            offset_s=[stretch.offset_s for _, _, stretch in rows],
            labels=labels,
            known=self._corpus,
        )
        return Items(chosen, items.table.assign_attrs(missing="; ".join(self.missing)))

    @cached_property
    def _tags(self) -> dict[tuple[str, int], str] | None:
        path = self._added("parts_of_speech.tsv")
        return None if path is None else read_tags(path)

    def _added(self, name: str) -> Path | None:
        """Return a file that a user may have added."""
        path = self.root / FOLDER / name
        return path if path.exists() else None

    def _official(self, task: str) -> tuple[Utterance, ...]:
        """Return the sentences of the official split, all of them there unless simulated."""
        chosen = [
            each for each in self._corpus.values() if split_of(each.speaker, each.part) in _SPLIT_OF
        ]
        counts = Counter(split_of(each.speaker, each.part) for each in chosen if each.kind != "sa")
        if counts != N_OFFICIAL and not (self.root / "truth.json").exists():
            found = ", ".join(f"{counts[name]:,} of {n:,} {name}" for name, n in N_OFFICIAL.items())
            raise MissingData(
                f"the copy of TIMIT in {self.root} has of the official split {found} sentences, so "
                f"that a score of {task!r} would be of something else; copy all of LDC93S1, or "
                f"choose a task of every sentence, such as 'phone-all'. {'; '.join(self.missing)}"
            )
        return tuple(each for each in chosen if task in _WITH_SA or each.kind != "sa")

    def _stimulus(self, name: str) -> Stimulus:
        if name not in self._corpus:
            raise UnknownName(
                f"TIMIT has no sentence {name!r} in {self.root}; {near_names(name, self._corpus)}"
            )
        return stimulus_of(self._corpus[name])
