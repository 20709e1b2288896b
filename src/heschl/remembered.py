"""What was learned of a file by reading it whole, kept until the file changes.

Cells are named by the contents of their inputs, which are gigabytes: read at each start, they
would take minutes before any work. What is kept is a few hundred bytes a file, below the store.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from heschl.disk import write_atomically
from heschl.untrusted import check_file

__all__ = ["learned", "remembering"]

_SETTLED_AFTER_S = 3.0
"""A file may change again within a tick of its clock and look the same: FAT's tick is 2 s, the
longest in use."""

_folder: ContextVar[Path | None] = ContextVar("folder", default=None)
_known: dict[str, Any] = {}
"""What this process has learned, by `_version`."""


@contextmanager
def remembering(store_folder: Path) -> Iterator[None]:
    """Keep what is learned inside this context below a store, for later processes."""
    token = _folder.set(store_folder / "learned")
    try:
        yield
    finally:
        _folder.reset(token)


def learned(what: str, path: str | os.PathLike[str], learn: Callable[[], Any]) -> Any:
    """Return ``learn()``, or what it returned when this version of the file was last read.

    A version is a path, size, inode and the times of the last change, of which nobody can set
    all. Nothing is kept of a file that changed a moment ago, or while it was read.

    Parameters
    ----------
    what
        All that the answer depends on beside the file: the question, and versions of libraries.
    path
        A file that passes `heschl.untrusted.check_file`.
    learn
        Reads the file; its answer is made of JSON types.
    """
    version, changed_s = _version(what, path)
    if version in _known:
        return _known[version]
    folder = _folder.get()
    note = folder / f"{_sha256(version)}.json" if folder else None
    answer = _recalled(note, version) if note else None
    if answer is None:
        is_settled = time.time() - changed_s > _SETTLED_AFTER_S
        answer = learn()
        if _version(what, path)[0] != version:
            return answer
        if note and is_settled:
            # A store that cannot be written costs time, no more.
            with suppress(OSError):
                write_atomically(note, _signed(version, answer))
    _known[version] = answer
    return answer


def _version(what: str, path: str | os.PathLike[str]) -> tuple[str, float]:
    """Return a text that no other content of the file shares, and when it last changed."""
    status = check_file(path)
    stamp = [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino]
    place = os.fsdecode(Path(path).absolute())
    return json.dumps([what, place, *stamp]), max(status.st_mtime, status.st_ctime)


def _recalled(note: Path, version: str) -> Any | None:
    """Return the answer in a note that is whole and of this version."""
    try:
        content = note.read_bytes()
        answer = json.loads(content)["answer"]
        return answer if content == _signed(version, answer) else None
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def _signed(version: str, answer: Any) -> bytes:
    content = {"version": version, "answer": answer}
    return json.dumps(content | {"sha256": _sha256(json.dumps(content))}).encode()


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
