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

# Praat reads numbers, quoted texts and flags that stand free, and passes over all else. Words
# are passed over in short runs, for speed, up to the sign that announces a value.
_TOKEN = re.compile(
    r"""
      (?P<comment> !.* )
    | (?P<text>    " )
    | (?P<number>  [-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)? (?=\s|\Z) )
    | (?P<flag>    <(?:exists|absent)> (?=\s|\Z) )
    | (?P<words>   \S+ (?:\s+[A-Za-z\[]\S*){0,4} (?:\s+=(?=\s))? )
    """,
    re.VERBOSE,
)
_AFTER_TEXT = ("", " ", "\t", "\n", "\v", "\f")
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
        expects_value = False
        while match := _TOKEN.search(self._text, position):
            kind, value, position = match.lastgroup or "", match[0], match.end()
            if kind == "text":
                position = self._after_quote(match.start())
                value = self._text[match.start() : position]
            if kind == "words" and (expects_value or _LIKE_A_NUMBER.match(value)):
                word = value.split(maxsplit=1)[0]
                self.refuse(f"{word[:40]!r} where a number or a text stands", match.start())
            expects_value = kind == "words" and value.endswith("=")
            if kind not in ("words", "comment"):
                yield Token(kind, value, match.start())
        yield Token("end", "the end of the file", len(self._text))

    def _after_quote(self, start: int) -> int:
        """Return where a quoted text has ended; a doubled quote within is a quote."""
        end = self._text.find('"', start + 1)
        while end >= 0 and self._text[end + 1 : end + 2] == '"':
            end = self._text.find('"', end + 2)
        if end < 0 or self._text[end + 1 : end + 2] not in _AFTER_TEXT:
            self.refuse("a text without its closing quote", start)
        return end + 1

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
