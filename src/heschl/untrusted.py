"""Files from elsewhere: the checks before any of their bytes is believed."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Hashable, Iterable
from pathlib import Path
from typing import Any, TypeVar

from heschl.disk import usable
from heschl.errors import CorruptData, InvalidInput, MissingData

__all__ = ["check_file", "first_repeated", "parse_json", "read_bytes", "read_json"]

_Name = TypeVar("_Name", bound=Hashable)
_MOST_DIGITS = 18
"""Of a whole number, so that each fits 64 bits and a float."""

# What a checkout holds in place of content that git-annex or git-lfs has not fetched.
# A pointer is one short line or three, so larger files are not looked into.
_POINTER_MARKS = (b"annex/objects/", b"https://git-lfs.github.com/spec/")
_POINTER_BYTES = 4096


def check_file(path: str | os.PathLike[str]) -> os.stat_result:
    """Return the status of a file that is there, is a file and has content.

    Raises
    ------
    MissingData
        Nothing is there, or only the pointer that git-annex or git-lfs leaves
        until the content is fetched.
    InvalidInput
        A folder, a pipe or a device.
    CorruptData
        An empty file.
    DiskRefused
        A file that may not be read, or whose links lead in a circle.
    """
    path = Path(path)
    with usable(path, "copy it to where it can be read"):
        try:
            status = path.stat()
        except (FileNotFoundError, NotADirectoryError):
            if path.is_symlink():
                raise MissingData(
                    f"{path} links to content that was not fetched; get it with `git annex get` "
                    "or `datalad get`, or download it with `heschl fetch`"
                ) from None
            raise MissingData(f"{path} does not exist; check the folder and the name") from None
        if not stat.S_ISREG(status.st_mode):
            kind = "a folder" if stat.S_ISDIR(status.st_mode) else "no regular file"
            raise InvalidInput(f"{path} is {kind}; give the path of one file")
        # Of a file that may not be read, libraries would say that it is damaged.
        with path.open("rb") as file:
            start = file.read(_POINTER_BYTES + 1)
    if status.st_size == 0:
        raise CorruptData(f"{path} is empty; fetch or write it again")
    if len(start) <= _POINTER_BYTES and any(mark in start for mark in _POINTER_MARKS):
        raise MissingData(
            f"{path} holds a pointer of git-annex or git-lfs: its content was not fetched; get "
            "it with `git annex get`, `datalad get` or `git lfs pull`, or with `heschl fetch`"
        )
    return status


def read_bytes(path: str | os.PathLike[str], *, at_most: int) -> bytes:
    """Return the content of a file that passes `check_file` and holds ``at_most`` bytes."""
    size = check_file(path).st_size
    if size > at_most:
        raise CorruptData(
            f"{path} has {size:,} bytes; a file of its kind has at most {at_most:,}, so this "
            "is something else"
        )
    return Path(path).read_bytes()


def read_json(path: str | os.PathLike[str], *, at_most: int) -> Any:
    """Return what a file of JSON holds; see `parse_json`."""
    return parse_json(read_bytes(path, at_most=at_most), str(path))


def parse_json(content: bytes, name: str) -> Any:
    """Return what some bytes of JSON hold; ``name`` is what errors call them.

    >>> parse_json(b'{"scans": 363}', "respdict.json")
    {'scans': 363}
    """
    try:
        return json.loads(content, parse_int=_whole)
    except (ValueError, RecursionError) as error:  # of decoding, too
        raise CorruptData(
            f"{name} is not JSON ({error}); fetch it again, or mend it if it is yours"
        ) from None


def _whole(text: str) -> int:
    if len(text) > _MOST_DIGITS:
        raise ValueError(f"{text[:_MOST_DIGITS]}… has {len(text)} digits")
    return int(text)


def first_repeated(names: Iterable[_Name]) -> _Name | None:
    """Return the first name that was there before, in time that grows as their number does.

    >>> first_repeated(["a", "b", "a", "b"])
    'a'
    """
    seen: set[_Name] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None
