r"""What to cite, as one BibTeX file that reads even where a submitter's entry does not."""

from __future__ import annotations

import re
from collections.abc import Iterable

from heschl.leaderboard.board import Board
from heschl.leaderboard.board_tables import latex_text

__all__ = ["bibliography", "citations_payload"]

_HEAD = re.compile(r"@(?P<kind>[A-Za-z]+)\s*\{\s*(?P<key>[^\s,{}\"#%'()=\\~]+)\s*,")


def bibliography(boards: Iterable[Board]) -> str:
    """Return the entries of every model, benchmark and published number, each once."""
    entries: dict[str, str] = {}
    for board in boards:
        cited = [(row.slug, row.name, row.citation) for row in board.rows]
        cited += [(column.slug, column.label, column.citation) for column in board.columns]
        cited += [
            (f"{row}-{column}", f"{row} on {column}", text)
            for (row, column), text in sorted(
                (place, file.citation) for place, file in board.files.items() if file.citation
            )
        ]
        for slug, title, text in cited:
            _add(entries, slug, title, text)
    return "".join(f"{entries[key]}\n\n" for key in sorted(entries))


def citations_payload(board: Board) -> dict[str, dict[str, str] | list[list[str]]]:
    """Return the entries by key, and the keys that each model and each benchmark cites."""
    entries: dict[str, str] = {}
    return {
        "models": [_add(entries, row.slug, row.name, row.citation) for row in board.rows],
        "benchmarks": [
            _add(entries, column.slug, column.label, column.citation) for column in board.columns
        ],
        "entries": entries,
    }


def _add(entries: dict[str, str], slug: str, title: str, text: str) -> list[str]:
    """Add what a text cites, and return its keys.

    A text that BibTeX cannot read becomes the note of an entry.
    """
    parts = [part.strip() for part in re.split(r"(?m)^(?=@)", text) if part.strip()]
    if not parts:
        return []
    known = {entry: key for key, entry in entries.items()}
    if all(part in known for part in parts):
        return [known[part] for part in parts]
    if not all(_HEAD.match(part) and _is_one_group(part) for part in parts):
        parts = [
            f"@misc{{heschl-{slug},\n  title = {{{latex_text(title)}}},\n"
            f"  note = {{{latex_text(text)}}},\n}}"
        ]
    keys = []
    for part in parts:
        head = _HEAD.match(part)
        assert head is not None  # noqa: S101  others were replaced above
        key, number = head["key"], 1
        while entries.get(key, part) not in {part, _named(part, key)}:
            number += 1
            key = f"{head['key']}-{number}"
        entries[key] = _named(part, key)
        keys.append(key)
    return keys


def _named(entry: str, key: str) -> str:
    """Return an entry under another key: two submitters may have chosen the same."""
    return _HEAD.sub(lambda head: f"@{head['kind']}{{{key},", entry, count=1)


def _is_one_group(entry: str) -> bool:
    """Say whether the braces of an entry close at its very end, and not before."""
    depth = 0
    for place, character in enumerate(entry):
        depth += {"{": 1, "}": -1}.get(character, 0)
        if character == "}" and depth == 0:
            return place == len(entry) - 1
    return False
