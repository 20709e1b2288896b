"""What lagged ridge asks of its inputs, checked once, at the border."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np

from heschl.errors import InvalidInput
from heschl.metrics.ridge.checks import LARGEST

__all__ = ["check_lagged"]

LEAST_FOLDS = 3
LEAST_ROWS = 2


def check_lagged(
    features: Sequence[np.ndarray],
    responses: Sequence[np.ndarray],
    folds: Sequence[Hashable],
    lags: range,
    precision: str,
    tolerance: float | None,
) -> None:
    """Refuse sentences that do not fit together, and settings that mean nothing."""
    if not len(features) == len(responses) == len(folds):
        raise InvalidInput(
            f"{len(features)} sentences of features, {len(responses)} of responses and "
            f"{len(folds)} labels of folds; expected one of each for every sentence"
        )
    _check_settings(lags, precision, tolerance)
    for name, sentences in (("features", features), ("responses", responses)):
        for number, values in enumerate(sentences):
            _check_sentence(values, sentences[0], f"the {name} of sentence {number}")
    for number, (frames, targets) in enumerate(zip(features, responses, strict=True)):
        if len(frames) != len(targets):
            raise InvalidInput(
                f"sentence {number} has {len(frames)} frames of features and {len(targets)} of "
                "responses; expected the same frames"
            )
    rows: dict[Hashable, int] = {}
    for label, frames in zip(folds, features, strict=True):
        rows[label] = rows.get(label, 0) + len(frames)
    if len(rows) < LEAST_FOLDS or min(rows.values()) < LEAST_ROWS:
        raise InvalidInput(
            f"the folds have {rows} frames; RIDGE-NESTED needs at least {LEAST_FOLDS} folds with "
            f"{LEAST_ROWS} frames each"
        )


def _check_settings(lags: range, precision: str, tolerance: float | None) -> None:
    if not isinstance(lags, range) or not len(lags) or lags.step != 1:
        raise InvalidInput(f"lags={lags!r}; expected consecutive frames, such as range(20)")
    if precision not in {"float32", "float64"}:
        raise InvalidInput(f"precision={precision!r}; expected 'float32' or 'float64'")
    if tolerance is not None and not 0 < tolerance < 1:
        raise InvalidInput(f"tolerance={tolerance!r}; expected a number between 0 and 1")


def _check_sentence(values: np.ndarray, first: np.ndarray, what: str) -> None:
    if not isinstance(values, np.ndarray) or values.ndim != 2 or 0 in values.shape:  # noqa: PLR2004
        shape = getattr(values, "shape", type(values).__name__)
        raise InvalidInput(f"{what} are {shape}; expected an array (frame, column) with both")
    if values.dtype.kind not in "fiub":
        raise InvalidInput(f"{what} hold {values.dtype}; expected real numbers")
    if values.shape[1] != first.shape[1]:
        raise InvalidInput(
            f"{what} have {values.shape[1]} columns and those of sentence 0 {first.shape[1]}; "
            "expected the same columns"
        )
    with np.errstate(over="ignore", invalid="ignore"):
        energy = np.einsum("tv,tv->", values, values, dtype=np.float64, casting="unsafe")
    if not energy < LARGEST**2:
        raise InvalidInput(
            f"{what} hold values that are not finite or above {LARGEST:g}; repair or drop them"
        )
