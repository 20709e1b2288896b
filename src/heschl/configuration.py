"""Configurations as canonical text: what the store's keys and the provenance are made of."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import Any

import numpy as np

from heschl.code_digest import code_digest
from heschl.errors import InvalidInput

__all__ = ["array_digest", "canonical_json", "describe", "differences", "digest"]


def plain(value: Any) -> Any:  # noqa: C901  one line a type
    """Return ``value`` as JSON types alone, refusing what has no exact text."""
    if hasattr(value, "configuration"):
        return plain({**value.configuration(), **_code(value)})
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return plain(describe(value))
    if isinstance(value, Mapping):
        if not all(isinstance(name, str) for name in value):
            raise InvalidInput(f"a configuration has names that are not text: {list(value)!r}")
        return {name: plain(value[name]) for name in sorted(value)}
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, (str, bool, int)) or value is None:
        return value
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float):
        if not math.isfinite(value):
            raise InvalidInput(f"a configuration holds {value!r}; only finite numbers have a key")
        return value
    if isinstance(value, PurePath):
        raise InvalidInput(
            f"a configuration holds the path {value}; a key is made of contents, not of places"
        )
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    raise InvalidInput(
        f"a configuration holds a {type(value).__name__}; allowed are text, numbers, lists, "
        "mappings, frozen dataclasses and objects with configuration()"
    )


def describe(settings: Any) -> dict[str, Any]:
    """Return a dataclass as ``{"kind": class name, field: value, ...}``, defaults included.

    Fields that do not compare are left out: where something is computed is no setting of it. A
    class that no installed package defines comes with a digest of its code.

    >>> from heschl.contracts import Layer
    >>> describe(Layer("cnn", 512))["kind"]
    'Layer'
    """
    fields = {f.name: getattr(settings, f.name) for f in dataclasses.fields(settings) if f.compare}
    return {"kind": type(settings).__name__, **_code(settings), **fields}


def _code(thing: Any) -> dict[str, str]:
    digest_of_code = code_digest(thing)
    return {} if digest_of_code is None else {"code": digest_of_code}


def canonical_json(configuration: Any) -> str:
    """Return the one text of a configuration: sorted names, no spaces, exact numbers.

    >>> canonical_json({"b": 1, "a": (0.1, None)})
    '{"a":[0.1,null],"b":1}'
    """
    return json.dumps(plain(configuration), sort_keys=True, separators=(",", ":"), allow_nan=False)


def digest(configuration: Any) -> str:
    """Return the sha256 of a configuration's canonical text."""
    return hashlib.sha256(canonical_json(configuration).encode()).hexdigest()


def array_digest(array: np.ndarray) -> str:
    """Return the sha256 of an array's type, shape and bytes."""
    contiguous = np.ascontiguousarray(array)
    header = f"{contiguous.dtype.str}{contiguous.shape}".encode()
    return hashlib.sha256(header + contiguous.tobytes()).hexdigest()


def differences(first: Any, second: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Yield (path, first's value, second's value) for every place where two configurations differ.

    >>> list(differences({"a": {"b": 1}}, {"a": {"b": 2}}))
    [('a.b', 1, 2)]
    """
    absent = "(absent)"
    if isinstance(first, dict) and isinstance(second, dict):
        for name in sorted(first.keys() | second.keys()):
            inner = f"{path}.{name}" if path else name
            yield from differences(first.get(name, absent), second.get(name, absent), inner)
    elif isinstance(first, list) and isinstance(second, list):
        for position in range(max(len(first), len(second))):
            one, other = (
                side[position] if position < len(side) else absent for side in (first, second)
            )
            yield from differences(one, other, f"{path}[{position}]")
    # 1 == 1.0 == True in Python, but not in the text that the key is made of.
    elif type(first) is not type(second) or first != second:
        yield path, first, second
