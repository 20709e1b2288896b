"""What a probing benchmark asks: of which stretches of sound, and where the truth comes from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeAlias, cast

import numpy as np

from heschl.cells import Cell
from heschl.contracts import LabelledDataset, Layer
from heschl.dimensions import STIMULUS
from heschl.errors import InvalidInput
from heschl.handles import Handle
from heschl.item_features import item_cells, read_items
from heschl.items import OFFSET, Items
from heschl.metrics.probing.targets import Labels, LabelSets, Target, Vectors
from heschl.registry import resolve_model
from heschl.session import Session
from heschl.windowing import WholeStimulus

__all__ = ["Asked", "FramesOf", "LabelOf", "LabelsOf", "VectorDataset", "VectorOf", "groups_of"]

Selection: TypeAlias = tuple[tuple[str, str | tuple[str, ...]], ...]
"""Labels and the values of them that are meant, such as ``(("part", "test"),)``."""


class VectorDataset(LabelledDataset, Protocol):
    """What a labelled dataset may offer beside its contract: vectors of its open answers."""

    def vectors(self, task: str) -> Mapping[str, np.ndarray] | None:
        """Return by an answer of the task its vector (column,), if the user gave any.

        All are finite and of one length; an answer may lack one.
        """


@dataclass(frozen=True)
class LabelOf:
    """Each item has one label of the task's vocabulary.

    Parameters
    ----------
    name
        Of the part, as it is reported.
    task
        Of the dataset.
    score
        The score that is reported, a name of `heschl.metrics.probing.targets.Labels`.
    select
        Items with these labels alone, such as ``(("part", "test"),)``.
    longest_s
        Seconds of an item that count; all of it by default.
    is_optional
        Whether to do without the part where the dataset has no such task.
    """

    name: str
    task: str
    score: str
    select: Selection = ()
    longest_s: float | None = None
    is_optional: bool = False

    def items(self, dataset: LabelledDataset) -> Items | None:
        """Return the items, None if they are optional and not there."""
        if self.is_optional and self.task not in [task.name for task in dataset.tasks()]:
            return None
        items = _selected(dataset.items(self.task), self.select)
        if self.longest_s is None:
            return items
        ends_s = np.minimum(items.offsets_s, items.onsets_s + self.longest_s)
        return Items(items.task, items.table.assign({OFFSET: ("item", ends_s)}))

    def truth_cells(self, session: Session, items: Items) -> list[Cell]:
        """Return no work: the labels are there."""
        del session, items
        return []

    def target(self, session: Session, items: Items, cells: Sequence[Cell]) -> Target:
        """Return the labels."""
        del session, cells
        vocabulary = items.task.vocabulary
        if vocabulary is None:
            raise InvalidInput(
                f"the answers of the task {self.task!r} are open, so that none can be chosen among "
                "them; ask for their vectors, or for another task"
            )
        return Labels(items.codes(), vocabulary)


@dataclass(frozen=True)
class LabelsOf(LabelOf):
    """Each sound has all the labels of its items: which phones are said, not when.

    Parameters
    ----------
    not_counted
        Labels that enter no score, such as silence.
    """

    not_counted: tuple[str, ...] = ()

    def items(self, dataset: LabelledDataset) -> Items | None:
        """Return one item a sound, the whole of it."""
        return _whole_sounds(dataset, dataset.items(self.task), self.select)

    def target(self, session: Session, items: Items, cells: Sequence[Cell]) -> Target:
        """Return which labels occur in each sound."""
        del cells
        parts = _selected(session.dataset.get().items(self.task), self.select)
        vocabulary = parts.task.vocabulary or ()
        number = {name: row for row, name in enumerate(items.labels[STIMULUS].tolist())}
        rows = [number[name] for name in parts.labels[STIMULUS].tolist()]
        present = np.zeros((len(items), len(vocabulary)), dtype=bool)
        present[rows, parts.codes()] = True
        return LabelSets(present, vocabulary, self.not_counted)


@dataclass(frozen=True)
class VectorOf(LabelOf):
    """Each item has the vector of its answer; items whose answer has none are left out.

    The part is left out where the user gave no vectors.
    """

    is_optional: bool = True

    def items(self, dataset: LabelledDataset) -> Items | None:
        """Return the items whose answers have a vector."""
        vectors = cast("VectorDataset", dataset).vectors(self.task)
        if vectors is None:
            return None
        items = _selected(dataset.items(self.task), self.select)
        known = [
            row
            for row, answer in enumerate(items.labels[items.task.target].tolist())
            if answer in vectors
        ]
        if not known:
            raise InvalidInput(
                f"none of the {len(items)} items of {self.task!r} has a vector, such as "
                f"{items.labels[items.task.target][0]!s}; give vectors of this language"
            )
        return Items(items.task, items.table.isel(item=known))

    def target(self, session: Session, items: Items, cells: Sequence[Cell]) -> Target:
        """Return the vectors."""
        del cells
        vectors = cast("VectorDataset", session.dataset.get()).vectors(self.task) or {}
        answers = items.labels[items.task.target].tolist()
        return Vectors(np.stack([vectors[answer] for answer in answers]).astype(np.float64))


@dataclass(frozen=True)
class FramesOf:
    """Each frame of a reference model is an item, and its values are what is asked.

    What another model has at that moment is the mean of its frames around it, as far as halfway to
    the reference's next one; or the nearest, if there is none.

    Parameters
    ----------
    name, task, score, select
        As of `LabelOf`; the task gives the sounds.
    model, layer
        A registered model, such as ``mfcc``, and its layer.
    every
        Every how many frames of it one is asked for.
    """

    name: str
    task: str
    score: str
    model: str
    layer: str
    select: Selection = ()
    every: int = 1

    def items(self, dataset: LabelledDataset) -> Items:
        """Return an item for each frame that lies within its sound."""
        sounds, stimuli = _selected(dataset.items(self.task), self.select), dataset.stimuli()
        layer = self._layer()
        reach_s, half_s = (layer.receptive_field_s or 0.0) / 2, 0.5 / (layer.rate_hz or 1.0)
        rows, times = [], []
        for stimulus in sounds.stimuli:
            last_s = stimuli[stimulus].sound.duration_s - reach_s - layer.offset_s
            n_frames = int(np.floor(last_s * (layer.rate_hz or 1.0) + 1e-6)) + 1
            of_sound = layer.offset_s + np.arange(0, n_frames, self.every) / (layer.rate_hz or 1.0)
            rows += [stimulus] * len(of_sound)
            times.append(of_sound)
        first = dict(zip(sounds.labels[STIMULUS].tolist(), range(len(sounds)), strict=True))
        place = [first[stimulus] for stimulus in rows]
        moments = np.concatenate(times)
        return Items.from_columns(
            sounds.task,
            [f"{stimulus}/{number}" for number, stimulus in enumerate(rows)],
            stimulus=rows,
            onset_s=np.maximum(moments - half_s, 0.0),
            offset_s=moments + half_s,
            labels={
                name: column[place].tolist()
                for name, column in sounds.labels.items()
                if name != STIMULUS
            },
            known=first,
        )

    def truth_cells(self, session: Session, items: Items) -> list[Cell]:
        """Return the work of the reference model."""
        return item_cells(self._session(session), items, windowing=WholeStimulus(), pooling="mean")

    def target(self, session: Session, items: Items, cells: Sequence[Cell]) -> Target:
        """Return the reference's frames."""
        values = read_items(self._session(session), items, cells, self.layer).values
        return Vectors(values.astype(np.float64))

    def _session(self, session: Session) -> Session:
        """Return the session of the reference model on the same dataset."""
        reference = resolve_model(self.model).object
        return replace(
            session,
            model=Handle(cast("Any", reference)),
            model_id=self.model,
            model_version={"digest": reference.digest, "source": None, "code": None},
            layers=(self.layer,),
        )

    def _layer(self) -> Layer:
        layers: Sequence[Layer] = resolve_model(self.model).object.layers
        (layer,) = (each for each in layers if each.name == self.layer)
        return layer


Asked: TypeAlias = LabelOf | FramesOf


def groups_of(items: Items) -> np.ndarray:
    """Return the group (item,) that must not be on both sides of a choice; its own if none."""
    groups = items.task.groups
    return items.labels[groups[0]] if groups else items.identifiers


def _selected(items: Items, select: Selection) -> Items:
    return items.select(**dict(select)) if select else items


def _whole_sounds(dataset: LabelledDataset, items: Items, select: Selection) -> Items:
    """Return one item a sound, with the labels of its first part."""
    parts = _selected(items, select)
    names, first = np.unique(parts.labels[STIMULUS], return_index=True)
    return Items.from_columns(
        parts.task,
        names.tolist(),
        stimulus=names.tolist(),
        labels={
            name: column[first].tolist()
            for name, column in parts.labels.items()
            if name != STIMULUS
        },
        known=dataset.stimuli(),
    )
