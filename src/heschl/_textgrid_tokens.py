"""The text of a Praat file as tokens: what Praat itself would take from it."""

from __future__ import annotations

import codecs
import math
import os
import re
from collections.abc import Iterator
from typing import NamedTuple, NoReturn

from heschl.errors import CorruptData
from heschl.untrusted import read_bytes

__all__ = ["CONTROL_CHARACTERS", "Token", "Tokens", "read_text"]

CONTROL_CHARACTERS = re.compile("[\x00-\x08\x0e-\x1f]")

_AT_MOST_BYTES = 64 << 20
_BYTE_ORDER_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}

# Praat reads numbers, quoted texts and flags that stand free, and passes over all else.
_TOKEN = re.compile(
    r"""
      (?P<comment> !.* )
    | (?P<text>    "[^"]*(?:""[^"]*)*" (?=\s|\Z) )
    | (?P<unclosed> " )
    | (?P<number>  [-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)? (?=\s|\Z) )
    | (?P<flag>    <(?:exists|absent)> (?=\s|\Z) )
    | (?P<word>    \S+ )
    """,
    re.VERBOSE,
)
_LIKE_A_NUMBER = re.compile(r"[-+.0-9]")


class Token(NamedTuple):
    """One token: ``text``, ``number``, ``flag`` or ``end``, and where it starts."""

    kind: str
    value: str
    position: int


def read_text(path: str | os.PathLike[str]) -> str:
    r"""Return the text of a file with ``\n`` at the end of lines.

    As in Praat, a byte order mark tells UTF-16 (or UTF-8), a file without one
    is UTF-8, and where its bytes cannot be that, Latin-1.
    """
    content = read_bytes(path, at_most=_AT_MOST_BYTES)
    marked = [name for mark, name in _BYTE_ORDER_MARKS.items() if content.startswith(mark)]
    encoding = marked[0] if marked else "utf-8"
    is_text = True
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        text = content.decode("latin-1")
        # Latin-1 gives a meaning to every byte but has no letters here.
        is_text = not marked and not re.search("[\x7f-\x9f]", text)
    if not is_text or CONTROL_CHARACTERS.search(text):
        raise CorruptData(
            f"{path} is no text in UTF-8, in UTF-16 with a byte order mark or in Latin-1; "
            "fetch or convert it again"
        )
    return text.replace("\r\n", "\n").replace("\r", "\n")


class Tokens:
    """The tokens of a text from a position on, taken one after another."""

    def __init__(self, path: str | os.PathLike[str], text: str, position: int) -> None:
        self._path = path
        self._text = text
        self._tokens = self._scan(position)
        self.ahead = next(self._tokens)

    def _scan(self, position: int) -> Iterator[Token]:
        word = ""
        for match in _TOKEN.finditer(self._text, position):
            kind, value = match.lastgroup or "", match[0]
            if kind == "unclosed":
                self.refuse("a text without its closing quote", match.start())
            if kind == "word" and (word == "=" or _LIKE_A_NUMBER.match(value)):
                self.refuse(f"{value[:40]!r} where a number or a text stands", match.start())
            word = value if kind == "word" else ""
            if kind not in ("word", "comment"):
                yield Token(kind, value, match.start())
        yield Token("end", "the end of the file", len(self._text))

    def refuse(self, fault: str, position: int | None = None) -> NoReturn:
        """Raise the error that names the file, the line and the fault."""
        position = self.ahead.position if position is None else position
        line = self._text.count("\n", 0, position) + 1
        raise CorruptData(
            f"{self._path}, line {line}: {fault}; the TextGrid is damaged: fetch or export it again"
        )

    def take(self, kind: str, meaning: str) -> str:
        """Return the next token, which must be of that kind."""
        token = self.ahead
        if token.kind != kind:
            self.refuse(f"expected a {kind}, {meaning}, and got {token.value[:40]}")
        if kind != "end":
            self.ahead = next(self._tokens)
        return token.value

    def text(self, meaning: str) -> str:
        """Return the next token, a text, without its quotes."""
        return self.take("text", meaning)[1:-1].replace('""', '"')

    def number(self, meaning: str) -> float:
        """Return the next token, a finite number."""
        position = self.ahead.position
        value = float(self.take("number", meaning))
        if not math.isfinite(value):
            self.refuse(f"{meaning} is beyond all bounds", position)
        return value

    def count(self, meaning: str) -> int:
        """Return the next token, a count of things that the rest of the text can hold."""
        position = self.ahead.position
        value = self.number(meaning)
        # Nothing that is counted takes less than four characters.
        if not value.is_integer() or not 0 <= value <= (len(self._text) - position) / 4:
            self.refuse(f"{value:.17g} as {meaning}, which the file cannot hold", position)
        return int(value)

    def span(self, meaning: str) -> tuple[float, float]:
        """Return the next two tokens, a start and an end in seconds."""
        position = self.ahead.position
        start, end = self.number(f"the start of {meaning}"), self.number(f"the end of {meaning}")
        if end < start:
            self.refuse(f"{meaning} ends at {end} s, before its start at {start} s", position)
        return start, end
