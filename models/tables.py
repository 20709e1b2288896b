"""Tables of models that are read without torch: a comment, the names of the columns, then rows."""

from __future__ import annotations

import importlib.resources
from collections.abc import Collection

__all__ = ["listed", "number", "rows"]

_UNVERIFIED = "unverified:"


def rows(package: str, file: str, *, as_said: Collection[str] = ()) -> list[dict[str, str]]:
    """Return the rows of a table in a package, ``{column: cell}`` each.

    A cell that the table marks as unverified is empty, but for the columns
    ``as_said``.

    >>> rows("heschl.models.huggingface", "named.tsv")[0]["hub"]
    'facebook/wav2vec2-base'
    """
    text = importlib.resources.files(package).joinpath(file).read_text("utf-8")
    _, header, *lines = text.splitlines()
    columns = header.split("\t")
    return [
        {
            column: cell.removeprefix(_UNVERIFIED)
            if column in as_said or not cell.startswith(_UNVERIFIED)
            else ""
            for column, cell in zip(columns, line.split("\t"), strict=True)
        }
        for line in lines
    ]


def listed(cell: str) -> tuple[str, ...]:
    """Return the parts of a cell that semicolons part.

    >>> listed("en;fr")
    ('en', 'fr')
    """
    return tuple(filter(None, cell.split(";")))


def number(cell: str) -> float | None:
    """Return the number in a cell, or None where it is empty."""
    return float(cell) if cell else None
