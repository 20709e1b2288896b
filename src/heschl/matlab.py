"""MATLAB files of version 5: numbers, texts, cells and structures; nothing else is opened.

SciPy's reader, by which this one is tested, ends the whole process for some files in which a single
bit is wrong. Here every length is held against what is there before anything is taken.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from heschl.errors import CorruptData
from heschl.untrusted import read_bytes

__all__ = ["read_matlab"]

_HEADER_BYTES = 128
_VERSION, _ORDER = slice(124, 126), slice(126, 128)
_TAG_BYTES = 8
_MOST_NESTED = 8
_BLOCK = 2**20

# Kinds of data elements, and of arrays, by the numbers that the format gives them.
_STORED = {
    1: "i1",
    2: "u1",
    3: "i2",
    4: "u2",
    5: "i4",
    6: "u4",
    7: "f4",
    9: "f8",
    12: "i8",
    13: "u8",
}
_MATRIX, _COMPRESSED = 14, 15
_ENCODINGS = {16: "utf-8", 17: "utf-16", 18: "utf-32"}
_LETTERS = (2, 4)
_CELL, _STRUCTURE, _TEXT = 1, 2, 4
_NUMBERS = {
    6: "f8", 7: "f4", 8: "i1", 9: "u1", 10: "i2", 11: "u2", 12: "i4", 13: "u4", 14: "i8", 15: "u8",
}  # fmt: skip
_IS_COMPLEX = 0x08


class _Unreadable(Exception):
    """What is wrong with a file; `read_matlab` adds which one."""


class _Element(NamedTuple):
    kind: int
    content: memoryview


class _Head(NamedTuple):
    name: str
    kind: int
    is_complex: bool
    shape: tuple[int, ...]
    n_values: int


def read_matlab(path: Path, *, at_most: int) -> dict[str, Any]:
    """Return the variables of a file that are numbers, texts, cells or structures.

    Parameters
    ----------
    path
        The file.
    at_most
        How many bytes it may hold, packed or unpacked.

    Returns
    -------
    dict
        By name: numbers as an array of MATLAB's shape, a text of one row as a string, a cell as a
        list in MATLAB's order, one structure as a dictionary. Other variables are left out.

    Raises
    ------
    CorruptData
        If the file is not whole, or is not of version 5.
    """
    content = memoryview(read_bytes(path, at_most=at_most))
    try:
        order = _byte_order(content)
        return dict(_variables(content[_HEADER_BYTES:], order, at_most))
    except (_Unreadable, ValueError, zlib.error) as error:  # ValueError of texts and shapes
        raise CorruptData(
            f"{path} cannot be read as a MATLAB file ({error}); fetch it again"
        ) from error


def _byte_order(content: memoryview) -> str:
    orders = {b"IM": "<", b"MI": ">"}
    order = orders.get(bytes(content[_ORDER]))
    if order is None:
        raise _Unreadable("it has not the first 128 bytes of one")
    version = int(np.frombuffer(content[_VERSION], f"{order}u2")[0])
    if version != 0x0100:  # noqa: PLR2004
        raise _Unreadable(f"it is of version 7.3 or another ({version:#06x}), not 5, as published")
    return order


def _variables(content: memoryview, order: str, room: int) -> Iterator[tuple[str, Any]]:
    for element in _elements(content, order):
        if element.kind == _COMPRESSED:
            unpacked = _unpacked(element.content, room)
            room -= len(unpacked)
            (variable,) = _exactly(1, _elements(memoryview(unpacked), order))
        else:
            variable = element
        if variable.kind != _MATRIX:
            raise _Unreadable(f"an element of kind {variable.kind} stands where a variable should")
        name, value = _array(variable.content, order, depth=0)
        if value is not None:
            yield name, value


def _unpacked(packed: memoryview, room: int) -> bytes:
    """Return what is packed, once it is known to be no more than there is room for."""
    counting, left = zlib.decompressobj(), packed
    n_bytes = 0
    while left and not counting.eof:
        n_bytes += len(counting.decompress(left, _BLOCK))
        left = memoryview(counting.unconsumed_tail)
        if n_bytes > room:
            raise _Unreadable(f"it unpacks to more than {room:,} bytes, and so is something else")
    if not counting.eof:
        raise _Unreadable("it ends within a packed variable")
    return zlib.decompress(packed)


def _elements(content: memoryview, order: str) -> Iterator[_Element]:
    """Yield data elements one after the other, each padded to eight bytes but packed ones."""
    place = 0
    while place < len(content):
        if place + _TAG_BYTES > len(content):
            raise _Unreadable("it ends within the head of an element")
        kind, n_bytes = (int(each) for each in np.frombuffer(content, f"{order}u4", 2, place))
        start = place + _TAG_BYTES
        if kind >> 16:  # both in one half, and the data in the other
            kind, n_bytes, start = kind & 0xFFFF, kind >> 16, place + _TAG_BYTES // 2
            if n_bytes > _TAG_BYTES // 2:
                raise _Unreadable("a small element claims to be large")
        end = start + n_bytes
        if end > len(content):
            raise _Unreadable("an element claims more than is there")
        yield _Element(kind, content[start:end])
        place = end if kind == _COMPRESSED else -(-end // _TAG_BYTES) * _TAG_BYTES


def _exactly(count: int, elements: Iterator[_Element]) -> list[_Element]:
    found = list(elements)
    if len(found) != count:
        raise _Unreadable(f"{len(found)} elements stand where {count} should")
    return found


def _array(content: memoryview, order: str, depth: int) -> tuple[str, Any]:
    """Return the name of an array and its value; None of a kind that is not read."""
    if depth > _MOST_NESTED:
        raise _Unreadable("its cells lie too deep within each other")
    if not content:
        return "", np.empty((0, 0))  # as MATLAB writes an empty part of a cell
    elements = _elements(content, order)
    head = _head(elements, order)
    if head.kind == _CELL:
        return head.name, _cell(head, list(elements), order, depth)
    if head.kind == _STRUCTURE:
        return head.name, _structure(head, list(elements), order, depth)
    if head.kind != _TEXT and head.kind not in _NUMBERS:
        return head.name, None
    if head.is_complex:
        raise _Unreadable(f"the array {head.name!r} is of complex numbers; expected real ones")
    (values,) = _exactly(1, elements)
    read = _text if head.kind == _TEXT else _matrix
    return head.name, read(head, values, order)


def _head(elements: Iterator[_Element], order: str) -> _Head:
    """Return what the first three elements of an array say of the others."""
    first = [each for _, each in zip(range(3), elements, strict=False)]
    if len(first) < 3:  # noqa: PLR2004
        raise _Unreadable("an array has no name or no shape")
    flags = _numbers(first[0], order)
    shape = tuple(int(each) for each in _numbers(first[1], order))
    name = bytes(first[2].content).decode("ascii")
    if len(flags) != 2 or len(shape) < 2 or min(shape) < 0:  # noqa: PLR2004
        raise _Unreadable(f"the array {name!r} has no kind or no shape")
    # In Python's integers, which no claim can overflow.
    n_values = int(np.prod(shape, dtype=object))
    kind, is_complex = int(flags[0]) & 0xFF, bool(int(flags[0]) >> 8 & _IS_COMPLEX)
    return _Head(name, kind, is_complex, shape, n_values)


def _cell(head: _Head, held: list[_Element], order: str, depth: int) -> list[Any]:
    if len(held) != head.n_values or any(each.kind != _MATRIX for each in held):
        raise _Unreadable(f"the cell {head.name!r} does not hold {head.n_values} arrays")
    return [_array(each.content, order, depth + 1)[1] for each in held]


def _structure(head: _Head, held: list[_Element], order: str, depth: int) -> dict[str, Any] | None:
    """Return a structure's fields by name; None of an array of several structures."""
    if len(held) < 2:  # noqa: PLR2004
        raise _Unreadable(f"the structure {head.name!r} names no fields")
    length, *others = _numbers(held[0], order).tolist() or [0]
    letters = bytes(held[1].content)
    if others or not isinstance(length, int) or length < 1 or len(letters) % length:
        raise _Unreadable(f"the structure {head.name!r} names no fields")
    starts = range(0, len(letters), length)
    names = [letters[start : start + length].split(b"\0")[0].decode("ascii") for start in starts]
    values = held[2:]
    if len(values) != head.n_values * len(names) or len(set(names)) < len(names):
        raise _Unreadable(f"the structure {head.name!r} does not hold {len(names)} fields")
    if head.n_values != 1:
        return None
    cell = _cell(head._replace(n_values=len(names)), values, order, depth)
    return dict(zip(names, cell, strict=True))


def _matrix(head: _Head, element: _Element, order: str) -> np.ndarray:
    numbers = _numbers(element, order)
    if len(numbers) != head.n_values:
        raise _Unreadable(f"{head.name!r} holds {len(numbers)} numbers, not {head.n_values}")
    # MATLAB stores whole numbers in as few bytes as they need, but no others as whole ones.
    if numbers.dtype.kind == "f" and not _NUMBERS[head.kind].startswith("f"):
        raise _Unreadable(f"{head.name!r} is of whole numbers, and holds others")
    return numbers.astype(_NUMBERS[head.kind]).reshape(head.shape, order="F")


def _numbers(element: _Element, order: str) -> np.ndarray:
    stored = _STORED.get(element.kind)
    if stored is None:
        raise _Unreadable(f"an element of kind {element.kind} stands where numbers should")
    return np.frombuffer(element.content, f"{order}{stored}")


def _text(head: _Head, element: _Element, order: str) -> str | list[str]:
    """Return a text, or several where a matrix of characters has not just one row."""
    if element.kind in _ENCODINGS:
        end = "" if element.kind == min(_ENCODINGS) else {"<": "-le", ">": "-be"}[order]
        letters = bytes(element.content).decode(_ENCODINGS[element.kind] + end)
    elif element.kind in _LETTERS:
        letters = "".join(chr(each) for each in _numbers(element, order).tolist())
        letters.encode()  # raises where a letter is half of one
    else:
        raise _Unreadable(f"an element of kind {element.kind} stands where a text should")
    if len(letters) != head.n_values:
        raise _Unreadable(f"{head.name!r} has {len(letters)} letters, not {head.n_values}")
    n_rows = head.shape[0]
    if n_rows == 1 or not letters:
        return letters
    return [letters[row::n_rows] for row in range(n_rows)]
