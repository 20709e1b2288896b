"""The kind of benchmark that asks how much of a model's fit is shared with another model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import xarray as xr

from heschl.cards import BenchmarkCard
from heschl.cells import Cell
from heschl.configuration import describe
from heschl.dimensions import FOLD, SUBJECT
from heschl.encoding import EncodingBenchmark
from heschl.encoding_rows import folds_of, stored
from heschl.metrics.cca.block_work import WHOLE, Inputs, compute_blocks
from heschl.metrics.cca.company import (
    Company,
    Heard,
    accompanied,
    heard,
    once,
    require_lagged,
)
from heschl.metrics.cca.decomposition import CONTEXT, SIDES
from heschl.metrics.cca.metric import PAIR, check_pairs
from heschl.metrics.cca.parts import CHOSEN_IN_WORDS, gather_parts, of_listener
from heschl.session import Session

__all__ = ["BLOCK", "SharedDirections"]

BLOCK = "block"

_NUMERICS = 1
"""Raised whenever the same declaration and inputs give other numbers, here or in `decomposition`,
`block_work` or the modules of canonical correlations."""


@dataclass(frozen=True)
class SharedDirections:
    """Predict responses from what a model shares with a partner, and from the rest of it.

    In each fold, the layer of either model that does best within the training rows is taken, and
    their canonical pairs are found on the training frames. Blocks of variates are used as features
    of the encoding benchmark:

    - ``shared``, ``rest``, ``rest_full``: the model's variates of the first pairs, of the other
      pairs, and of these with the directions that have no partner;
    - ``partner_shared``, ``partner_rest``, ``partner_rest_full``: the same of the partner;
    - for each control its own variates of the pairs that it forms with ``partner_shared``;
      ``context`` is the partner's layer less what its first layer predicts of it;
    - ``original``, ``partner_original``, ``baseline``: all features, as they are.

    The Score is that of ``shared``; its only layer is ``chosen``. Beside it the groups have every
    block along ``block``: ``block_score``, ``block_normalised`` (block, listener, region) and of
    every unit, ``block_value``, ``block_error`` and so on over listeners. ``/summary`` also has the
    layers that were chosen, ``layer_of_model`` and ``layer_of_partner`` (subject, fold), and the
    canonical correlations ``canonical_correlation`` and ``held_out_correlation`` (subject, fold,
    pair) of the shared pairs.

    Parameters
    ----------
    card
        The metadata.
    trf
        The encoding benchmark that blocks are used in; features, ceilings and the scores of whole
        layers are its own, and are not computed again where it has been run.
    company
        The other models.
    on_phantom
        Those on simulated data.
    """

    card: BenchmarkCard
    trf: EncodingBenchmark
    company: Company
    on_phantom: Company
    rois: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        """Refuse what blocks could not be scored with."""
        object.__setattr__(self, "rois", self.trf.rois)
        require_lagged(self.card.id, self.trf)
        for company in (self.company, self.on_phantom):
            check_pairs(company.n_shared)

    @property
    def windowing(self) -> Any:  # as of EncodingBenchmark
        """How the sound is cut."""
        return self.trf.windowing

    def configuration(self) -> dict[str, Any]:
        """Return every setting, defaults included."""
        settings = describe(self)
        settings["card"] = {"id": self.card.id, "version": self.card.version}
        return settings | {"numerics": _NUMERICS}

    def description(self) -> dict[str, str]:
        """Return what the score and its normalisation are, in words."""
        words = self.trf.description()
        return words | {
            "score_meaning": "of what the model shares with its partner, " + words["score_meaning"],
            "layer_rule": "nested",
            "layer_choice": CHOSEN_IN_WORDS,
        }

    def listeners(self, session: Session) -> tuple[str, ...]:
        """Return the listeners of the encoding benchmark."""
        return self.trf.listeners(session)

    def company_of(self, session: Session) -> Company:
        """Return the other models for the data at hand."""
        return self.on_phantom if session.data_kind == "phantom" else self.company

    def blocks(self, session: Session) -> tuple[str, ...]:
        """Return the names of all blocks, that of the Score first."""
        return (*SIDES, CONTEXT, *self.company_of(session).controls, *WHOLE)

    def cells(self, session: Session) -> list[Cell]:
        """Return the work: features and scores of all models, and then the blocks by listener."""
        company = self.company_of(session)
        models = {
            "model": heard(self.trf, session, is_scored=True),
            "partner": self._heard(session, company.partner),
            "baseline": self._heard(session, company.baseline.model, company.baseline.layer),
        }
        controls = {
            name: self._heard(session, each.model, each.layer)
            for name, each in company.controls.items()
        }
        cells = [cell for each in models.values() for cell in each.cells]
        cells += [
            cell for each in controls.values() for cell in each.cells if cell.stage == "features"
        ]
        blocks = [self._cell(session, subject, models, controls) for subject in session.subjects]
        return [*once(cells), *blocks]

    def _heard(self, session: Session, model: str, layer: str | None = None) -> Heard:
        other = accompanied(session, model, None if layer is None else [layer])
        return heard(self.trf, other, is_scored=False)

    def _cell(
        self,
        session: Session,
        subject: str,
        models: Mapping[str, Heard],
        controls: Mapping[str, Heard],
    ) -> Cell:
        stimuli = self.trf.stimuli(session, subject)
        n_shared = self.company_of(session).n_shared
        inputs = Inputs(
            stimuli,
            {who: each._replace(cells=()) for who, each in models.items()},
            {
                name: {stimulus: each.features[0][stimulus] for stimulus in stimuli}
                for name, each in controls.items()
            },
            n_shared,
        )
        shared = {
            "stage": "blocks",
            "numerics": _NUMERICS,
            "subject": subject,
            "seed": session.seed,
            "scores": {who: each.scores[subject] for who, each in models.items()},
            "controls": inputs.controls,
            "n_shared": n_shared,
        }
        folds, names = folds_of(self.trf, session, stimuli), self.blocks(session)
        return Cell(
            "blocks",
            subject,
            f"what {session.model_id} shares × {subject}",
            tuple({**shared, "fold": fold.name, "block": name} for fold in folds for name in names),
            partial(compute_blocks, self.trf, session, subject, inputs, names),
        )

    def gather(self, session: Session, cells: Sequence[Cell]) -> dict[str, xr.Dataset]:
        """Return the blocks' scores and reductions, read from the store."""
        of = {(cell.stage, cell.about): cell for cell in cells}
        names = self.blocks(session)
        results: dict[str, list[Any]] = {name: [] for name in names}
        shared = []
        for subject in session.subjects:
            ceiling, cell = of["ceiling", subject], of["blocks", subject]
            noise = stored(session, ceiling.keys[0], ceiling.label)
            entries = [stored(session, key, cell.label) for key in cell.keys]
            stimuli = self.trf.stimuli(session, subject)
            folds = folds_of(self.trf, session, stimuli)
            counts = {
                "n_stimuli": len(stimuli),
                "n_train": min(len(fold.train) for fold in folds),
                "n_test": sum(len(fold.test) for fold in folds),
            }
            for position, name in enumerate(names):
                of_folds = entries[position :: len(names)]
                results[name].append(of_listener(subject, noise, of_folds, counts=counts))
            shared.append(_of_pairs(entries[:: len(names)], [fold.name for fold in folds]))
        groups = gather_parts(
            BLOCK,
            results,
            session.dataset.get(),
            self.rois,
            self.trf.ceiling,
            seed=session.seed,
        )
        beside = xr.concat(shared, xr.IndexVariable(SUBJECT, list(session.subjects)), join="outer")
        return groups | {"summary": groups["summary"].merge(beside, join="outer")}


def _of_pairs(entries: Sequence[Mapping[str, np.ndarray]], folds: Sequence[str]) -> xr.Dataset:
    """Return one listener's chosen layers (fold,) and canonical correlations (fold, pair)."""
    found = [
        xr.Dataset(
            {
                "layer_of_model": ((), str(entry["model_layer"])),
                "layer_of_partner": ((), str(entry["partner_layer"])),
                "canonical_correlation": (PAIR, entry["correlation"]),
                "held_out_correlation": (PAIR, entry["held_out"]),
            },
            coords={PAIR: np.arange(1, len(entry["correlation"]) + 1)},
        )
        for entry in entries
    ]
    return xr.concat(found, xr.IndexVariable(FOLD, list(folds)), join="outer")
