"""Phantoms for the checks: written once in a process, to a folder that goes when it ends."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from functools import lru_cache
from pathlib import Path

from heschl.cards import DatasetCard

__all__ = ["phantom_root", "write_phantom"]


@lru_cache
def phantom_root(card: DatasetCard) -> Path:
    """Return the folder of a dataset's phantom, seed 0."""
    root = Path(tempfile.mkdtemp(prefix=f"heschl-{card.id.replace('/', '_')}-"))
    atexit.register(shutil.rmtree, root, ignore_errors=True)
    write_phantom(card, root)
    return root


def write_phantom(card: DatasetCard, root: Path) -> None:
    """Write a dataset's phantom, seed 0, into an empty folder."""
    card.phantom_target()(root, 0)
