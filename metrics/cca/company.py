"""Other models that a benchmark compares the scored one with, by their ids.

Real data and phantoms have companies of their own: a phantom's must need no weights.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from heschl.cells import Cell, Shared
from heschl.encoding import EncodingBenchmark
from heschl.encoding_rows import stored
from heschl.session import Session

__all__ = ["Company", "Features", "Heard", "heard", "once"]

_STAGES = ("features", "ceiling", "scores")


@dataclass(frozen=True)
class Features:
    """One layer of a model, which is named by its id or URI."""

    model: str
    layer: str


@dataclass(frozen=True)
class Company:
    """The models beside the scored one.

    Parameters
    ----------
    partner
        The model that it is compared with, by its id or URI; all its layers may be chosen.
    baseline
        Features that every model should beat.
    controls
        Features that what is shared is compared with, by name.
    n_shared
        How many pairs count as shared.
    """

    partner: str
    baseline: Features
    controls: Mapping[str, Features] = field(default_factory=dict)
    n_shared: int = 50


class Heard(NamedTuple):
    """What a model's features and temporal response functions are stored under.

    Parameters
    ----------
    layers
        The model's.
    features
        For each layer the key of each stimulus.
    scores
        For each listener the keys of the layers.
    cells
        That make them.
    """

    layers: tuple[str, ...]
    features: tuple[dict[str, str], ...]
    scores: dict[str, tuple[str, ...]]
    cells: tuple[Cell, ...]

    def chosen(self, session: Session, subject: str) -> np.ndarray:
        """Return the layer (fold,) with the best mean inner score over a listener's electrodes."""
        found = [stored(session, key, f"the scores of {subject}") for key in self.scores[subject]]
        means = [each["inner_score"].mean(axis=1) for each in found]
        return np.asarray(np.argmax(means, axis=0))


def heard(trf: EncodingBenchmark, session: Session, *, is_scored: bool) -> Heard:
    """Return what a model leaves behind when an encoding benchmark is run on it.

    ``is_scored`` is the model that the run is about; its windows alone are counted by plans.
    """
    cells = [cell for cell in trf.cells(session) if cell.stage in _STAGES]
    if not is_scored:
        cells = [_of_another(cell, session.model_id) for cell in cells]
    by_stage = {
        stage: {cell.about: cell for cell in cells if cell.stage == stage} for stage in _STAGES
    }
    return Heard(
        session.layers,
        tuple(
            {name: cell.keys[position] for name, cell in by_stage["features"].items()}
            for position in range(len(session.layers))
        ),
        {subject: cell.keys for subject, cell in by_stage["scores"].items()},
        tuple(cells),
    )


def _of_another(cell: Cell, model_id: str) -> Cell:
    """Keep the work of a model from being shared with that of another."""
    if not isinstance(cell.compute, Shared):
        return replace(cell, heard=())
    return replace(cell, compute=replace(cell.compute, of=(model_id, cell.compute.of)), heard=())


def once(cells: Sequence[Cell]) -> list[Cell]:
    """Return cells stage by stage, each piece of work once.

    Two models may be the same, and all have the ceilings in common.
    """
    distinct = {cell.keys: cell for cell in reversed(cells)}
    stages = list(dict.fromkeys(cell.stage for cell in cells))
    kept = [cell for cell in cells if distinct[cell.keys] is cell]
    return sorted(kept, key=lambda cell: stages.index(cell.stage))
