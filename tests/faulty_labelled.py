"""A small dataset of labelled sounds that keeps every promise, and others that break one each."""

from __future__ import annotations

import json

import numpy as np
import soundfile
import xarray as xr

from heschl.cards import DatasetCard
from heschl.errors import MissingData
from heschl.items import Items, Task, chosen_task
from heschl.stimuli_on_disk import StimuliOnDisk
from heschl.untrusted import check_file

RATE = 8000
WORDS = {"a": ("yes", "ann", "train"), "b": ("no", "ann", "train"), "c": ("yes", "bob", "test")}
TASK = Task("word", "word", vocabulary=("no", "yes"), groups=("speaker",))


def write_phantom(root, seed=0):
    """Write sounds, their labels, triplets and answers."""
    generator = np.random.default_rng(seed)
    (root / "sounds").mkdir()
    for name in WORDS:
        noise = 0.1 * generator.standard_normal(RATE)
        soundfile.write(root / "sounds" / f"{name}.wav", noise, RATE, subtype="PCM_16")
    (root / "labels.json").write_text(json.dumps(WORDS))
    (root / "answers.json").write_text(json.dumps({"one": 1.0}))
    truth = {"phantom_version": 1, "seed": seed, "planted": {"n": 3}, "expectations": []}
    (root / "truth.json").write_text(json.dumps(truth))


CARD = DatasetCard(
    "small-labels",
    load="faulty_labelled:Labels",
    summary="A small dataset of labels",
    licence="CC0-1.0",
    citation="@misc{nobody}",
    how_to_get="write it",
    languages=("en",),
    recording="labelled sounds",
    phantom=write_phantom,
)


class Labels:
    """Reads the files; keeps the `LabelledDataset` contract."""

    card = CARD

    def __init__(self, root):
        self.root = root

    def stimuli(self):
        return StimuliOnDisk.of_files(
            {p.stem: p for p in sorted((self.root / "sounds").glob("*.wav"))}
        )

    def tasks(self):
        return (TASK,)

    def _words(self):
        check_file(self.root / "labels.json")
        found = json.loads((self.root / "labels.json").read_text())
        if not set(found) <= set(self.stimuli()):
            raise MissingData("a sound is not there")
        return found

    def items(self, task):
        return self._items(chosen_task("small-labels", self.tasks(), task))

    def _items(self, task, **times):
        found = self._words()
        word, speaker, split = zip(*found.values(), strict=True)
        return Items.from_columns(
            task,
            list(found),
            stimulus=list(found),
            labels={"word": word, "speaker": speaker, "split": split},
            known=self.stimuli(),
            **times,
        )

    def triplets(self):
        columns = {"TGT": ["a"], "OTH": ["b"], "X": ["c"]}
        return xr.Dataset(
            {name: ("triplet", values) for name, values in columns.items()},
            coords={"triplet": ["one"]},
        )

    def answers(self):
        check_file(self.root / "answers.json")
        given = json.loads((self.root / "answers.json").read_text())
        columns = {"triplet": list(given), "value": list(given.values())}
        return xr.Dataset({name: ("answer", values) for name, values in columns.items()})


class Anonymous(Labels):
    def tasks(self):
        return ()


class Twofold(Labels):
    def tasks(self):
        return (TASK, TASK)


class Restless(Labels):
    """Its vocabulary has no order of its own."""

    n_opened = 0

    def __init__(self, root):
        super().__init__(root)
        type(self).n_opened += 1
        self.number = self.n_opened

    def tasks(self):
        words = ("no", "yes")
        return (Task("word", "word", vocabulary=words[:: 1 - 2 * (self.number % 2)]),)


class NumberingBySplit(Labels):
    """Numbers the answers that are in the table."""

    def items(self, task):
        asked = chosen_task("small-labels", self.tasks(), task)
        return self._items(Task(asked.name, "word", ("yes", "no"), asked.groups))


class Patient(Labels):
    """Answers for every task there could be."""

    def items(self, task):
        return self._items(TASK)


class TooLate(Labels):
    def items(self, task):
        late = chosen_task("small-labels", self.tasks(), task)
        return self._items(late, offset_s=[0.5, 9.0, 0.5])


class OneSpeaker(Labels):
    def _words(self):
        return {name: (word, "ann", split) for name, (word, _, split) in super()._words().items()}


class WithoutTest(Labels):
    def _words(self):
        return {name: (word, who, "train") for name, (word, who, _) in super()._words().items()}


class WithoutSounds(Labels):
    def stimuli(self):
        return dict.fromkeys("abcd", None)


class Drawing(Labels):
    """Its items come in another order each time."""

    n_read = 0

    def _words(self):
        Drawing.n_read += 1
        found = list(super()._words().items())
        first = Drawing.n_read % len(found)
        return dict(found[first:] + found[:first])


class Crashing(Labels):
    def _words(self):
        return json.loads((self.root / "labels.json").read_text())


class KeepingNotes(Labels):
    def _words(self):
        (self.root / "labels.cache").write_text(str(np.random.default_rng().random()))
        return super()._words()


class Strangers(Labels):
    def triplets(self):
        return super().triplets().assign(X=("triplet", ["d"]))


class Undecided(Labels):
    def answers(self):
        return super().answers().assign(value=("answer", [0.0]))


class Misplaced(Labels):
    def answers(self):
        return super().answers().assign(triplet=("answer", ["two"]))


def untold(root, seed=0):
    """Plant nothing that is told."""
    write_phantom(root, seed)
    (root / "truth.json").write_text(json.dumps({"seed": seed, "expectations": []}))
