"""A board as JSON, and the schema that it keeps."""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from heschl.leaderboard.board import Board, Column, Group, Row
from heschl.leaderboard.score_file import ScoreFile, Status

__all__ = ["BOARD_VERSION", "board_as_json", "board_schema", "file_texts"]

BOARD_VERSION = 1
_OF_FILES = {
    "status": "Who vouches for the number: " + ", ".join(typing.get_args(Status)) + ".",
    "layer": "The layer that was chosen most often; empty where no single one was.",
    "source_sha256": "The digest of the netCDF file that the number was taken from.",
}


def board_as_json(board: Board) -> dict[str, Any]:  # whatever JSON can hold
    """Return what a JSON file says of a board; a number that there is not is ``None``."""
    return {
        "board_version": BOARD_VERSION,
        "section": board.section,
        "rows": [dataclasses.asdict(row) for row in board.rows],
        "columns": [_finite_fields(dataclasses.asdict(column)) for column in board.columns],
        "groups": [dataclasses.asdict(group) for group in board.groups],
        **{name: _quantities(getattr(board, name)) for name in ("value", "error", "low", "high")},
        "rank_low": board.rank_low.tolist(),
        "rank_high": board.rank_high.tolist(),
        "why_unranked": [
            {"row": row, "column": column, "why": why}
            for (row, column), why in sorted(board.why_unranked.items())
        ],
        "overall": _quantities(board.overall),
        "files": file_texts(board),
    }


def file_texts(board: Board) -> dict[str, list[list[str | None]]]:
    """Return what files say of where numbers come from, (row, column); ``None`` without a file."""
    files = [
        [board.files.get((row.slug, column.slug)) for column in board.columns] for row in board.rows
    ]

    def table(text: Callable[[ScoreFile], str]) -> list[list[str | None]]:
        return [[None if file is None else text(file) for file in line] for line in files]

    return {
        "status": table(lambda file: file.status),
        "layer": table(lambda file: file.primary.layer),
        "source_sha256": table(lambda file: file.source_sha256),
    }


def _quantities(arrays: Mapping[str, np.ndarray]) -> dict[str, Any]:  # nested lists of numbers
    return {name: _finite(arrays[name].tolist()) for name in sorted(arrays)}


def _finite(value: Any) -> Any:  # a number, or lists of them
    """Return the same with ``None`` for what JSON has no number for."""
    if isinstance(value, list):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _finite_fields(record: dict[str, Any]) -> dict[str, Any]:
    return {name: _finite(value) for name, value in record.items()}


def board_schema() -> dict[str, Any]:  # whatever JSON can hold
    """Return the schema of a board's JSON; what it does not name is not there."""
    of_cells = _table({"type": ["number", "null"]})
    ranks = _table({"type": "integer", "minimum": 0})
    both = {"score": of_cells, "normalised": of_cells}
    numbers = _list({"type": ["number", "null"]})
    overall = {
        **dict.fromkeys(("value", "error", "low", "high"), numbers),
        **dict.fromkeys(("rank_low", "rank_high"), _list({"type": "integer", "minimum": 0})),
        "coverage": _list({"type": "number", "minimum": 0, "maximum": 1}),
    }
    files = {
        name: _table({"type": ["string", "null"]}) | {"description": meaning}
        for name, meaning in _OF_FILES.items()
    }
    text = {"type": "string"}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "One section of Heschl's leaderboard",
        "description": (
            "Tables are lists of rows, each a list over columns, in the order of `rows` and "
            "`columns`. A number that there is not is null; a rank of 0 is none. Which rows can be "
            "told apart is in the netCDF file alone."
        ),
        **_object(
            {
                "board_version": {"const": BOARD_VERSION},
                "section": {"enum": ["real", "phantom"]},
                "rows": _list(_record(Row)),
                "columns": _list(_record(Column)),
                "groups": _list(_record(Group)),
                "value": _object(both),
                "error": _object(both),
                "low": _object(both),
                "high": _object(both),
                "rank_low": ranks,
                "rank_high": ranks,
                "why_unranked": _list(_object({"row": text, "column": text, "why": text})),
                "overall": _object(overall),
                "files": _object(files),
            }
        ),
    }


def _record(kind: type) -> dict[str, Any]:
    hints = typing.get_type_hints(kind)
    return _object({each.name: _schema_of(hints[each.name]) for each in dataclasses.fields(kind)})


def _schema_of(annotation: Any) -> dict[str, Any]:  # a type, as annotations have it
    """Return the schema of one field of a record."""
    simple = {str: "string", int: "integer", bool: "boolean"}
    if annotation in simple:
        return {"type": simple[annotation]}
    if annotation is float:
        return {"type": ["number", "null"]}
    arguments = typing.get_args(annotation)
    origin = typing.get_origin(annotation)
    if origin is typing.Literal:
        return {"enum": list(arguments)}
    if origin is tuple:
        return _list(_schema_of(arguments[0]))
    if origin in {typing.Union, types.UnionType}:
        kind = next(each for each in arguments if each is not type(None))
        return {"anyOf": [_schema_of(kind), {"type": "null"}]}
    raise TypeError(f"the schema knows no field of {annotation}; say here how JSON writes it")


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": sorted(properties),
        "additionalProperties": False,
    }


def _list(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


def _table(items: dict[str, Any]) -> dict[str, Any]:
    return _list(_list(items))
