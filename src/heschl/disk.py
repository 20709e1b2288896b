"""The disk: files that are there whole or not at all, and words for where it refuses."""

from __future__ import annotations

import errno
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from heschl.errors import DiskRefused, HeschlError

__all__ = ["made_folder", "sync_folder", "usable", "write_atomically", "write_synced"]

# NumPy reports a write that was cut short without a number.
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, None)
_LEAST_ROOM_BYTES = 2**16
_FORBIDDEN = (errno.EROFS, errno.EACCES, errno.EPERM)


@contextmanager
def usable(place: Path, remedy: str) -> Iterator[None]:
    """Turn what the disk refuses inside this context into a `DiskRefused` that says what to do.

    Parameters
    ----------
    place
        What is worked on, for the message.
    remedy
        What else can be done, after the obvious.
    """
    try:
        yield
    except HeschlError:
        raise
    except OSError as error:
        if error.errno in _FULL or _is_full(place):
            what_next = f"there is no room left on its disk ({error}): make some"
        elif error.errno in _FORBIDDEN:
            what_next = f"it may not be used ({error}): mend its permissions"
        else:
            what_next = f"the system refuses ({error}): check its name and its disk"
        raise DiskRefused(f"{place}: {what_next}, or {remedy}") from error


def made_folder(path: str | os.PathLike[str]) -> Path:
    """Return a folder to write to, which is made if need be; for what is written after long work.

    Raises
    ------
    DiskRefused
        If it cannot be one.
    """
    folder = Path(path)
    with usable(folder, "name another folder"):
        folder.mkdir(parents=True, exist_ok=True)
    return folder


def _is_full(place: Path) -> bool:
    # The netCDF library says of a full disk that permission is denied. Path.exists would raise
    # where the system refuses to look.
    there = next(folder for folder in place.absolute().parents if os.path.exists(folder))  # noqa: PTH110
    usage = shutil.disk_usage(there)
    return usage.free < min(usage.total, _LEAST_ROOM_BYTES)


def write_synced(path: Path, content: bytes) -> None:
    """Write a file that is on the disk when this returns."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Put the names in a folder on the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_atomically(path: Path, content: bytes) -> None:
    """Put ``content`` at ``path`` so that a reader sees the old file or the new one whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        write_synced(temporary, content)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(path.parent)
