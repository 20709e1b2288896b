"""The discrimination kind of benchmark: comparisons of sounds, beside those that listeners made.

Cells: the features of items, block by block; the comparisons of every layer; and, where listeners
were asked, how well their answers are told from a layer's distances.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import xarray as xr

from heschl.cards import BenchmarkCard
from heschl.cells import Arrays, Cell, Report
from heschl.configuration import array_digest, describe, digest
from heschl.contracts import LabelledDataset
from heschl.dimensions import LAYER, ROI, SUBJECT
from heschl.encoding_rows import stored
from heschl.errors import InvalidInput
from heschl.extraction import Precision
from heschl.item_features import item_cells, read_items
from heschl.items import Items
from heschl.metrics.abx.averaging import in_pairs, pairs_of
from heschl.metrics.abx.cells import Cells
from heschl.metrics.abx.listeners import GROUPS, Likeness, heard, likeness, named, spearman
from heschl.metrics.abx.metric import Abx
from heschl.metrics.abx.sources import (
    Comparisons,
    GivenTriplets,
    Source,
    comparisons_of,
)
from heschl.samples import sample_groups
from heschl.session import Session
from heschl.windowing import Windowing

__all__ = ["DiscriminationBenchmark"]

_NUMERICS = 1
"""Raised whenever the same declaration and inputs give other numbers."""

_CHANCE = 0.5


@dataclass(frozen=True)
class DiscriminationBenchmark:
    """An ABX experiment, as a methods section states it.

    Parameters
    ----------
    card
        The metadata.
    source
        Which sounds are compared, and what is reported apart.
    metric
        How.
    windowing
        How the sound is cut for the model; an item has the frames within it of the whole sound.
    precision
        What the model's products are computed in.
    """

    card: BenchmarkCard
    source: Source
    metric: Abx
    windowing: Windowing
    precision: Precision = "float32"

    @property
    def rois(self) -> tuple[str, ...]:
        """The parts that are reported, the primary one first."""
        return self.source.parts

    def configuration(self) -> dict[str, Any]:
        """Return every setting, defaults included."""
        settings = describe(self)
        settings["card"] = {"id": self.card.id, "version": self.card.version}
        return {**settings, "parts": self.rois}

    def description(self) -> dict[str, str]:
        """Return what the score and its normalisation are, in words."""
        return {
            "score_meaning": self.metric.meaning,
            "score_power": self.metric.power,
            "normalisation": "(score - 1/2) / (1 - 1/2)",
            "layer_rule": "nested",
        }

    def cells(self, session: Session) -> list[Cell]:
        """Return the work: features, comparisons, and likeness to listeners."""
        found = self._comparisons(session)
        features = self._feature_cells(session, found.items)
        comparisons = [
            self._comparison_cell(session, found, features, layer) for layer in session.layers
        ]
        if not self._has_answers(session):
            return [*features, *comparisons]
        answers = _answers_digest(session.dataset.get())
        return [
            *features,
            *comparisons,
            *(self._likeness_cell(session, cell, answers) for cell in comparisons),
        ]

    def gather(self, session: Session, cells: Sequence[Cell]) -> Mapping[str, xr.Dataset]:
        """Return the groups of the Score, read from the store."""
        of = {(cell.stage, cell.about): cell for cell in cells}
        found = self._comparisons(session)
        by_layer = [of["abx", layer] for layer in session.layers]
        pairs: dict[str, dict[str, np.ndarray]] = {}
        for position, (name, of_name) in enumerate(found.cells.items()):
            arrays = [stored(session, cell.keys[position], cell.label) for cell in by_layer]
            values = np.stack([[each["score"], each["delta"]] for each in arrays])
            averaged = in_pairs(values, of_name.labels, self.source.levels(name))
            is_of_part = self.source.membership(name, averaged.labels)
            rows = _rows_of_cells(of_name, averaged.labels)
            counts = np.bincount(rows, arrays[0]["n_triplets"], len(averaged.values.T))
            for row, pair in enumerate(named(averaged.labels)):
                known = pairs.setdefault(pair, self._nothing(session))
                for part in np.flatnonzero(is_of_part[:, row]):
                    known["score"][:, part] = averaged.values[:, 0, row]
                    known["delta"][:, part] = averaged.values[:, 1, row]
                    known["n_items"][part] = counts[row]
        names = sorted(pairs)
        score, delta = (
            xr.DataArray(
                np.stack([pairs[pair][name] for pair in names], axis=1),
                dims=(LAYER, SUBJECT, ROI),
                coords={LAYER: list(session.layers), SUBJECT: names, ROI: list(self.rois)},
            )
            for name in ("score", "delta")
        )
        n_items = xr.DataArray(
            np.stack([pairs[pair]["n_items"] for pair in names]),
            dims=(SUBJECT, ROI),
            coords={SUBJECT: names, ROI: list(self.rois)},
        )
        extra = {"delta": delta.isel({ROI: 0}, drop=True)}
        if self._has_answers(session):
            extra |= self._beside_listeners(session, of, score, delta)
        return sample_groups(
            score,
            n_items=n_items,
            chance=_CHANCE,
            ceiling=1.0,
            kind="perfect discrimination",
            power=self.metric.power,
            seed=session.seed,
            extra=extra,
        )

    def _nothing(self, session: Session) -> dict[str, np.ndarray]:
        shape = len(session.layers), len(self.rois)
        return {
            "score": np.full(shape, np.nan),
            "delta": np.full(shape, np.nan),
            "n_items": np.zeros(len(self.rois)),
        }

    def _beside_listeners(
        self,
        session: Session,
        of: Mapping[tuple[str, str], Cell],
        score: xr.DataArray,
        delta: xr.DataArray,
    ) -> dict[str, xr.DataArray]:
        """Return what listeners reached, and how like them every layer is."""
        dataset = session.dataset.get()
        names = score[SUBJECT].to_numpy().tolist()
        found = heard(dataset.triplets(), dataset.answers(), names)
        groups = {"listeners": list(GROUPS)}
        of_part = np.isfinite(score.isel({LAYER: 0}).transpose(ROI, SUBJECT).to_numpy())
        is_asked = of_part & np.isfinite(found.accuracy[:, None])  # (group, roi, subject)
        counts = is_asked.sum(axis=2)
        sums = np.where(is_asked, found.accuracy[:, None], 0.0).sum(axis=2)
        of_parts = np.divide(sums, counts, where=counts > 0, out=np.full(counts.shape, np.nan))
        ranks = [
            [
                [spearman(values, np.where(is_in, answer, np.nan)) for is_in in of_part]
                for answer in found.answer
            ]
            for values in delta.isel({ROI: 0}).to_numpy()
        ]
        extra = {
            "human_accuracy": xr.DataArray(
                found.accuracy, dims=("listeners", SUBJECT), coords=groups
            ),
            "human_answer": xr.DataArray(found.answer, dims=("listeners", SUBJECT), coords=groups),
            "human_accuracy_of_part": xr.DataArray(
                of_parts, dims=("listeners", ROI), coords=groups
            ),
            "answer_by_language": xr.DataArray(
                found.by_language,
                dims=("listener_language", SUBJECT),
                coords={"listener_language": list(found.languages)},
            ),
            "spearman": xr.DataArray(np.array(ranks), dims=(LAYER, "listeners", ROI)),
        }
        by_layer = [of["likeness", layer] for layer in session.layers]
        arrays = [stored(session, cell.keys[0], cell.label) for cell in by_layer]
        for name in Likeness._fields:
            extra[f"probit_{name}"] = xr.DataArray(
                np.stack([each[name] for each in arrays]), dims=(LAYER, "listeners")
            )
        return extra

    def _comparisons(self, session: Session) -> Comparisons:
        dataset = session.dataset.get()
        if not isinstance(dataset, LabelledDataset):
            raise InvalidInput(
                f"{self.card.id} compares labelled sounds, and {dataset.card.id} holds recordings; "
                "choose a dataset with labels, or a benchmark of recordings"
            )
        return comparisons_of(self.source, dataset)

    def _has_answers(self, session: Session) -> bool:
        is_heard = isinstance(self.source, GivenTriplets)
        return is_heard and hasattr(session.dataset.get(), "answers")

    def _feature_cells(self, session: Session, items: Items) -> list[Cell]:
        return item_cells(
            session,
            items,
            windowing=self.windowing,
            pooling=self.metric.pooling,
            precision=self.precision,
        )

    def _comparison_cell(
        self, session: Session, found: Comparisons, features: Sequence[Cell], layer: str
    ) -> Cell:
        position = session.layers.index(layer)
        shared = {
            "stage": "abx",
            "numerics": _NUMERICS,
            "metric": self.metric,
            "features": [cell.keys[position] for cell in features],
            "layer": layer,
        }
        return Cell(
            "abx",
            layer,
            f"{session.model_id} {layer}",
            tuple({**shared, "cells": _cells_digest(cells)} for cells in found.cells.values()),
            partial(self._compare, session, layer),
        )

    def _compare(
        self, session: Session, layer: str, missing: Sequence[int], report: Report
    ) -> Iterator[tuple[int, Arrays]]:
        found = self._comparisons(session)
        features = self._feature_cells(session, found.items)
        values = read_items(session, found.items, features, layer)
        cells = list(found.cells.values())
        for done, position in enumerate(missing):
            scored = self.metric(values, cells[position])
            yield (
                position,
                {name: scored[name].to_numpy() for name in ("score", "delta", "n_triplets")},
            )
            report((done + 1) / len(missing))

    def _likeness_cell(self, session: Session, comparisons: Cell, answers: str) -> Cell:
        configuration = {
            "stage": "likeness",
            "numerics": _NUMERICS,
            "quantities": Likeness._fields,
            "answers": answers,
            "abx": comparisons.keys[0],
            "seed": session.seed,
        }
        return Cell(
            "likeness",
            comparisons.about,
            f"listeners and {session.model_id} {comparisons.about}",
            (configuration,),
            partial(self._regress, session, comparisons.keys[0], comparisons.label),
        )

    def _regress(
        self, session: Session, key: str, label: str, _missing: Sequence[int], report: Report
    ) -> Iterator[tuple[int, Arrays]]:
        dataset = session.dataset.get()
        delta = stored(session, key, label)["delta"]
        found = likeness(dataset.triplets(), dataset.answers(), delta, seed=session.seed)
        report(1.0)
        yield 0, found._asdict()


def _rows_of_cells(cells: Cells, labels: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return for each cell the row of its pair among averages."""
    order = {name: row for row, name in enumerate(named(labels))}
    told = {name: cells.labels[name] for name in labels if name != "pair"}
    pairs = pairs_of(cells.labels)
    return np.array([order[name] for name in named({**told, "pair": pairs})])


def _cells_digest(cells: Cells) -> str:
    """Return a digest of which items are compared; labels come in when scores are averaged."""
    names = ("a", "a_first", "b", "b_first", "x", "x_first")
    return digest({name: array_digest(getattr(cells, name)) for name in names})


def _answers_digest(dataset: Any) -> str:  # a DiscriminationDataset
    """Return a digest of the triplets and of what was answered to them."""
    tables = (dataset.triplets().reset_coords(), dataset.answers().reset_coords())
    return digest(
        [
            {str(name): array_digest(_bytes_of(table[name].to_numpy())) for name in table}
            for table in tables
        ]
    )


def _bytes_of(column: np.ndarray) -> np.ndarray:
    """Return a column of text as bytes: how wide it is depends on what else was read."""
    if column.dtype.kind != "U":
        return column
    return np.frombuffer("\0".join(column.tolist()).encode(), dtype=np.uint8)
