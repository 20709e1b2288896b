"""A board as an `xarray.Dataset`, and as the netCDF file that opens as one."""

from __future__ import annotations

import dataclasses
import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
import xarray as xr

from heschl.leaderboard.board import Board
from heschl.leaderboard.board_json import file_texts

__all__ = ["board_as_dataset", "netcdf_bytes"]

ROW, COLUMN, OTHER_ROW, RANKED_BY = "row", "column", "other_row", "ranked_by"
"""Dimensions; ``ranked_by`` is ``overall`` and then the columns."""
_SUFFIXES = {"value": "", "error": "_error", "low": "_low", "high": "_high"}
_CELLS = (ROW, COLUMN)
_COMPRESSED: Mapping[str, Any] = {"zlib": True, "complevel": 1}
PAIRS, _OF_PAIRS = "separable", (RANKED_BY, ROW, OTHER_ROW)


def board_as_dataset(board: Board) -> xr.Dataset:
    """Return a board as labelled arrays, named as in the CSV file."""
    dataset = _without_pairs(board)
    pairs = [board.separable[name] for name in _ranked_by(board)]
    return dataset.assign({PAIRS: (_OF_PAIRS, np.stack(pairs))})


def _ranked_by(board: Board) -> list[str]:
    return ["overall", *(column.slug for column in board.columns)]


def _without_pairs(board: Board) -> xr.Dataset:
    rows = [row.slug for row in board.rows]
    columns = [column.slug for column in board.columns]
    cells = (len(rows), len(columns))
    ranked_by = _ranked_by(board)
    numbers = {
        f"{quantity}{suffix}": (_CELLS, values)
        for part, suffix in _SUFFIXES.items()
        for quantity, values in getattr(board, part).items()
    }
    overall = {f"overall_{name}": (ROW, values) for name, values in board.overall.items()}
    why = [[board.why_unranked.get((row, name), "") for name in ranked_by] for row in rows]
    return xr.Dataset(
        {
            **numbers,
            **overall,
            "rank_low": (_CELLS, board.rank_low),
            "rank_high": (_CELLS, board.rank_high),
            "why_unranked": ((ROW, RANKED_BY), _texts(why, (len(rows), len(ranked_by)))),
            **{
                name: (_CELLS, _texts([[text or "" for text in line] for line in table], cells))
                for name, table in file_texts(board).items()
            },
            **_described("model", board.rows, ROW),
            **_described("benchmark", board.columns, COLUMN),
        },
        coords={
            ROW: _texts(rows, (len(rows),)),
            COLUMN: _texts(columns, (len(columns),)),
            OTHER_ROW: _texts(rows, (len(rows),)),
            RANKED_BY: _texts(ranked_by, (len(ranked_by),)),
        },
        attrs={
            "section": board.section,
            "groups": json.dumps([dataclasses.asdict(group) for group in board.groups]),
        },
    )


def netcdf_bytes(board: Board) -> bytes:
    """Return the netCDF-4 file of a board; the same board gives the same bytes.

    netCDF writes no times into its files. The classic format would not do: it has no texts of any
    length, and does not compress what can be told apart.
    """
    dataset = _without_pairs(board)
    encoding = {
        str(name): {**_COMPRESSED, "shuffle": variable.dtype.kind == "f"}
        for name, variable in dataset.data_vars.items()
        if variable.size and variable.dtype.kind != "O"
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "board.nc"
        dataset.to_netcdf(path, engine="netcdf4", encoding=encoding)
        _append_pairs(path, board)
        return path.read_bytes()


def _append_pairs(path: Path, board: Board) -> None:
    """Write which rows can be told apart, a column at a time: all at once would take most room."""
    n_rows = len(board.rows)
    chunks = (1, n_rows, n_rows) if n_rows else None
    with netCDF4.Dataset(path, "a") as file:
        pairs = file.createVariable(PAIRS, "i1", _OF_PAIRS, **_COMPRESSED, chunksizes=chunks)
        pairs.setncattr("dtype", "bool")  # which xarray reads them as
        for number, name in enumerate(_ranked_by(board) if n_rows else ()):
            pairs[number] = board.separable[name].view(np.int8)


def _described(prefix: str, records: Any, dimension: str) -> dict[str, Any]:  # rows or columns
    """Return every field of rows or columns as an array; what is no number or text, as JSON."""
    described = {}
    if not records:
        return {}
    for each in dataclasses.fields(records[0]):
        values = [getattr(record, each.name) for record in records]
        if all(isinstance(value, (bool, int)) for value in values):
            array = np.array(values)
        elif all(value is None or isinstance(value, (int, float)) for value in values):
            array = np.array([np.nan if value is None else value for value in values], dtype=float)
        else:
            texts = [value if isinstance(value, str) else json.dumps(value) for value in values]
            array = _texts(texts, (len(texts),))
        described[f"{prefix}_{each.name}"] = (dimension, array)
    return described


def _texts(values: Any, shape: tuple[int, ...]) -> np.ndarray:  # nested lists of texts
    """Return an array of texts of any length, which stays one when it is empty."""
    array = np.empty(shape, dtype=object)
    array[...] = np.array(values, dtype=object).reshape(shape)
    return array
