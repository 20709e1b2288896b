"""FreeSurfer's annotations: a code for each vertex, and a table of the labels that codes stand for.

nibabel's reader, by which this one is tested, gives a vertex whose code is not in the table the
label of another code, and puts names beside the wrong codes where the table leaves out numbers.
FreeSurfer has such a vertex without a label, and goes by the numbers.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

__all__ = ["read_annotation"]

_WITH_NUMBERS = -2
"""What stands before a table whose labels are numbered; before an older one stands their count."""
_RED, _GREEN, _BLUE = 1, 2**8, 2**16


def read_annotation(path: Path) -> tuple[np.ndarray, dict[int, str]]:
    """Return the code (vertex,) of each vertex, and the names by code; 0 is no label.

    Raises
    ------
    ValueError
        If the file is cut short, or is none.
    """
    words = _Words(path.read_bytes())
    pairs = words.numbers(2 * words.number()).reshape(-1, 2)
    codes = np.zeros(len(pairs), dtype=np.int64)
    if not np.array_equal(np.sort(pairs[:, 0]), np.arange(len(pairs))):
        raise ValueError("its vertices are not numbered from 0 on, each once")
    codes[pairs[:, 0]] = pairs[:, 1]
    if not words.number():
        raise ValueError("it has no table of labels")
    count = words.number()
    is_numbered = count == _WITH_NUMBERS
    if is_numbered:
        words.number()  # the largest number there may be
    words.text()  # where the table came from
    if is_numbered:
        count = words.number()
    if count < 1:
        raise ValueError(f"its table has {count} labels")
    names: dict[int, str] = {}
    for _ in range(count):
        if is_numbered:
            words.number()
        name = words.text()
        red, green, blue, _ = words.numbers(4).tolist()
        if code := _RED * red + _GREEN * green + _BLUE * blue:
            names.setdefault(code, name)
    return codes, names


class _Words:
    """What a file holds, taken one after another: whole numbers of 4 bytes, and texts."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._place = 0

    def numbers(self, count: int) -> np.ndarray:
        return np.frombuffer(self._taken(4 * count), dtype=">i4")

    def number(self) -> int:
        return int(self.numbers(1)[0])

    def text(self) -> str:
        return self._taken(self.number()).split(b"\0")[0].decode("utf-8", "replace")

    def _taken(self, n_bytes: int) -> bytes:
        if not 0 <= n_bytes <= len(self._content) - self._place:
            raise ValueError(f"it ends within {n_bytes} bytes from {self._place} on")
        start, self._place = self._place, self._place + n_bytes
        return self._content[start : self._place]
