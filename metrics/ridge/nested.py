"""RIDGE-NESTED over layers: each unit's layer and penalty, chosen on training rows alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, get_args

import numpy as np
import xarray as xr

from heschl.dimensions import TIME, UNIT
from heschl.errors import InvalidInput
from heschl.metrics.ridge.agreement import AGREEMENTS, Agreement
from heschl.metrics.ridge.checks import (
    check_choice,
    check_design,
    check_device,
    check_folds,
    check_responses,
    check_seed,
    check_settings,
)
from heschl.metrics.ridge.engine import devices
from heschl.metrics.ridge.estimators import Estimator
from heschl.metrics.ridge.metric import BLOCK, labelled
from heschl.metrics.ridge.scoring import Engine, Precision, score_folds

if TYPE_CHECKING:
    from heschl.splits import Fold

__all__ = ["nested_ridge"]


def nested_ridge(
    designs: Mapping[str, xr.DataArray],
    responses: xr.DataArray,
    folds: Sequence[Fold],
    estimator: Estimator,
    *,
    seed: int,
    score: Agreement = "pearson",
    block: int = BLOCK,
    engine: Engine = "fast",
    dtype: Precision = "float32",
    device: str = "auto",
) -> xr.Dataset:
    """Score every unit by the layer that does best on held-out training rows.

    In each outer fold the estimator judges all penalties of all layers on
    training rows; the best pair is refitted and scored on the test rows, which
    took no part in the choice. Among equal layers the first is taken.

    Parameters
    ----------
    designs
        For each layer (time, feature), all row for row with the responses. One layer is worked on
        at a time.
    responses
        (time, unit), finite.
    folds
        Training and test rows.
    estimator
        How layers and penalties are judged; its values are compared between layers.
    seed
        For the estimators that draw rows; all layers are judged on the same rows.
    score
        As in `Ridge`.
    block, engine, dtype, device
        As in `Ridge`.

    Returns
    -------
    xr.Dataset
        ``score``, ``alpha``, ``flag_constant`` and ``layer`` (fold, unit) of the nested choice,
        ``n_train`` and ``n_test`` (fold,), and ``score_max`` (fold, unit): the best layer by the
        test rows themselves. It is **optimistic**, even for noise, and is no result by itself.
    """
    if not designs:
        raise InvalidInput("no layer was given; expected at least one design")
    check_settings(score, block, [*AGREEMENTS])
    check_choice("engine", engine, get_args(Engine))
    check_choice("dtype", dtype, get_args(Precision))
    check_device(device)
    for design in designs.values():
        check_design(design, responses)
    check_responses(responses)
    check_folds(folds, n_rows=responses.sizes[TIME])
    check_seed(seed)
    device = "cpu" if engine == "reference" else devices.chosen_device(device, dtype)

    shape = len(folds), responses.sizes[UNIT]
    inner = np.full(shape, -np.inf)
    layer = np.zeros(shape, dtype=np.int64)
    tables: dict[str, np.ndarray] = {
        "score": np.zeros(shape),
        "alpha": np.zeros(shape),
        "flag_constant": np.zeros(shape, dtype=np.int8),
    }
    score_max = np.full(shape, -np.inf)
    for index, design in enumerate(designs.values()):
        (results,) = score_folds(
            design.to_numpy(),
            [responses.to_numpy()],
            folds,
            estimator,
            engine=engine,
            dtype=dtype,
            score=score,
            seed=seed,
            block=block,
            device=device,
        )
        for row, result in enumerate(results):
            is_better = result.inner > inner[row]
            inner[row, is_better] = result.inner[is_better]
            layer[row, is_better] = index
            tables["score"][row, is_better] = result.score[is_better]
            tables["alpha"][row, is_better] = result.alpha[is_better]
            tables["flag_constant"][row, is_better] = result.is_constant[is_better]
            score_max[row] = np.maximum(score_max[row], result.score)

    tables |= {"layer": np.array([*designs])[layer], "score_max": score_max}
    dataset = labelled(
        tables, responses, folds, score=score, ran_on=devices.described_device(device)
    )
    dataset["score_max"].attrs["note"] = "optimistic: the layer was chosen by the test rows"
    return dataset
