"""From scores of several parts (blocks of variates, pairs of models) to the groups of a Score.

The first part is the Score's own. Its layer is called `CHOSEN`: each listener and fold has its own
one. The same of all parts stands beside it, under ``<part>_score``, ``<part>_value`` and so on,
with the part in the place of the layer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import xarray as xr

from heschl.ceilings import Ceiling
from heschl.contracts import Dataset
from heschl.dimensions import LAYER
from heschl.gathering import SubjectScores, gather_groups

__all__ = ["CHOSEN", "CHOSEN_IN_WORDS", "Counts", "gather_parts", "of_listener"]

CHOSEN = "chosen"
"""The only layer of the Score."""

CHOSEN_IN_WORDS = (
    "for each listener and fold the one that does best within the training rows, on the mean over "
    "electrodes; in both models"
)

_KEPT = {
    "summary": ("score", "normalised", "score_of_all_units", "n_units"),
    "population": ("value", "error", "low", "high", "p"),
    "units": ("score", "normalised", "flag_constant"),
}
"""What is kept of every part."""


class Counts(NamedTuple):
    """Of how many stimuli and rows a listener's scores are: see `SubjectScores`."""

    n_stimuli: int
    n_train: int
    n_test: int


def of_listener(
    subject: str,
    noise: Mapping[str, np.ndarray],
    of_folds: Sequence[Mapping[str, np.ndarray]],
    *,
    counts: Counts,
) -> SubjectScores:
    """Return one listener's results in one part, the mean over folds.

    Parameters
    ----------
    noise
        What the cell of the ceiling made.
    of_folds
        For each fold ``score``, ``alpha`` and ``flag_constant`` (unit,).
    counts
        Of the listener.
    """
    score, alpha, flag = (
        np.stack([each[name] for each in of_folds]) for name in ("score", "alpha", "flag_constant")
    )
    return SubjectScores(
        subject=subject,
        unit=noise["unit"],
        score=score.mean(axis=0)[None],
        alpha=alpha[None],
        flag_constant=np.asarray(flag.astype(bool).any(axis=0))[None],
        ceiling=noise["ceiling"],
        n_repeats=int(noise["n_repeats"]),
        n_units_dropped=int(noise["n_units_dropped"]),
        ran_on=tuple({str(each["ran_on"]): None for each in of_folds if "ran_on" in each}),
        n_stimuli=counts.n_stimuli,
        n_train=counts.n_train,
        n_test=counts.n_test,
    )


def gather_parts(
    part: str,
    results: Mapping[str, Sequence[SubjectScores]],
    dataset: Dataset,
    rois: Sequence[str],
    ceiling: Ceiling,
    *,
    seed: int,
) -> dict[str, xr.Dataset]:
    """Return the groups of a Score, and for its provenance where parts were computed.

    Parameters
    ----------
    part
        What parts are called: the name of their dimension.
    results
        For each part those of all listeners, the first part the Score's own.
    dataset, rois, ceiling, seed
        As in `heschl.gathering.gather_groups`.
    """
    gathered = {
        name: gather_groups(
            of_part, dataset, (CHOSEN,), rois, ceiling, score_power="variance", seed=seed
        )
        for name, of_part in results.items()
    }
    groups = next(iter(gathered.values()))
    for group, names in _KEPT.items():
        for name in names:
            of_parts = [_without_layer(each[group][name]) for each in gathered.values()]
            stacked = xr.concat(of_parts, part).assign_coords({part: list(gathered)})
            groups[group] = groups[group].assign({f"{part}_{name}": stacked})
    places = sorted({place for each in results.values() for one in each for place in one.ran_on})
    return groups | {"provenance": xr.Dataset(attrs={"metric_ran_on": "; ".join(places)})}


def _without_layer(values: xr.DataArray) -> xr.DataArray:
    return values.isel({LAYER: 0}, drop=True) if LAYER in values.dims else values
