"""Printing: tables for people on a terminal, plain lines elsewhere, JSON for programs."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from contextvars import ContextVar
from typing import Any, TextIO

from heschl.cli.streams import is_unicode, write

__all__ = ["json_alone", "print_json", "print_table", "print_text"]

_documents: ContextVar[TextIO | None] = ContextVar("documents", default=None)
"""Where JSON goes while everything else goes to standard error."""


def print_json(thing: Any) -> None:  # whatever JSON can hold
    """Print as JSON; what is not a number becomes null, as JSON has no NaN."""
    stream = _documents.get() or sys.stdout
    write(stream, json.dumps(_finite(thing), indent=2, ensure_ascii=not is_unicode(stream)) + "\n")


@contextmanager
def json_alone() -> Iterator[None]:
    """Send to standard error what anyone prints inside this context, except `print_json`.

    A plugin may print what it likes; who reads the JSON must not stumble over it.
    """
    token = _documents.set(sys.stdout)
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        _documents.reset(token)


def print_text(text: str = "") -> None:
    """Print a line."""
    write(sys.stdout, text + "\n")


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]], title: str = "") -> None:
    """Print a table; columns whose every cell reads as a number are right-aligned."""
    is_number = [all(_reads_as_number(row[i]) for row in rows) for i in range(len(columns))]
    if sys.stdout.isatty():
        _print_rich(columns, rows, title, is_number)
        return
    if title:
        print_text(title)
    widths = [max(len(cell) for cell in column) for column in zip(columns, *rows, strict=True)]
    for row in (columns, *rows):
        cells = [
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(row, widths, is_number, strict=True)
        ]
        print_text("  ".join(cells).rstrip())


def _print_rich(
    columns: Sequence[str], rows: Sequence[Sequence[str]], title: str, is_number: Sequence[bool]
) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(title=escape(title) or None, title_justify="left", header_style="bold")
    for column, right in zip(columns, is_number, strict=True):
        # An id that is cut can be typed by nobody; a number on two lines would be read as two.
        table.add_column(
            escape(column),
            justify="right" if right else "left",
            overflow="ellipsis" if right else "fold",
        )
    for row in rows:
        table.add_row(*map(escape, row))
    Console().print(table)


def _reads_as_number(cell: str) -> bool:
    return not cell.strip("–— ") or cell.lstrip("+-−.<≤ ")[:1].isdigit()


def _finite(thing: Any) -> Any:
    if isinstance(thing, dict):
        return {key: _finite(value) for key, value in thing.items()}
    if isinstance(thing, (list, tuple)):
        return [_finite(item) for item in thing]
    if isinstance(thing, float) and not math.isfinite(thing):
        return None
    return thing
