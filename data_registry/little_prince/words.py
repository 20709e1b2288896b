"""Words: when each was spoken, from a section's TextGrid or from the table of all sections.

A TextGrid of a section has one tier. The table ``lpp<L>_word_information.csv`` has a row a word, of
which ``word``, ``onset``, ``offset`` and ``section`` are read, wherever they stand; times are
seconds of the section's sound. unverified: the names and order of its columns, which are those that
published code uses.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from heschl.alignment import Alignment, Interval
from heschl.errors import CorruptData
from heschl.textgrid import read_textgrid
from heschl.untrusted import check_file, read_bytes

__all__ = ["NON_WORDS", "read_grid", "read_table"]

NON_WORDS = frozenset({"", "#", "sil"})
"""Labels of the TextGrids that are silence."""

_COLUMNS = ("word", "onset", "offset", "section")
_LARGEST_BYTES = 64 * 2**20


def read_grid(path: Path) -> Alignment:
    """Return the words of a section's TextGrid, as they are written."""
    tiers = read_textgrid(path)
    if len(tiers) != 1:
        raise CorruptData(
            f"{path} has {len(tiers)} tiers ({', '.join(tiers) or 'none'}); expected one, of words"
        )
    (intervals,) = tiers.values()
    return _alignment(intervals)


def read_table(path: Path, section: int) -> Alignment:
    """Return the words of one section from the table of a language."""
    status = check_file(path)
    stamp = (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
    sections = _table(path.absolute(), stamp)
    if section not in sections:
        raise CorruptData(
            f"{path} has words of the sections {', '.join(map(str, sorted(sections))) or 'none'}; "
            f"expected some of section {section}"
        )
    return sections[section]


@lru_cache(maxsize=8)
def _table(path: Path, stamp: tuple[int, ...]) -> dict[int, Alignment]:
    """Return the words of each section."""
    del stamp
    try:
        text = read_bytes(path, at_most=_LARGEST_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CorruptData(f"{path} is not UTF-8 text: {error}; fetch it again") from error
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=False))
    except csv.Error as error:
        raise CorruptData(f"{path} is no table of comma-separated values: {error}") from error
    header = [name.strip().lower() for name in rows[0]] if rows else []
    places = {name: header.index(name) for name in _COLUMNS if header.count(name) == 1}
    if len(places) < len(_COLUMNS):
        raise CorruptData(
            f"{path} has the columns {', '.join(header) or 'none'}; expected {', '.join(_COLUMNS)} "
            "among them, each once"
        )
    found: dict[int, list[Interval]] = {}
    for number, row in enumerate(rows[1:], start=2):
        if not any(cell.strip() for cell in row):
            continue
        if len(row) <= max(places.values()):
            raise CorruptData(f"{path}, row {number}, has {len(row)} cells; expected {len(header)}")
        onset_s, offset_s, section = (
            _number(row[places[name]], name, f"{path}, row {number},")
            for name in ("onset", "offset", "section")
        )
        if not section.is_integer() or offset_s < onset_s:
            raise CorruptData(
                f"{path}, row {number}, has section {section:g} and lasts from {onset_s:g} to "
                f"{offset_s:g} s; expected a whole number, and an end after the beginning"
            )
        found.setdefault(int(section), []).append(Interval(onset_s, offset_s, row[places["word"]]))
    return {section: _alignment(intervals) for section, intervals in found.items()}


def _number(cell: str, name: str, where: str) -> float:
    try:
        value = float(cell)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise CorruptData(f"{where} has {name}={cell!r}; expected a number")
    return value


def _alignment(intervals: Iterable[Interval]) -> Alignment:
    words = (each._replace(label=each.label.strip()) for each in intervals)
    kept = (word for word in words if word.label.lower() not in NON_WORDS)
    return Alignment(words=tuple(sorted(kept, key=lambda word: word.onset_s)))
