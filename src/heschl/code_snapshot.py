"""Snapshots: the code that a job runs, as it was when the job was handed in.

A job array may wait for a day. Whatever is edited or installed meanwhile must not reach it, since
the entries that it makes bear the keys of the code that planned them.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import platform
import shutil
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import heschl
from heschl.disk import write_atomically
from heschl.errors import InvalidInput

__all__ = ["check_runs_from", "snapshot"]

_N_DIGITS = 16
_OF_TOOLS = ("__pycache__", "node_modules")


def snapshot(folder: Path) -> Path:
    """Copy this package below ``folder``, once for each content; return what ``PYTHONPATH`` needs.

    Beside it lies ``environment.json``: the interpreter and every installed distribution.
    """
    source = Path(heschl.__file__).parent
    sha = hashlib.sha256()
    for path in _files(source):
        sha.update(path.relative_to(source).as_posix().encode())
        sha.update(hashlib.sha256(path.read_bytes()).digest())
    kept = folder / sha.hexdigest()[:_N_DIGITS]
    if not kept.exists():
        copy = folder / f".{uuid.uuid4().hex}"
        for path in _files(source):
            target = copy / source.name / path.relative_to(source)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
        try:
            copy.rename(kept)
        except OSError:  # another has been faster
            shutil.rmtree(copy)
    _write_environment(kept / "environment.json")
    return kept


def check_runs_from(kept: Path) -> None:
    """Refuse to go on as a job whose code is not that of its snapshot."""
    used = Path(heschl.__file__).parent.parent
    if used.resolve() != kept.resolve():
        raise InvalidInput(
            f"this job runs the code in {used}, not its snapshot {kept}; let all machines see that "
            "folder, and let no setting of the job put another in front of it in PYTHONPATH"
        )


def _files(source: Path) -> Iterator[Path]:
    """Yield the files of the package, in order, those of linked folders too.

    What tools put into a checkout, hidden or not, is not the package's.
    """
    # Path.walk is younger than the oldest Python that is supported.
    for folder, below, names in os.walk(source, followlinks=True):
        below[:] = sorted(
            name for name in below if name not in _OF_TOOLS and not name.startswith(".")
        )
        yield from (Path(folder, name) for name in sorted(names))


def _write_environment(path: Path) -> None:
    """Write which interpreter and distributions there are, as pip would name them."""
    found = {each.metadata["Name"]: each.version for each in importlib.metadata.distributions()}
    record = {
        "python": sys.version,
        "executable": sys.executable,
        "platform": platform.platform(),
        "packages": dict(sorted(found.items(), key=lambda pair: str(pair[0]).lower())),
    }
    write_atomically(path, json.dumps(record, indent=1).encode())
