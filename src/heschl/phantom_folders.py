"""Phantoms on disk: written once for all who share a store, and verified when they are opened."""

from __future__ import annotations

import atexit
import hashlib
import json
import os
import shutil
import time
import uuid
import warnings
from contextlib import ExitStack, suppress
from pathlib import Path

from heschl.cards import DatasetCard
from heschl.disk import write_synced
from heschl.leases import Onlooker, leased, leases_below
from heschl.registry import datasets
from heschl.store import Store
from heschl.uses import using

__all__ = ["DIGESTS", "phantom_folder"]

_LOOK_AGAIN_S = 0.2
DIGESTS = ".sha256.json"
"""The file in a phantom that has the digest of every other one, by its name."""

_opened = ExitStack()
_in_use: set[Path] = set()
"""What this process has opened: its files are read as long as it lives."""
atexit.register(_opened.close)

_verified: dict[Path, str] = {}
"""How the files of a phantom looked when their contents were last found to be right."""


def phantom_folder(dataset_id: str, seed: int, store: Store) -> Path:
    """Return the folder of a dataset's phantom, written at the first call."""
    card = datasets.card(dataset_id)
    name = f"{dataset_id}-v{card.phantom_version}-seed{seed}"
    target = store.phantom_place(name)
    if target not in _in_use:
        _opened.enter_context(using(store.folder, [name]))
        _in_use.add(target)
    onlooker, lease = Onlooker(), f"phantom-{name}"
    while True:
        with store.usable():
            if target.is_dir() and _is_whole(target, store):
                # gc removes the longest unused first, as far as use can be told.
                with suppress(OSError):
                    os.utime(target)
                return target
            with leased(leases_below(store.folder), [lease]) as claimed:
                if claimed and not target.is_dir():
                    _write(card, target, seed)
        if not claimed:
            onlooker.break_stale(leases_below(store.folder) / lease)
            time.sleep(_LOOK_AGAIN_S)


def _write(card: DatasetCard, target: Path, seed: int) -> None:
    work = target.with_name(f".{target.name}.{uuid.uuid4().hex}")
    work.mkdir(parents=True)
    try:
        card.phantom_target()(work, seed)
        digests = {name: _digest(work / name) for name in _names(work)}
        write_synced(work / DIGESTS, json.dumps(digests).encode())
        try:
            work.rename(target)
        except OSError:
            if not target.is_dir():  # another process may have been first: same seed and files
                raise
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _is_whole(target: Path, store: Store) -> bool:
    """Return whether the files are those that were written; what is damaged is set aside."""
    digests = target / DIGESTS
    if not digests.exists():  # of an older version, which kept none
        return True
    try:
        expected = json.loads(digests.read_bytes())
        stamp = json.dumps([_stamp(target / name) for name in expected])
        if _verified.get(target) == stamp:
            return True
        damaged = [name for name, sha in expected.items() if _digest(target / name) != sha]
    except (FileNotFoundError, ValueError, TypeError, AttributeError) as error:
        damaged = [str(error)]
    if not damaged:
        _verified[target] = stamp
        return True
    warnings.warn(
        f"the phantom {target.name} is damaged ({damaged[0]}); it is written anew",
        RuntimeWarning,
        stacklevel=3,
    )
    grave = store.folder / "damaged" / f"{target.name}-{uuid.uuid4().hex[:8]}"
    grave.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileNotFoundError):  # two readers may find the same damage
        target.rename(grave)
    return False


def _names(folder: Path) -> list[str]:
    return sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
    )


def _stamp(path: Path) -> tuple[int, int, int, int]:
    status = path.stat()
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
