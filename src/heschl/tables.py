"""Tables of text, such as csv files, read with every row and column accounted for."""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping, Sequence

import numpy as np

from heschl.errors import CorruptData
from heschl.untrusted import first_repeated, read_bytes

__all__ = ["numbers", "read_table"]

_AT_MOST_BYTES = 256 * 2**20


def read_table(
    path: str | os.PathLike[str], required: Sequence[str], *, delimiter: str = ","
) -> dict[str, list[str]]:
    """Return the columns of a table with a header row, each a list of stripped texts.

    Parameters
    ----------
    required
        The columns that must be there, in any order; others are returned too.
        A column without a name, as R and pandas write row numbers, is left out.
    delimiter
        Between cells.

    Raises
    ------
    MissingData
        No file, or the pointer that git-annex or git-lfs leaves in its place.
    CorruptData
        Text that is not UTF-8, a header without a required column or with one
        twice, a row with other cells than the header, or no rows.
    """
    try:
        text = read_bytes(path, at_most=_AT_MOST_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CorruptData(
            f"{path} is not UTF-8 text ({error}); fetch it, or save it as UTF-8"
        ) from None
    try:
        rows = [row for row in csv.reader(text.splitlines(), delimiter=delimiter) if row]
    except csv.Error as error:
        raise CorruptData(f"{path} is no table: {error}; fetch it again") from None
    header = [name.strip() for name in rows[0]] if rows else []
    named = [name for name in header if name]
    lacking = [name for name in required if name not in header]
    if lacking:
        raise CorruptData(
            f"{path} has the columns {', '.join(named) or 'none'}; expected "
            f"{', '.join(lacking)} among them, separated by {delimiter!r}"
        )
    twice = first_repeated(named)
    if twice is not None:
        raise CorruptData(f"{path} has two columns {twice!r}; expected each once")
    for number, row in enumerate(rows[1:], start=2):
        if len(row) != len(header):
            raise CorruptData(
                f"{path}, row {number}: {len(row)} cells where the header has {len(header)}; it "
                "was cut short or damaged: fetch it again"
            )
    if len(rows) == 1:
        raise CorruptData(f"{path} has a header and no rows; fetch it again")
    columns = list(zip(*rows[1:], strict=True))
    return {
        name: [cell.strip() for cell in cells]
        for name, cells in zip(header, columns, strict=True)
        if name
    }


def numbers(path: object, table: Mapping[str, Sequence[str]], column: str) -> np.ndarray:
    """Return a column as float64 (row,), all of it finite."""
    values = np.empty(len(table[column]))
    for row, cell in enumerate(table[column]):
        try:
            values[row] = float(cell)
        except ValueError:
            values[row] = np.nan
        if not np.isfinite(values[row]):
            raise CorruptData(
                f"{path}, row {row + 2}: {column} is {cell!r}; expected a finite number"
            )
    return values
