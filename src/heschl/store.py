"""The content-addressed store: nothing is computed twice, nothing stale is ever served.

An entry is a folder of raw ``.npy`` arrays and a sidecar ``entry.json`` that
holds the whole configuration whose digest is the key. It appears by one rename,
so it is there whole or not at all, and it is verified whenever it is read.
"""

from __future__ import annotations

import errno
import hashlib
import io
import json
import os
import shutil
import time
import uuid
import warnings
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from heschl._version import __version__
from heschl.configuration import differences, digest, plain
from heschl.disk import sync_folder, usable, write_synced
from heschl.errors import InvalidInput, UnknownName
from heschl.uses import Uses

__all__ = ["Entry", "Phantom", "Store", "default_folder"]

_STALE_AFTER_S = 24 * 3600
_SHORTEST_PREFIX = 4
_LONGEST_HEAD = 10 + 2**16
"""Bytes before the numbers of an array on disk, in the first version of NumPy's format."""

_DAMAGE = (
    *(ValueError, KeyError, TypeError, AttributeError, EOFError, RecursionError),
    *(NotADirectoryError, IsADirectoryError),
)
"""What reading an entry raises if it is not what was written."""


def default_folder() -> Path:
    """Return ``$HESCHL_STORE``, or ``heschl`` in the user's cache folder."""
    chosen = os.environ.get("HESCHL_STORE")
    if chosen:
        return Path(chosen).expanduser()
    cache = os.environ.get("XDG_CACHE_HOME")
    return (Path(cache) if cache else Path.home() / ".cache") / "heschl"


@dataclass(frozen=True)
class Entry:
    """What the store says of one entry without reading its arrays."""

    key: str
    configuration: Mapping[str, Any]
    n_bytes: int
    created: float
    used: float


@dataclass(frozen=True)
class Phantom:
    """A simulated dataset that lies in the store; its name says of what and with which seed."""

    name: str
    n_bytes: int
    used: float


class Store:
    """A folder of verified entries.

    >>> import tempfile
    >>> store = Store(tempfile.mkdtemp())
    >>> key = store.write({"what": "an example"}, {"values": np.arange(3)})
    >>> store.read(key)["values"]
    array([0, 1, 2])

    Below it there may be another one, which many share and nobody writes: what it has is not made
    again. By default that is ``$HESCHL_SHARED_STORE``.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str] | None = None,
        *,
        shared: str | os.PathLike[str] | None = None,
    ) -> None:
        if not isinstance(folder, str | os.PathLike | None):
            raise InvalidInput(f"store={folder!r}; expected a folder, or None for the usual one")
        self.folder = Path(folder).expanduser() if folder is not None else default_folder()
        with self.usable():
            if self.folder.exists() and not self.folder.is_dir():
                raise InvalidInput(f"the store {self.folder} is a file; name a folder instead")
        named = shared if shared is not None else os.environ.get("HESCHL_SHARED_STORE") or None
        self.shared = None if named is None else Path(named).expanduser()
        if self.shared is not None and not self.shared.is_dir():
            raise InvalidInput(
                f"the shared store {self.shared} is no folder; mend or unset $HESCHL_SHARED_STORE"
            )

    def __repr__(self) -> str:
        return f"Store({str(self.folder)!r})"

    def place(self, key: str) -> Path:
        """Return the folder of an entry, there or not."""
        return self.folder / "objects" / key[:2] / key

    def phantom_place(self, name: str) -> Path:
        """Return the folder of a phantom, there or not."""
        return self.folder / "phantoms" / name

    def usable(self) -> AbstractContextManager[None]:
        """Turn what the disk refuses into an error that says what to do about the store."""
        return usable(
            self.folder,
            "take another store (--store, store=... or $HESCHL_STORE); `heschl cache gc` removes "
            "what was not used for long, and what is finished is kept",
        )

    def has(self, key: str) -> bool:
        """Return whether an entry is there; its arrays are verified only by `read`."""
        with self.usable():
            return any((folder / "entry.json").is_file() for folder in self._places(key))

    def _places(self, key: str) -> Iterator[Path]:
        """Yield where an entry may be: here, then where it is shared."""
        yield self.place(key)
        if self.shared is not None and not (self.folder / "doubted" / key).exists():
            yield self.shared / "objects" / key[:2] / key

    def write(self, configuration: Any, arrays: Mapping[str, np.ndarray]) -> str:
        """Store arrays under their configuration and return the key.

        The arrays are on the disk, synced, before the entry appears. If another
        writer was first, its entry stays: same key, same content.
        """
        key = digest(configuration)
        work = self.folder / "tmp" / uuid.uuid4().hex
        with self.usable():
            work.mkdir(parents=True)
            try:
                files = {name: _write_array(work / f"{name}.npy", a) for name, a in arrays.items()}
                sidecar = {
                    "key": key,
                    "configuration": plain(configuration),
                    "files": files,
                    "arrays": digest(files),
                    "heschl": __version__,
                    "numpy": np.__version__,
                    "created": time.time(),
                }
                write_synced(work / "entry.json", json.dumps(sidecar, indent=1).encode())
                sync_folder(work)
                self._show(work, key)
            finally:
                shutil.rmtree(work, ignore_errors=True)
        return key

    def _show(self, work: Path, key: str) -> None:
        """Put an entry where readers look for it."""
        target = self.place(key)
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            work.rename(target)
        except OSError:
            if (target / "entry.json").is_file():
                return
            # What readers do not take for an entry must not bar its place for ever.
            if not target.exists():
                raise
            self._set_aside(target, "it has no entry.json")
            work.rename(target)
        sync_folder(target.parent)

    def read(self, key: str) -> dict[str, np.ndarray] | None:
        """Return an entry's arrays, or None on a miss.

        An entry whose bytes or configuration do not match what was written is
        set aside with a warning and counts as a miss.
        """
        with self.usable():
            for folder in self._places(key):
                try:
                    return self._verified(folder, key)
                except FileNotFoundError:
                    # Removed meanwhile, unless a part of it is left.
                    if (folder / "entry.json").exists():
                        self._set_aside(folder, "an array is missing")
                except _DAMAGE as error:
                    self._set_aside(folder, str(error))
                except OSError as error:
                    # What network disks say of a file that was removed while it was open.
                    if error.errno != errno.ESTALE:
                        raise
        return None

    def _verified(self, folder: Path, key: str) -> dict[str, np.ndarray]:
        sidecar = json.loads((folder / "entry.json").read_bytes())
        if digest(sidecar["configuration"]) != key:
            raise ValueError("its configuration does not give its key")
        # What was written before there was such a digest has none.
        if "arrays" in sidecar and sidecar["arrays"] != digest(sidecar["files"]):
            raise ValueError("its list of arrays is not what was written")
        arrays = {
            name: _read_array(folder / f"{name}.npy", expected)
            for name, expected in sidecar["files"].items()
        }
        # gc removes the least recently used first; reading is use, where it can be told.
        with suppress(OSError):
            os.utime(folder / "entry.json")
        return arrays

    def _set_aside(self, folder: Path, reason: str) -> None:
        warnings.warn(
            f"the stored entry {folder.name[:12]} is damaged ({reason}); it is computed again",
            RuntimeWarning,
            stacklevel=3,
        )
        if folder != self.place(folder.name):
            # Not ours to move: it is passed over from now on.
            doubt = self.folder / "doubted" / folder.name
            doubt.parent.mkdir(parents=True, exist_ok=True)
            doubt.touch()
            return
        grave = self.folder / "damaged" / f"{folder.name}-{uuid.uuid4().hex[:8]}"
        grave.parent.mkdir(parents=True, exist_ok=True)
        # Two readers may find the same damage.
        with suppress(FileNotFoundError):
            folder.rename(grave)

    def entries(self) -> Iterator[Entry]:
        """Yield every readable entry, the longest unused first."""
        found = []
        for path in (self.folder / "objects").glob("??/*/entry.json"):
            try:
                sidecar = json.loads(path.read_bytes())
                n_bytes = sum(file.stat().st_size for file in path.parent.iterdir())
                found.append(
                    Entry(
                        sidecar["key"],
                        sidecar["configuration"],
                        n_bytes,
                        float(sidecar["created"]),
                        path.stat().st_mtime,
                    )
                )
            except (OSError, ValueError, KeyError, TypeError):
                continue  # being written, removed or damaged: read() says so when it matters
        yield from sorted(found, key=lambda entry: entry.used)

    def phantoms(self) -> Iterator[Phantom]:
        """Yield every phantom, the longest unused first; those being written are left out."""
        found = []
        for folder in self.phantom_place("").glob("[!.]*"):
            with suppress(OSError):  # removed meanwhile
                found.append(Phantom(folder.name, _n_bytes_below(folder), folder.stat().st_mtime))
        yield from sorted(found, key=lambda phantom: phantom.used)

    def learned_size(self) -> tuple[int, int]:
        """Return the number and the bytes of the notes that `heschl.remembered` keeps here."""
        notes = self.folder / "learned"
        return len(list(notes.glob("*.json"))), _n_bytes_below(notes)

    def find(self, prefix: str) -> Entry:
        """Return the entry whose key begins with ``prefix``."""
        if len(prefix) < _SHORTEST_PREFIX:
            raise InvalidInput(
                f"{prefix!r} is too short for a key; give at least {_SHORTEST_PREFIX} characters"
            )
        matches = [entry for entry in self.entries() if entry.key.startswith(prefix)]
        if len(matches) != 1:
            how_many = "no entry" if not matches else f"{len(matches)} entries"
            raise UnknownName(
                f"{how_many} of {self.folder} have a key that begins with {prefix!r}; "
                "`heschl cache ls` lists them"
            )
        return matches[0]

    def why(self, first: str, second: str) -> list[tuple[str, Any, Any]]:
        """Return the fields that make two entries different, by key or prefix."""
        pair = (self.find(first).configuration, self.find(second).configuration)
        return list(differences(*pair))

    def gc(
        self, *, max_bytes: int | None = None, unused_days: float | None = None
    ) -> tuple[int, int]:
        """Remove entries and phantoms, the longest unused first; return how many and their bytes.

        Damaged entries and the remains of killed writers go too. What a run that goes on has named
        as its own (`heschl.uses`) stays.
        """
        now, uses = time.time(), Uses(self.folder)
        things = [
            *((entry.used, entry.n_bytes, self.place(entry.key)) for entry in self.entries()),
            *((each.used, each.n_bytes, self.phantom_place(each.name)) for each in self.phantoms()),
        ]
        total = sum(n_bytes for _, n_bytes, _ in things)
        n_removed = n_bytes_removed = 0
        for used, n_bytes, place in sorted(things):
            is_old = unused_days is not None and now - used > unused_days * 86400
            is_over = max_bytes is not None and total > max_bytes
            if not (is_old or is_over) or not self._remove(place, used, uses):
                continue
            total -= n_bytes
            n_removed += 1
            n_bytes_removed += n_bytes
        shutil.rmtree(self.folder / "damaged", ignore_errors=True)
        for pattern in ("tmp/*", "phantoms/.*"):
            for remains in self.folder.glob(pattern):
                with suppress(FileNotFoundError):
                    # A clock that was set back leaves times ahead of it.
                    if abs(now - remains.stat().st_mtime) > _STALE_AFTER_S:
                        shutil.rmtree(remains, ignore_errors=True)
        return n_removed, n_bytes_removed

    def _remove(self, place: Path, used: float, uses: Uses) -> bool:
        """Remove a folder unless it is in use or another process does; return whether this did."""
        if place.name in uses:
            return False
        # Renamed first, so that no reader ever sees half of it.
        grave = self.folder / "tmp" / f"removed-{uuid.uuid4().hex}"
        with self.usable():
            grave.parent.mkdir(parents=True, exist_ok=True)
            try:
                place.rename(grave)
            except FileNotFoundError:
                return False
        # A run names what it uses before it looks for it. So whoever is not there by now finds the
        # entry gone, and nobody loses one that was found.
        is_used = place.name in uses or _last_used(grave) > used
        if is_used:
            with suppress(OSError):  # made again meanwhile
                grave.rename(place)
        shutil.rmtree(grave, ignore_errors=True)
        return not is_used


def _last_used(folder: Path) -> float:
    sidecar = folder / "entry.json"
    return (sidecar if sidecar.exists() else folder).stat().st_mtime


def _n_bytes_below(folder: Path) -> int:
    return sum(path.lstat().st_size for path in folder.rglob("*") if not path.is_dir())


def _write_array(path: Path, array: np.ndarray) -> dict[str, Any]:
    if array.dtype.hasobject:
        raise InvalidInput(f"the array {path.stem!r} holds objects; the store keeps numbers alone")
    with path.open("wb") as file:
        np.save(file, array, allow_pickle=False)
        file.flush()
        os.fsync(file.fileno())
    return {"sha256": _file_digest(path), "n_bytes": path.stat().st_size}


def _read_array(path: Path, expected: Mapping[str, Any]) -> np.ndarray:
    # Read once: what was verified is what is returned.
    content = np.fromfile(path, dtype=np.uint8)
    if hashlib.sha256(content.data).hexdigest() != expected["sha256"]:
        raise ValueError(f"{path.name} does not match its checksum")
    head = io.BytesIO(content[:_LONGEST_HEAD].tobytes())
    if np.lib.format.read_magic(head) != (1, 0):  # of arrays with many names
        return np.asarray(np.load(path, allow_pickle=False))
    shape, is_fortran, dtype = np.lib.format.read_array_header_1_0(head)
    values = content[head.tell() :].view(dtype)
    return values.reshape(shape, order="F" if is_fortran else "C")


def _file_digest(path: Path) -> str:
    sha = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            sha.update(block)
    return sha.hexdigest()
