"""Folders under test: copies that are damaged file by file, and a watch on who touches what."""

from __future__ import annotations

import contextlib
import contextvars
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Collection, Iterator
from functools import lru_cache
from pathlib import Path

__all__ = ["classes_of_files", "copied", "damaged", "removed", "state_of", "watched"]

_EXECUTING = frozenset(
    {"os.exec", "os.fork", "os.posix_spawn", "os.spawn", "os.system", "pickle.find_class"}
    | {"socket.connect", "subprocess.Popen"}
)
_EVENTS: contextvars.ContextVar[list[str] | None] = contextvars.ContextVar("events", default=None)


def classes_of_files(
    root: Path, subject: str, others: Collection[str], stimuli: Collection[str]
) -> dict[str, Path]:
    """Return one file for each class of them, such as "one listener's response to a story".

    Files that only differ by the name of a stimulus are one class; those of
    other listeners are left out.
    """
    found: dict[str, Path] = {}
    for path in sorted(each for each in root.rglob("*") if each.is_file()):
        name = path.relative_to(root).as_posix()
        if any(_as_word(other).search(name) for other in others):
            continue
        kind = _as_word(subject).sub("<subject>", name)
        for stimulus in stimuli:
            kind = _as_word(stimulus).sub("<stimulus>", kind)
        found.setdefault(kind, path.relative_to(root))
    return found


@contextlib.contextmanager
def copied(root: Path) -> Iterator[Path]:
    """Lend a copy of a folder, of links where the file system allows it."""
    with tempfile.TemporaryDirectory(prefix="heschl-copy-", dir=root.parent) as place:
        target = Path(place) / "copy"
        shutil.copytree(root, target, copy_function=_link)
        yield target


@contextlib.contextmanager
def damaged(root: Path, file: Path) -> Iterator[None]:
    """Change the byte in the middle of a file of the copy, and mend it afterwards."""
    content = bytearray((root / file).read_bytes())
    content[len(content) // 2] ^= 1
    with removed(root, file):
        # A file of its own: the one that was removed is linked to the original.
        (root / file).write_bytes(content)
        yield


@contextlib.contextmanager
def removed(root: Path, file: Path) -> Iterator[None]:
    """Take a file out of the copy, and put it back afterwards."""
    shelf = root.parent / "removed"
    (root / file).rename(shelf)
    try:
        yield
    finally:
        shelf.replace(root / file)


def state_of(root: Path) -> dict[str, tuple[int, int]]:
    """Return the size and the time of change of everything below a folder."""
    return {
        path.relative_to(root).as_posix(): (path.stat().st_size, path.stat().st_mtime_ns)
        for path in root.rglob("*")
    }


@contextlib.contextmanager
def watched() -> Iterator[list[str]]:
    """Collect what the code within executes, unpickles or calls abroad, as Python audits it."""
    _hear()
    events: list[str] = []
    token = _EVENTS.set(events)
    try:
        yield events
    finally:
        _EVENTS.reset(token)


@lru_cache(maxsize=1)
def _hear() -> None:
    # Python takes no hook off again, so there is one, which is deaf but within `watched`.
    sys.addaudithook(_note)


def _note(event: str, arguments: tuple[object, ...]) -> None:
    events = _EVENTS.get()
    if events is not None and event in _EXECUTING:
        events.append(f"{event} {' '.join(map(str, arguments[:2]))}")


def _as_word(name: str) -> re.Pattern[str]:
    """Return what finds a name that is no part of a longer one.

    Where a name has underscores, a folder may have folders in it: ``fcjf0_sa1`` is FCJF0/SA1.
    """
    spelled = re.escape(name).replace("_", "[_/]")
    return re.compile(rf"(?<![A-Za-z0-9]){spelled}(?![A-Za-z0-9])", re.IGNORECASE)


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
