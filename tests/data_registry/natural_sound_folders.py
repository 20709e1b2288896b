"""Copies of the phantoms of natural sounds, and how tests break them file by file."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import scipy.io


def linked_copy(source: Path, target: Path) -> Path:
    """Return a copy whose files are links: replace a file to change it, never write into it."""
    return Path(shutil.copytree(source, target, copy_function=os.link))


def replaced(path: Path, content: bytes) -> None:
    path.unlink()
    path.write_bytes(content)


def rewritten(path: Path, values: np.ndarray) -> None:
    path.unlink()
    np.save(path, values, allow_pickle=True)


def changed_mat(path: Path, **variables: object) -> None:
    """Write other variables in the place of some of a MATLAB file; None takes one out."""
    held = {name: each for name, each in scipy.io.loadmat(path).items() if name[0] != "_"}
    held |= variables
    path.unlink()
    scipy.io.savemat(path, {name: each for name, each in held.items() if each is not None})


def cells(*texts: str) -> np.ndarray:
    made = np.empty((1, len(texts)), dtype=object)
    made[0] = texts
    return made
