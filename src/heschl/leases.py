"""Leases: who is making an entry, so that writers on one store do not make it twice.

A lease is a small file below the store, made by whoever begins and touched while the work goes on.
Clocks of machines differ, so no time in it is ever compared with one's own: a lease is stale when
it has not changed for long enough by the onlooker's own clock, or when its owner ran on this
machine and is dead. Leases only save work. An entry that is made twice is the same entry, so one
that is lost, late or taken over hurts nobody.
"""

from __future__ import annotations

import os
import socket
import threading
import time
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

__all__ = [
    "BEAT_S",
    "STALE_AFTER_S",
    "Onlooker",
    "beating",
    "is_dead",
    "leased",
    "leases_below",
    "owner_line",
]

BEAT_S = 10.0
"""How often a lease is touched."""

STALE_AFTER_S = 60.0
"""How long a lease may stand still before another takes the work over."""


def leases_below(store_folder: Path) -> Path:
    """Return where a store keeps its leases."""
    return store_folder / "leases"


@contextmanager
def leased(folder: Path, keys: Iterable[str]) -> Iterator[frozenset[str]]:
    """Claim those keys that nobody else holds, and keep them claimed inside this context.

    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> with leased(folder, ["a"]) as mine, leased(folder, ["a", "b"]) as others:
    ...     sorted(mine), sorted(others)
    (['a'], ['b'])
    """
    folder.mkdir(parents=True, exist_ok=True)
    mine = owner_line()
    held: list[Path] = []
    with beating(held, mine):
        held.extend(folder / key for key in keys if _claim(folder / key, mine))
        yield frozenset(path.name for path in held)


def owner_line() -> str:
    """Return a line that names this process, and what it begins now."""
    return f"{_machine()} {os.getpid()} {uuid.uuid4().hex}\n"


@contextmanager
def beating(held: Sequence[Path], mine: str) -> Iterator[None]:
    """Touch files that begin with the owner's line inside this context, and remove them after."""
    is_over = threading.Event()

    def beat() -> None:
        while not is_over.wait(BEAT_S):
            for path in held:
                with suppress(OSError):
                    if _owner_of(path) == mine:
                        os.utime(path)

    try:
        threading.Thread(target=beat, name="leases", daemon=True).start()
        yield
    finally:
        is_over.set()
        for path in held:
            with suppress(OSError):  # taken over, or the folder is gone
                if _owner_of(path) == mine:
                    path.unlink()


def _owner_of(path: Path) -> str:
    with path.open(encoding="utf-8", errors="replace") as file:
        return file.readline()


def _claim(path: Path, mine: str) -> bool:
    try:
        # Made and claimed in one step, on network disks too.
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY)
    except FileExistsError:
        return False
    try:
        with os.fdopen(handle, "w") as file:
            file.write(mine)
    except OSError:
        # Full disks have names left; one without an owner would stand in the way.
        path.unlink(missing_ok=True)
        raise
    return True


@dataclass
class Onlooker:
    """Watches leases that others hold."""

    stale_after_s: float = STALE_AFTER_S
    _seen: dict[Path, tuple[tuple[str, float], float]] = field(default_factory=dict)

    def break_stale(self, path: Path) -> None:
        """Remove a lease whose owner is gone; of several who try, one does it."""
        if self._is_stale(path):
            grave = path.with_name(f".{uuid.uuid4().hex}")
            with suppress(OSError):
                path.rename(grave)
                grave.unlink()

    def _is_stale(self, path: Path) -> bool:
        try:
            owner, touched = _owner_of(path), path.stat().st_mtime
        except OSError:
            return False  # let go meanwhile
        now = time.monotonic()
        state, since = self._seen.setdefault(path, ((owner, touched), now))
        if state != (owner, touched):
            self._seen[path] = ((owner, touched), now)
            return False
        return now - since > self.stale_after_s or is_dead(owner)


def is_dead(owner: str) -> bool:
    """Return whether an owner is known to be gone: a process of this machine that is not there."""
    machine, _, rest = owner.partition(" ")
    pid = rest.partition(" ")[0]
    if machine != _machine() or not pid.isdecimal():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except OSError:
        pass  # it is there, and somebody else's
    return False


@cache
def _machine() -> str:
    """Return what names this machine since it started, and the space of its process numbers."""
    with suppress(OSError):
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot}/{os.readlink('/proc/self/ns/pid')}"  # noqa: PTH115  no file, but a name
    return socket.gethostname() or "unnamed"
