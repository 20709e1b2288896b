"""From a dataset and a listener to examples: which stories, which units, which sound."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import xarray as xr

from heschl.braintuning.examples import Examples, Story, nested_subsets, window_ends
from heschl.braintuning.recipe import Recipe
from heschl.ceilings import CorrelationCeiling
from heschl.contracts import Dataset
from heschl.dimensions import REPEAT, STIMULUS, TIME, UNIT
from heschl.errors import InvalidInput, MissingData, UnknownName, near_names
from heschl.recording import Recording
from heschl.temporal import stacked, zscore

__all__ = ["Division", "Heard", "divided", "heard"]


@dataclass(frozen=True)
class Division:
    """Which stories are for what."""

    training: tuple[str, ...]
    validation: tuple[str, ...]
    test: tuple[str, ...]
    """Never learned from: their repeats give the ceilings, their means the held-out R²."""


@dataclass(frozen=True, eq=False)
class Heard:
    """What one listener's recordings give to tuning."""

    training: Examples
    validation: Examples
    test: Examples
    units: np.ndarray
    """The numbers (unit,) of the units that learn."""
    ceilings: np.ndarray
    """Of each (unit,); NaN where none were asked for."""


def divided(
    dataset: Dataset,
    subject: str,
    *,
    stories: Sequence[str] | None,
    validation: Sequence[str] | None,
    test: Sequence[str] | None,
    fraction: float | None,
    seed: int,
) -> Division:
    """Return which of a listener's stories are for what.

    Parameters
    ----------
    dataset, subject
        Whose recordings.
    stories
        Those to learn from; all that are left by default.
    validation, test
        By default what the dataset offers as ``tuning_stories()``, a mapping of ``validation``
        and ``test``; the validation story is the last of all where that one is not there.
    fraction
        Of the stories to learn from, nested: a larger one holds the smaller ones of the same seed.
    seed
        Of the order in which a fraction takes them.
    """
    sounds = set(dataset.stimuli())
    there = [name for name in dataset.stimuli_of(subject) if name in sounds]
    offered = dataset.tuning_stories() if hasattr(dataset, "tuning_stories") else {}
    tested = _chosen(test, offered.get("test", ()), there, "test")
    others = [name for name in there if name not in tested]
    checked = _chosen(validation, offered.get("validation", others[-1:]), others, "validation")
    if not checked and validation is None:
        checked = tuple(others[-1:])
    left = [name for name in others if name not in checked]
    training = _chosen(stories, left, left, "training")
    for kind, names in (("training", training), ("validation", checked), ("test", tested)):
        if not names:
            raise MissingData(
                f"{dataset.card.id} has no story of {subject} left for {kind}: on disk are "
                f"{', '.join(there) or 'none'}; fetch more, or name those to take"
            )
    if fraction is not None:
        training = nested_subsets(training, [fraction], seed)[fraction]
    return Division(tuple(training), checked, tested)


def _chosen(
    wanted: Sequence[str] | None, offered: Sequence[str], known: Sequence[str], kind: str
) -> tuple[str, ...]:
    if wanted is None:
        return tuple(name for name in offered if name in known)
    if isinstance(wanted, str) or not wanted:
        raise InvalidInput(f"{kind}={wanted!r}; expected a list of stories, one at least")
    for name in wanted:
        if name not in known:
            raise UnknownName(
                f"{name!r} cannot be a story for {kind}: it is not there, or has another part; "
                f"{near_names(name, known)}"
            )
    return tuple(dict.fromkeys(wanted))


def heard(
    dataset: Dataset, subject: str, division: Division, recipe: Recipe, sample_rate: int
) -> Heard:
    """Return the examples of a listener. Holds all responses in memory for a while.

    Responses are z-scored over the rows of each story; of the test stories the rows that
    `Recipe.skipped_rows` names are left out beforehand.
    """
    names = (*division.training, *division.validation, *division.test)
    for name in division.test:
        if (n_rows := len(dataset.clock(name))) - recipe.skipped_rows < 2:  # noqa: PLR2004
            raise InvalidInput(
                f"the test story {name!r} has {n_rows} rows and is to lose "
                f"skipped_rows={recipe.skipped_rows} (--skipped-rows), which leaves too few to "
                "tell anything by; skip fewer, or name another test story"
            )
    recording = dataset.recording(subject, names)
    finite = recording.finite_units()
    ceilings = _ceilings(recording, division.test, recipe, finite)
    is_kept = finite if recipe.minimum_ceiling is None else ceilings > recipe.minimum_ceiling
    if not is_kept.any():
        raise MissingData(
            f"no unit of {subject} in {dataset.card.id} has finite responses and a ceiling above "
            f"{recipe.minimum_ceiling}; lower minimum_ceiling, or leave this listener out"
        )
    stimuli = dataset.stimuli()

    def examples(stories: Sequence[str], skipped: int) -> Examples:
        found = []
        for name in stories:
            response = recording.responses[name].to_numpy()[skipped:, is_kept]
            found.append(
                Story(
                    name,
                    np.asarray(stimuli[name].sound.waveform(sample_rate)),
                    window_ends(np.asarray(dataset.clock(name)), sample_rate)[skipped:],
                    zscore(response).astype(np.float32),
                )
            )
        return Examples(tuple(found), round(recipe.window_s * sample_rate))

    return Heard(
        examples(division.training, 0),
        examples(division.validation, 0),
        examples(division.test, recipe.skipped_rows),
        recording.units[is_kept],
        ceilings[is_kept],
    )


def _ceilings(
    recording: Recording, test: Sequence[str], recipe: Recipe, finite: np.ndarray
) -> np.ndarray:
    """Return the ceiling (unit,) of the test stories' rows; NaN where nothing was asked for."""
    found = np.full(len(finite), np.nan)
    if recipe.minimum_ceiling is None:
        return found
    lacking = [name for name in test if name not in recording.repeats]
    if lacking:
        raise MissingData(
            f"{recording.subject} has no single presentations of {', '.join(lacking)}, from which "
            "the ceilings come that say which units learn; name a test story that was heard "
            "several times, or give minimum_ceiling=None to take all units"
        )
    of_stories = [
        recording.repeats[name].isel({TIME: slice(recipe.skipped_rows, None)}) for name in test
    ]
    n_repeats = min(each.sizes[REPEAT] for each in of_stories)
    repeats = xr.concat(
        [
            stacked(
                {n: r.isel({REPEAT: i}) for n, r in zip(test, of_stories, strict=True)}, kept=finite
            ).drop_vars(STIMULUS)
            for i in range(n_repeats)
        ],
        REPEAT,
    )
    ceiling = CorrelationCeiling()(cast("Any", repeats))
    found[np.isin(recording.units, ceiling[UNIT].to_numpy())] = ceiling.to_numpy()
    return found
