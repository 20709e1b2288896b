"""From what is kept of each part to the groups of a Score."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import numpy as np
import xarray as xr

from heschl.cells import Arrays, Cell
from heschl.contracts import LabelledDataset
from heschl.dimensions import DRAW, LAYER, ROI, SUBJECT
from heschl.encoding_rows import stored
from heschl.errors import InvalidInput
from heschl.metrics.probing.asked import Asked, groups_of
from heschl.metrics.probing.probed import KINDS
from heschl.metrics.probing.tallies import drawing_of_groups
from heschl.samples import sample_groups
from heschl.session import Session
from heschl.splits import Splitter

__all__ = ["MEANINGS", "gather_parts"]

MEANINGS: Mapping[str, str] = {
    "macro_f1": "the mean over labels of F1 on test items",
    "micro_f1": "F1 of all labels of test items together",
    "accuracy": "the share of right answers to test items",
    "balanced_accuracy": "the mean over labels of the share of test items that are given it",
    "r": "the correlation of prediction and truth over test items, averaged over columns",
    "r2": "the share of the truth's variance that is predicted in test items, averaged over "
    "columns",
}
"""Every score, in words."""
_OF_NUMBERS = ("r", "r2")
_ANSWERS, _PERMUTED, _CONSTANT = range(len(KINDS))


def gather_parts(
    session: Session, parts: Sequence[Asked], splitter: Splitter, cells: Mapping[str, Cell]
) -> dict[str, xr.Dataset]:
    """Return the groups of the parts that have a cell, with a sample for each fold.

    Of one fold there are draws of groups of the primary part's test items, ``drawn_from`` is the
    same for other benchmarks that draw the same ones.

    Beside what every Score has, ``summary`` holds each score under its own name and ``permuted``
    (layer, subject, roi), the reported score after training on exchanged truths; ``best_layer``
    (subject, roi), the number, from 1, of the layer that did best on the fold's test items; and
    ``flag_constant`` (layer, subject, roi), 1 where all answers were alike. ``chance`` is what the
    best constant answer reaches, 0 for numbers.
    """
    parts = [part for part in parts if part.name in cells]
    kept = {
        name: [stored(session, key, cell.label) for key in cell.keys]
        for name, cell in cells.items()
    }
    counts = {len(of_layers[0]["n_test"]) for of_layers in kept.values()}
    if len(counts) != 1:
        raise InvalidInput(f"parts have {sorted(counts)} folds; expected as many in each")
    (n_folds,) = counts
    coordinates = {
        LAYER: list(session.layers),
        SUBJECT: ["official"]
        if n_folds == 1
        else [f"{k + 1} of {n_folds}" for k in range(n_folds)],
        ROI: [part.name for part in parts],
    }

    def labelled(values: np.ndarray) -> xr.DataArray:
        dims = (LAYER, SUBJECT, ROI)[-values.ndim :]
        return xr.DataArray(values, dims=dims, coords={name: coordinates[name] for name in dims})

    def table(read: Callable[[Asked, Arrays], np.ndarray | None]) -> xr.DataArray:
        """Return what is read of every part's entries, (layer, subject, roi)."""
        values = np.full((len(session.layers), n_folds, len(parts)), np.nan)
        for p, part in enumerate(parts):
            for number, arrays in enumerate(kept[part.name]):
                of_entry = read(part, arrays)
                values[number, :, p] = np.nan if of_entry is None else of_entry
        return labelled(values)

    def of_kind(kind: int) -> xr.DataArray:
        return table(lambda part, arrays: arrays[f"score_{part.score}"][kind])

    score = of_kind(_ANSWERS)
    is_of_labels = labelled(np.array([part.score not in _OF_NUMBERS for part in parts]))

    def of_answers(name: str) -> xr.DataArray:
        key = f"score_{name}"
        return table(lambda _, arrays: arrays[key][_ANSWERS] if key in arrays else None)

    drawn = _drawn(parts, kept, coordinates, splitter, session) if n_folds == 1 else {}
    extra = {name: of_answers(name) for name in MEANINGS}
    return sample_groups(
        score,
        n_items=table(lambda _, arrays: arrays["n_test"])[0],
        chance=of_kind(_CONSTANT)[0].where(is_of_labels, 0.0),
        ceiling=1.0,
        kind="perfect",
        power="correlation" if parts[0].score == "r" else "variance",
        seed=session.seed,
        chosen=labelled(_best(table(lambda _, arrays: arrays["inner"])).astype(np.int64)),
        **drawn,
        extra=extra
        | {
            "permuted": of_kind(_PERMUTED),
            "alpha": table(lambda _, arrays: arrays["alpha"]),
            "best_layer": labelled(_best(score) + 1.0),
            "flag_constant": table(lambda _, arrays: arrays["flag_constant"]).astype(np.int8),
            "n_train": table(lambda _, arrays: arrays["n_train"])[0].astype(np.int64),
        },
    )


def _best(values: xr.DataArray) -> np.ndarray:
    """Return the number of the best layer (subject, roi)."""
    return np.asarray(values.to_numpy().argmax(axis=0))


def _drawn(
    parts: Sequence[Asked],
    kept: Mapping[str, Sequence[Arrays]],
    coordinates: Mapping[str, Sequence[str]],
    splitter: Splitter,
    session: Session,
) -> dict[str, Any]:
    """Return the scores of groups drawn anew (layer, draw, roi), and what they are draws of."""
    found = [np.stack([arrays["draws"] for arrays in kept[part.name]]) for part in parts]
    items = parts[0].items(cast("LabelledDataset", session.dataset.get()))
    assert items is not None  # noqa: S101  or there was no cell of the primary part
    (fold,) = splitter.folds(items.labels)
    groups = np.unique(groups_of(items)[fold.test]).astype(str).tolist()
    return {
        "draws": xr.DataArray(
            np.stack(found, axis=-1),
            dims=(LAYER, DRAW, ROI),
            coords={LAYER: coordinates[LAYER], ROI: coordinates[ROI]},
        ),
        "drawn_items": items.digest,
        "drawn_from": drawing_of_groups(groups, seed=session.seed),
    }
