"""The probing kind of benchmark: what linear heads read off a model's features, layer by layer.

A `ProbingBenchmark` is a declaration of parts, each of which asks one thing of stretches of sound.
Features of all parts are made in one hearing of each sound; then each part is probed by itself.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import xarray as xr

from heschl.cards import BenchmarkCard
from heschl.cells import Arrays, Cell, Report
from heschl.configuration import array_digest, describe
from heschl.contracts import LabelledDataset
from heschl.dimensions import STIMULUS
from heschl.errors import InvalidInput, MissingData
from heschl.extraction import Precision
from heschl.item_features import item_cells, read_items
from heschl.items import Items, Task
from heschl.metrics.probing.asked import Asked, groups_of
from heschl.metrics.probing.gathering import MEANINGS, gather_parts
from heschl.metrics.probing.metric import Probing
from heschl.session import Session
from heschl.splits import Splitter
from heschl.windowing import WholeStimulus, Windowing

__all__ = ["ProbingBenchmark"]

_NUMERICS = 1
"""Raised whenever the same declaration and inputs give other numbers."""


@dataclass(frozen=True)
class ProbingBenchmark:
    """A probing experiment, as a methods section states it.

    Parameters
    ----------
    card
        The metadata. Where the splitter makes one fold, whole groups of its test items, such as
        speakers, are drawn anew for the error, and ``unit_of_uncertainty`` names them; else it is
        ``fold``.
    parts
        What is asked, the primary one first; see `heschl.metrics.probing.asked`.
    splitter
        Which items train and which test.
    metric
        The heads.
    windowing
        How a sound is cut for the model.
    precision
        What the model computes in.
    """

    card: BenchmarkCard
    parts: tuple[Asked, ...]
    splitter: Splitter
    metric: Probing
    windowing: Windowing = field(default_factory=WholeStimulus)
    precision: Precision = "float32"

    def __post_init__(self) -> None:
        """Refuse parts that are none, share a name, or report a score that they have not."""
        names = [part.name for part in self.parts]
        if not names or len(set(names)) < len(names):
            raise InvalidInput(f"the parts of {self.card.id} are {names}; expected each once")
        for part in self.parts:
            if part.score not in MEANINGS:
                raise InvalidInput(
                    f"the part {part.name!r} of {self.card.id} reports {part.score!r}; expected "
                    f"one of {', '.join(MEANINGS)}"
                )

    @property
    def rois(self) -> tuple[str, ...]:
        """The parts that are reported, the primary one first."""
        return tuple(part.name for part in self.parts)

    def configuration(self) -> dict[str, Any]:
        """Return every setting, defaults included."""
        settings = describe(self)
        settings["card"] = {"id": self.card.id, "version": self.card.version}
        return settings

    def description(self) -> dict[str, str]:
        """Return what the score and its normalisation are, in words."""
        return {
            "score_meaning": MEANINGS[self.parts[0].score],
            "score_power": "correlation" if self.parts[0].score == "r" else "variance",
            "normalisation": "(score - chance) / (1 - chance), chance being what the best constant "
            "answer reaches",
            "layer_rule": "inner",
        }

    def cells(self, session: Session) -> list[Cell]:
        """Return the work: features of all parts by blocks of sounds, then each part."""
        dataset = session.dataset.get()
        if not isinstance(dataset, LabelledDataset):
            raise InvalidInput(
                f"{self.card.id} asks for labels of sounds, and {dataset.card.id} has none; choose "
                "a dataset of labelled sounds"
            )
        there = {part: part.items(dataset) for part in self.parts}
        asked = {part: items for part, items in there.items() if items is not None}
        if self.parts[0] not in asked:
            raise MissingData(
                f"{dataset.card.id} holds no labels for {self.parts[0].name!r}, the primary part "
                f"of {self.card.id}; its loader says which files they are read from"
            )
        if len(asked) < len(there):
            warnings.warn(
                f"{self.card.id} does without "
                f"{', '.join(part.name for part in self.parts if part not in asked)}, for which "
                f"{dataset.card.id} holds no labels; its loader says which files they are read "
                "from",
                UserWarning,
                stacklevel=2,
            )
        union, place = _together(asked)
        features = item_cells(
            session,
            union,
            windowing=self.windowing,
            pooling="mean",
            precision=self.precision,
        )
        truths = {part: part.truth_cells(session, items) for part, items in asked.items()}
        known = {key for cell in features for key in cell.keys}
        made = [
            cell
            for cells in truths.values()
            for cell in cells
            # A model that is its own reference has made them.
            if not set(cell.keys) <= known
        ]
        made = list({cell.keys: cell for cell in made}.values())
        probes = [
            self._cell(session, part, items, union, place[part], features, truths[part])
            for part, items in asked.items()
        ]
        return [*features, *made, *probes]

    def _cell(
        self,
        session: Session,
        part: Asked,
        items: Items,
        union: Items,
        place: slice,
        features: Sequence[Cell],
        truths: Sequence[Cell],
    ) -> Cell:
        truth = part.target(session, items, ()) if not truths else None
        shared = {
            "stage": "probes",
            "numerics": _NUMERICS,
            "part": part,
            "metric": self.metric,
            "splitter": self.splitter,
            "items": items.digest,
            "truth": [array_digest(truth.columns())] if truth else [cell.keys for cell in truths],
            "seed": session.seed,
        }
        return Cell(
            "probes",
            part.name,
            f"{session.model_id} × {part.name}",
            tuple(
                {**shared, "features": [cell.keys[position] for cell in features]}
                for position in range(len(session.layers))
            ),
            partial(
                _compute,
                self,
                session,
                part,
                items,
                union,
                place,
                tuple(features),
                tuple(truths),
            ),
        )

    def gather(self, session: Session, cells: Sequence[Cell]) -> dict[str, xr.Dataset]:
        """Return the groups of the Score, read from the store."""
        of_part = {cell.about: cell for cell in cells if cell.stage == "probes"}
        return gather_parts(session, self.parts, self.splitter, of_part)


def _compute(
    benchmark: ProbingBenchmark,
    session: Session,
    part: Asked,
    items: Items,
    union: Items,
    place: slice,
    features: Sequence[Cell],
    truths: Sequence[Cell],
    missing: Sequence[int],
    report: Report,
) -> Iterator[tuple[int, Arrays]]:
    """Yield what is kept of a part, a layer at a time."""
    target = part.target(session, items, truths)
    folds = benchmark.splitter.folds(items.labels)
    _, groups = np.unique(groups_of(items), return_inverse=True)
    for done, position in enumerate(missing):
        values = read_items(session, union, features, session.layers[position]).values[place]
        found = benchmark.metric.probed(values, target, folds, groups, seed=session.seed)
        arrays = {
            name: getattr(found, name)
            for name in ("inner", "alpha", "flag_constant", "n_train", "n_test")
        }
        arrays |= {f"score_{name}": each for name, each in found.scores.items()}
        if found.draws:
            arrays["draws"] = found.draws[part.score]
        yield position, arrays
        report((done + 1) / len(missing))


def _together(asked: Mapping[Asked, Items]) -> tuple[Items, dict[Asked, slice]]:
    """Return the stretches of all parts as one table, and which rows of it are a part's.

    Parts that ask of the same stretches share them.
    """
    tables: dict[tuple[bytes, ...], tuple[int, Asked, Items]] = {}
    place: dict[Asked, slice] = {}
    n_rows = 0
    for part, items in asked.items():
        times = items.onsets_s.tobytes(), items.offsets_s.tobytes()
        key = (*times, "\0".join(items.labels[STIMULUS].tolist()).encode())
        if key not in tables:
            tables[key] = (n_rows, part, items)
            n_rows += len(items)
        first = tables[key][0]
        place[part] = slice(first, first + len(items))
    listed = [(part.name, items) for _, part, items in tables.values()]
    union = Items.from_columns(
        Task("parts", "asked"),
        [f"{name}/{each}" for name, items in listed for each in items.identifiers.tolist()],
        stimulus=[each for _, items in listed for each in items.labels[STIMULUS].tolist()],
        onset_s=np.concatenate([items.onsets_s for _, items in listed]),
        offset_s=np.concatenate([items.offsets_s for _, items in listed]),
        labels={"asked": [name for name, items in listed for _ in range(len(items))]},
        known={each for _, items in listed for each in items.stimuli},
    )
    return union, place
