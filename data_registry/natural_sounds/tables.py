"""Arrays and tables of the archive of Tuckute et al. (2023), checked before they are believed."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from heschl.data_registry.natural_sounds.frame_pickle import read_pickled_frame
from heschl.errors import CorruptData
from heschl.untrusted import check_file, read_bytes

__all__ = ["read_array", "read_table", "table_file"]

_MOST_BYTES = 2**28


def read_array(path: Path) -> np.ndarray:
    """Return an array of a .npy file as a read-only map, refusing Python objects in it."""
    check_file(path)
    try:
        return np.lib.format.open_memmap(path, mode="r")
    except Exception as error:
        reason = "it holds Python objects" if "objects" in str(error) else str(error)
        raise CorruptData(
            f"{path} cannot be read as an array: {reason}; fetch it again, or write plain numbers "
            "and bytes with numpy.save"
        ) from error


def table_file(path: Path) -> Path:
    """Return the table that is read: the .csv beside a .pkl where there is one."""
    beside = path.with_suffix(".csv")
    return beside if beside.exists() else path


def read_table(path: Path, columns: Mapping[str, str]) -> dict[str, np.ndarray]:
    """Return the columns of `table_file(path)`, as wide as asked for.

    Parameters
    ----------
    path
        ``<name>.pkl``, a pickled table of pandas; a ``<name>.csv`` beside it, with a header row, is
        read instead.
    columns
        For each column that must be there ``number``, a whole number for each row, or ``text``,
        where what is missing is empty; with a question mark, the column may be missing.
    """
    there = table_file(path)
    held = _read_csv(there) if there.suffix == ".csv" else read_pickled_frame(there)
    found = {}
    for name, kind in columns.items():
        if name in held:
            make = _numbers if kind.startswith("number") else _texts
            found[name] = make(held[name], f"column {name!r} of {there}")
        elif not kind.endswith("?"):
            raise CorruptData(
                f"{there} has the columns {', '.join(held) or 'none'}, no {name!r}; fetch it again"
            )
    return found


def _read_csv(path: Path) -> dict[str, np.ndarray]:
    try:
        text = read_bytes(path, at_most=_MOST_BYTES).decode("utf-8-sig")
        header, *rows = csv.reader(io.StringIO(text), strict=True)
    except (UnicodeDecodeError, csv.Error, ValueError) as error:
        raise CorruptData(
            f"{path} is no table with a header row in UTF-8 ({error}); write it again"
        ) from error
    for number, row in enumerate(rows, start=2):
        if len(row) != len(header):
            raise CorruptData(
                f"{path} has {len(row)} cells in line {number}; expected {len(header)}"
            )
    return {
        name: np.array([row[place] for row in rows], dtype=object)
        for place, name in enumerate(header)
    }


def _numbers(values: np.ndarray, where: str) -> np.ndarray:
    try:
        numbers = np.array([float(value) for value in values.tolist()])
    except (TypeError, ValueError) as error:
        raise CorruptData(f"{where} holds what is no number ({error}); fetch it again") from error
    if not np.array_equal(numbers, np.rint(numbers)):  # NaN and infinity equal nothing whole
        raise CorruptData(f"{where} holds fractions or gaps; expected whole numbers")
    return numbers.astype(np.int64)


def _texts(values: np.ndarray, where: str) -> np.ndarray:
    return np.array([_text(value, where) for value in values.tolist()], dtype=str)


def _text(value: Any, where: str) -> str:
    # pandas marks what is missing by NaN, which is the one value that differs from itself.
    if value is None or value != value or value in ("nan", "NaN", "None"):  # noqa: PLR0124
        return ""
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace")
    if not isinstance(value, str):
        raise CorruptData(f"{where} holds the {type(value).__name__} {value!r}; expected texts")
    return value
