"""MATLAB files: their arrays of numbers and lists of names, without anything else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import scipy.io

from heschl.errors import CorruptData
from heschl.matlab import read_matlab

__all__ = ["names_in", "numbers_in", "read_mat", "write_mat"]

_MOST_BYTES = 2**28
_HEADER_TEXT_BYTES = 116


def read_mat(path: Path) -> dict[str, Any]:
    """Return the variables of a MATLAB file, version 5."""
    return read_matlab(path, at_most=_MOST_BYTES)


def numbers_in(variables: dict[str, Any], name: str, path: Path) -> np.ndarray:
    """Return a variable that must be a matrix of real numbers."""
    values = _variable(variables, name, path)
    if not isinstance(values, np.ndarray) or values.ndim != 2 or values.dtype.kind not in "fiu":  # noqa: PLR2004
        raise CorruptData(f"{path} holds {name!r} as {_kind(values)}; expected a matrix of numbers")
    return values


def names_in(variables: dict[str, Any], name: str, path: Path) -> tuple[str, ...]:
    """Return a variable that must be a cell array of texts, however it is nested."""
    values = _variable(variables, name, path)
    texts = tuple(_texts(values))
    if not texts or not all(isinstance(each, str) for each in texts):
        raise CorruptData(f"{path} holds {name!r} as {_kind(values)}; expected a cell of names")
    return texts


def _variable(variables: dict[str, Any], name: str, path: Path) -> Any:
    if name not in variables:
        held = ", ".join(sorted(variables)) or "nothing"
        raise CorruptData(f"{path} holds {held}, no {name!r}; fetch it again")
    return variables[name]


def _texts(values: Any) -> list[Any]:
    if isinstance(values, list):
        return [text for each in values for text in _texts(each)]
    return [values]


def _kind(values: Any) -> str:
    if isinstance(values, np.ndarray):
        return f"{values.dtype} of shape {values.shape}"
    return type(values).__name__


def write_mat(path: Path, variables: dict[str, Any]) -> None:
    """Write a MATLAB file, version 5, without the time that its header would tell."""
    scipy.io.savemat(path, variables)
    content = bytearray(path.read_bytes())
    content[:_HEADER_TEXT_BYTES] = b"MATLAB 5.0 MAT-file".ljust(_HEADER_TEXT_BYTES)
    path.write_bytes(bytes(content))
