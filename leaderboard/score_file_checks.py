"""Checks of what a file from anywhere holds: each returns what was expected, or says what was got.

Boards have tens of thousands of files, so a check takes few steps where there is nothing to say.
"""

from __future__ import annotations

import base64
import binascii
import math
import os
import reprlib
import stat
import zlib
from typing import Any, NoReturn

from heschl.errors import CorruptData, MissingData

__all__ = [
    "DEEPEST",
    "LARGEST_NUMBER",
    "LONG",
    "SHORT",
    "Wrong",
    "check_depth",
    "check_fields",
    "count",
    "errors",
    "mapping",
    "names_of",
    "number",
    "numbers",
    "read_bounded",
    "refuse",
    "text_of",
    "unpacked",
]

SHORT, LONG = 500, 20_000
"""The most characters of a name and of a text."""
DEEPEST = 100
"""Levels of objects and lists, which whoever reads them on can still follow."""
LARGEST_NUMBER = 1e9
_NESTS = frozenset({dict, list})
_NUMBER_TYPES = frozenset({int, float})
_NAN = math.nan
_REPR = reprlib.Repr()
_REPR.maxstring = _REPR.maxother = _REPR.maxlong = 60
# A pipe opens without waiting for its writer.
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


class Wrong(Exception):
    """What is wrong: where, what was got, what was allowed."""


def read_bounded(path: str, at_most: int, what: str) -> bytes:
    """Return the bytes of a regular file that is no larger than such a file may be."""
    try:
        descriptor = os.open(path, _FLAGS)  # half the time that a file object takes
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise CorruptData(f"{path} is no regular file; expected {what} there, so remove it")
            if status.st_size > at_most:
                raise CorruptData(
                    f"{path} has {status.st_size:,} bytes, where {what} has at most {at_most:,}; "
                    "remove it and write it anew by `heschl submit`"
                )
            return os.read(descriptor, status.st_size)
        finally:
            os.close(descriptor)
    except FileNotFoundError:
        raise MissingData(f"there is no {path}; `heschl submit` writes {what}") from None
    except OSError as error:
        raise CorruptData(f"{path} cannot be read ({error}); mend its permissions") from error


def check_fields(record: Any, expected: frozenset[str], where: str) -> None:
    """Refuse an object with other fields than expected."""
    if type(record) is not dict:
        refuse(where, record, "an object with " + ", ".join(sorted(expected)))
    if record.keys() == expected:
        return
    lacking, unknown = sorted(expected - record.keys()), sorted(record.keys() - expected)
    found = [f"lacks {', '.join(lacking)}"] if lacking else []
    found += [f"has {', '.join(map(repr, unknown[:5]))}, which is no field"] if unknown else []
    raise Wrong(f"{where} {' and '.join(found)}; expected {', '.join(sorted(expected))}")


def refuse(where: str, got: Any, allowed: str) -> NoReturn:
    """Say what was got and what was allowed."""
    raise Wrong(f"{where} is {_REPR.repr(got)}; expected {allowed}")


def text_of(record: dict[str, Any], name: str, longest: int = SHORT) -> str:
    """Return a field that is a text."""
    value = record[name]
    if type(value) is not str or len(value) > longest:
        refuse(name, value, f"a text of at most {longest:,} characters")
    return value


def count(value: Any, where: str) -> int:
    """Return a whole number."""
    if type(value) is not int or not 0 <= value < 2**53:
        refuse(where, value, "a whole number, 0 or above")
    return value


def number(value: Any, where: str) -> float:
    """Return a number, NaN where there is none."""
    if value is None:
        return _NAN
    if type(value) not in _NUMBER_TYPES or not -LARGEST_NUMBER <= value <= LARGEST_NUMBER:
        refuse(where, value, f"a number within ±{LARGEST_NUMBER:.0e}, or null")
    return float(value)


def numbers(values: Any, where: str, n: int) -> tuple[float, ...]:
    """Return ``n`` numbers."""
    if type(values) is not list or len(values) != n:
        refuse(where, values, f"a list of {n} numbers")
    there = [value for value in values if value is not None] if None in values else values
    if not _NUMBER_TYPES.issuperset(map(type, there)):
        refuse(where, values, "numbers or null")
    if there and not (min(there) >= -LARGEST_NUMBER and max(there) <= LARGEST_NUMBER):
        refuse(where, values, f"numbers within ±{LARGEST_NUMBER:.0e}")
    if there is values:
        return tuple(map(float, values))
    return tuple(_NAN if value is None else float(value) for value in values)


def errors(values: Any, where: str, n: int) -> tuple[float, ...]:
    """Return ``n`` standard errors."""
    found = numbers(values, where, n)
    if any(value < 0 for value in found):
        refuse(where, values, "errors of 0 or above")
    return found


def names_of(values: Any, where: str, at_most: int) -> tuple[str, ...]:
    """Return names, each of which is there once."""
    if type(values) is not list or len(values) > at_most or not set(map(type, values)) <= {str}:
        refuse(where, values, f"a list of at most {at_most:,} names")
    if values and max(map(len, values)) > SHORT:
        refuse(where, max(values, key=len), f"names of at most {SHORT} characters")
    if len(set(values)) != len(values):
        refuse(where, values, "each name once")
    return tuple(values)


def unpacked(text: Any, where: str, at_most: int) -> bytes:
    """Return the bytes of base64 of zlib, never more than allowed."""
    if type(text) is not str:
        refuse(where, text, "a text: base64 of zlib")
    unpacking = zlib.decompressobj()
    try:
        content = unpacking.decompress(base64.b64decode(text, validate=True), at_most + 1)
    except (ValueError, binascii.Error, zlib.error) as error:
        refuse(where, text, f"base64 of zlib ({error})")
    if len(content) > at_most:
        refuse(where, f"more than {at_most:,} bytes", "no more, once unpacked")
    if not unpacking.eof or unpacking.unused_data:
        refuse(where, text, "one whole stream of zlib")
    return content


def mapping(record: dict[str, Any], name: str) -> dict[str, Any]:
    """Return a field that is an object."""
    value = record[name]
    if type(value) is not dict:
        refuse(name, value, "an object")
    return value


def check_depth(record: Any) -> None:
    """Refuse what nests so deep that no one could follow."""
    level = [record]
    for _ in range(DEEPEST):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if type(outer) is dict else outer)
            if type(inner) in _NESTS
        ]
        if not level:
            return
    raise Wrong(f"it nests deeper than {DEEPEST} levels of objects and lists; expected fewer")
