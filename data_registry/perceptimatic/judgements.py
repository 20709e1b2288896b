"""Triplets and answers: the tables that both releases give, and what they must agree on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr

from heschl.errors import CorruptData
from heschl.items import Items
from heschl.untrusted import first_repeated

__all__ = ["LISTENERS", "answer_table", "graded", "triplet_table", "truths"]

LISTENERS = ("EN", "FR")
_MOST_DISAGREEING = 0.05
"""As published, 22 of 5,202 triplets have an X of the phone of OTH; with the items of the wrong
language nearly all of them have."""


def triplet_table(
    path: object,
    identifiers: Sequence[str],
    columns: Mapping[str, list[str] | np.ndarray],
    items: Items,
) -> xr.Dataset:
    """Return triplets along ``triplet``, their items checked against the table of items.

    ``agrees`` says whether the phones of the items are those of the triplet, X being of the phone
    of TGT. A few published triplets do not, so that the answer that counts as right is not.
    """
    if len(set(identifiers)) < len(identifiers):
        twice = first_repeated(identifiers)
        raise CorruptData(f"{path} lists the triplet {twice} twice; fetch it again")
    phones = dict(zip(items.identifiers.tolist(), items.labels["phone"].tolist(), strict=True))
    table = xr.Dataset(
        {name: ("triplet", np.asarray(values)) for name, values in columns.items()},
        coords={"triplet": np.asarray(identifiers)},
    )
    heard = {}
    for role in ("TGT", "OTH", "X"):
        names = table[role].to_numpy().tolist()
        for row, name in enumerate(names):
            if name not in phones:
                raise CorruptData(
                    f"{path}: the triplet {identifiers[row]} has the {role} item {name}, which no "
                    "table of items lists; fetch both again"
                )
        heard[role] = np.array([phones[name] for name in names])
    agrees = (
        (heard["TGT"] == table["phone_TGT"].to_numpy())
        & (heard["OTH"] == table["phone_OTH"].to_numpy())
        & (heard["X"] == heard["TGT"])
    )
    if (~agrees).mean() > _MOST_DISAGREEING:
        first = identifiers[int(np.flatnonzero(~agrees)[0])]
        raise CorruptData(
            f"{path}: the items of {(~agrees).sum()} of {len(agrees)} triplets have other phones "
            f"than the triplets, the first is {first}; the tables are of different releases or "
            "languages"
        )
    return table.assign(agrees=("triplet", agrees))


def answer_table(
    path: object,
    triplets: xr.Dataset,
    *,
    triplet: Sequence[str],
    listener: Sequence[str],
    language: Sequence[str],
    value: np.ndarray,
    trial: np.ndarray,
) -> xr.Dataset:
    """Return answers along ``answer``, to listed triplets, by listeners of two languages."""
    unknown = sorted(set(triplet) - set(triplets["triplet"].to_numpy().tolist()))
    if unknown:
        raise CorruptData(
            f"{path} has answers to {len(unknown)} triplets that are not listed, the first is "
            f"{unknown[0]}; fetch it and the list again"
        )
    strange = sorted(set(language) - set(LISTENERS))
    if strange:
        raise CorruptData(
            f"{path} has listeners of the language {strange[0]!r}; expected one of "
            f"{', '.join(LISTENERS)}"
        )
    if (trial != np.round(trial)).any():
        raise CorruptData(f"{path} counts triplets in fractions; expected whole numbers")
    columns = {
        "triplet": np.asarray(triplet),
        "listener": np.asarray(listener),
        "listener_language": np.asarray(language),
        "value": value,
        "trial": trial.astype(np.int64),
    }
    return xr.Dataset({name: ("answer", values) for name, values in columns.items()})


def graded(path: object, answers: np.ndarray, largest: int | np.ndarray) -> np.ndarray:
    """Return answers on a scale to 1, refusing what the scale from -largest to largest has not."""
    scale = np.broadcast_to(largest, answers.shape)
    wrong = (answers == 0) | (answers != np.round(answers)) | (np.abs(answers) > scale)
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise CorruptData(
            f"{path}, row {row + 2}: the answer is {answers[row]:g}; expected a whole number from "
            f"-{scale[row]} to {scale[row]}, without 0"
        )
    return np.asarray(answers / scale)


def truths(path: object, column: str, cells: Sequence[str]) -> np.ndarray:
    """Return ``True`` and ``False`` as booleans (row,)."""
    for row, cell in enumerate(cells):
        if cell not in ("True", "False"):
            raise CorruptData(
                f"{path}, row {row + 2}: {column} is {cell!r}; expected True or False"
            )
    return np.array([cell == "True" for cell in cells])
