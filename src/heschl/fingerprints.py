"""Fingerprints: one digest for the content of many files."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import partial
from pathlib import Path

from heschl.remembered import learned

__all__ = ["file_digest", "files_digest"]

_BLOCK_BYTES = 2**20


def file_digest(path: str | Path) -> str:
    """Return the sha256 of a file's content, read once while the file is untouched.

    Cost: about a second for each gigabyte, the first time; see `heschl.remembered`.
    """
    return str(learned("sha256", path, partial(_read_digest, Path(path))))


def _read_digest(path: Path) -> str:
    sha = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK_BYTES):
            sha.update(block)
    return sha.hexdigest()


def files_digest(root: str | Path, paths: Iterable[str | Path], *, also: Iterable[str] = ()) -> str:
    """Return the sha256 over the names below ``root`` and the contents of files, in any order.

    Parameters
    ----------
    also
        Texts that change what is made of the files.
    """
    place = Path(root)
    lines = {f"{Path(path).relative_to(place).as_posix()}\t{file_digest(path)}" for path in paths}
    sha = hashlib.sha256()
    for line in (*sorted(lines), *also):
        sha.update(line.encode())
        sha.update(b"\n")
    return sha.hexdigest()
