"""The low-level impact kind of benchmark: an encoding benchmark, once more without low-level parts.

Features, ceilings and original scores are the cells of the alignment itself, under its own keys, so
that what was scored there is read here. The same holds for the low-level features, which any model
that scores the alignment is. Added are the residuals and the scores from them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import xarray as xr

from heschl.cards import BenchmarkCard
from heschl.cells import Cell, Shared
from heschl.configuration import describe
from heschl.encoding import EncodingBenchmark
from heschl.encoding_cells import feature_cell, listeners, on_device, score_cell
from heschl.encoding_rows import row_labels
from heschl.errors import InvalidInput
from heschl.metrics.low_level_impact.gathering import gather_impacts
from heschl.metrics.low_level_impact.metric import MEANING, NUMERICS
from heschl.metrics.low_level_impact.reduction import MINIMUM
from heschl.metrics.low_level_impact.residuals import Residualiser
from heschl.metrics.low_level_impact.work import (
    about,
    compute_residual_scores,
    compute_residuals,
    compute_unique,
)
from heschl.session import Session, with_model
from heschl.wording import some

__all__ = ["LowLevelImpactBenchmark"]


@dataclass(frozen=True)
class LowLevelImpactBenchmark:
    """How much of an alignment is lost with each of some low-level feature spaces.

    The chain is: for each layer, listener and region ``100 (B_o - B_r) / B_o`` of the mean
    normalised alignments from the layer and from its residuals; mean over spaces; mean over layers;
    mean over listeners. ``summary`` keeps every space, and the alignments; ``units`` a map of the
    impact of each unit by itself, which is another reduction.

    Parameters
    ----------
    card
        The metadata.
    alignment
        The benchmark whose scores are compared. It has one fold.
    low_level
        The models whose features are taken out, one at a time.
    residualiser
        How they are.
    minimum
        Of the original alignment, below which an impact is undefined.
    has_unique_variance
        Whether the variance that layer and space explain alone is computed beside it: another fit
        for each layer, space and listener, of designs as wide as both together.
    """

    card: BenchmarkCard
    alignment: EncodingBenchmark
    low_level: tuple[str, ...]
    residualiser: Residualiser = field(default_factory=Residualiser)
    minimum: float = MINIMUM
    has_unique_variance: bool = False

    def __post_init__(self) -> None:
        """Refuse spaces that are none, and alignments that cannot be compared so."""
        if not self.low_level or len(set(self.low_level)) < len(self.low_level):
            raise InvalidInput(f"low_level={self.low_level}; name one model at least, each once")
        if self.alignment.layer_rule != "nested":
            raise InvalidInput(
                f"{self.card.id} compares alignments of {self.alignment.card.id}, which chooses "
                "layers for each unit; expected layer_rule='nested'"
            )

    @property
    def rois(self) -> tuple[str, ...]:
        """The regions that are reported, those of the alignment."""
        return self.alignment.rois

    @property
    def windowing(self) -> Any:  # of whatever shape the alignment has it
        """How the sound is cut for the model, for estimates of cost."""
        return self.alignment.windowing

    def configuration(self) -> dict[str, Any]:
        """Return every setting, defaults included."""
        return {
            **describe(self),
            "card": {"id": self.card.id, "version": self.card.version},
            "alignment": self.alignment.configuration(),
            "included": self.alignment.included,
            "numerics": NUMERICS,
        }

    def description(self) -> dict[str, str]:
        """Return what the score is, in words."""
        return {
            **self.alignment.description(),
            "score_meaning": f"{self.alignment.metric.meaning}, from the layer and from its "
            "low-level residuals,",
            "normalisation": "score / ceiling in both alignments; none of the percentage",
            "reduction": f"The score is {MEANING}, 100 (B_o - B_r) / B_o of those two means, "
            f"averaged over {', '.join(self.low_level)}; undefined where B_o < {self.minimum:g}.",
            "layer_rule": "mean",
        }

    def listeners(self, session: Session) -> tuple[str, ...]:
        """Return the listeners whom the alignment is about."""
        return self.alignment.listeners(session)

    def cells(self, session: Session) -> list[Cell]:
        """Return the work: that of the alignment, then residuals, and the scores from them."""
        of_alignment = self.alignment.cells(session)
        features = {each.about: each for each in of_alignment if each.stage == "features"}
        of_spaces = {name: with_model(session, name) for name in self.low_level}
        low_level = {
            name: {stimulus: self._feature_cell(of_space, stimulus) for stimulus in features}
            for name, of_space in of_spaces.items()
        }
        known = {key for cell in of_alignment for key in cell.keys}
        added = [
            cell
            for of_stimulus in low_level.values()
            for cell in of_stimulus.values()
            if not known.issuperset(cell.keys)  # of a low-level model that is itself scored
        ]
        residuals: list[Cell] = []
        scores: list[Cell] = []
        unique: list[Cell] = []
        for stimuli, subjects in listeners(self.alignment, session).items():
            inputs = [
                {name: features[name].keys[position] for name in stimuli}
                for position in range(len(session.layers))
            ]
            spaces = {
                feature: {name: of_stimulus[name].keys[0] for name in stimuli}
                for feature, of_stimulus in low_level.items()
            }
            for feature, keys in spaces.items():
                cell = self._residual_cell(session, feature, subjects, inputs, keys)
                residuals.append(cell)
                scores += self._score_cells(session, feature, subjects, cell, stimuli)
            if self.has_unique_variance:
                unique += [
                    self._unique_cell(session, subject, inputs, spaces) for subject in subjects
                ]
        return [
            *features.values(),
            *added,
            *(each for each in of_alignment if each.stage != "features"),
            *residuals,
            *scores,
            *unique,
        ]

    def _feature_cell(self, session: Session, stimulus: str) -> Cell:
        if len(session.layers) != 1:
            raise InvalidInput(
                f"{session.model_id} has the layers {some(session.layers)}; a low-level space of "
                f"{self.card.id} is a model of one layer"
            )
        cell = feature_cell(self.alignment, session, stimulus)
        return replace(cell, about=about(session.model_id, stimulus), heard=())

    def _residual_cell(
        self,
        session: Session,
        feature: str,
        subjects: Sequence[str],
        inputs: Sequence[Mapping[str, str]],
        keys: Mapping[str, str],
    ) -> Cell:
        dataset = session.dataset.get()
        shared = {
            "stage": "residuals",
            "numerics": NUMERICS,
            "residualiser": self.residualiser,
            "low_level": keys,
            "stimuli": tuple(keys),
            "splitter": self.alignment.splitter,
            "labels": {name: row_labels(dataset, name) for name in keys},
            "skipped_rows": self.alignment.skipped_rows,
            "standardise": self.alignment.standardise,
        }
        widths = {layer.name: layer.width for layer in session.model.get().layers}
        n_rows = sum(len(dataset.clock(name)[self.alignment.rows(name)]) for name in keys)
        return Cell(
            "residuals",
            about(feature, some(subjects)),
            f"{session.model_id} without {feature} for {some(subjects)}",
            tuple({**shared, "features": each} for each in inputs),
            partial(
                compute_residuals, self.alignment, session, self.residualiser, list(inputs), keys
            ),
            n_bytes=sum(4 * n_rows * widths[name] for name in session.layers),
        )

    def _score_cells(
        self,
        session: Session,
        feature: str,
        subjects: Sequence[str],
        residuals: Cell,
        stimuli: Sequence[str],
    ) -> list[Cell]:
        """Return the cells of listeners who share residuals, each scored as the alignment is."""
        inputs = [dict.fromkeys(stimuli, key) for key in residuals.keys]
        alignment = on_device(self.alignment, session.asked_device)
        compute = partial(compute_residual_scores, alignment, session, feature, inputs)
        shared = Shared((feature, tuple(stimuli)), compute)
        return [
            replace(
                score_cell(self.alignment, session, subject, inputs, shared),
                stage="residual scores",
                about=about(feature, subject),
                label=f"{session.model_id} without {feature} × {subject}",
            )
            for subject in subjects
        ]

    def _unique_cell(
        self,
        session: Session,
        subject: str,
        inputs: Sequence[Mapping[str, str]],
        spaces: Mapping[str, Mapping[str, str]],
    ) -> Cell:
        scored = score_cell(self.alignment, session, subject, inputs, Shared(None, _unused))
        return Cell(
            "unique variance",
            subject,
            f"{session.model_id} beside {some(self.low_level)} × {subject}",
            tuple(
                {"stage": "unique", "numerics": NUMERICS, "beside": spaces, "scores": each}
                for each in scored.configurations
            ),
            partial(compute_unique, self.alignment, session, subject, list(inputs), dict(spaces)),
        )

    def gather(self, session: Session, cells: Sequence[Cell]) -> dict[str, xr.Dataset]:
        """Return alignments, and the impacts that follow from their means."""
        return gather_impacts(self, session, cells)


def _unused(*_arguments: object) -> Any:  # stands where nothing is computed
    raise AssertionError
