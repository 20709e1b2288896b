"""The way on from a name that nothing is registered under."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path

from heschl.errors import near_names

__all__ = ["way_on"]

_PYTHON_FILE = re.compile(r".+\.py(:\w*)?", re.DOTALL)


def way_on(name: str, known: Collection[str], schemes: Collection[str]) -> str:
    """Return what was probably meant: a file, a folder, a scheme or a known name.

    >>> way_on("./net.py:my_net", ["logmel"], ["file"])
    "a file is given as 'file:./net.py:my_net'"
    >>> way_on("fiel:net.py", ["logmel"], ["file"])
    "'fiel' is no scheme either, did you mean 'file'?"
    >>> way_on("s3prl-apc", ["logmel"], ["s3prl"])  # as on a leaderboard
    "a model of 's3prl' is given as 's3prl:apc'"
    """
    scheme, colon, _ = name.partition(":")
    # What stands before the colon is a path where it could not be a scheme's name.
    if _PYTHON_FILE.fullmatch(name) and not scheme.isidentifier():
        return f"a file is given as 'file:{name}'"
    if colon:
        return f"{scheme!r} is no scheme either, {near_names(scheme, schemes)}"
    for scheme in schemes:
        if name.startswith(f"{scheme}-"):
            rest = name.removeprefix(f"{scheme}-")
            return f"a model of {scheme!r} is given as '{scheme}:{rest}'"
    if name and (Path(name).expanduser() / "features.json").is_file():
        return f"a folder of features is given as 'features:{name}'"
    return near_names(name, known)
