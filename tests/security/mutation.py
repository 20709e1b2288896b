"""Damage as files get it: bits flip, disks cut short, editors and converters mean well.

A step is drawn by hypothesis as numbers alone, so that what it finds shrinks to few and small steps
on a file that was whole.
"""

from __future__ import annotations

import gzip
import re
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hypothesis import strategies as st

__all__ = ["STEPS", "Step", "damaged", "steps"]

_NUMBER = re.compile(rb"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
_VALUE = re.compile(rb'"[^"\n]*"|[^\s,:\t\[\]{}"=|]+')
_CELL_MARKS = re.compile(rb"[,\t|;: ]")

NUMBERS = (
    *(b"0", b"-1", b"-0.0", b"1e999", b"-1e999", b"nan", b"NaN", b"inf", b"Infinity"),
    *(b"1e308", b"4e-324", b"2147483648", b"18446744073709551616", b"1" * 400, b"9" * 5000),
    *(b"0x10", b"1_000", "١٢".encode(), "²".encode(), b"1,5", b"true", b"null", b""),
)
VALUES = (
    *(b"", b'""', b"null", b"true", b"[]", b"{}", b"[null]", b'{"a": 1}', b"0", b'"\\ud800"'),
    *(
        b"..",
        b"../../x",
        b"/etc/passwd",
        b"\x00",
        b"\xff\xfe",
        "é".encode("latin-1"),
        b"a" * 70_000,
    ),
    *(
        b"[" * 3000,
        b"{" * 3000,
        b'{"a":' * 3000,
        b"[" * 3000 + b"]" * 3000,
        b"&a [*a]",
        b"\xe2\x80\xa8",
    ),
)
EXTREMES = (
    *(struct.pack(kind, value) for kind in ("<H", ">H") for value in (0, 1, 0x7FFF, 0xFFFF)),
    *(struct.pack(kind, v) for kind in ("<I", ">I") for v in (0, 1, 2**20, 2**31 - 1, 2**32 - 1)),
    *(struct.pack(kind, v) for kind in ("<Q", ">Q") for v in (0, 2**31, 2**62, 2**64 - 1)),
    *(struct.pack(kind, v) for kind in ("<f", ">f", "<d") for v in (float("nan"), float("inf"))),
)


_AT_MOST_BYTES = 2**19


@dataclass(frozen=True)
class Step:
    """What is done, where in the file as a share of it, how far, and with which foreign thing."""

    name: str
    place: float
    extent: float
    pick: int


def _span(content: bytes, step: Step) -> tuple[int, int]:
    start = int(step.place * len(content))
    return start, min(len(content), start + 1 + int(step.extent**3 * len(content)))


def _flip(content: bytes, step: Step) -> bytes:
    at, _ = _span(content, step)
    return content[:at] + bytes([content[at] ^ 1 << step.pick % 8]) + content[at + 1 :]


def _cut(content: bytes, step: Step) -> bytes:
    return content[: _span(content, step)[0]]


def _delete(content: bytes, step: Step) -> bytes:
    start, end = _span(content, step)
    return content[:start] + content[end:]


def _repeat(content: bytes, step: Step) -> bytes:
    start, end = _span(content, step)
    return content[:end] + content[start:end] * (1 + step.pick % 3) + content[end:]


def _blank(content: bytes, step: Step) -> bytes:
    start, end = _span(content, step)
    return content[:start] + b"\x00\xff"[step.pick % 2 :][:1] * (end - start) + content[end:]


def _overwrite(content: bytes, step: Step) -> bytes:
    start, _ = _span(content, step)
    foreign = EXTREMES[step.pick % len(EXTREMES)]
    # Fields of binary headers lie on even places.
    start -= start % 2
    return content[:start] + foreign + content[start + len(foreign) :]


def _lines(change: Callable[[list[bytes], int, Step], None]) -> Callable[[bytes, Step], bytes]:
    def changed(content: bytes, step: Step) -> bytes:
        lines = content.split(b"\n")
        change(lines, min(int(step.place * len(lines)), len(lines) - 1), step)
        return b"\n".join(lines)

    return changed


def _many_lines(lines: list[bytes], at: int, step: Step) -> None:
    lines[at:at] = [lines[at]] * min(3000, _AT_MOST_BYTES // (len(lines[at]) + 1))


def _swap_lines(lines: list[bytes], at: int, step: Step) -> None:
    other = step.pick % len(lines)
    lines[at], lines[other] = lines[other], lines[at]


def _of_pattern(
    pattern: re.Pattern[bytes], foreign: tuple[bytes, ...]
) -> Callable[[bytes, Step], bytes]:
    def changed(content: bytes, step: Step) -> bytes:
        found = list(pattern.finditer(content))
        if not found:
            return content
        match = found[min(int(step.place * len(found)), len(found) - 1)]
        return content[: match.start()] + foreign[step.pick % len(foreign)] + content[match.end() :]

    return changed


def _recode(content: bytes, step: Step) -> bytes:
    encoding = ("utf-16", "utf-16-le", "utf-32", "utf-8-sig", "latin-1", "cp1252")[step.pick % 6]
    return content.decode("utf-8", "replace").encode(encoding, "replace")


_ANY: dict[str, Callable[[bytes, Step], bytes]] = {
    "flip": _flip,
    "cut": _cut,
    "delete": _delete,
    "repeat": _repeat,
    "blank": _blank,
    "overwrite": _overwrite,
}
_TEXT: dict[str, Callable[[bytes, Step], bytes]] = {
    "number": _of_pattern(_NUMBER, NUMBERS),
    "value": _of_pattern(_VALUE, VALUES),
    "cell": _of_pattern(_CELL_MARKS, (b"", b"\t", b",", b"  ", b"\n", b'"', b"|")),
    "recode": _recode,
    "crlf": lambda content, _: content.replace(b"\n", b"\r\n"),
    "cr": lambda content, _: content.replace(b"\n", b"\r"),
    "line lost": _lines(lambda lines, at, _: lines.__delitem__(at)),
    "line twice": _lines(lambda lines, at, _: lines.insert(at, lines[at])),
    "line many times": _lines(_many_lines),
    "lines swapped": _lines(_swap_lines),
}
STEPS = {"binary": _ANY, "text": _ANY | _TEXT, "gzip": _ANY}


def steps(kind: str) -> st.SearchStrategy[list[Step]]:
    """Return one to four steps that make sense for such files."""
    shares = st.floats(0, 1, exclude_max=True, allow_subnormal=False)
    step = st.builds(
        Step, st.sampled_from(sorted(STEPS[kind])), shares, shares, st.integers(0, 2**16)
    )
    return st.lists(step, min_size=1, max_size=4)


def damaged(kind: str, content: bytes, taken: Sequence[Step]) -> bytes:
    """Return what steps make of a whole file."""
    # What is compressed is damaged within, as well as without.
    is_within = kind == "gzip" and bool(taken[0].pick % 4)
    content = gzip.decompress(content) if is_within else content
    for each in taken:
        if content and len(content) < _AT_MOST_BYTES:
            content = STEPS[kind][each.name](content, each)
    return gzip.compress(content, 1, mtime=0) if is_within else content
