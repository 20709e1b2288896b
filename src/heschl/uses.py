"""Uses: what a run reads of a store, told to whoever makes room there.

A use is a small file below the store: a lease's line, which names its owner, and a line for each
entry or phantom that must stay. It is kept fresh like a lease (`heschl.leases`).
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from heschl.leases import beating, is_dead, owner_line

__all__ = ["Uses", "using"]

_GONE_AFTER_S = 24 * 3600
"""How long a use stands still before it is nobody's: longer than any two clocks differ."""


@contextmanager
def using(store_folder: Path, names: Iterable[str]) -> Iterator[None]:
    """Keep entries (by key) and phantoms (by name) from being removed inside this context."""
    folder, mine = _below(store_folder), owner_line()
    path = folder / uuid.uuid4().hex
    held: list[Path] = []
    # Where nothing can be written nothing can be removed; a full disk tells itself soon enough.
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        held.append(path)
        # Seen whole or not at all.
        work = path.with_name(f".{path.name}")
        try:
            work.write_text("".join([mine, *(f"{name}\n" for name in names)]))
            work.rename(path)
        finally:
            work.unlink(missing_ok=True)
    with beating(held, mine):
        yield


@dataclass
class Uses:
    """What is in use in a store, looked at anew each time."""

    store_folder: Path
    _known: dict[str, tuple[str, frozenset[str]]] = field(default_factory=dict)
    """Of each file its owner and the names in it, which never change."""

    def __contains__(self, name: str) -> bool:
        """Return whether somebody uses an entry or a phantom now."""
        return any(name in names for names in self._current())

    def _current(self) -> Iterator[frozenset[str]]:
        for path in _below(self.store_folder).glob("[!.]*"):
            with suppress(OSError):  # let go meanwhile
                if path.name not in self._known:
                    mine, _, names = path.read_text("utf-8", "replace").partition("\n")
                    self._known[path.name] = (mine, frozenset(names.splitlines()))
                mine, found = self._known[path.name]
                stood_s = abs(time.time() - path.stat().st_mtime)
                if is_dead(mine) or stood_s > _GONE_AFTER_S:
                    path.unlink()
                else:
                    yield found


def _below(store_folder: Path) -> Path:
    return store_folder / "uses"
