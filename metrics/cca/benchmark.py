"""The kind of benchmark that asks how much of a model's fit is shared with another model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import numpy as np
import xarray as xr

from heschl.cells import Cell
from heschl.dimensions import FOLD, SUBJECT
from heschl.encoding_rows import folds_of, stored
from heschl.metrics.cca.accompanied import Accompanied
from heschl.metrics.cca.block_work import WHOLE, Inputs, compute_blocks
from heschl.metrics.cca.company import Heard, once
from heschl.metrics.cca.decomposition import CONTEXT, SIDES
from heschl.metrics.cca.metric import PAIR, check_pairs
from heschl.metrics.cca.parts import CHOSEN_IN_WORDS, gather_parts, of_listener
from heschl.session import Session

__all__ = ["BLOCK", "SharedDirections"]

BLOCK = "block"


@dataclass(frozen=True)
class SharedDirections(Accompanied):
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

    The fields are those of `heschl.metrics.cca.accompanied.Accompanied`.
    """

    numerics: ClassVar[int] = 1

    def __post_init__(self) -> None:
        """Refuse what blocks could not be scored with."""
        super().__post_init__()
        for company in (self.company, self.on_phantom):
            check_pairs(company.n_shared)

    def description(self) -> dict[str, str]:
        """Return what the score and its normalisation are, in words."""
        words = self.trf.description()
        return words | {
            "score_meaning": "of what the model shares with its partner, " + words["score_meaning"],
            "layer_rule": "nested",
            "layer_choice": CHOSEN_IN_WORDS,
        }

    def blocks(self, session: Session) -> tuple[str, ...]:
        """Return the names of all blocks, that of the Score first."""
        return (*SIDES, CONTEXT, *self.company_of(session).controls, *WHOLE)

    def cells(self, session: Session) -> list[Cell]:
        """Return the work: features and scores of all models, and then the blocks by listener."""
        models = self.models(session)
        controls = {
            name: self.of_other(session, each.model, each.layer)
            for name, each in self.company_of(session).controls.items()
        }
        cells = [cell for each in models.values() for cell in each.cells]
        cells += [
            cell for each in controls.values() for cell in each.cells if cell.stage == "features"
        ]
        blocks = [self._cell(session, subject, models, controls) for subject in session.subjects]
        return [*once(cells), *blocks]

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
            "numerics": self.numerics,
            "subject": subject,
            "seed": session.seed,
            "n_shared": n_shared,
        }
        scores = {who: each.scores[subject] for who, each in models.items()}
        both = {"model": scores["model"], "partner": scores["partner"]}
        # What a block is made of beside both models.
        own: dict[str, dict[str, Any]] = {
            name: {"control": keys} for name, keys in inputs.controls.items()
        }
        own["baseline"] = {"baseline": scores["baseline"]}
        folds, names = folds_of(self.trf, session, stimuli), self.blocks(session)
        return Cell(
            "blocks",
            subject,
            f"what {session.model_id} shares × {subject}",
            tuple(
                {**shared, **both, **own.get(name, {}), "fold": fold.name, "block": name}
                for fold in folds
                for name in names
            ),
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
            folds = folds_of(self.trf, session, self.trf.stimuli(session, subject))
            counts = self.counts(session, subject, folds)
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
        beside = xr.concat(shared, SUBJECT, join="outer")
        beside = beside.assign_coords({SUBJECT: list(session.subjects)})
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
    return xr.concat(found, FOLD, join="outer").assign_coords({FOLD: list(folds)})
