"""What lagged ridge asks of its rows beyond what ridge does: whole sentences of even frames."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from heschl.dimensions import STIMULUS, TIME
from heschl.errors import InvalidInput
from heschl.metrics.ridge.estimators import Estimator, Nested

if TYPE_CHECKING:
    from heschl.splits import Fold

__all__ = ["folds_of_sentences", "require_nested", "sentences_of"]

UNEVEN = 0.01
"""The share of a frame by which steps of time may differ."""

LEAST_FOLDS = 3


def require_nested(estimator: Estimator) -> None:
    """Refuse the ways of choosing a penalty that hold out rows instead of sentences."""
    if not isinstance(estimator, Nested):
        raise InvalidInput(
            f"the estimator is {type(estimator).__name__}, which holds out single rows, or chunks "
            "of them, whose lags reach into the rows fitted on; lagged ridge takes Nested alone. "
            "For the others write the lags out, by the delays of a benchmark, and use ridge"
        )
    if not estimator.has_intercept:
        raise InvalidInput(
            "Nested(has_intercept=False); lagged ridge always subtracts training means"
        )


def sentences_of(design: xr.DataArray, responses: xr.DataArray) -> list[slice]:
    """Return the rows of each sentence: neighbouring rows with one label in ``stimulus``.

    Frames must follow each other evenly, as lags count frames.
    """
    if STIMULUS not in design.coords or design[STIMULUS].dims != (TIME,):
        raise InvalidInput(
            f"the design has the coordinates {[str(name) for name in design.coords]} and none "
            f"named {STIMULUS!r} along {TIME!r}; name the sentence, or story, of every row, so "
            "that no lag reaches into another"
        )
    labels = np.asarray(design[STIMULUS])
    if STIMULUS in responses.coords and not np.array_equal(labels, responses[STIMULUS]):
        raise InvalidInput(
            f"design and responses differ in {STIMULUS!r}; expected the same rows in one order"
        )
    starts = np.flatnonzero(np.concatenate([[True], labels[1:] != labels[:-1]]))
    sentences = [slice(*ends) for ends in zip(starts, [*starts[1:], len(labels)], strict=True)]
    if TIME in design.coords:
        _check_steps(np.asarray(design[TIME]), sentences, labels)
    return sentences


def _check_steps(times: np.ndarray, sentences: Sequence[slice], labels: np.ndarray) -> None:
    if times.dtype.kind not in "fiu":
        raise InvalidInput(f"the times hold {times.dtype}; expected seconds, or numbers of frames")
    steps = [np.diff(times[rows].astype(np.float64)) for rows in sentences]
    usual = float(np.median(np.concatenate(steps))) if any(map(len, steps)) else 1.0
    for rows, of_sentence in zip(sentences, steps, strict=True):
        uneven = np.flatnonzero(~(np.abs(of_sentence - usual) <= UNEVEN * abs(usual)))
        if usual <= 0 or len(uneven):
            at = uneven[0] if len(uneven) else 0
            raise InvalidInput(
                f"within {labels[rows.start]!r} time goes on by {of_sentence[at]:g} after row "
                f"{rows.start + at}, and usually by {usual:g}; lags count frames, which must "
                "follow evenly: resample, or give each presentation a name of its own"
            )


def folds_of_sentences(
    folds: Sequence[Fold], sentences: Sequence[slice], labels: np.ndarray
) -> np.ndarray:
    """Return the number of the fold (sentence,) that tests each sentence, -1 for none.

    Each fold must train on all that the others test.
    """
    if len(folds) < LEAST_FOLDS:
        raise InvalidInput(
            f"{len(folds)} folds; RIDGE-NESTED needs {LEAST_FOLDS} or more, as each penalty is "
            "judged on the folds that are neither tested nor trained on"
        )
    fold_of_row = np.full(len(labels), -1)
    for number, fold in enumerate(folds):
        if (fold_of_row[fold.test] >= 0).any():
            other = fold_of_row[fold.test].max()
            raise InvalidInput(
                f"the folds {folds[other].name!r} and {fold.name!r} test some of the same rows; "
                "expected each row to be tested once"
            )
        fold_of_row[fold.test] = number
    for number, fold in enumerate(folds):
        others = np.flatnonzero((fold_of_row >= 0) & (fold_of_row != number))
        if not np.array_equal(np.sort(fold.train), others):
            raise InvalidInput(
                f"the fold {fold.name!r} trains on {len(fold.train)} rows, and not on the "
                f"{len(others)} that the other folds test; expected all rows that the other folds "
                "test, and no others"
            )
    for rows in sentences:
        if len(np.unique(fold_of_row[rows])) > 1:
            raise InvalidInput(
                f"the folds cut {labels[rows.start]!r} (rows {rows.start} to {rows.stop - 1}), and "
                "lags would reach over the cut; split by whole stimuli, as GroupKFold does"
            )
    return np.asarray([fold_of_row[rows.start] for rows in sentences])
