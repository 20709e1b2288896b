"""A board as the netCDF file that opens as an `xarray.Dataset`.

It is written without xarray, which imports all of Dask for it: half of the time that a board takes.
"""

from __future__ import annotations

import dataclasses
import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np

from heschl.leaderboard.board import Board
from heschl.leaderboard.board_json import file_texts

__all__ = ["netcdf_bytes"]

ROW, COLUMN, OTHER_ROW, RANKED_BY = "row", "column", "other_row", "ranked_by"
"""Dimensions; ``ranked_by`` is ``overall`` and then the columns."""
_SUFFIXES = {"value": "", "error": "_error", "low": "_low", "high": "_high"}
_CELLS = (ROW, COLUMN)
_COMPRESSED: Mapping[str, Any] = {"zlib": True, "complevel": 1}
PAIRS, _OF_PAIRS = "separable", (RANKED_BY, ROW, OTHER_ROW)
_Variables = dict[str, tuple[tuple[str, ...], np.ndarray]]
"""By name: the dimensions, and the values."""


def netcdf_bytes(board: Board) -> bytes:
    """Return the netCDF-4 file of a board; the same board gives the same bytes.

    Arrays are named as in the CSV file. netCDF writes no times into its files. The classic format
    would not do: it has no texts of any length, and does not compress what can be told apart.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "board.nc"
        with netCDF4.Dataset(path, "w", format="NETCDF4") as file:
            file.setncattr("section", board.section)
            groups = [dataclasses.asdict(group) for group in board.groups]
            file.setncattr("groups", json.dumps(groups))
            variables = _variables(board)
            for dimensions, values in variables.values():
                for dimension, size in zip(dimensions, values.shape, strict=True):
                    if dimension not in file.dimensions:
                        file.createDimension(dimension, size)
            for name, (dimensions, values) in variables.items():
                _write(file, name, dimensions, values)
        with netCDF4.Dataset(path, "a") as file:
            _write_pairs(file, board)
        return path.read_bytes()


def _write(
    file: netCDF4.Dataset, name: str, dimensions: tuple[str, ...], values: np.ndarray
) -> None:
    """Write an array as xarray would: texts as they are, numbers compressed."""
    if values.dtype.kind == "O":
        file.createVariable(name, str, dimensions)[...] = values
        return
    is_float, is_bool = values.dtype.kind == "f", values.dtype.kind == "b"
    how = {**_COMPRESSED, "shuffle": is_float} if values.size else {}
    variable = file.createVariable(
        name,
        "i1" if is_bool else values.dtype,
        dimensions,
        fill_value=np.nan if is_float else None,
        **how,
    )
    if is_bool:
        variable.setncattr("dtype", "bool")  # which xarray reads them as
    variable[...] = values.view(np.int8) if is_bool else values


def _write_pairs(file: netCDF4.Dataset, board: Board) -> None:
    """Write which rows can be told apart, a column at a time: all at once would take most room."""
    n_rows = len(board.rows)
    chunks = (1, n_rows, n_rows) if n_rows else None
    pairs = file.createVariable(PAIRS, "i1", _OF_PAIRS, **_COMPRESSED, chunksizes=chunks)
    pairs.setncattr("dtype", "bool")
    for number, name in enumerate(_ranked_by(board) if n_rows else ()):
        pairs[number] = board.separable[name].view(np.int8)


def _ranked_by(board: Board) -> list[str]:
    return ["overall", *(column.slug for column in board.columns)]


def _variables(board: Board) -> _Variables:
    """Return all but what can be told apart; the last ones are the names along dimensions."""
    rows = [row.slug for row in board.rows]
    columns = [column.slug for column in board.columns]
    cells = (len(rows), len(columns))
    ranked_by = _ranked_by(board)
    numbers = {
        f"{quantity}{suffix}": (_CELLS, values)
        for part, suffix in _SUFFIXES.items()
        for quantity, values in getattr(board, part).items()
    }
    overall = {f"overall_{name}": ((ROW,), values) for name, values in board.overall.items()}
    why = [[board.why_unranked.get((row, name), "") for name in ranked_by] for row in rows]
    return {
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
        ROW: ((ROW,), _texts(rows, (len(rows),))),
        COLUMN: ((COLUMN,), _texts(columns, (len(columns),))),
        OTHER_ROW: ((OTHER_ROW,), _texts(rows, (len(rows),))),
        RANKED_BY: ((RANKED_BY,), _texts(ranked_by, (len(ranked_by),))),
    }


def _described(prefix: str, records: Any, dimension: str) -> _Variables:  # rows or columns
    """Return every field of rows or columns as an array; what is no number or text, as JSON."""
    described: _Variables = {}
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
        described[f"{prefix}_{each.name}"] = ((dimension,), array)
    return described


def _texts(values: Any, shape: tuple[int, ...]) -> np.ndarray:  # nested lists of texts
    """Return an array of texts of any length, which stays one when it is empty."""
    array = np.empty(shape, dtype=object)
    array[...] = np.array(values, dtype=object).reshape(shape)
    return array
