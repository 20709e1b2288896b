"""Participants: what ``participants.tsv`` says of each listener.

The published file has a byte order mark, which must not become part of the first column's name.
"""

from __future__ import annotations

from pathlib import Path

from heschl.errors import CorruptData
from heschl.untrusted import read_bytes

__all__ = ["read_participants"]

_KEY = "participant_id"


def read_participants(path: Path) -> dict[str, dict[str, str]]:
    """Return of each listener the other columns, such as ``age``, as they are written."""
    try:
        lines = read_bytes(path, at_most=2**20).decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise CorruptData(f"{path} is not UTF-8 text: {error}; fetch it again") from error
    rows = [[cell.strip() for cell in line.split("\t")] for line in lines if line.strip()]
    header = rows[0] if rows else []
    if header.count(_KEY) != 1:
        raise CorruptData(
            f"{path} has the columns {', '.join(header) or 'none'}; expected {_KEY} among them once"
        )
    found: dict[str, dict[str, str]] = {}
    for number, row in enumerate(rows[1:], start=2):
        if len(row) != len(header):
            raise CorruptData(f"{path}, row {number}, has {len(row)} cells; expected {len(header)}")
        cells = dict(zip(header, row, strict=True))
        subject = cells.pop(_KEY)
        if subject in found:
            raise CorruptData(f"{path} lists {subject} twice; keep one of the rows")
        found[subject] = cells
    return found
