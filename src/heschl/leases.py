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
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

__all__ = ["BEAT_S", "STALE_AFTER_S", "Onlooker", "leased", "leases_below"]

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
    owner = f"{_machine()} {os.getpid()} {uuid.uuid4().hex}\n"
    held: list[Path] = []
    is_over = threading.Event()

    def beat() -> None:
        while not is_over.wait(BEAT_S):
            for path in held:
                with suppress(OSError):
                    if path.read_text() == owner:
                        os.utime(path)

    try:
        held.extend(folder / key for key in keys if _claim(folder / key, owner))
        if held:
            threading.Thread(target=beat, name="leases", daemon=True).start()
        yield frozenset(path.name for path in held)
    finally:
        is_over.set()
        for path in held:
            with suppress(OSError):  # taken over, or the folder is gone
                if path.read_text() == owner:
                    path.unlink()


def _claim(path: Path, owner: str) -> bool:
    try:
        # Made and claimed in one step, on network disks too.
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY)
    except FileExistsError:
        return False
    with os.fdopen(handle, "w") as file:
        file.write(owner)
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
            owner, touched = path.read_text(), path.stat().st_mtime
        except OSError:
            return False  # let go meanwhile
        now = time.monotonic()
        state, since = self._seen.setdefault(path, ((owner, touched), now))
        if state != (owner, touched):
            self._seen[path] = ((owner, touched), now)
            return False
        return now - since > self.stale_after_s or _is_dead(owner)


def _is_dead(owner: str) -> bool:
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
